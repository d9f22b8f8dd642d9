"""The check finds what it is there to find: each kind of difference is made, one at a time."""

import contextlib
import io
import sys
import unittest
from decimal import Decimal
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import checker  # noqa: E402
import story  # noqa: E402
from remote import Line, SalesOrder, Shown  # noqa: E402


class Systems:
    """Both systems after a perfect morning with one good order and one that a person must look at."""

    def __init__(self):
        self.good = story.Order(story.Customer("Müller", "DE", "Köln", "Ring 1"), "EUR", "P")
        self.bad = story.Order(story.Customer("Acme", "US", "Austin", "A 1"), "USD", "P", needs_a_person=True)
        for number, order in enumerate((self.good, self.bad), start=1):
            order.id, order.number = f"801-{number}", f"0000010{number}"
            order.customer.account_id = f"001-{number}"
        self.bad.customer.known = True
        self.lines = {
            order.id: [Line("SKU-RED", Decimal(10), Decimal("49.50"), Decimal("495.00"), id=f"802-{order.id}")]
            for order in (self.good, self.bad)}
        there = Line("SKU-RED", Decimal("10.0"), Decimal("49.5"), Decimal(495), salesforce_id="802-801-1")
        self.found = [SalesOrder("77", "SO77", "SF-801-1", "EUR", "9", "Müller", [there])]
        self.shown_by_id = {
            "801-1": Shown("77", "SO77", "pending approval", None),
            "801-2": Shown(None, None, "needs attention", "NetSuite has no item SKU-MISSING"),
        }
        self.after = {"orders": 1, "customers": 2}

    def orders_by_salesforce_id(self):
        by_id = {}
        for order in self.found:
            by_id.setdefault(order.external_id.removeprefix("SF-"), []).append(order)
        return by_id

    def counts(self):
        return self.after

    def shown(self, order_id):
        return self.shown_by_id[order_id]

    def lines_of(self, order_id):
        return self.lines[order_id]

    def holds(self):
        this = self

        class Salesforce:
            shown = staticmethod(this.shown)
            lines = staticmethod(this.lines_of)

        with contextlib.redirect_stdout(io.StringIO()):
            return checker.check(Salesforce, self, (self.good, self.bad), {"orders": 0, "customers": 0})


class CheckerTest(unittest.TestCase):
    def test_a_perfect_morning_holds(self):
        self.assertTrue(Systems().holds())

    def test_each_difference_is_found(self):
        def doubled(systems):
            systems.found.append(systems.found[0])

        def lost(systems):
            systems.found.clear()

        def line(name, value):
            return lambda systems: setattr(systems.found[0].lines[0], name, value)

        def shown(number, name, value):
            return lambda systems: setattr(systems.shown_by_id[f"801-{number}"], name, value)

        def written_although_bad(systems):
            systems.found.append(SalesOrder("78", "SO78", "SF-801-2", "USD", "9", "Acme", []))

        def line_twice(systems):
            systems.found[0].lines.append(systems.found[0].lines[0])

        def line_of_its_own(systems):
            systems.found[0].lines.append(Line("SKU-MAT", Decimal(1), Decimal(1), Decimal(1)))

        def other_total(name, value):
            return lambda systems: systems.after.update({name: value})

        differences = {
            "doubled": doubled, "lost": lost, "quantity": line("quantity", Decimal(11)), "price": line("price", Decimal(50)),
            "amount": line("amount", Decimal("495.01")), "sku": line("sku", "SKU-BLUE"), "line twice": line_twice,
            "closed line": line("is_open", False), "line of its own": line_of_its_own,
            "currency": lambda systems: setattr(systems.found[0], "currency", "USD"),
            "number not shown": shown(1, "number", None), "other id shown": shown(1, "netsuite_id", "78"),
            "message left": shown(1, "message", "waits"), "no state": shown(1, "status", None),
            "bad one written": written_although_bad, "bad one quiet": shown(2, "status", "pending approval"),
            "bad one unexplained": shown(2, "message", "something is wrong"),
            "an order too many": other_total("orders", 2), "a customer too many": other_total("customers", 3),
        }
        for name, make in differences.items():
            with self.subTest(name):
                systems = Systems()
                make(systems)
                self.assertFalse(systems.holds())


if __name__ == "__main__":
    unittest.main()
