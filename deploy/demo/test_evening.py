"""The check at the end of the day finds what it is there to find: each kind of difference is made, one at a time."""

import contextlib
import io
import sys
import unittest
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import agreement  # noqa: E402
import evening  # noqa: E402
from afternoon import AfternoonFacts  # noqa: E402
from documents import (  # noqa: E402
    Fulfilment, Invoice, OrderDocuments, OrderLine, Payment, Product, Progress, order_documents)
from test_checker import Systems  # noqa: E402

evening.SETTLE_SECONDS = 0
INTEGRATION = "005-integration"


def documents(number, status, **what):
    """An order with two lines of ten and five pieces."""
    lines = [OrderLine("1", f"802-{number}-1", "SKU-RED", Decimal(10)), OrderLine("2", f"802-{number}-2", "SKU-MAT", Decimal(5))]
    return OrderDocuments(f"7{number}", f"SO7{number}", status, "EUR", lines, **what)


def fulfilment(number, tracking, first, second, status="C", date="2026-05-28"):
    return Fulfilment(
        f"IF{number}", status, date, "UPS", list(tracking), {"1": Decimal(first), "2": Decimal(second)})


def invoice(number, amount, first=10, second=5, counts=True):
    return Invoice(str(number), f"INV{number}", Decimal(amount), {"1": Decimal(first), "2": Decimal(second)}, counts)


class Day:
    """Both systems after a perfect afternoon: one order in two shipments, invoiced and paid but for a credit; one quiet."""

    def __init__(self):
        self.morning = Systems()
        self.orders = self.morning.orders
        for number, order in enumerate(self.orders, start=1):
            order.netsuite_id = f"7{number}"
        self.documents = {
            "71": documents(
                1, "G", fulfilments=[fulfilment(1, ["1Z1", "1Z2"], 4, 0), fulfilment(2, ["1Z3"], 6, 5, date="2026-05-29")],
                invoices=[invoice(1, "495.00")], payments=[Payment("P1", Decimal(400), Decimal(400))],
                credits=[Payment("C1", Decimal(95), Decimal(95))]),
            "72": documents(2, "B")}
        self.shown = {
            "801-1": Progress(
                "paid", {"802-1-1": Decimal(10), "802-1-2": Decimal(5)}, {"802-1-1": Decimal(10), "802-1-2": Decimal(5)},
                ["1Z1", "1Z2", "1Z3"], "UPS", "2026-05-29", ["INV1"], (Decimal("495.0"), Decimal(400), Decimal(95))),
            "801-2": Progress("pending fulfillment", {}, {})}
        self.products = {
            "SKU-DESK": Product(
                "SKU-DESK", Decimal(30), "Main: 20, West: 10", Decimal(929), True, as_of="2026-05-28T10:00:00.000+0000",
                prices={"USD": Decimal(929), "EUR": Decimal(899)}),
            "SKU-LMAP": Product("SKU-LMAP", None, None, Decimal(39), True, prices={"USD": Decimal(39)})}
        self.items = {
            "SKU-DESK": Product("SKU-DESK", Decimal(30), {"Main": Decimal(20), "West": Decimal(10)}, Decimal("929.00"), True)}
        self.histories = {
            "801-1": self.history(
                "pending fulfillment", "needs attention", "pending fulfillment", "partly shipped", "shipped", "invoiced", "paid"),
            "801-2": self.history("pending fulfillment")}
        self.counts = {"fulfilments": 2, "invoices": 1, "payments": 1, "credits": 1}
        self.facts = AfternoonFacts(
            {"fulfilments": 0, "invoices": 0, "payments": 0, "credits": 0},
            {"SKU-DESK": {"USD": Decimal(899), "EUR": Decimal(899)}, "SKU-LMAP": {"USD": Decimal(39)}})
        self.facts.made = dict(self.counts)
        self.facts.taken_over_after = 5.0
        self.facts.shipped = [
            SimpleNamespace(order=self.orders[0], while_killed=killed, seconds=2.0) for killed in (False, True)]

    @staticmethod
    def history(*states):
        return [{"field": "Status", "new": "Activated", "by": "005-sales"}] + [
            {"field": "NetSuite_Status__c", "new": state, "by": INTEGRATION} for state in states]

    def holds(self):
        salesforce, netsuite, ledger = self.morning.sides()
        salesforce.all_progress, salesforce.products = lambda: self.shown, lambda: self.products
        salesforce.history = lambda id: self.histories[id]
        netsuite.documents, netsuite.items = lambda id: self.documents[id], lambda: self.items
        netsuite.document_counts = lambda: self.counts
        desk = SimpleNamespace(
            salesforce=salesforce, netsuite=netsuite, ledger=ledger, facts=self.morning.facts, after_noon=self.facts,
            morning=SimpleNamespace(orders=lambda: self.orders), letters_wanted=lambda: {"801-2": "resolved"},
            afternoon=SimpleNamespace(orders=lambda: [self.orders[0]], dearer="SKU-DESK"),
            stack=SimpleNamespace(check_alive=lambda: None))
        with contextlib.redirect_stdout(io.StringIO()) as self.printed:
            return evening.check(desk)


