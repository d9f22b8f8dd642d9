"""A day at an order desk: the morning and its check, the afternoon, and the check of both systems at its end.

It acts through the two sandboxes' control APIs and the operator's command, and looks at both systems and the ledger's
letters; what Crossdock says of itself is shown, and not believed.
"""

import afternoon
import evening
import morning
import screen
import story
from checker import check
from desk import LATENCY_MILLISECONDS, Desk
from progress import ProgressWatcher
from stack import StackFailure


def play(stack):
    """True where everything held."""
    desk = Desk(stack)
    screen.section("A morning at the order desk: 25 orders, and what goes wrong")
    screen.say("  Orders are activated in Salesforce (+). Crossdock carries each to NetSuite (→) and its number back (←).")
    screen.say()
    is_played = played(desk, morning.play)
    orders = [order for order in desk.morning.orders() if order.id]
    holds = check(
        desk.salesforce, desk.netsuite, desk.ledger, orders, desk.letters_wanted(), desk.facts)
    if not (is_played and holds):
        return False
    screen.section("The afternoon: what NetSuite does with these orders, and what Salesforce shows of it")
    begin_afternoon(desk)
    is_played = played(desk, afternoon.play)
    return evening.check(desk) and is_played


def played(desk, scenes):
    """Whether all of it was played; where something never came, the check tells what is missing."""
    try:
        scenes(desk)
        return True
    except StackFailure as failure:
        if failure.process is not None or "not within" not in str(failure):
            raise
        screen.say(f"✗ {failure}; the check says what is missing", "red")
        return False
    finally:
        desk.netsuite.remove_faults()
        desk.netsuite.set(latencyMilliseconds=0)


def begin_afternoon(desk):
    by_id = desk.netsuite.orders_by_salesforce_id()
    for order in desk.morning.orders():
        order.netsuite_id = by_id[order.id][0].id
    desk.netsuite.set(latencyMilliseconds=LATENCY_MILLISECONDS)
    desk.afternoon = story.Afternoon(desk.morning)
    desk.progress = ProgressWatcher(desk.salesforce, desk.stack, desk.morning.orders())
    desk.after_noon = afternoon.AfternoonFacts(
        desk.netsuite.document_counts(), {sku: one.prices for sku, one in desk.salesforce.products().items()})
