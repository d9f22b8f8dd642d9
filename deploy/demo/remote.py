"""What the demo looks at and acts on from outside: the sandboxes' control APIs, the ledger's table of letters, the
operator's command. Answers are plain values with exact decimals."""

import json
import subprocess
import urllib.error
import urllib.request
from decimal import Decimal
from pathlib import Path

from documents import exact, held_item, order_documents, shown_product, shown_progress
from stack import StackFailure, clean_environment


class ControlFailure(Exception):
    """A sandbox refused what the demo asked of it."""


class Control:
    def __init__(self, url):
        self.url = url

    def call(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.url}/control{path}", data=data, method=method, headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return json.loads(answer.read() or b"null", parse_float=Decimal, parse_int=Decimal)
        except urllib.error.HTTPError as refusal:
            reason = refusal.read().decode("utf-8", "replace")[:500]
            raise ControlFailure(f"{method} {path}: {refusal.code} {reason}") from None


class Line:
    """A line of an order in either system."""

    def __init__(self, sku, quantity, price, amount, id=None, salesforce_id=None, is_open=True):
        self.sku, self.quantity, self.price, self.amount = sku, quantity, price, amount
        self.id, self.salesforce_id, self.is_open = id, salesforce_id, is_open


class Shown:
    """What a person sees of NetSuite on a Salesforce order."""

    def __init__(self, netsuite_id=None, number=None, status=None, message=None):
        self.netsuite_id, self.number, self.status, self.message = netsuite_id, number, status, message

    def what_a_person_sees(self):
        return self.netsuite_id, self.number, self.status, self.message


class SalesOrder:
    """An order as NetSuite holds it."""

    def __init__(self, id, number, external_id, currency, customer_id, customer_name, lines):
        self.id, self.number, self.external_id, self.currency = id, number, external_id, currency
        self.customer_id, self.customer_name, self.lines = customer_id, customer_name, lines

    def open_lines(self):
        return [line for line in self.lines if line.is_open]

    def total(self):
        return sum((line.amount for line in self.open_lines()), Decimal(0))


class SalesforceControl(Control):
    """The sales user's side of the Salesforce sandbox."""

    def accounts_by_name(self):
        return {account["name"]: account for account in self.call("GET", "/accounts")["accounts"]}

    def create_account(self, customer):
        billing = {"street": customer.street, "city": customer.city, "countryCode": customer.country}
        body = {"name": customer.name, "billing": billing, "shipping": billing}
        if customer.customer_id:
            body["netSuiteId"] = customer.customer_id
        return self.call("POST", "/accounts", body)["id"]

    def create_order(self, order):
        """A draft with its lines; gives (id, number)."""
        customer = order.customer
        address = {"street": customer.street, "city": customer.city, "countryCode": customer.country}
        fields = {"Payment_Terms__c": order.terms, "Shipping_Method__c": order.shipping}
        made = self.call("POST", "/orders", {
            "accountId": customer.account_id, "currency": order.currency, "poNumber": order.purchase, "billTo": address,
            "shipTo": address, "lines": [line_body(line) for line in order.lines],
            "fields": {name: value for name, value in fields.items() if value}})
        return made["id"], made["orderNumber"]

    def activate(self, order_id):
        self.call("POST", f"/orders/{order_id}/activate")

    def amend(self, order_id, changes, additions, removals=()):
        """Takes the order back to draft, changes, adds and removes lines, activates it again: one transaction."""
        self.call("PATCH", f"/orders/{order_id}", {
            "reopen": True, "lines": [line_body(line) for line in changes],
            "addLines": [line_body(line) for line in additions], "removeLines": [line.sku for line in removals]})

    def skus(self):
        return {product["sku"] for product in self.call("GET", "/products")["products"]}

    def create_product(self, sku, name, price):
        self.call("POST", "/products", {"sku": sku, "name": name, "prices": {"USD": price, "EUR": price}})

    def order(self, order_id):
        return self.call("GET", f"/orders/{order_id}")

    def all_shown(self):
        """What every order shows of NetSuite, by id."""
        return {order["id"]: shown(order["netSuite"]) for order in self.call("GET", "/orders")["orders"]}

    def all_progress(self):
        """What every order shows of what NetSuite did with it, by id."""
        return {order["id"]: shown_progress(order) for order in self.call("GET", "/orders")["orders"]}

    def history(self, order_id):
        """The order's field history, the oldest first."""
        return self.call("GET", f"/orders/{order_id}/history")["history"]

    def products(self):
        """What every product shows of NetSuite, by SKU."""
        return {product["sku"]: shown_product(product) for product in self.call("GET", "/products")["products"]}

    def lines(self, order_id):
        return [
            Line(line["sku"], exact(line["quantity"]), exact(line["unitPrice"]), exact(line["totalPrice"]), id=line["id"])
            for line in self.order(order_id)["lines"]]


