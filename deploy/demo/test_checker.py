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
import screen  # noqa: E402
import story  # noqa: E402
from remote import Letter, Line, Request, SalesOrder, Shown  # noqa: E402


class Systems:
    """Both systems and the letters after a perfect morning with two orders: a plain one, and one whose letter was closed."""

    def __init__(self):
        self.orders = (
            story.Order(story.Customer("Müller", "DE", "Köln", "Ring 1"), "EUR", "P"),
            story.Order(story.Customer("Acme", "US", "Austin", "A 1", known=True), "EUR", "P"))
        for number, order in enumerate(self.orders, start=1):
            order.id, order.number = f"801-{number}", f"0000010{number}"
            order.customer.account_id = f"001-{number}"
        self.orders[1].customer.customer_id = "9"
        self.lines = {
            order.id: [Line("SKU-RED", Decimal(10), Decimal("49.50"), Decimal("495.00"), id=f"802-{order.id}")]
            for order in self.orders}
        self.found = [
            SalesOrder(f"7{number}", f"SO7{number}", f"SF-801-{number}", "EUR", "9", order.customer.name, [
                Line("SKU-RED", Decimal("10.0"), Decimal("49.5"), Decimal(495), salesforce_id=f"802-801-{number}")])
            for number, order in enumerate(self.orders, start=1)]
        self.shown = {
            order.id: Shown(there.id, there.number, "pending approval", None)
            for order, there in zip(self.orders, self.found)}
        self.after = {"orders": 2, "customers": 2}
        self.requests = [self.create("801-1"), self.create("801-2"), Request(3, "GET", "/salesOrder", 200, False, "", None)]
        self.closed = [Letter(5, "801-2", "resolved", "missing-item", "no item")]
        self.at_once = (6, 0)
        self.facts = checker.Facts(before={"orders": 0, "customers": 0}, last_letter=4, permitted=6)
        self.facts.said_why, self.facts.resumed_after = True, 2.0

    @staticmethod
    def create(salesforce_id, applied=True):
        return Request(1, "POST", "/services/rest/record/v1/salesOrder", 204, applied, salesforce_id, None)

    def holds(self):
        salesforce, netsuite, ledger = self.sides()
        with contextlib.redirect_stdout(io.StringIO()):
            return checker.check(salesforce, netsuite, ledger, self.orders, {"801-2": "resolved"}, self.facts)

    def sides(self):
        """Salesforce, NetSuite and the ledger's letters as the check asks them."""
        this = self

        class Salesforce:
            @staticmethod
            def all_shown():
                return this.shown

            @staticmethod
            def lines(order_id):
                return this.lines[order_id]

        class NetSuite:
            @staticmethod
            def orders_by_salesforce_id():
                by_id = {}
                for order in this.found:
                    by_id.setdefault(order.external_id.removeprefix("SF-"), []).append(order)
                return by_id

            @staticmethod
            def counts():
                return this.after

            @staticmethod
            def journal():
                return this.requests

            @staticmethod
            def most_at_once():
                return this.at_once

        class Ledger:
            @staticmethod
            def letters(after):
                return [letter for letter in this.closed if letter.id > after]

        return Salesforce, NetSuite, Ledger


class CheckerTest(unittest.TestCase):
    def test_a_perfect_morning_holds(self):
        self.assertTrue(Systems().holds())

    def test_each_difference_is_found(self):
        def line(name, value):
            return lambda systems: setattr(systems.found[0].lines[0], name, value)

        def shown(name, value):
            return lambda systems: setattr(systems.shown["801-1"], name, value)

        def fact(name, value):
            return lambda systems: setattr(systems.facts, name, value)

        def letter(name, value):
            return lambda systems: setattr(systems.closed[0], name, value)

        def more_letters(order_id, state):
            return lambda systems: systems.closed.append(Letter(6, order_id, state, "refused", "no"))

        differences = {
            "doubled": lambda systems: systems.found.append(systems.found[0]),
            "lost": lambda systems: systems.found.pop(0),
            "quantity": line("quantity", Decimal(11)), "price": line("price", Decimal(50)),
            "amount": line("amount", Decimal("495.01")), "sku": line("sku", "SKU-BLUE"),
            "line twice": lambda systems: systems.found[0].lines.append(systems.found[0].lines[0]),
            "closed line": line("is_open", False),
            "line of its own": lambda systems: systems.found[0].lines.append(Line("SKU-MAT", Decimal(1), Decimal(1), Decimal(1))),
            "currency": lambda systems: setattr(systems.found[0], "currency", "USD"),
            "other customer": lambda systems: setattr(systems.found[1], "customer_id", "8"),
            "number not shown": shown("number", None), "other id shown": shown("netsuite_id", "78"),
            "message left": shown("message", "waits"), "no state": shown("status", None),
            "an order too many": lambda systems: systems.after.update(orders=3),
            "a customer too many": lambda systems: systems.after.update(customers=3),
            "made by two requests": lambda systems: systems.requests.append(systems.create("801-1")),
            "made by no request": lambda systems: systems.requests.pop(0),
            "not applied": lambda systems: systems.requests.__setitem__(0, systems.create("801-1", applied=False)),
            "letter open": letter("state", "open"), "letter replaying": letter("state", "replaying"),
            "letter discarded": letter("state", "discarded"), "no letter": lambda systems: systems.closed.clear(),
            "two letters": more_letters("801-2", "resolved"), "an order's first letter": more_letters("801-1", "resolved"),
            "a letter without order": more_letters(None, "open"),
            "too many at once": lambda systems: setattr(systems, "at_once", (7, 0)),
            "turned away": lambda systems: setattr(systems, "at_once", (6, 1)),
            "outage unsaid": fact("said_why", False), "never resumed": fact("resumed_after", None),
            "resumed late": fact("resumed_after", 5.1),
        }
        for name, make in differences.items():
            with self.subTest(name):
                systems = Systems()
                make(systems)
                self.assertFalse(systems.holds())

    def test_letters_of_earlier_mornings_do_not_count(self):
        systems = Systems()
        systems.closed.insert(0, Letter(4, "801-9", "open", "refused", "no"))
        self.assertTrue(systems.holds())


class ScreenTest(unittest.TestCase):
    def test_text_fits_the_width_whatever_it_is_written_in(self):
        for text in ("one two three four five six seven", "株式会社さくら商事 東京 丸の内", "a" * 50, "شركة النور للتجارة دبي"):
            lines = screen.wrapped(text, 12)
            self.assertTrue(all(screen.width(line) <= 12 for line in lines), lines)
        self.assertEqual(screen.wrapped("one two three", 7), ["one two", "three"])
        self.assertEqual(screen.cut("株式会社", 5), "株式…")


if __name__ == "__main__":
    unittest.main()
