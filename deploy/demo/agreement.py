"""Whether both systems say the same: what Salesforce must show is worked out here from NetSuite's own documents.

It shares no code with the services, and knows NetSuite's letters only where documents and quantities say nothing.
"""

from decimal import Decimal

from documents import Progress, listed

# In the order in which an order comes to them; none is written twice, and none after a later one.
STATES = (
    "pending approval", "pending fulfillment", "partly shipped", "shipped", "partly invoiced", "invoiced", "paid", "closed",
    "cancelled")
# What Crossdock says of an order that a person or NetSuite keeps waiting: comes and goes.
PASSING = ("needs attention", "waiting")


def derived(order):
    """What Salesforce must show of an order of NetSuite."""
    shipments = [one for one in order.fulfilments if one.status == "C"]
    invoices = [one for one in order.invoices if one.counts]
    newest = max(enumerated_by_date(shipments), default=None, key=lambda one: one[:2])
    shipped, invoiced = {}, {}
    for line in order.lines:
        if line.salesforce_id:
            id = line.salesforce_id
            shipped[id] = shipped.get(id, 0) + quantity_in(shipments, line.key)
            invoiced[id] = invoiced.get(id, 0) + quantity_in(invoices, line.key)
    return Progress(
        state_of(order, shipments, invoices), shipped, invoiced,
        [number for one in shipments for number in one.tracking_numbers], newest and newest[2].carrier,
        newest and newest[2].date, [one.number for one in invoices],
        (total(one.total for one in invoices), total(one.applied for one in order.payments if one.counts),
         total(one.total for one in order.credits if one.counts)))


def enumerated_by_date(documents):
    return [(one.date or "", place, one) for place, one in enumerate(documents)]


def quantity_in(documents, key):
    return total(one.quantities.get(key, 0) for one in documents)


def total(amounts):
    return sum(amounts, Decimal(0))


def state_of(order, shipments, invoices):
    """One of the states in words, of the orders that a day in the demo makes."""
    if not shipments and not invoices:
        by_letter = {"A": "pending approval", "C": "cancelled", "H": "closed"}
        return by_letter.get(order.status, "pending fulfillment")
    open_lines = [line for line in order.lines if not line.is_closed]
    is_all_shipped = all(quantity_in(shipments, line.key) >= line.quantity for line in open_lines)
    if not open_lines and not invoices:
        return "closed"
    if invoices:
        is_all_invoiced = all(quantity_in(invoices, line.key) >= line.quantity for line in open_lines)
        if not (is_all_shipped and is_all_invoiced):
            return "partly invoiced"
        covered = total(one.applied for one in [*order.payments, *order.credits] if one.counts)
        return "paid" if covered >= total(one.total for one in invoices) else "invoiced"
    return "shipped" if is_all_shipped else "partly shipped"


def order_differences(shown, wanted):
    """What Salesforce shows of an order and what it should: one sentence for each difference."""
    problems = []
    for name, here, there in (
        ("state", shown.state, wanted.state), ("carrier", shown.carrier, wanted.carrier),
        ("ship date", shown.ship_date, wanted.ship_date),
        ("tracking numbers", sorted(shown.tracking_numbers), sorted(wanted.tracking_numbers)),
        ("invoices", sorted(shown.invoice_numbers), sorted(wanted.invoice_numbers)),
    ):
        if here != there:
            problems.append(f"{name}: Salesforce shows {said(here)}, NetSuite says {said(there)}")
    for word, here, there in (("shipped", shown.shipped, wanted.shipped), ("invoiced", shown.invoiced, wanted.invoiced)):
        for id in sorted({*here, *there}):
            if here.get(id, 0) != there.get(id, 0):
                problems.append(f"line {id}: Salesforce shows {here.get(id)} {word}, NetSuite says {there.get(id)}")
    for word, here, there in zip(("invoiced", "paid", "credited"), shown.amounts, wanted.amounts):
        if (here or 0) != there:
            problems.append(f"amount {word}: Salesforce shows {here}, NetSuite says {there}")
    return problems


def said(value):
    return ", ".join(value) or "none" if isinstance(value, list) else value or "none"


def product_differences(shown, item):
    """The same for a product; `item` is None where NetSuite has no such item."""
    if item is None:
        return [] if shown.available is None and shown.as_of is None else ["stock is shown of an item that NetSuite lacks"]
    problems = []
    if shown.as_of is None:
        return ["no stock is shown"]
    if shown.is_stale:
        problems.append("it is marked stale")
    for name, here, there in (
        ("available", shown.available, item.available), ("price", shown.price, item.price),
        ("active", shown.is_active, item.is_active), ("locations", by_location(shown.locations), item.locations),
    ):
        if here != there:
            problems.append(f"{name}: Salesforce shows {here}, NetSuite says {there}")
    return problems


def by_location(text):
    """The quantities in a text such as `Main: 480, West: 20`."""
    found = {}
    for part in listed(text):
        name, _, number = part.rpartition(": ")
        try:
            found[name] = Decimal(number)
        except ArithmeticError:
            found[part] = None
    return found


def state_history_differences(history):
    """An order's states as Salesforce's field history has them: each once, and none after a later one."""
    states = [row["new"] for row in history if row["field"] == "NetSuite_Status__c"]
    known = [state for state in states if state not in PASSING]
    problems = [f"its state became {state}, which nobody knows" for state in known if state not in STATES]
    places = [STATES.index(state) for state in known if state in STATES]
    for earlier, later in zip(places, places[1:]):
        if later < earlier:
            problems.append(f"its state went back from {STATES[earlier]} to {STATES[later]}")
        elif later == earlier and STATES[earlier] not in STATES[:2]:
            problems.append(f"its state was written twice: {STATES[later]}")
    writers = {row["by"] for row in history if row["field"].startswith("NetSuite_")}
    if len(writers) > 1:
        problems.append("its fields of NetSuite were written by several users")
    return problems
