"""The customers and orders of the morning, and what NetSuite does with them in the afternoon.

Prices are per unit in the order's currency.
"""

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
    def __init__(self, customer, currency, purchase, *lines, terms=None, shipping=None):
        self.customer, self.currency, self.purchase, self.lines = customer, currency, purchase, list(lines)
        self.terms, self.shipping = terms, shipping
        self.id = self.number = self.netsuite_id = None


class Morning:
    """Everything that one morning sells. The names of the two SKUs that NetSuite lacks are new each morning."""

    def __init__(self, known_skus=()):
        self.customers = northwind, acme, mueller, elysee, sakura, odegard, alnour, obrien = (
            Customer("Northwind Traders", "US", "Portland", "89 Jefferson Way", known=True),
            Customer("Acme Outfitters", "US", "Austin", "1 Congress Avenue", known=True),
            Customer("Müller & Söhne GmbH", "DE", "Nürnberg", "Königstraße 12"),
            Customer("Café Élysée SARL", "FR", "Orléans", "3 rue de la République"),
            Customer("株式会社さくら商事", "JP", "東京", "丸の内 1-1"),
            Customer("Ødegård Møbler AS", "NO", "Tromsø", "Storgata 5"),
            Customer("شركة النور للتجارة", "AE", "دبي", "شارع الشيخ زايد 7"),
            Customer("O’Brien & Daughters 🌿", "IE", "Galway", "14 Shop Street"),
        )
        # A product so new that NetSuite's catalogue lacks it, and a product that somebody mistyped.
        self.new_sku, self.new_price = unused("SKU-LANTERN", known_skus), "29.00"
        self.wrong_sku, self.wrong_price = unused("SKU-LMAP", known_skus), "39.95"

        self.amended = Order(
            odegard, "EUR", "INNKJØP-77", Line("SKU-CHAIR", 8, "249.90"), Line("SKU-MAT", 8, "18.40"))
        self.quiet = (
            Order(northwind, "USD", "PO-88121", Line("SKU-RED", 10, "49.50")),
            Order(
                mueller, "EUR", "B-2044", Line("SKU-CHAIR", 4, "229.90"), Line("SKU-DESK", 2, "899.00"), terms="Net 60"),
            self.amended,
            Order(
                elysee, "EUR", "CMD-31", Line("SKU-LAMP", 12, "37.95"), Line("SKU-CABLE", 100, "4.25"),
                Line("SKU-MAT", 3, "18.40")),
            Order(
                sakura, "USD", "注文-9", Line("SKU-DESK", 1, "899.00"), Line("SKU-LAMP", 1, "39.95"), shipping="Express"),
            Order(alnour, "USD", "طلب-3", Line("SKU-MAT", 40, "16.56")),
            Order(
                obrien, "USD", "OB/2026/1", Line("SKU-RED", 1, "55.00"), Line("SKU-BLUE", 2, "10.00"),
                Line("SKU-GREEN", 1, "114.00"), Line("SKU-CHAIR", 1, "249.90"), Line("SKU-DESK", 1, "849.00")),
        )
        # What the customer calls about after the order has arrived: two chairs more, cheaper, and a lamp.
        self.changed_line, self.added_line = Line("SKU-CHAIR", 10, "239.90"), Line("SKU-LAMP", 2, "39.95")
        self.unanswered = Order(northwind, "USD", "PO-88122", Line("SKU-BLUE", 25, "9.50"), Line("SKU-GREEN", 1, "120.00"))
        self.lacks_item = Order(acme, "USD", "PO-5512", Line("SKU-GREEN", 3, "120.00"), Line(self.new_sku, 2, "27.50"))
        self.mistyped = Order(mueller, "EUR", "B-2045", Line("SKU-CABLE", 250, "3.95"), Line(self.wrong_sku, 6, "39.95"))
        self.right_line = Line("SKU-LAMP", 6, "38.50")
        self.burst = tuple(
            Order(customer, currency, f"{mark}-{number}", Line(sku, number + 1, price))
            for number, (customer, currency, mark, sku, price) in enumerate((
                (northwind, "USD", "PO", "SKU-RED", "49.50"), (acme, "USD", "WEB", "SKU-BLUE", "9.50"),
                (mueller, "EUR", "B", "SKU-DESK", "879.00"), (elysee, "EUR", "CMD", "SKU-LAMP", "37.95"),
                (sakura, "USD", "注文", "SKU-MAT", "18.40"), (odegard, "EUR", "INNKJØP", "SKU-CHAIR", "249.90"),
                (alnour, "USD", "طلب", "SKU-CABLE", "4.25"), (obrien, "USD", "OB", "SKU-GREEN", "118.00"),
                (northwind, "USD", "PO", "SKU-DESK", "899.00"), (acme, "USD", "WEB", "SKU-MAT", "17.90"),
                (mueller, "EUR", "B", "SKU-LAMP", "39.95"), (elysee, "EUR", "CMD", "SKU-RED", "52.00"),
            ), start=10))
        self.waiting = (
            Order(sakura, "USD", "注文-31", Line("SKU-GREEN", 2, "117.50")),
            Order(obrien, "USD", "OB/2026/3", Line("SKU-CABLE", 60, "4.10"), Line("SKU-LAMP", 1, "39.95")),
            Order(acme, "USD", "PO-5513", Line("SKU-BLUE", 48, "9.25")),
        )

    def orders(self):
        return (
            *self.quiet, self.unanswered, self.lacks_item, self.mistyped, *self.burst, *self.waiting)


