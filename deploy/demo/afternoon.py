"""Plays the afternoon: what NetSuite does with the morning's orders, and how Salesforce follows.

It acts through NetSuite's control API as warehouse, office and people do, and watches what Salesforce shows.
"""

import time
from decimal import Decimal

import screen
from stack import StackFailure, wait_until
from watcher import PATIENCE_SECONDS, counted

# A new leader of a watch is there when the lease has passed and it has asked for it.
TAKEOVER_SECONDS = 15


class Shipped:
    """A shipment as the warehouse made it, and when Salesforce showed its tracking numbers."""

    def __init__(self, order, numbers, while_killed):
        self.order, self.numbers, self.while_killed = order, numbers, while_killed
        self.begun = time.monotonic()
        self.seconds = None


class AfternoonFacts:
    """What the afternoon did and measured."""

    def __init__(self, documents_before, prices_before):
        self.documents_before, self.prices_before = documents_before, prices_before
        self.made = {"fulfilments": 0, "invoices": 0, "payments": 0, "credits": 0}
        self.shipped = []
        self.taken_over_after = None


def play(desk):
    """The scenes; `desk.afternoon` has the plan, `desk.after_noon` the facts, `desk.progress` what Salesforce shows."""
    for scene in (ship, kill_the_watch, bill_and_pay, give_up, stock_and_prices):
        scene(desk)


def ship(desk):
    plan = desk.afternoon
    screen.section("The warehouse ships")
    screen.say("  Goods leave in NetSuite (↑). Salesforce shows state, carrier and tracking numbers (←), and after how long.")
    screen.say()
    for order, carrier in plan.whole:
        send(desk, order, carrier)
        desk.progress.pass_time(0.25)
    send(desk, plan.partly, "UPS", quantities=plan.part, packages=2)
    send(desk, plan.short, "DHL", quantities=plan.short_part)
    wait_shipped(desk, "every tracking number is shown")
    send(desk, plan.partly, "FedEx")
    wait_shipped(desk, f"the rest of {plan.partly.number} is shown")


def send(desk, order, carrier, quantities=None, packages=1, while_killed=False):
    """Ships an order's lines so far, or all that is left; tells it."""
    documents = desk.netsuite.documents(order.netsuite_id)
    lines = None if quantities is None else [
        {"line": line.key, "quantity": str(quantity)} for line, quantity in zip(documents.lines, quantities)]
    numbers = [tracking_number(carrier, order, len(documents.fulfilments) + 1, one) for one in range(1, packages + 1)]
    shipped = Shipped(order, numbers, while_killed)
    desk.netsuite.fulfil(order.netsuite_id, carrier, numbers, lines)
    desk.after_noon.made["fulfilments"] += 1
    desk.after_noon.shipped.append(shipped)
    desk.progress.expect(shipped)
    made = desk.netsuite.documents(order.netsuite_id).fulfilments[-1]
    pieces = sum(made.quantities.values(), Decimal(0))
    screen.event("↑", f"NetSuite   {order.number} ships as {made.number}: {counted(int(pieces), 'piece')} with {carrier} "
                      f"{' and '.join(numbers)}", "cyan")


def tracking_number(carrier, order, shipment, package):
    mark = {"UPS": "1Z", "FedEx": "96", "DHL": "JJ"}[carrier]
    return f"{mark}{order.number[-4:]}{shipment}{package}"


def wait_shipped(desk, what, clock=None):
    open_ones = [one for one in desk.after_noon.shipped if one.seconds is None]
    desk.progress.wait(
        lambda: all(one.seconds is not None for one in open_ones), what, clock=clock,
        waiting=lambda: f"{sum(one.seconds is not None for one in open_ones)} of {len(open_ones)} shown; the dead process's "
                        "partitions wait until Kafka gives them to the other")


def kill_the_watch(desk):
    screen.section("The process whose watch leads is killed while goods leave")
    if len(desk.stack.members("status-feedback")) == 1:
        # An earlier day on this stack killed the other.
        desk.stack.join("status-feedback")
        joined = list(desk.stack.members("status-feedback"))[-1]
        wait_until(lambda: desk.readiness(joined)[0], PATIENCE_SECONDS, f"{joined} is ready", desk.stack, pause=0.1)
    killed = desk.leading("status-feedback")
    others = [name for name in desk.stack.members("status-feedback") if name != killed]
    screen.say(f"  {killed} watches NetSuite; {' and '.join(others)} stands by, and writes to Salesforce as well.")
    screen.say()
    orders = desk.afternoon.while_killed
    for order in orders[:2]:
        send(desk, order, "UPS", while_killed=True)
    desk.stack.kill(killed)
    clock = screen.Clock()
    screen.event("✗", f"{killed} is killed (kill -9)", "red")
    for order in orders[2:]:
        send(desk, order, "UPS", while_killed=True)

    def follower():
        desk.progress.look()
        try:
            leader = desk.leading("status-feedback")
        except StackFailure:
            return clock.tick("nobody leads: the dead process's lease runs out")
        return leader if leader != killed else clock.tick("its lease runs out")

    leader = wait_until(follower, PATIENCE_SECONDS, "another leads the watch", desk.stack, pause=0.1)
    desk.after_noon.taken_over_after = clock.seconds()
    screen.event("✓", f"{leader} leads the watch, {desk.after_noon.taken_over_after:.1f} s after the kill", "green")
    wait_shipped(desk, "what was shipped around the kill is shown", clock)
    screen.event("✓", f"all {len(orders)} are shown, {clock.stop():.1f} s after the kill", "green")


