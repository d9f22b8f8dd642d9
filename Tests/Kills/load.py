"""An order desk that never rests: new accounts, new orders, and amendments of those just made."""

import time
from collections import deque

SKUS = ("SKU-RED", "SKU-BLUE", "SKU-GREEN", "SKU-CHAIR", "SKU-DESK", "SKU-LAMP", "SKU-CABLE", "SKU-MAT")
MOST_LINES = 6


class Desk:
    """`rate` is in changes a second; what is done is drawn from `random`."""

    def __init__(self, salesforce, netsuite, random, rate):
        self.salesforce, self.netsuite, self.random, self.rate = salesforce, netsuite, random, rate
        self.accounts, self.entered_by_hand = [], []
        self.recent = deque(maxlen=40)
        self.made = self.amended = 0
        self.due = time.monotonic()

    def work(self):
        """Does what is due by now, at most a little at a time."""
        for _ in range(4):
            if time.monotonic() < self.due:
                return
            self.due = max(self.due, time.monotonic() - 2) + 1 / self.rate
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
            self.recent.append(made["id"])

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
