"""What happened to an order after it was entered: NetSuite's documents, and what Salesforce shows of them."""

from decimal import Decimal


class OrderLine:
    """A line of NetSuite's order by its key there, and the Salesforce line that it came from."""

    def __init__(self, key, salesforce_id, sku, quantity, is_closed=False):
        self.key, self.salesforce_id, self.sku, self.quantity = key, salesforce_id, sku, quantity
        self.is_closed = is_closed


class Fulfilment:
    """Goods that left together. `quantities` by the key of the order's line; `status` is A picked, B packed, C shipped."""

    def __init__(self, number, status, date, carrier, tracking_numbers, quantities):
        self.number, self.status, self.date, self.carrier = number, status, date, carrier
        self.tracking_numbers, self.quantities = tracking_numbers, quantities


class Invoice:
    def __init__(self, id, number, total, quantities, counts=True):
        self.id, self.number, self.total, self.quantities = id, number, total, quantities
        # Neither voided nor rejected.
        self.counts = counts


class Payment:
    """A customer's payment or a credit memo; `applied` is what of it went to this order's invoices."""

    def __init__(self, number, total, applied, counts=True):
        self.number, self.total, self.applied, self.counts = number, total, applied, counts


class OrderDocuments:
    """An order of NetSuite with everything that follows from it. `status` is NetSuite's letter."""

    def __init__(self, id, number, status, currency, lines, fulfilments=(), invoices=(), payments=(), credits=()):
        self.id, self.number, self.status, self.currency, self.lines = id, number, status, currency, list(lines)
        self.fulfilments, self.invoices = list(fulfilments), list(invoices)
        self.payments, self.credits = list(payments), list(credits)


class Progress:
    """What one system says of an order. Quantities by Salesforce's line id; an amount that is not shown is None."""

    def __init__(self, state, shipped, invoiced, tracking_numbers=(), carrier=None, ship_date=None, invoice_numbers=(),
                 amounts=(None, None, None)):
        self.state, self.shipped, self.invoiced = state, shipped, invoiced
        self.tracking_numbers, self.carrier, self.ship_date = list(tracking_numbers), carrier, ship_date
        self.invoice_numbers = list(invoice_numbers)
        # Invoiced, paid, credited.
        self.amounts = amounts

    def everything(self):
        return (
            self.state, tuple(sorted(self.shipped.items())), tuple(sorted(self.invoiced.items())),
            tuple(self.tracking_numbers), self.carrier, self.ship_date, tuple(self.invoice_numbers), self.amounts)


class Product:
    """A product of Salesforce, or an item of NetSuite. `locations` has the available quantity by the location's name."""

    def __init__(self, sku, available, locations, price, is_active, is_stale=False, as_of=None, prices=None):
        self.sku, self.available, self.locations, self.price = sku, available, locations, price
        self.is_active, self.is_stale, self.as_of = is_active, is_stale, as_of
        # By currency.
        self.prices = prices or {}

    def everything(self):
        return self.available, self.locations, self.price, self.is_active, self.is_stale


def exact(value):
    """A decimal from a JSON number or text."""
    return None if value is None else Decimal(str(value))


def listed(text):
    """The parts of a text such as `1Z1, 1Z2`."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def shown_progress(order):
    """What a Salesforce order shows, from its record."""
    fields = order["netSuite"]
    lines = {line["id"]: line["fields"] for line in order["lines"]}

    def quantities(name):
        return {id: exact(own[name]) for id, own in lines.items() if own.get(name) is not None}

    return Progress(
        fields["NetSuite_Status__c"], quantities("NetSuite_Quantity_Shipped__c"), quantities("NetSuite_Quantity_Invoiced__c"),
        listed(fields["NetSuite_Tracking_Numbers__c"]), fields["NetSuite_Carrier__c"], fields["NetSuite_Ship_Date__c"],
        listed(fields["NetSuite_Invoice_Numbers__c"]),
        tuple(exact(fields[f"NetSuite_Amount_{name}__c"]) for name in ("Invoiced", "Paid", "Credited")))


def shown_product(product):
    """What a Salesforce product shows; the price is that in dollars, NetSuite's base currency."""
    fields = product["netSuite"]
    prices = {entry["currency"]: exact(entry["price"]) for entry in product["prices"]}
    return Product(
        product["sku"], exact(fields["NetSuite_Available__c"]), fields["NetSuite_Available_By_Location__c"], prices.get("USD"),
        product["active"], fields["NetSuite_Stock_Stale__c"], fields["NetSuite_Stock_As_Of__c"], prices)


def held_item(item):
    """An item as NetSuite has it."""
    by_name = {one["name"]: exact(one["available"]) for one in item["stock"]}
    return Product(
        item["sku"], sum(by_name.values(), Decimal(0)) if by_name else None, by_name, exact(item["listPrice"]),
        not item["isInactive"])


def order_documents(order):
    """An order of NetSuite from its record in the control API."""
    lines = [
        OrderLine(number(line["line"]), line.get("custcol_crossdock_line_id"), line["item"], exact(line["quantity"]),
                  line["isClosed"]) for line in order["lines"]]
    invoices = {one["id"]: one for one in order["invoices"]}

    def applied(payer):
        return sum((exact(one["amount"]) for one in payer["apply"] if one["invoiceId"] in invoices), Decimal(0))

    return OrderDocuments(
        order["id"], order["tranId"], order["status"], order["currency"], lines,
        [Fulfilment(
            one["tranId"], one["status"], one["date"], one.get("carrier"), one["trackingNumbers"], quantities(one))
         for one in order["fulfilments"]],
        [Invoice(one["id"], one["tranId"], exact(one["total"]), quantities(one), one["status"] not in ("V", "E"))
         for one in invoices.values()],
        [Payment(one["tranId"], exact(one["amount"]), applied(one), one["status"] != "R") for one in order["payments"]],
        # A credit memo of another order may pay for this one's invoice; it is none of this order's.
        [Payment(one["tranId"], exact(one["total"]), applied(one), one["status"] != "V") for one in order["credits"]
         if one.get("invoiceId") in invoices])


def quantities(document):
    """By the key of the order's line."""
    found = {}
    for line in document["lines"]:
        key = number(line["orderLine"])
        found[key] = found.get(key, Decimal(0)) + exact(line["quantity"])
    return found


def number(key):
    """A line's key; numbers in the control API's answers may be text."""
    return int(key)
