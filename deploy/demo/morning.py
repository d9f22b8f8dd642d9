"""Plays the morning: orders come, and what goes wrong in one."""

import screen
from desk import LATENCY_MILLISECONDS, OUTAGE_SECONDS, PERMITTED_AT_ONCE
from stack import wait_until
from watcher import PATIENCE_SECONDS, counted


def play(desk):
    for scene in (set_up, quiet_start, lost_answer, unknown_sku, burst_and_kill, outage, amended_letter):
        scene(desk)


def set_up(desk):
    """Accounts, and customers for those that NetSuite knows; those of an earlier morning are used again."""
    there = desk.salesforce.accounts_by_name()
    customers = desk.morning.customers
    for customer in customers:
        account = there.get(customer.name)
        if account:
            customer.was_there = True
            customer.account_id, customer.customer_id = account["id"], account["netSuiteId"]
            continue
        if customer.known:
            customer.customer_id = desk.netsuite.create_customer(customer)
        customer.account_id = desk.salesforce.create_account(customer)
    desk.salesforce.create_product(desk.morning.new_sku, "Storm lantern", desk.morning.new_price)
    desk.salesforce.create_product(desk.morning.wrong_sku, "Desk lamp", desk.morning.wrong_price)
    desk.netsuite.forget_journal()
    desk.netsuite.set(concurrencyLimit=PERMITTED_AT_ONCE, latencyMilliseconds=LATENCY_MILLISECONDS)
    known = sum(customer.known for customer in customers)
    screen.event("·", f"{len(customers)} accounts in Salesforce, {known} linked to customers in NetSuite by hand", "dim")


def quiet_start(desk):
    for order in desk.morning.quiet:
        desk.activate(order)
        desk.watcher.pass_time(0.5)
    amended, changed, added = desk.morning.amended, desk.morning.changed_line, desk.morning.added_line
    desk.watcher.wait_through([amended], f"order {amended.number} arrives")
    desk.salesforce.amend(amended.id, [changed], [added])
    screen.event(
        "+", f"Salesforce {amended.number} amended: {changed.quantity} × {changed.sku} at {changed.price}, and "
        f"{added.quantity} × {added.sku} added", "cyan")
    desk.watcher.wait(
        lambda: len(desk.watcher.arrived.get(amended.id, ((), ()))[1]) == 3, f"order {amended.number} follows")
    desk.watcher.wait_through(desk.morning.quiet, "the first orders are through")


def lost_answer(desk):
    order = desk.morning.unanswered
    screen.section("An answer is lost")
    screen.say("  NetSuite makes the next order, and the connection breaks before it can say so.")
    screen.say()
    fault = desk.netsuite.add_fault(kind="cut", moment="after", method="POST", path="/salesOrder")
    desk.activate(order)
    desk.watcher.wait(lambda: desk.netsuite.struck(fault), "the answer is lost")
    screen.event("✂", f"NetSuite   made {order.number}; its answer is lost, so nobody knows that it is there", "yellow")
    desk.netsuite.remove_fault(fault)
    desk.watcher.wait_through([order], f"order {order.number} is through")
    own = [request for request in desk.netsuite.journal() if order.id in (request.salesforce_id, request.external_id_asked())]
    creates = [request for request in own if request.creates_order()]
    looks = [request for request in own if request.method == "GET" and request.sequence > creates[0].sequence]
    screen.event(
        "✓", f"NetSuite's journal: {counted(len(creates), 'request')} to make it, then looked for by its external id "
        f"({counted(len(looks), 'time')}); it is there once", "green")


def unknown_sku(desk):
    lacking, mistyped = desk.morning.lacks_item, desk.morning.mistyped
    screen.section("Two orders that a person must decide about")
    screen.say("  NetSuite has no item for a line of each. Neither stops anything else.")
    screen.say()
    for order in (lacking, mistyped):
        desk.activate(order)
    desk.watcher.wait(
        lambda: all(desk.letter_of(order, "open") and order.id in desk.watcher.shown for order in (lacking, mistyped)),
        "both have a dead letter, and Salesforce says so")
    desk.crossdock("dead-letters", "list")
    desk.netsuite.create_item(desk.morning.new_sku, desk.morning.new_price)
    screen.event("+", f"NetSuite   item {desk.morning.new_sku} created by a person", "cyan")
    desk.crossdock("dead-letters", "replay", str(desk.letter_of(lacking, "open").id))
    desk.watcher.wait_through([lacking], f"order {lacking.number} arrives")
    desk.watcher.wait(lambda: desk.letter_of(lacking, "resolved"), "its letter closes")
    screen.event("✓", f"the letter of {lacking.number} is closed; that of {mistyped.number} waits for later", "green")