class EveningTest(unittest.TestCase):
    def test_a_perfect_day_holds(self):
        day = Day()
        self.assertTrue(day.holds(), day.printed.getvalue())

    def test_each_difference_is_found(self):
        def shown(name, value):
            return lambda day: setattr(day.shown["801-1"], name, value)

        def quiet(name, value):
            return lambda day: setattr(day.shown["801-2"], name, value)

        def product(name, value):
            return lambda day: setattr(day.products["SKU-DESK"], name, value)

        def amounts(*values):
            return shown("amounts", tuple(None if value is None else Decimal(value) for value in values))

        def history(*states):
            return lambda day: day.histories.update({"801-1": Day.history(*states)})

        differences = {
            "an older state": shown("state", "invoiced"), "no state": shown("state", None),
            "a state too early": quiet("state", "shipped"),
            "a tracking number lost": shown("tracking_numbers", ["1Z1", "1Z2"]),
            "a tracking number twice": shown("tracking_numbers", ["1Z1", "1Z2", "1Z3", "1Z3"]),
            "another's tracking number": shown("tracking_numbers", ["1Z1", "1Z2", "1Z9"]),
            "a tracking number of nothing shipped": quiet("tracking_numbers", ["1Z9"]),
            "carrier": shown("carrier", "DHL"), "older ship date": shown("ship_date", "2026-05-28"),
            "no invoice": shown("invoice_numbers", []), "an invoice too many": shown("invoice_numbers", ["INV1", "INV2"]),
            "invoiced": amounts("495.01", 400, 95), "paid": amounts(495, 495, 95), "credited": amounts(495, 400, None),
            "an amount where nothing is": quiet("amounts", (Decimal(1), None, None)),
            "shipped twice": lambda day: day.shown["801-1"].shipped.update({"802-1-1": Decimal(14)}),
            "shipped not shown": lambda day: day.shown["801-1"].shipped.clear(),
            "a line of another order": lambda day: day.shown["801-1"].shipped.update({"802-2-1": Decimal(1)}),
            "invoiced quantity": lambda day: day.shown["801-1"].invoiced.update({"802-1-2": Decimal(4)}),
            "available": product("available", Decimal(31)), "by location": product("locations", "Main: 30, West: 0"),
            "a location missing": product("locations", "Main: 20"), "stale": product("is_stale", True),
            "never counted": product("as_of", None), "price": product("price", Decimal(930)),
            "not active": product("is_active", False),
            "stock of an item that NetSuite lacks": lambda day: setattr(day.products["SKU-LMAP"], "available", Decimal(0)),
            "price in another currency": lambda day: day.products["SKU-DESK"].prices.update(EUR=Decimal(929)),
            "a state that came back": history("pending fulfillment", "shipped", "partly shipped", "shipped", "invoiced", "paid"),
            "a state written twice": history("pending fulfillment", "shipped", "shipped", "paid"),
            "a state that nobody knows": history("pending fulfillment", "sent"),
            "written by two": lambda day: day.histories["801-1"][-1].update(by="005-sales"),
            "a fulfilment that nobody made": lambda day: day.counts.update(fulfilments=3),
            "a payment that nobody made": lambda day: day.counts.update(payments=2),
            "an invoice gone": lambda day: day.counts.update(invoices=0),
            "never shown": lambda day: setattr(day.facts.shipped[0], "seconds", None),
            "shown too late": lambda day: setattr(day.facts.shipped[1], "seconds", 60.1),
            "never taken over": lambda day: setattr(day.facts, "taken_over_after", None),
            "taken over late": lambda day: setattr(day.facts, "taken_over_after", 15.1),
            "made twice by evening": lambda day: day.morning.requests.append(Systems.create("801-1")),
            "a letter of the afternoon": lambda day: setattr(day.morning.closed[0], "state", "open"),
            "turned away": lambda day: setattr(day.morning, "at_once", (8, 1)),
        }
        for name, make in differences.items():
            with self.subTest(name):
                day = Day()
                make(day)
                self.assertFalse(day.holds())
                self.assertIn("✗", day.printed.getvalue())


