"""The two sandboxes as the demo sees them: their control APIs, answers as plain values with exact decimals."""

import json
import urllib.error
import urllib.request
from decimal import Decimal


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


def exact(value):
    """A decimal from a JSON number or text."""
    return None if value is None else Decimal(str(value))


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

    def amend(self, order_id, changes, additions):
        """Takes the order back to draft, changes and adds lines, activates it again: one transaction."""
        self.call("PATCH", f"/orders/{order_id}", {
            "reopen": True, "lines": [line_body(line) for line in changes],
            "addLines": [line_body(line) for line in additions]})

    def order(self, order_id):
        return self.call("GET", f"/orders/{order_id}")

    def shown(self, order_id):
        fields = self.order(order_id)["netSuite"]
        return Shown(
            fields["NetSuite_Order_Id__c"], fields["NetSuite_Order_Number__c"], fields["NetSuite_Status__c"],
            fields["NetSuite_Message__c"])

    def lines(self, order_id):
        return [
            Line(line["sku"], exact(line["quantity"]), exact(line["unitPrice"]), exact(line["totalPrice"]), id=line["id"])
            for line in self.order(order_id)["lines"]]


def line_body(line):
    return {"sku": line.sku, "quantity": str(line.quantity), "unitPrice": str(line.price)}


class NetSuiteControl(Control):
    """The ERP user's side of the NetSuite sandbox."""

    PREFIX = "SF-"

    def create_customer(self, customer):
        return self.call("POST", "/customers", {"companyName": customer.name})["id"]

    def counts(self):
        found = self.call("GET", "/counts")
        return {"orders": int(found["salesOrders"]), "customers": int(found["customers"])}

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
