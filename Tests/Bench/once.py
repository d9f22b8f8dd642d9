"""The check of what was measured: each order once, everywhere, and nothing left. Computed from evidence alone."""

from collections import Counter, defaultdict

ORDER = "SF-"
# How many orders are named where one thing is wrong with many.
NAMED = 3


def check(evidence):
    """A sentence for each thing that is wrong; an empty list where all is well."""
    return [
        sentence for checks in (
            sent_as_asked, once_at_netsuite, once_in_the_ledger, one_attempt, one_settlement, settled_once, nothing_dead,
            nothing_left, nothing_unexpected, customers_once)
        for sentence in shortened(checks(evidence))]


def shortened(problems):
    """Of each kind of problem the first few; problems are (kind, who) or whole sentences."""
    kinds = defaultdict(list)
    for kind, who in problems:
        kinds[kind].append(who)
    for kind, found in kinds.items():
        for who in found[:NAMED]:
            yield f"{who} {kind}"
        if len(found) > NAMED:
            yield f"and {len(found) - NAMED} more {kind}"


def orders(evidence):
    """Each order that was sent, with its version."""
    return {message["key"]: message["version"] for message in evidence["sent"]}


def sent_as_asked(evidence):
    sent = Counter(message["key"] for message in evidence["sent"])
    if len(sent) != evidence["asked"]:
        yield f"were sent instead of {evidence['asked']}", f"{len(sent)} orders"
    repeated = sum(sent.values()) - len(sent)
    if repeated != evidence["repeated"]:
        yield f"were sent instead of {evidence['repeated']}", f"{repeated} repeats"
    events = defaultdict(set)
    for message in evidence["sent"]:
        events[message["key"]].add((message["id"], message["version"]))
    for key, found in events.items():
        if len(found) > 1:
            yield "was sent as several events", f"order {key}"


def once_at_netsuite(evidence):
    there = Counter(order["externalId"] for order in evidence["there"])
    wanted = {ORDER + key for key in orders(evidence)}
    yield from (("is not at NetSuite", f"order {name.removeprefix(ORDER)}") for name in sorted(wanted - set(there)))
    yield from (("is at NetSuite and was never sent", f"order {name}") for name in sorted(set(there) - wanted))
    yield from ((f"is at NetSuite {count} times", f"order {name.removeprefix(ORDER)}")
                for name, count in sorted(there.items()) if count > 1)


def once_in_the_ledger(evidence):
    at_netsuite = {order["externalId"].removeprefix(ORDER): order["id"] for order in evidence["there"]}
    rows = Counter(row["order_id"] for row in evidence["orders"])
    sent = orders(evidence)
    yield from (("has no row in the ledger", f"order {key}") for key in sorted(set(sent) - set(rows)))
    for row in evidence["orders"]:
        key = row["order_id"]
        who = f"order {key}"
        if key not in sent:
            yield "is in the ledger and was never sent", who
        if rows[key] > 1:
            yield "is in the ledger twice", who
        if row["netsuite_id"] != at_netsuite.get(key):
            yield "has another id in the ledger than at NetSuite", who
        if not row["netsuite_number"]:
            yield "has no number in the ledger", who
        if row["written_version"] != sent.get(key):
            yield "stands at another version in the ledger", who
        if row["sequence"] != 1:
            yield "was settled more than once in the ledger", who
        if row["is_claimed"]:
            yield "is still claimed", who


def one_attempt(evidence):
    attempts = defaultdict(list)
    for row in evidence["attempts"]:
        attempts[row["order_id"]].append(row)
    for key, version in orders(evidence).items():
        found = attempts[key]
        if len(found) != 1:
            yield f"has {len(found)} attempts", f"order {key}"
        elif (found[0]["state"], found[0]["version"]) != ("written", version):
            yield f"has an attempt that ended as {found[0]['state']}", f"order {key}"


def one_settlement(evidence):
    rows = defaultdict(list)
    for row in evidence["settlements"]:
        rows[row["order_id"]].append(row)
    for key, version in orders(evidence).items():
        found = rows[key]
        if len(found) != 1:
            yield f"has {len(found)} settlements in the ledger", f"order {key}"
        elif (found[0]["outcome"], found[0]["sequence"], found[0]["version"]) != ("written", 1, version):
            yield "is not settled as written in the ledger", f"order {key}"
        elif not found[0]["is_published"]:
            yield "has a settlement that does not count as published", f"order {key}"


def settled_once(evidence):
    """A repeat is answered with the settlement of the first, so there may be as many copies as repeats, and no more."""
    stored = {row["order_id"]: row["event_id"] for row in evidence["settlements"]}
    copies = Counter(message["key"] for message in evidence["sent"])
    settled = defaultdict(list)
    for message in evidence["settled"]:
        settled[message["key"]].append(message)
    for key, most in copies.items():
        found = settled[key]
        if not found:
            yield "has no settlement message", f"order {key}"
        if len(found) > most:
            yield f"has {len(found)} settlement messages", f"order {key}"
        for message in found:
            if (message["outcome"], message["sequence"]) != ("written", 1):
                yield "has a settlement message that is not the first one, written", f"order {key}"
            if message["id"] != stored.get(key):
                yield "has a settlement message that the ledger does not know", f"order {key}"
    yield from (("has a settlement message and was never sent", f"order {key}") for key in sorted(set(settled) - set(copies)))


def nothing_dead(evidence):
    yield from ((f"has a dead letter: {row['sentence']}", f"order {row['order_id']}") for row in evidence["letters"])
    yield from ((f"is held: {row['sentence']}", f"order {row['order_id']}") for row in evidence["held"])


def nothing_left(evidence):
    for partition, end in sorted(evidence["ends"].items()):
        committed = evidence["committed"].get(partition, 0)
        if committed != end:
            yield f"is committed up to {committed} instead of {end}", f"partition {partition}"


def nothing_unexpected(evidence):
    seen = evidence["figures"]
    yield from (("came to NetSuite, and the writer has no cause for it", words) for words in seen["unexpected"])
    for name, words in (
            ("refused", "were answered with 429"), ("doubled", "created an order that was there"),
            ("doubledCustomers", "created a customer who was there")):
        # Two orders of a new account may both create its customer: NetSuite refuses one, which then reads it by its name.
        if seen[name] and not (name == "doubledCustomers" and evidence["areCustomersNew"]):
            yield words, f"{seen[name]} requests"
    if seen["gets"] != seen["doubledCustomers"]:
        yield f"read single records; {seen['doubledCustomers']} had cause to", f"{seen['gets']} requests"
    if seen.get("failure"):
        yield seen["failure"], "the driver failed:"
    if seen["orders"] != evidence["created"]:
        yield f"were created instead of {evidence['created']}", f"{seen['orders']} orders"


def customers_once(evidence):
    accounts = {row["account_id"] for row in evidence["orders"]}
    stored = Counter(evidence["customers"])
    yield from (("has no customer in the ledger", f"account {account}") for account in sorted(accounts - set(stored)))
    if evidence["customersCreated"] != len(accounts):
        yield f"were created for {len(accounts)} accounts", f"{evidence['customersCreated']} customers"
