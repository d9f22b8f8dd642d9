"""Plays a morning at an order desk and checks what came of it.

It talks to the two sandboxes only, through their control APIs: what Crossdock says of itself is not asked.
"""

import time

import screen
import story
from checker import check
from remote import NetSuiteControl, SalesforceControl
from stack import StackFailure, wait_until

PATIENCE_SECONDS = 60


class Running:
    """What `play` needs of a stack that another process keeps."""

    def __init__(self, urls):
        self.urls = {name.removesuffix("-sandbox"): url for name, url in urls.items() if name.endswith("-sandbox")}

    def check_alive(self):
        """The keeper looks after its processes itself."""


class Watcher:
    """Looks at both systems and prints what has changed since it last looked."""

    def __init__(self, salesforce, netsuite, stack):
        self.salesforce, self.netsuite, self.stack = salesforce, netsuite, stack
        self.orders = []
        self.arrived, self.shown = {}, {}

    def look(self):
        self.stack.check_alive()
        by_id = self.netsuite.orders_by_salesforce_id()
        for order in self.orders:
            for found in by_id.get(order.id, []):
                state = (found.id, tuple((line.sku, line.quantity, line.price) for line in found.open_lines()))
                if self.arrived.get(order.id) != state:
                    first = order.id not in self.arrived
                    self.arrived[order.id] = state
                    text = f"{found.number}, {found.customer_name}, {counted(len(found.open_lines()), 'line')}, " \
                           f"{found.currency} {found.total():,.2f}"
                    screen.event("→", f"NetSuite   {order.number} is now {text}" if first else
                                 f"NetSuite   {order.number} follows: {text}", "green")
            shown = self.salesforce.shown(order.id)
            if shown.status and self.shown.get(order.id) != shown.what_a_person_sees():
                self.shown[order.id] = shown.what_a_person_sees()
                if shown.message:
                    screen.event("!", f"Salesforce {order.number} shows “{shown.status}”: {shown.message}", "yellow")
                else:
                    screen.event("←", f"Salesforce {order.number} shows {shown.number}, {shown.status}", "green")

    def wait(self, condition, what):
        def looked():
            self.look()
            return condition()

        wait_until(looked, PATIENCE_SECONDS, what, self.stack, pause=0.15)

    def pass_time(self, seconds):
        """The desk's pace: time goes by, and what happens meanwhile is shown."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.1)


def counted(count, word):
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def describe(order):
    notes = ["customer known to NetSuite" if order.customer.known else None,
             "below list price" if story.is_below_list(order) else None,
             "with a SKU that NetSuite does not know" if order.needs_a_person else None]
    total = sum(line.quantity * line.price for line in order.lines)
    extra = "".join(f", {note}" for note in notes if note)
    return f"{order.customer.name}, {counted(len(order.lines), 'line')}, {order.currency} {total:,.2f}{extra}"


def set_up(salesforce, netsuite):
    """Accounts, and customers for those that NetSuite knows; those of an earlier morning are used again."""
    there = salesforce.accounts_by_name()
    for customer in story.CUSTOMERS:
        account = there.get(customer.name)
        if account:
            customer.was_there = True
            customer.account_id, customer.customer_id = account["id"], account["netSuiteId"]
            continue
        if customer.known:
            customer.customer_id = netsuite.create_customer(customer)
        customer.account_id = salesforce.create_account(customer)
    known = sum(customer.known for customer in story.CUSTOMERS)
    screen.event("·", f"{len(story.CUSTOMERS)} accounts in Salesforce, {known} linked to customers in NetSuite by hand", "dim")


def play(stack):
    """True where everything held."""
    salesforce = SalesforceControl(stack.urls["salesforce"])
    netsuite = NetSuiteControl(stack.urls["netsuite"])
    before = netsuite.counts()
    watcher = Watcher(salesforce, netsuite, stack)

    screen.section("A morning at the order desk")
    screen.say("  Ten orders are activated in Salesforce. Crossdock carries each to NetSuite (→) and its number back (←).")
    screen.say()
    set_up(salesforce, netsuite)
    for order in story.ORDERS:
        order.id, order.number = salesforce.create_order(order)
        salesforce.activate(order.id)
        screen.event("+", f"Salesforce {order.number} activated: {describe(order)}", "cyan")
        watcher.orders.append(order)
        watcher.pass_time(0.8)
    amended = story.AMENDED
    watcher.wait(lambda: amended.id in watcher.shown, f"order {amended.number} arrives")
    amend(salesforce, amended)
    try:
        watcher.wait(lambda: settled(salesforce, netsuite, watcher), "every order is settled")
    except StackFailure as failure:
        if failure.process is not None or "not within" not in str(failure):
            raise
        screen.say(f"{failure}; the check says what is missing", "red")
    return check(salesforce, netsuite, story.ORDERS, before)


def amend(salesforce, order):
    changed, added = story.CHANGED_LINE, story.ADDED_LINE
    salesforce.amend(order.id, [changed], [added])
    screen.event(
        "+", f"Salesforce {order.number} amended: {changed.quantity} × {changed.sku} at {changed.price}, "
        f"and {added.quantity} × {added.sku} added", "cyan")


def settled(salesforce, netsuite, watcher):
    by_id = netsuite.orders_by_salesforce_id()
    for order in watcher.orders:
        shown = salesforce.shown(order.id)
        if order.needs_a_person:
            if not shown.message:
                return False
        elif not shown.number or not by_id.get(order.id):
            return False
    wanted = sorted((line.sku, line.quantity, line.price) for line in salesforce.lines(story.AMENDED.id))
    found = by_id[story.AMENDED.id][0].open_lines()
    return wanted == sorted((line.sku, line.quantity, line.price) for line in found)