def bill_and_pay(desk):
    plan, netsuite = desk.afternoon, desk.netsuite
    screen.section("The office invoices, a customer pays, another gets a credit")
    for order in plan.invoiced:
        bill(desk, order)
    bill(desk, plan.invoiced_in_part, only_first_line=True)
    desk.progress.wait(
        lambda: all(desk.progress.invoices_of(order) for order in (*plan.invoiced, plan.invoiced_in_part)),
        "the invoices are shown")
    for order, share in ((plan.paid_whole, Decimal(1)), (plan.paid_partly, Decimal("0.4"))):
        invoice = netsuite.documents(order.netsuite_id).invoices[0]
        amount = (invoice.total * share).quantize(Decimal("0.01"))
        netsuite.pay(invoice.id, amount)
        desk.after_noon.made["payments"] += 1
        desk.progress.note(order)
        screen.event("↑", f"NetSuite   {order.number}: {order.currency} {amount:,.2f} paid on {invoice.number}", "cyan")
    order = plan.credited
    invoice = netsuite.documents(order.netsuite_id).invoices[0]
    amount = Decimal("39.95")
    netsuite.credit(invoice.id, amount)
    desk.after_noon.made["credits"] += 1
    desk.progress.note(order)
    screen.event("↑", f"NetSuite   {order.number}: {order.currency} {amount} credited on {invoice.number}", "cyan")
    desk.progress.wait(
        lambda: all(desk.progress.amounts_of(order)[1] for order in (plan.paid_whole, plan.paid_partly))
        and desk.progress.amounts_of(plan.credited)[2], "payments and credit are shown")


def bill(desk, order, only_first_line=False):
    lines = None
    if only_first_line:
        first = desk.netsuite.documents(order.netsuite_id).lines[0]
        lines = [{"line": first.key, "quantity": str(first.quantity)}]
    desk.netsuite.bill(order.netsuite_id, lines)
    desk.after_noon.made["invoices"] += 1
    desk.progress.note(order)
    made = desk.netsuite.documents(order.netsuite_id).invoices[-1]
    part = ", its first line alone" if only_first_line else ""
    screen.event("↑", f"NetSuite   {order.number} invoiced as {made.number}: {order.currency} {made.total:,.2f}{part}", "cyan")


def give_up(desk):
    plan = desk.afternoon
    screen.section("An order is closed by hand, another is cancelled before anything was shipped")
    for order, step, word in ((plan.short, "close", "closed by a person"), (plan.cancelled, "cancel", "cancelled")):
        desk.netsuite.advance(order.netsuite_id, step)
        desk.progress.note(order)
        screen.event("↑", f"NetSuite   {order.number} is {word}", "cyan")
    desk.progress.wait(
        lambda: (desk.progress.state_of(plan.short), desk.progress.state_of(plan.cancelled)) == ("closed", "cancelled"),
        "both are shown")
    desk.crossdock("orders", "show", plan.partly.number)


def stock_and_prices(desk):
    plan, netsuite = desk.afternoon, desk.netsuite
    screen.section("Goods arrive, an item is sold out, a price rises, an item is given up")
    items = netsuite.items()
    on_hand = netsuite.on_hand(plan.delivered)
    desk.progress.watch_products(plan.delivered, plan.sold_out, plan.dearer, plan.given_up)
    changes = (
        (plan.delivered, {"stock": [{"location": "1", "onHand": str(on_hand["1"] + 500)}]}, "500 arrive in the main warehouse"),
        (plan.sold_out, {"stock": [{"location": key, "onHand": "0"} for key in on_hand]}, "counted again: none is left"),
        (plan.dearer, {"listPrice": str(items[plan.dearer].price + 30)}, "costs 30.00 more from now on"),
        (plan.given_up, {"isInactive": True}, "is not sold any more"),
    )
    for sku, change, words in changes:
        netsuite.change_item(sku, change)
        desk.progress.note(sku)
        screen.event("↑", f"NetSuite   {sku}: {words}", "cyan")
    wanted = netsuite.items()
    desk.progress.wait(
        lambda: all(desk.progress.product_agrees(sku, wanted[sku]) for sku, _, _ in changes), "the products follow")
    desk.crossdock("products", "show", plan.sold_out)
