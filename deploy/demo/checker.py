"""The check: every order of Salesforce beside what NetSuite holds, read from both systems."""

import screen


def check(salesforce, netsuite, orders, before):
    """Prints the table and every difference; true where there is none."""
    by_id = netsuite.orders_by_salesforce_id()
    rows, problems = [], []
    for order in orders:
        found = by_id.get(order.id, [])
        shown, lines = salesforce.shown(order.id), salesforce.lines(order.id)
        own = unwritten(shown, found) if order.needs_a_person else differences(order, shown, lines, found)
        problems += [f"{order.number}: {problem}" for problem in own]
        first = found[0] if found else None
        rows.append((
            order.number, order.customer.name, len(lines), f"{order.currency} {sum(line.amount for line in lines):,.2f}",
            len(found), first.number if first else "–", len(first.open_lines()) if first else "–",
            f"{first.currency} {first.total():,.2f}" if first else "–", shown.number or "–", shown.status or "–",
            "✗" if own else "✓"))
    problems += totals(netsuite, orders, before)

    screen.section("Every order in both systems")
    screen.table(
        ("Salesforce", "customer", "lines", "amount", "orders", "NetSuite", "lines ", "amount ", "Salesforce shows", "state",
         "same"), rows, right=("lines", "amount", "lines ", "amount ", "orders"))
    screen.say()
    count = sum(len(salesforce.lines(order.id)) for order in orders if not order.needs_a_person)
    if problems:
        for problem in problems:
            screen.say(f"  ✗ {problem}", "red")
        screen.say(f"FAILED: {len(problems)} differences between the two systems", "red")
        return False
    written = sum(not order.needs_a_person for order in orders)
    screen.say(
        f"  ✓ each order exactly once: {written} of {written}; the one with an unknown SKU waits for a person and is not in "
        "NetSuite", "green")
    screen.say(f"  ✓ every line's quantity, price and amount equal: {count} lines", "green")
    screen.say("  ✓ Salesforce shows NetSuite's number on every order", "green")
    screen.say("  ✓ one customer in NetSuite for each account, none for those that were there before", "green")
    return True


def differences(order, shown, lines, found):
    """What is not as it should be with an order that belongs in NetSuite."""
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


def unwritten(shown, found):
    """What is not as it should be with the order that a person must look at."""
    problems = []
    if found:
        problems.append("it is in NetSuite although a SKU is unknown there")
    if shown.status != "needs attention":
        problems.append(f"Salesforce shows “{shown.status}” instead of “needs attention”")
    if "SKU-MISSING" not in (shown.message or ""):
        problems.append(f"Salesforce does not name the SKU: {shown.message}")
    return problems


def totals(netsuite, orders, before):
    """Nothing was made besides what the morning asked for."""
    after = netsuite.counts()
    written = [order for order in orders if not order.needs_a_person]
    # Those that were linked by hand, and one for each new account with an order that could be written.
    new = {
        order.customer.account_id for order in orders
        if not order.customer.was_there and (order.customer.known or not order.needs_a_person)}
    wanted = {"orders": len(written), "customers": len(new)}
    return [
        f"{after[name] - before[name]} {name} were made in NetSuite instead of {count}" for name, count in wanted.items()
        if after[name] - before[name] != count]
