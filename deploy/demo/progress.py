"""What Salesforce shows of NetSuite's progress, told as it happens, and after how long."""

import time

import screen
from agreement import product_differences
from stack import wait_until
from watcher import PATIENCE_SECONDS, counted


class ProgressWatcher:
    """Looks at Salesforce and prints what has changed since it last looked."""

    def __init__(self, salesforce, stack, orders):
        self.salesforce, self.stack, self.orders = salesforce, stack, orders
        self.shown = salesforce.all_progress()
        self.skus, self.products = (), {}
        # When something was done to an order or an item, by its id or SKU; what is on its way to Salesforce.
        self.done_at, self.expected = {}, []

    def note(self, subject):
        """Something was done in NetSuite just now to an order, or to the item of a SKU."""
        self.done_at[getattr(subject, "id", subject)] = time.monotonic()

    def expect(self, shipped):
        """The tracking numbers of a shipment are to be shown."""
        self.expected.append(shipped)
        self.done_at[shipped.order.id] = shipped.begun

    def watch_products(self, *skus):
        self.skus, self.products = skus, self.salesforce.products()

    # What was last seen

    def state_of(self, order):
        return self.shown[order.id].state

    def amounts_of(self, order):
        """Invoiced, paid, credited."""
        return self.shown[order.id].amounts

    def invoices_of(self, order):
        return self.shown[order.id].invoice_numbers

    def product_agrees(self, sku, item):
        return not product_differences(self.products[sku], item)

    # Looking

    def look(self):
        self.stack.check_alive()
        found = self.salesforce.all_progress()
        now = time.monotonic()
        for order in self.orders:
            before, after = self.shown[order.id], found[order.id]
            if before.everything() != after.everything():
                screen.event("←", f"Salesforce {order.number} shows {difference(order, before, after)}"
                                  f"{self.delay(order.id, now)}", "green")
        self.shown = found
        for shipped in [one for one in self.expected if set(one.numbers) <= set(found[one.order.id].tracking_numbers)]:
            shipped.seconds = now - shipped.begun
            self.expected.remove(shipped)
        if self.skus:
            self.look_at_products(now)

    def look_at_products(self, now):
        found = self.salesforce.products()
        for sku in self.skus:
            if self.products[sku].everything() != found[sku].everything():
                screen.event("←", f"Salesforce {sku} shows {described(found[sku])}{self.delay(sku, now)}", "green")
        self.products = found

    def delay(self, subject, now):
        return f"; after {now - self.done_at[subject]:.1f} s" if subject in self.done_at else ""

    def wait(self, condition, what, clock=None, waiting=None):
        """Until the condition holds; with a clock, what is waited for is told while it runs."""
        def looked():
            self.look()
            if clock is not None and not condition():
                clock.tick(waiting())
            return condition()

        wait_until(looked, PATIENCE_SECONDS, what, self.stack, pause=0.1)

    def pass_time(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(0.1)


def difference(order, before, after):
    """What a person sees that is new."""
    parts = [after.state or "no state"]
    new = [number for number in after.tracking_numbers if number not in before.tracking_numbers]
    if new:
        parts.append(f"{after.carrier} {' and '.join(new)}")
    if before.shipped != after.shipped:
        parts.append(f"{counted(plain(sum(after.shipped.values())), 'piece')} shipped")
    if before.invoice_numbers != after.invoice_numbers:
        parts.append(", ".join(after.invoice_numbers))
    for word, old, amount in zip(("invoiced", "paid", "credited"), before.amounts, after.amounts):
        if (old or 0) != (amount or 0):
            parts.append(f"{order.currency} {amount:,.2f} {word}")
    return ", ".join(parts)


def described(product):
    """A product as Salesforce shows it."""
    return (f"{plain(product.available)} available ({product.locations}), USD {product.price:,.2f}, "
            f"{'active' if product.is_active else 'not active'}")


def plain(number):
    """A quantity without zeros behind."""
    return "none" if number is None else f"{number.normalize():f}"