def some(lines):
    return {} if lines is None else {"lines": lines}


def shown(fields):
    return Shown(
        fields["NetSuite_Order_Id__c"], fields["NetSuite_Order_Number__c"], fields["NetSuite_Status__c"],
        fields["NetSuite_Message__c"])


def line_body(line):
    return {"sku": line.sku, "quantity": str(line.quantity), "unitPrice": str(line.price)}


class Request:
    """A request that NetSuite received."""

    def __init__(self, sequence, method, path, status, applied, salesforce_id, fault):
        self.sequence, self.method, self.path, self.status = sequence, method, path, status
        self.applied, self.salesforce_id, self.fault = applied, salesforce_id, fault

    def external_id_asked(self):
        """The Salesforce id of the order that the path names by its external id, as in `…/eid:SF-801…`."""
        return self.path.partition(f"eid:{NetSuiteControl.PREFIX}")[2].partition("?")[0] or None

    def creates_order(self):
        return self.method == "POST" and self.path.split("?")[0].rstrip("/").endswith("/salesOrder")


class NetSuiteControl(Control):
    """The ERP user's side of the NetSuite sandbox."""

    PREFIX = "SF-"

    def create_customer(self, customer):
        return self.call("POST", "/customers", {"companyName": customer.name})["id"]

    def counts(self):
        found = self.call("GET", "/counts")
        return {"orders": int(found["salesOrders"]), "customers": int(found["customers"])}

    def create_item(self, sku, price):
        self.call("POST", "/items", {"sku": sku, "listPrice": price})

    # What warehouse, office and people do

    def fulfil(self, order_id, carrier, tracking_numbers, lines=None):
        """Ships lines, or all that is left of the order, one package for each tracking number."""
        packages = [{"trackingNumber": number, "description": "box", "weight": "1.5"} for number in tracking_numbers]
        self.advance(order_id, "fulfil", {"status": "C", "carrier": carrier, "packages": packages, **some(lines)})

    def bill(self, order_id, lines=None):
        self.advance(order_id, "bill", some(lines))

    def advance(self, order_id, step, body=None):
        self.call("POST", f"/orders/{order_id}/{step}", body or {})

    def pay(self, invoice_id, amount):
        self.call("POST", f"/invoices/{invoice_id}/pay", {"amount": str(amount)})

    def credit(self, invoice_id, amount):
        self.call("POST", f"/invoices/{invoice_id}/credit", {"amount": str(amount), "apply": True})

    def change_item(self, sku, change):
        self.call("PATCH", f"/items/{sku}", change)

    def on_hand(self, sku):
        """By the location's id."""
        return {one["location"]: exact(one["onHand"]) for one in self.call("GET", f"/items/{sku}")["stock"]}

    def items(self):
        """Every item, by SKU."""
        return {item["sku"]: held_item(item) for item in self.call("GET", "/items")["items"]}

    def documents(self, order_id):
        """An order with its fulfilments, invoices, payments and credits."""
        return order_documents(self.call("GET", f"/orders/{order_id}"))

    def document_counts(self):
        """How many there are in the whole account."""
        return {kind: len(self.call("GET", f"/{kind}")[kind]) for kind in ("fulfilments", "invoices", "payments", "credits")}

    def set(self, **settings):
        self.call("PATCH", "/settings", settings)

    def add_fault(self, **fault):
        """Gives the fault's id; `struck` counts how often it came into force."""
        return self.call("POST", "/faults", fault)["id"]

    def remove_fault(self, fault):
        self.call("DELETE", f"/faults/{fault}")

    def remove_faults(self):
        self.call("DELETE", "/faults")

    def struck(self, fault):
        return next((int(one["struck"]) for one in self.call("GET", "/faults")["faults"] if one["id"] == fault), 0)

    def forget_journal(self):
        self.call("DELETE", "/journal")

    def journal(self, after=0):
        """Every request since, the oldest first."""
        return [
            Request(int(one["sequence"]), one["method"], one["path"], one["status"], one["applied"],
                    (one.get("externalId") or "").removeprefix(self.PREFIX), one.get("fault"))
            for one in self.call("GET", f"/journal?after={after}")["requests"]]

    def most_at_once(self):
        """(most requests at once, how many were turned away for it) since the journal began."""
        found = self.call("GET", "/counts")
        return int(found["mostAtOnce"]), int(found["refusedForConcurrency"])

    def orders_by_salesforce_id(self):
        by_id = {}
        for order in self.call("GET", "/orders")["orders"]:
            external_id = order["externalId"] or ""
            if external_id.startswith(self.PREFIX):
                by_id.setdefault(external_id.removeprefix(self.PREFIX), []).append(sales_order(order))
        return by_id


