"""The morning's customers and orders. Prices are per unit in the order's currency."""

from decimal import Decimal


class Customer:
    """An account in Salesforce; `known` ones exist in NetSuite already and are linked on the account."""

    def __init__(self, name, country, city, street, known=False):
        self.name, self.country, self.city, self.street, self.known = name, country, city, street, known
        self.account_id = self.customer_id = None
        self.was_there = False


class Line:
    def __init__(self, sku, quantity, price):
        self.sku, self.quantity, self.price = sku, Decimal(quantity), Decimal(price)


class Order:
    def __init__(self, customer, currency, purchase, *lines, needs_a_person=False, terms=None, shipping=None):
        self.customer, self.currency, self.purchase, self.lines = customer, currency, purchase, lines
        self.needs_a_person, self.terms, self.shipping = needs_a_person, terms, shipping
        self.id = self.number = None


NORTHWIND = Customer("Northwind Traders", "US", "Portland", "89 Jefferson Way", known=True)
ACME = Customer("Acme Outfitters", "US", "Austin", "1 Congress Avenue", known=True)
MUELLER = Customer("Müller & Söhne GmbH", "DE", "Nürnberg", "Königstraße 12")
ELYSEE = Customer("Café Élysée SARL", "FR", "Orléans", "3 rue de la République")
SAKURA = Customer("株式会社さくら商事", "JP", "東京", "丸の内 1-1")
ODEGARD = Customer("Ødegård Møbler AS", "NO", "Tromsø", "Storgata 5")
ALNOUR = Customer("شركة النور للتجارة", "AE", "دبي", "شارع الشيخ زايد 7")
OBRIEN = Customer("O’Brien & Daughters 🌿", "IE", "Galway", "14 Shop Street")

CUSTOMERS = (NORTHWIND, ACME, MUELLER, ELYSEE, SAKURA, ODEGARD, ALNOUR, OBRIEN)

AMENDED = Order(ODEGARD, "EUR", "INNKJØP-77", Line("SKU-CHAIR", 8, "249.90"), Line("SKU-MAT", 8, "18.40"))
UNKNOWN_SKU = Order(
    ACME, "USD", "PO-5512", Line("SKU-GREEN", 3, "120.00"), Line("SKU-MISSING", 2, "15.00"), needs_a_person=True)

ORDERS = (
    Order(NORTHWIND, "USD", "PO-88121", Line("SKU-RED", 10, "49.50")),
    Order(MUELLER, "EUR", "B-2044", Line("SKU-CHAIR", 4, "229.90"), Line("SKU-DESK", 2, "899.00"), terms="Net 60"),
    Order(
        ELYSEE, "EUR", "CMD-31", Line("SKU-LAMP", 12, "37.95"), Line("SKU-CABLE", 100, "4.25"),
        Line("SKU-MAT", 3, "18.40")),
    Order(SAKURA, "USD", "注文-9", Line("SKU-DESK", 1, "899.00"), Line("SKU-LAMP", 1, "39.95"), shipping="Express"),
    AMENDED,
    Order(NORTHWIND, "USD", "PO-88122", Line("SKU-BLUE", 25, "9.50"), Line("SKU-GREEN", 1, "120.00")),
    UNKNOWN_SKU,
    Order(MUELLER, "EUR", "B-2045", Line("SKU-CABLE", 250, "3.95")),
    Order(ALNOUR, "USD", "طلب-3", Line("SKU-MAT", 40, "16.56")),
    Order(
        OBRIEN, "USD", "OB/2026/1", Line("SKU-RED", 1, "55.00"), Line("SKU-BLUE", 2, "10.00"),
        Line("SKU-GREEN", 1, "114.00"), Line("SKU-CHAIR", 1, "249.90"), Line("SKU-DESK", 1, "849.00")),
)

LIST_PRICES = {
    "SKU-RED": "55.00", "SKU-BLUE": "10.00", "SKU-GREEN": "120.00", "SKU-CHAIR": "249.90", "SKU-DESK": "899.00",
    "SKU-LAMP": "39.95", "SKU-CABLE": "4.25", "SKU-MAT": "18.40", "SKU-MISSING": "15.00",
}

# What the customer calls about after the order has arrived: two chairs more, cheaper, and a lamp.
CHANGED_LINE = Line("SKU-CHAIR", 10, "239.90")
ADDED_LINE = Line("SKU-LAMP", 2, "39.95")


def is_below_list(order):
    return any(line.price < Decimal(LIST_PRICES[line.sku]) for line in order.lines)