def burst_and_kill(desk):
    watcher, burst = desk.watcher, desk.morning.burst
    screen.section("A second writer joins, a dozen orders come at once, the first writer is killed")
    first = desk.writers()[0]
    desk.stack.join("netsuite-writer")
    clock, joined = screen.Clock(), desk.writers()[-1]
    of_broker = "the embedded broker lets it join when a session has ended, which Apache Kafka does within seconds" \
        if desk.stack.environment["KAFKA_EMBEDDED"] == "true" else "Kafka lets it join within seconds"
    screen.event("·", f"{joined} starts; {of_broker}", "dim")
    wait_until(
        lambda: desk.readiness()[0] or clock.tick(f"{joined} joins the group"), PATIENCE_SECONDS, f"{joined} is ready",
        desk.stack, pause=0.1)
    screen.event("·", f"{joined} is ready after {clock.stop():.1f} s; each of the two may have 3 requests at once", "dim")
    watcher.pass_time(1)
    slow = desk.netsuite.add_fault(kind="latency", milliseconds=700, method="POST", path="/salesOrder", times=None)
    watcher.is_brief = True
    for order in burst:
        desk.enter(order)
    for order in burst:
        desk.salesforce.activate(order.id)
    screen.event(
        "+", f"Salesforce {burst[0].number} to {burst[-1].number}: {len(burst)} orders activated at once; NetSuite now takes "
        f"long for each, and would turn the ninth request at the same time away", "cyan")
    watcher.wait(lambda: sum(order.id in watcher.arrived for order in burst) >= 3, "the first of them arrive")
    desk.stack.kill(first)
    clock = screen.Clock()
    screen.event("✗", f"{first} is killed (kill -9) in the middle of it", "red")

    def waiting():
        through = sum(watcher.is_through(order) for order in burst)
        return f"{through} of {len(burst)} through; the dead writer's orders wait until Kafka and the ledger give it up"

    watcher.wait(
        lambda: all(watcher.is_through(order) for order in burst), "the burst is through", clock=clock, waiting=waiting)
    screen.event("✓", f"all {len(burst)} are through, {clock.stop():.1f} s after the kill", "green")
    most, refused = desk.netsuite.most_at_once()
    screen.event(
        "✓", f"NetSuite's journal: at most {most} requests at once of the {PERMITTED_AT_ONCE} permitted, {refused} turned away",
        "green")
    desk.netsuite.remove_fault(slow)
    watcher.is_brief = False


def outage(desk):
    screen.section(f"NetSuite is away for {OUTAGE_SECONDS} seconds")
    fault = desk.netsuite.add_fault(kind="unavailable", times=None)
    clock, told = screen.Clock(), ""
    screen.event("✗", "NetSuite   answers every request with its maintenance page", "red")
    for order in desk.morning.waiting:
        desk.activate(order)
    while clock.seconds() < OUTAGE_SECONDS:
        desk.watcher.look()
        is_ready, reason = desk.readiness()
        if not is_ready and not told:
            told = reason
            screen.event("!", f"{desk.writers()[-1]} is not ready: {reason}", "yellow")
        clock.tick(f"NetSuite is away; {counted(len(desk.morning.waiting), 'order')} wait")
    clock.stop()
    desk.facts.said_why = bool(told)
    desk.netsuite.remove_fault(fault)
    screen.event("·", "NetSuite   is back", "dim")
    clock = screen.Clock()
    wait_until(
        lambda: desk.readiness()[0] or clock.tick("the writer finds out"), 30, "the writer is ready again", desk.stack,
        pause=0.05)
    desk.facts.resumed_after = clock.stop()
    screen.event("✓", f"ready again after {desk.facts.resumed_after:.1f} s", "green")
    desk.watcher.wait_through(desk.morning.waiting, "the orders that waited are through")


def amended_letter(desk):
    order, right = desk.morning.mistyped, desk.morning.right_line
    screen.section("The order with the open letter is corrected in Salesforce")
    wrong = next(line for line in order.lines if line.sku == desk.morning.wrong_sku)
    desk.salesforce.amend(order.id, [], [right], [wrong])
    screen.event(
        "+", f"Salesforce {order.number} amended: {right.quantity} × {right.sku} instead of {wrong.sku}", "cyan")
    desk.watcher.wait_through([order], f"order {order.number} arrives")
    desk.watcher.wait(lambda: desk.letter_of(order, "superseded"), "its letter closes")
    desk.crossdock("dead-letters", "list")