class Afternoon:
    """What NetSuite does after noon with the orders of the morning."""

    def __init__(self, morning):
        northwind, mueller, odegard, elysee, sakura, alnour, obrien = morning.quiet
        burst = morning.burst
        # Each whole, in one package.
        self.whole = (
            (northwind, "UPS"), (odegard, "DHL"), (elysee, "DHL"), (sakura, "FedEx"), (alnour, "UPS"), (burst[6], "UPS"),
            (burst[7], "UPS"), (burst[8], "FedEx"))
        # In part, in two packages: so many of each line, in the order of its lines; then what is left.
        self.partly, self.part = mueller, (2, 1)
        # What is in stock leaves; nobody will ship the rest, and a person closes the order.
        self.short, self.short_part = obrien, (1, 2)
        self.while_killed = burst[:5]
        self.invoiced = (northwind, mueller, odegard, sakura, alnour, burst[6])
        # Invoiced in part: its first line alone.
        self.invoiced_in_part = elysee
        self.paid_whole, self.paid_partly = northwind, mueller
        self.credited = sakura
        self.cancelled = burst[11]
        # Stock and prices: delivered, sold out, dearer, given up.
        self.delivered, self.sold_out, self.dearer, self.given_up = "SKU-RED", "SKU-LAMP", "SKU-DESK", morning.new_sku

    def orders(self):
        """Those that something happens to, each once."""
        named = (
            *(order for order, _ in self.whole), self.partly, self.short, *self.while_killed, *self.invoiced,
            self.invoiced_in_part, self.paid_whole, self.paid_partly, self.credited, self.cancelled)
        return list(dict.fromkeys(named))


def unused(name, known):
    """The name, or the name with the first number that nobody has used."""
    number = 1
    while (found := name if number == 1 else f"{name}-{number}") in known:
        number += 1
    return found


LIST_PRICES = {
    "SKU-RED": "55.00", "SKU-BLUE": "10.00", "SKU-GREEN": "120.00", "SKU-CHAIR": "249.90", "SKU-DESK": "899.00",
    "SKU-LAMP": "39.95", "SKU-CABLE": "4.25", "SKU-MAT": "18.40",
}


def is_below_list(order):
    return any(line.price < Decimal(LIST_PRICES.get(line.sku, 0)) for line in order.lines)
