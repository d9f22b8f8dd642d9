"""An order desk that never rests: new accounts, new orders, amendments of those just made, and what NetSuite does with
others."""

import time
from collections import deque

from remote import ControlFailure

SKUS = ("SKU-RED", "SKU-BLUE", "SKU-GREEN", "SKU-CHAIR", "SKU-DESK", "SKU-LAMP", "SKU-CABLE", "SKU-MAT")
MOST_LINES = 6


class Desk:
    """`rate` is in changes a second; what is done is drawn from `random`."""

    def __init__(self, salesforce, netsuite, random, rate):
        self.salesforce, self.netsuite, self.random, self.rate = salesforce, netsuite, random, rate
        self.accounts, self.entered_by_hand = [], []
        self.recent = deque(maxlen=40)
        # Orders that nobody amends any more, for the warehouse; and those that left it, for the office.
        self.for_warehouse, self.for_office = deque(), deque()
        self.made = self.amended = self.shipped = self.invoiced = self.counted = 0
        self.due = time.monotonic()

    def work(self):
        """Does what is due by now, at most a little at a time."""
        for _ in range(4):
            if time.monotonic() < self.due:
                return
            self.due = max(self.due, time.monotonic() - 2) + 1 / self.rate
            self.work_in_netsuite()
            if self.recent and self.random.random() < 0.55:
                self.amend()
            else:
                self.order()

    def account(self):
        draw = self.random.random()
        if self.accounts and draw < 0.5:
            return self.random.choice(self.accounts)
        body = {"name": f"Customer {len(self.accounts) + 1} {self.random.randrange(10 ** 9)}"}
        if draw > 0.93:
            # Entered in NetSuite by a person, and linked on the account.
            body["netSuiteId"] = self.netsuite.call("POST", "/customers", {"companyName": body["name"]})["id"]
            self.entered_by_hand.append(body["netSuiteId"])
        id = self.salesforce.call("POST", "/accounts", body)["id"]
        self.accounts.append(id)
        return id

    def order(self):
        account = self.account()
        # The orders of a new account often come together.
        for _ in range(self.random.choice((1, 1, 1, 2, 3))):
            lines = [self.line() for _ in range(self.random.randint(1, 4))]
            made = self.salesforce.call("POST", "/orders", {
                "accountId": account, "currency": "USD", "activate": True, "lines": lines, "poNumber": self.purchase()})
            self.made += 1
            # What was shipped cannot be amended, so an order is the one's or the other's.
            (self.for_warehouse if self.random.random() < 0.4 else self.recent).append(made["id"])

    def work_in_netsuite(self):
        """Ships, invoices, pays, counts: a little of one of them."""
        draw = self.random.randrange(4)
        if draw == 0:
            sku = self.random.choice(SKUS)
            self.netsuite.call("PATCH", f"/items/{sku}", {
                "stock": [{"location": "1", "onHand": str(self.random.randint(0, 5000))}]})
            self.counted += 1
        elif draw in (1, 2) and self.for_warehouse:
            self.ship(self.for_warehouse.popleft())
        elif draw == 3 and self.for_office:
            self.invoice(self.for_office.popleft())

    def ship(self, id):
        """All of an order, or the first line; one that is not in NetSuite yet comes up again."""
        try:
            order = self.netsuite.call("GET", f"/orders/eid:SF-{id}")
        except ControlFailure:
            self.for_warehouse.append(id)
            return
        lines = order["lines"] if self.random.random() < 0.6 else order["lines"][:1]
        self.netsuite.call("POST", f"/orders/{order['id']}/fulfil", {
            "status": "C", "carrier": "UPS", "packages": [{"trackingNumber": f"1Z{self.random.randrange(10 ** 8)}"}],
            "lines": [{"line": int(line["line"]), "quantity": str(line["quantity"])} for line in lines]})
        self.shipped += 1
        self.for_office.append(order["id"])

    def invoice(self, id):
        made = self.netsuite.call("POST", f"/orders/{id}/bill")
        if self.random.random() < 0.6:
            self.netsuite.call("POST", f"/invoices/{made['id']}/pay", {})
        self.invoiced += 1

    def line(self):
        return {"sku": self.random.choice(SKUS), "quantity": str(self.random.randint(1, 30)), "unitPrice": self.price()}

    def price(self):
        return f"{self.random.randint(1, 200)}.{self.random.randint(0, 99):02}"

    def purchase(self):
        return f"PO-{self.random.randrange(10 ** 6)}"

    def amend(self):
        id = self.random.choice(self.recent)
        lines = self.salesforce.call("GET", f"/orders/{id}")["lines"]
        body = {"reopen": True}
        kind = self.random.randrange(5)
        if kind in (0, 4):
            line = self.random.choice(lines)
            body["lines"] = [{"id": line["id"], "quantity": str(self.random.randint(1, 30)), "unitPrice": self.price()}]
        if kind in (1, 4) and len(lines) < MOST_LINES:
            body["addLines"] = [self.line()]
        if kind == 2 and len(lines) > 1:
            body["removeLines"] = [self.random.choice(lines)["id"]]
        if kind == 3 or len(body) == 1:
            body["poNumber"] = self.purchase()
        self.salesforce.call("PATCH", f"/orders/{id}", body)
        self.amended += 1
