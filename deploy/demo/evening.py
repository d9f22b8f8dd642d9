"""The check at the end of the day: every order and every product as Salesforce shows it, beside NetSuite's documents."""

import time

import checker
import screen
from afternoon import TAKEOVER_SECONDS
from agreement import (
    derived, order_differences, product_differences, state_history_differences)
from progress import plain
from stack import wait_until
from watcher import counted

SETTLE_SECONDS = 20
# What Crossdock promises from a change in NetSuite to what Salesforce shows.
WITHIN_SECONDS = 60


class Evening:
    """Both systems as they stand: read at one moment."""

    def __init__(self, salesforce, netsuite, orders):
        self.orders = orders
        self.shown = salesforce.all_progress()
        self.documents = {order.id: netsuite.documents(order.netsuite_id) for order in orders}
        self.wanted = {id: derived(documents) for id, documents in self.documents.items()}
        self.products, self.items = salesforce.products(), netsuite.items()

    def order_problems(self):
        """Sentences by the order's id."""
        return {id: order_differences(self.shown[id], wanted) for id, wanted in self.wanted.items()}

    def product_problems(self):
        """Sentences by SKU."""
        return {sku: product_differences(shown, self.items.get(sku)) for sku, shown in self.products.items()}

    def problems(self):
        numbers = {order.id: order.number for order in self.orders}
        return [f"{numbers[id]}: {one}" for id, found in self.order_problems().items() for one in found] + [
            f"{sku}: {one}" for sku, found in self.product_problems().items() for one in found]


def check(desk):
    """Prints both tables and every difference; true where there is none."""
    salesforce, netsuite, facts = desk.salesforce, desk.netsuite, desk.after_noon
    orders = [order for order in desk.morning.orders() if order.id]
    evening = settled(desk, orders)
    histories = {order.number: salesforce.history(order.id) for order in orders}
    problems = evening.problems() + of_histories(histories) + of_documents(netsuite.document_counts(), facts)
    problems += of_shipments(facts) + of_prices(evening.products, facts, desk.afternoon)
    problems += checker.whole_day(netsuite, desk.ledger, orders, desk.letters_wanted(), desk.facts)
    show_orders(evening, desk.afternoon.orders())
    show_products(evening)
    screen.say()
    if problems:
        for problem in problems:
            screen.say(f"  ✗ {problem}", "red")
        screen.say(f"FAILED: {len(problems)} things are not as they should be", "red")
        return False
    for line in good_news(evening, facts, netsuite.most_at_once()[0], desk.facts.permitted):
        screen.say(f"  ✓ {line}", "green")
    return True


def settled(desk, orders):
    """Both systems, when the last change has arrived or has had its time."""
    end = time.monotonic() + SETTLE_SECONDS

    def looked():
        evening = Evening(desk.salesforce, desk.netsuite, orders)
        return evening if not evening.problems() or time.monotonic() > end else None

    return wait_until(looked, SETTLE_SECONDS + 10, "both systems are read", desk.stack, pause=0.3)


def of_histories(histories):
    return [f"{number}: {one}" for number, history in histories.items() for one in state_history_differences(history)]


def of_documents(counts, facts):
    """Nothing was made in NetSuite besides what people made."""
    return [
        f"{counts[kind] - facts.documents_before[kind]} {kind} were made in NetSuite instead of {wanted}"
        for kind, wanted in facts.made.items() if counts[kind] - facts.documents_before[kind] != wanted]


def of_shipments(facts):
    problems = []
    for one in facts.shipped:
        if one.seconds is None or one.seconds > WITHIN_SECONDS:
            when = "never" if one.seconds is None else f"after {one.seconds:.0f} s"
            problems.append(f"{one.order.number}: its tracking numbers were shown {when}, not within {WITHIN_SECONDS} s")
    if facts.taken_over_after is None or facts.taken_over_after > TAKEOVER_SECONDS:
        when = "never" if facts.taken_over_after is None else f"after {facts.taken_over_after:.1f} s"
        problems.append(f"the killed watch was taken over {when}, not within {TAKEOVER_SECONDS} s")
    return problems