def sales_order(order):
    customer = order.get("customer") or {}
    lines = [
        Line(line["item"], exact(line["quantity"]), exact(line["rate"]), exact(line["amount"]),
             salesforce_id=line.get("custcol_crossdock_line_id"), is_open=not line["isClosed"])
        for line in order["lines"]]
    return SalesOrder(
        order["id"], order["tranId"], order["externalId"], order["currency"], customer.get("id"), customer.get("name"), lines)


class Letter:
    """A dead letter as the ledger's table holds it."""

    def __init__(self, id, order_id, state, letter_class, sentence):
        self.id, self.order_id, self.state, self.letter_class = id, order_id, state, letter_class
        self.sentence = sentence


class Ledger:
    """The letters, read from PostgreSQL itself: what Crossdock says of them is not asked."""

    def __init__(self, psql, environment):
        self.words = [psql, "--no-psqlrc", "--tuples-only", "--no-align", "--host", environment["POSTGRES_HOST"],
                      "--username", environment["POSTGRES_USER"], environment["POSTGRES_DATABASE"], "--command"]

    def letters(self, after=0):
        """Those opened after the one with this id, the oldest first."""
        columns = "letter_id as id, order_id, state, class as letter_class, sentence"
        return [Letter(**row) for row in self.rows(
            f"select {columns} from crossdock.dead_letters where letter_id > {int(after)} order by letter_id")]

    def leader(self, program):
        """The process id of that which leads the watch of a program; a holder is called PROGRAM/HOST-ID-NUMBER."""
        found = self.rows(
            f"select holder from crossdock.leaders where holder like '{program}/%' and lease_until > clock_timestamp()")
        return int(found[0]["holder"].rsplit("-", 2)[1]) if found else None

    def rows(self, query):
        """What a query finds, as objects."""
        query = f"select coalesce(json_agg(x), '[]') from ({query}) x"
        done = subprocess.run(
            self.words + [query], stdin=subprocess.DEVNULL, capture_output=True, timeout=20, check=False,
            env=clean_environment())
        if done.returncode != 0:
            raise StackFailure(f"psql: {done.stderr.decode('utf-8', 'replace').strip()}")
        return json.loads(done.stdout)


class OperatorCommand:
    """The `crossdock` command, as an operator runs it."""

    def __init__(self, binaries, environment):
        self.program, self.environment = str(Path(binaries) / "crossdock"), environment

    def run(self, *words):
        """What it printed; one that fails is a failure of the morning."""
        done = subprocess.run(
            [self.program, *words], stdin=subprocess.DEVNULL, capture_output=True, timeout=60, check=False,
            env=clean_environment(self.environment))
        output = done.stdout.decode("utf-8", "replace")
        if done.returncode != 0:
            reason = (done.stderr.decode("utf-8", "replace") + output).strip()
            raise StackFailure(f"crossdock {' '.join(words)} ended with status {done.returncode}: {reason[-800:]}")
        return output
