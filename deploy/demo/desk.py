"""What all scenes of a day share: both systems, the operator's command, the ledger's tables, what was found."""

import json

import screen
import story
from checker import Facts
from remote import Ledger, NetSuiteControl, OperatorCommand, SalesforceControl
from stack import StackFailure, answer_of
from watcher import Watcher, counted

# What the account permits: three for each of two writers, one for each of the two watches.
PERMITTED_AT_ONCE = 8
OUTAGE_SECONDS = 10
# How long NetSuite takes for a request.
LATENCY_MILLISECONDS = 60


class Desk:
    """One desk a day."""

    def __init__(self, stack):
        self.stack = stack
        self.salesforce = SalesforceControl(stack.urls["salesforce"])
        self.netsuite = NetSuiteControl(stack.urls["netsuite"])
        self.ledger = Ledger(stack.psql, stack.environment)
        self.operator = OperatorCommand(stack.binaries, stack.environment)
        self.watcher = Watcher(self.salesforce, self.netsuite, stack)
        self.morning = story.Morning(self.salesforce.skus())
        letters = self.ledger.letters()
        self.facts = Facts(
            before=self.netsuite.counts(), last_letter=letters[-1].id if letters else 0, permitted=PERMITTED_AT_ONCE)

    def enter(self, order):
        order.id, order.number = self.salesforce.create_order(order)
        self.watcher.orders.append(order)

    def activate(self, order):
        self.enter(order)
        self.salesforce.activate(order.id)
        screen.event("+", f"Salesforce {order.number} activated: {self.describe(order)}", "cyan")

    def describe(self, order):
        lacking = [line.sku for line in order.lines if line.sku in (self.morning.new_sku, self.morning.wrong_sku)]
        notes = ["customer known to NetSuite" if order.customer.known else None,
                 "below list price" if story.is_below_list(order) else None,
                 f"with {lacking[0]}, which NetSuite does not have" if lacking else None]
        total = sum(line.quantity * line.price for line in order.lines)
        extra = "".join(f", {note}" for note in notes if note)
        return f"{order.customer.name}, {counted(len(order.lines), 'line')}, {order.currency} {total:,.2f}{extra}"

    def crossdock(self, *words):
        """Runs the operator's command and shows it."""
        screen.say()
        screen.say(f"  $ crossdock {' '.join(words)}", "bold")
        screen.quote(self.operator.run(*words))
        screen.say()

    def letter_of(self, order, *states):
        return next((
            letter for letter in self.ledger.letters(self.facts.last_letter)
            if letter.order_id == order.id and letter.state in states), None)

    def writers(self):
        """The writers' names, the oldest first."""
        return list(self.stack.members("netsuite-writer"))

    def leading(self, program):
        """The name of the process of this program that leads its watch, as the ledger's table of leaders says."""
        id = self.ledger.leader(program)
        for name, own in self.stack.members(program).items():
            if own == id:
                return name
        raise StackFailure(f"no {program} leads its watch")

    def letters_wanted(self):
        """The state that the letter of an order must have ended in, by the order's id."""
        return {self.morning.lacks_item.id: "resolved", self.morning.mistyped.id: "superseded"}

    def readiness(self, name=None):
        """(whether a service is ready, what it says); without a name of the newest writer."""
        status, text = answer_of(f"{self.stack.health[name or self.writers()[-1]]}/health/ready")
        try:
            reasons = [one["reason"] for one in json.loads(text)["reasons"]]
        except ValueError:
            reasons = [text]
        return status == 200, "; ".join(reasons)
