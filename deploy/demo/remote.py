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
