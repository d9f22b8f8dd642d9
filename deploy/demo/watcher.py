"""What happens in both systems, told as it happens."""

import time

import screen
from stack import wait_until

PATIENCE_SECONDS = 60


class Watcher:
    """Looks at both systems and prints what has changed since it last looked."""

    def __init__(self, salesforce, netsuite, stack):
        self.salesforce, self.netsuite, self.stack = salesforce, netsuite, stack
        self.orders = []
        self.arrived, self.shown = {}, {}
        # One line an order instead of two, where many come at once.
        self.is_brief = False

    def look(self):
        self.stack.check_alive()
        by_id = self.netsuite.orders_by_salesforce_id()
        all_shown = self.salesforce.all_shown()
        for order in self.orders:
            for found in by_id.get(order.id, []):
                self.tell_arrival(order, found)
            shown = all_shown[order.id]
            if shown.status and self.shown.get(order.id) != shown.what_a_person_sees():
                self.shown[order.id] = shown.what_a_person_sees()
                if shown.message:
                    screen.event("!", f"Salesforce {order.number} shows “{shown.status}”: {shown.message}", "yellow")
                else:
                    screen.event("←", f"Salesforce {order.number} shows {shown.number}, {shown.status}", "green")

    def tell_arrival(self, order, found):
        state = (found.id, tuple((line.sku, line.quantity, line.price) for line in found.open_lines()))
        if self.arrived.get(order.id) == state:
            return
        first = order.id not in self.arrived
        self.arrived[order.id] = state
        if self.is_brief:
            return
        text = f"{found.number}, {found.customer_name}, {counted(len(found.open_lines()), 'line')}, " \
               f"{found.currency} {found.total():,.2f}"
        screen.event("→", f"NetSuite   {order.number} is now {text}" if first else
                     f"NetSuite   {order.number} follows: {text}", "green")

    def is_through(self, order):
        """Whether Salesforce shows the order's number in NetSuite, and nothing that is wrong."""
        _, number, _, message = self.shown.get(order.id, (None, None, None, None))
        return number is not None and not message

    def wait(self, condition, what, clock=None, waiting=None):
        """Until the condition holds; with a clock, what is waited for is told while it runs."""
        def looked():
            self.look()
            if clock is not None and not condition():
                clock.tick(waiting())
            return condition()

        wait_until(looked, PATIENCE_SECONDS, what, self.stack, pause=0.1)

    def wait_through(self, orders, what):
        self.wait(lambda: all(self.is_through(order) for order in orders), what)

    def pass_time(self, seconds):
        """The desk's pace: time goes by, and what happens meanwhile is shown."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.1)


def counted(count, word):
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