def of_prices(products, facts, plan):
    """Prices in other currencies than NetSuite's base currency are left alone."""
    problems = []
    for sku, before in facts.prices_before.items():
        for currency, price in before.items():
            if currency != "USD" and products[sku].prices.get(currency) != price:
                problems.append(f"{sku}: its price in {currency} became {products[sku].prices.get(currency)}")
    if products[plan.dearer].price == facts.prices_before[plan.dearer].get("USD"):
        problems.append(f"{plan.dearer}: its price has not risen")
    return problems


def show_orders(evening, touched):
    """Two lines an order: what Salesforce shows, and what NetSuite's documents say."""
    screen.section("Every order that something happened to: what Salesforce shows, and below it what NetSuite says")
    rows, found = [], evening.order_problems()
    for order in touched:
        lines = [line.salesforce_id for line in evening.documents[order.id].lines if line.salesforce_id]
        for number, one in ((order.number, evening.shown[order.id]), (evening.documents[order.id].number, evening.wanted[order.id])):
            rows.append((
                number, one.state or "–", " ".join(plain(one.shipped.get(id)) for id in dict.fromkeys(lines)),
                ", ".join(one.tracking_numbers) or "–", ", ".join(one.invoice_numbers) or "–",
                *(f"{amount:,.2f}" if amount else "–" for amount in one.amounts), "✗" if found[order.id] else "✓"))
    screen.table(
        ("order", "state", "shipped", "tracking numbers", "invoices", "invoiced", "paid", "credited", "same"), rows,
        right=("invoiced", "paid", "credited"), spare=("credited", "shipped", "invoices"))
    quiet = [order for order in evening.orders if order not in touched]
    states = sorted({evening.shown[order.id].state or "no state" for order in quiet})
    screen.say(f"  and {len(quiet)} orders that wait for the warehouse: {', '.join(states)} in both")


def show_products(evening):
    screen.section("Every product: what Salesforce shows, and what NetSuite has")
    rows, found = [], evening.product_problems()
    for sku, shown in sorted(evening.products.items()):
        item = evening.items.get(sku)
        rows.append((
            sku, "–" if shown.available is None else plain(shown.available), plain(item.available) if item else "no item", shown.locations or "–",
            f"{shown.price:,.2f}" if shown.price is not None else "–", f"{item.price:,.2f}" if item else "–",
            yes(shown.is_active), yes(item.is_active) if item else "–", yes(shown.is_stale), "✗" if found[sku] else "✓"))
    screen.table(
        ("product", "available", "NetSuite", "by location", "price", "NetSuite ", "active", "NetSuite  ", "stale", "same"), rows,
        right=("available", "NetSuite", "price", "NetSuite "), spare=("NetSuite  ", "NetSuite "))


def yes(flag):
    return "yes" if flag else "no"


def good_news(evening, facts, most, permitted):
    calm = [one.seconds for one in facts.shipped if not one.while_killed]
    killed = [one.seconds for one in facts.shipped if one.while_killed]
    numbers = sum(len(one.tracking_numbers) for one in evening.wanted.values())
    counts = ", ".join(counted(count, kind.removesuffix("s")) for kind, count in facts.made.items())
    return (
        f"state, shipped and invoiced quantities, {numbers} tracking numbers, invoices and amounts of {len(evening.orders)} "
        "orders are what NetSuite's documents say",
        f"each state was shown once, and none after a later one; {counts} in NetSuite, all made by people",
        f"stock, price and activity of {len(evening.products)} products are what NetSuite has",
        f"from a fulfilment in NetSuite to its tracking number in Salesforce: p50 {percentile(calm, 50):.1f} s, "
        f"p95 {percentile(calm, 95):.1f} s of {len(calm)}",
        f"across the kill of the leading watch: another led after {facts.taken_over_after:.1f} s, {len(killed)} of {len(killed)} "
        f"shipments shown, the last after {max(killed):.1f} s",
        f"at most {most} requests at once of the {permitted} that the account permits, none turned away",
    )


def percentile(values, share):
    """The smallest value that so many of a hundred do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]
