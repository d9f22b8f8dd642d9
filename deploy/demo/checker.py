"""The check at noon: every order of Salesforce beside what NetSuite holds, read from both systems, and the letters' table."""

from collections import Counter

import screen

RESUME_SECONDS = 5


class Facts:
    """What the morning began with and measured."""

    def __init__(self, before, last_letter, permitted):
        self.before, self.last_letter, self.permitted = before, last_letter, permitted
        # Of the outage: whether a writer gave its reason, and how long after it one was ready again.
        self.said_why, self.resumed_after = False, None


def check(salesforce, netsuite, ledger, orders, wanted_letters, facts):
    """Prints the table and every difference; true where there is none.

    `wanted_letters` has the state that the letter of an order must have ended in, by the order's id.
    """
    by_id, shown = netsuite.orders_by_salesforce_id(), salesforce.all_shown()
    rows, problems = [], []
    for order in orders:
        found, lines = by_id.get(order.id, []), salesforce.lines(order.id)
        own = differences(order, shown[order.id], lines, found)
        problems += [f"{order.number}: {problem}" for problem in own]
        rows.append(row(order, shown[order.id], lines, found, not own))
    problems += whole_day(netsuite, ledger, orders, wanted_letters, facts)

    screen.section("Noon: every order in both systems")
    screen.table(
        ("Salesforce", "customer", "lines", "amount", "orders", "NetSuite", "lines ", "amount ", "shows", "state", "same"),
        rows, right=("lines", "amount", "lines ", "amount ", "orders"),
        spare=("state", "customer", "lines ", "lines", "shows", "amount "))
    screen.say()
    if problems:
        for problem in problems:
            screen.say(f"  ✗ {problem}", "red")
        screen.say(f"FAILED: {len(problems)} things are not as they should be", "red")
        return False
    count = sum(len(salesforce.lines(order.id)) for order in orders)
    most, _ = netsuite.most_at_once()
    for line in (
        f"each order exactly once: {len(orders)} of {len(orders)}, made by one request each",
        f"every line's quantity, price and amount equal: {count} lines",
        "Salesforce shows NetSuite's number on every order",
        "one customer in NetSuite for each account, none for those that were there before",
        f"every dead letter closed: {' and '.join(wanted_letters.values())}",
        f"at most {most} requests at once of the {facts.permitted} that the account permits, none turned away",
        f"ready {facts.resumed_after:.1f} s after NetSuite came back, and its absence counted against no order",
    ):
        screen.say(f"  ✓ {line}", "green")
    return True


def whole_day(netsuite, ledger, orders, wanted_letters, facts):
    """What must hold at noon and in the evening alike."""
    return totals(netsuite, orders, facts.before) + doubles(netsuite.journal(), orders) + letter_differences(
        ledger.letters(facts.last_letter), orders, wanted_letters) + budget(netsuite, facts)


def row(order, shown, lines, found, is_same):
    first = found[0] if found else None
    return (
        order.number, order.customer.name, len(lines), f"{order.currency} {sum(line.amount for line in lines):,.2f}",
        len(found), first.number if first else "–", len(first.open_lines()) if first else "–",
        f"{first.currency} {first.total():,.2f}" if first else "–", shown.number or "–", shown.status or "–",
        "✓" if is_same else "✗")


def differences(order, shown, lines, found):
    """What is not as it should be with one order."""
    if len(found) != 1:
        return [f"{len(found)} orders in NetSuite instead of one"]
    there = found[0]
    problems = []
    if there.currency != order.currency:
        problems.append(f"currency {there.currency} instead of {order.currency}")
    by_line = {}
    for line in there.open_lines():
        by_line.setdefault(line.salesforce_id, []).append(line)
    for line in lines:
        same = by_line.pop(line.id, [])
        if len(same) != 1:
            problems.append(f"line {line.sku} stands {len(same)} times in NetSuite")
            continue
        for name in ("sku", "quantity", "price", "amount"):
            if getattr(line, name) != getattr(same[0], name):
                problems.append(f"line {line.sku}: {name} {getattr(line, name)} became {getattr(same[0], name)}")
    problems += [f"NetSuite has a line of its own: {line.sku}" for rest in by_line.values() for line in rest]
    if (shown.netsuite_id, shown.number) != (there.id, there.number):
        problems.append(f"Salesforce shows {shown.number} ({shown.netsuite_id}), NetSuite says {there.number} ({there.id})")
    if shown.message or not shown.status:
        problems.append(f"Salesforce shows “{shown.status}”: {shown.message}")
    if order.customer.known and there.customer_id != order.customer.customer_id:
        problems.append("it is not on the customer that was linked on the account")
    return problems


def totals(netsuite, orders, before):
    """Nothing was made besides what the morning asked for."""
    after = netsuite.counts()
    # Those that were linked by hand, and one for each new account.
    new = {order.customer.account_id for order in orders if not order.customer.was_there}
    wanted = {"orders": len(orders), "customers": len(new)}
    return [
        f"{after[name] - before[name]} {name} were made in NetSuite instead of {count}" for name, count in wanted.items()
        if after[name] - before[name] != count]


def doubles(journal, orders):
    """NetSuite's journal has one request that made the order, for each."""
    made = Counter(request.salesforce_id for request in journal if request.creates_order() and request.applied)
    return [
        f"{order.number}: NetSuite's journal has {made[order.id]} requests that made it instead of one" for order in orders
        if made[order.id] != 1]


def letter_differences(letters, orders, wanted):
    numbers = {order.id: order.number for order in orders}
    problems = []
    for letter in letters:
        number = numbers.get(letter.order_id, letter.order_id)
        if letter.order_id not in wanted:
            problems.append(f"{number}: a dead letter that nobody expected, {letter.letter_class} ({letter.state})")
        elif letter.state != wanted[letter.order_id]:
            problems.append(f"{number}: its dead letter is {letter.state} instead of {wanted[letter.order_id]}")
    told = Counter(letter.order_id for letter in letters)
    problems += [f"{numbers.get(id, id)}: {told[id]} dead letters instead of one" for id in wanted if told[id] != 1]
    return problems


def budget(netsuite, facts):
    """What was promised about the account and its absence."""
    problems = []
    most, refused = netsuite.most_at_once()
    if most > facts.permitted or refused:
        problems.append(f"{most} requests at once of {facts.permitted} permitted, and {refused} were turned away")
    if not facts.said_why:
        problems.append("no writer said that NetSuite was away")
    if facts.resumed_after is None or facts.resumed_after > RESUME_SECONDS:
        seconds = "never" if facts.resumed_after is None else f"{facts.resumed_after:.1f} s later"
        problems.append(f"the writer was ready again {seconds}, not within {RESUME_SECONDS} s")
    return problems