def record(**changes):
    """An order with its documents as NetSuite's control API shows it; some numbers come as text."""
    line = {"line": 1, "custcol_crossdock_line_id": "802-1", "item": "SKU-RED", "quantity": "10", "isClosed": False}
    shipped = {
        "tranId": "IF1", "status": "C", "date": "2026-05-28", "carrier": "UPS", "trackingNumbers": ["1Z1", "1Z2"],
        "lines": [{"line": 1, "orderLine": "1", "quantity": "4"}, {"line": 2, "orderLine": 1, "quantity": "6"}]}
    billed = {
        "id": "90", "tranId": "INV1", "status": "A", "total": "495.00",
        "lines": [{"line": 1, "orderLine": 1, "quantity": "10"}]}
    return {
        "id": "71", "tranId": "SO1", "status": "G", "currency": "EUR", "lines": [line, {"line": 2, "item": "SKU-MAT",
        "quantity": "1", "isClosed": True}], "fulfilments": [shipped, {**shipped, "status": "A", "trackingNumbers": ["no"]}],
        "invoices": [billed, {**billed, "id": "91", "tranId": "INV2", "status": "V"}],
        "payments": [{"tranId": "P1", "status": "C", "amount": "900.00", "apply": [
            {"invoiceId": "90", "amount": "400.00"}, {"invoiceId": "4", "amount": "500.00"}]}],
        "credits": [
            {"tranId": "C1", "status": "B", "total": "95.00", "invoiceId": "90", "apply": [{"invoiceId": "90", "amount": "95"}]},
            {"tranId": "C2", "status": "B", "total": "9.00", "invoiceId": "4", "apply": []}], **changes}


class StateTest(unittest.TestCase):
    def test_progress_is_derived_from_the_record(self):
        found = agreement.derived(order_documents(record()))
        self.assertEqual(found.everything(), (
            "paid", (("802-1", 10),), (("802-1", 10),), ("1Z1", "1Z2"), "UPS", "2026-05-28", ("INV1",),
            (Decimal(495), Decimal(400), Decimal(95))))

    def test_states_follow_from_documents(self):
        whole, part = fulfilment(1, ["1Z1"], 10, 5), fulfilment(1, ["1Z1"], 10, 4)
        paid = [Payment("P1", Decimal(495), Decimal(495))]
        for state, order in (
            ("pending approval", documents(1, "A")), ("pending fulfillment", documents(1, "B")),
            ("cancelled", documents(1, "C")), ("closed", documents(1, "H")),
            ("pending fulfillment", documents(1, "B", fulfilments=[fulfilment(1, ["1Z1"], 10, 5, status="B")])),
            ("partly shipped", documents(1, "D", fulfilments=[part])), ("shipped", documents(1, "F", fulfilments=[whole])),
            ("partly invoiced", documents(1, "F", fulfilments=[whole], invoices=[invoice(1, "400.00", second=0)])),
            ("partly invoiced", documents(1, "E", fulfilments=[part], invoices=[invoice(1, "490.00", second=4)])),
            ("invoiced", documents(1, "G", fulfilments=[whole], invoices=[invoice(1, "495.00")])),
            ("shipped", documents(1, "F", fulfilments=[whole], invoices=[invoice(1, "495.00", counts=False)])),
            ("paid", documents(1, "G", fulfilments=[whole], invoices=[invoice(1, "495.00")], payments=paid)),
            ("invoiced", documents(
                1, "G", fulfilments=[whole], invoices=[invoice(1, "495.00")],
                payments=[Payment("P1", Decimal(495), Decimal(495), counts=False)])),
        ):
            self.assertEqual(agreement.derived(order).state, state)
        closed = documents(1, "H", fulfilments=[part])
        for line in closed.lines:
            line.is_closed = True
        self.assertEqual(agreement.derived(closed).state, "closed")

    def test_percentiles_are_values_that_were_measured(self):
        self.assertEqual([evening.percentile([3, 1, 2, 4], share) for share in (50, 95, 100)], [2, 4, 4])


if __name__ == "__main__":
    unittest.main()
