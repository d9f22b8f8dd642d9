"""The promises, computed from evidence alone; shares no code with the services.

Each check gives sentences that name what is broken; the letters and numbers are those of the invariants:
I1 nothing lost · I2 nothing doubled · I3 order per key · I4 newest wins · I7 offset behind effect · I8 one outcome ·
I9 innocent orders · I16 feedback · P publications · W states that the watches publish.
"""

import json
from collections import Counter, defaultdict

FINAL = ("written", "unchanged", "superseded")
ORDER, CUSTOMER = "SF-", "SFACC-"


# What no waiting mends.
LASTING = ("I2", "I3", "I7", "P", "W")


def check(evidence):
    """Every sentence, each with its invariant before it."""
    checks = {
        "I1": nothing_lost, "I2": nothing_doubled, "I3": versions_rise, "I4": newest_wins, "I7": offsets_behind_effects,
        "I8": one_outcome, "I9": innocent_orders, "I16": feedback_shown, "P": publications_rise, "W": states_once}
    return [f"{name} {problem}" for name, found in checks.items() for problem in found(evidence)]


def by_order(evidence):
    """NetSuite's orders by the Salesforce order that they name."""
    found = defaultdict(list)
    for order in evidence["salesOrders"]:
        if (order["externalId"] or "").startswith(ORDER):
            found[order["externalId"].removeprefix(ORDER)].append(order)
    return found


def newest_published(evidence):
    newest = {}
    for message in evidence["submitted"]:
        newest[message["key"]] = max(newest.get(message["key"], 0), message["ordering"])
    return newest


def nothing_lost(evidence):
    sent = {message["id"] for word in ("progressed", "counted") for message in evidence[word]}
    for row in evidence["states"]:
        if row["event_id"] not in sent:
            yield f"the state of {row['key']} at {row['as_of_ms']} was stored and never reached {row['topic']}"
    written, newest = by_order(evidence), newest_published(evidence)
    for order in evidence["orders"]:
        if order["id"] not in newest:
            yield f"order {order['number']} was never published"
        elif order["id"] not in written:
            yield f"order {order['number']} is not in NetSuite"
        elif (version := written[order["id"]][0]["version"]) != str(newest[order["id"]]):
            yield f"order {order['number']} stands at version {version}, not {newest[order['id']]}"
    settled = {(row["order_id"], row["version"]) for row in evidence["settlements"] if row["outcome"] in FINAL}
    for message in evidence["submitted"]:
        if (message["key"], message["ordering"]) not in settled:
            yield f"order {message['key']} version {message['ordering']} has no outcome"
    in_topic = {message["id"] for message in evidence["submitted"]}
    for row in evidence["publications"]:
        if row["event_id"] not in in_topic:
            yield f"order {row['order_id']} version {row['version']} was stored and never reached the topic"


def nothing_doubled(evidence):
    creates = Counter(
        entry["externalId"] for entry in evidence["journal"]
        if entry["applied"] and entry["method"] == "POST" and entry["externalId"])
    yield from (f"{name} was created {count} times" for name, count in creates.items() if count > 1)
    for word in ("salesOrders", "customers"):
        there = Counter(record["externalId"] for record in evidence[word] if record["externalId"])
        yield from (f"{name} is there {count} times" for name, count in there.items() if count > 1)
    names = Counter(customer["name"] for customer in evidence["customers"])
    yield from (f"{count} customers are called {name}" for name, count in names.items() if count > 1)
    lines = Counter(line["id"] for order in evidence["salesOrders"] for line in order["lines"] if line["id"])
    yield from (f"line {name} is there {count} times, closed ones counted" for name, count in lines.items() if count > 1)
    orders = {ORDER + order["id"] for order in evidence["orders"]}
    accounts = {CUSTOMER + order["account"] for order in evidence["orders"]}
    for order in evidence["salesOrders"]:
        if order["externalId"] not in orders:
            yield f"order {order['number']} with the external id {order['externalId']} is nobody's"
    for customer in evidence["customers"]:
        if customer["externalId"] not in accounts and customer["id"] not in evidence["enteredByHand"]:
            yield f"customer {customer['id']} with the external id {customer['externalId']} is nobody's"


def versions_rise(evidence):
    last = {}
    for entry in sorted(evidence["journal"], key=lambda entry: entry["sequence"]):
        if not entry["applied"] or "/salesOrder" not in entry["path"] or not entry["version"]:
            continue
        before, version = last.get(entry["internalId"], 0), int(entry["version"])
        if version < before:
            yield f"order {entry['internalId']} fell from version {before} to {version} with request {entry['sequence']}"
        last[entry["internalId"]] = version


def newest_wins(evidence):
    written = by_order(evidence)
    customers = {customer["externalId"]: customer["id"] for customer in evidence["customers"]}
    for order in evidence["orders"]:
        for found in written.get(order["id"], [])[:1]:
            yield from (f"order {order['number']}: {problem}" for problem in differences(order, found, customers))


def differences(order, found, customers):
    """What NetSuite's order says otherwise than Salesforce's."""
    for name in ("poNumber", "currency"):
        if order[name] != found[name]:
            yield f"{name} is {found[name]} instead of {order[name]}"
    if found["customer"] != (order["customer"] or customers.get(CUSTOMER + order["account"])):
        yield f"customer is {found['customer']}, not the account's"
    there = {line["id"]: line for line in found["lines"] if not line["isClosed"]}
    for line in order["lines"]:
        same = there.pop(line["id"], None)
        if same is None:
            yield f"line {line['id']} is missing"
            continue
        for name in ("sku", "quantity", "price", "amount"):
            if line[name] != same[name]:
                yield f"line {line['id']}: {name} is {same[name]} instead of {line[name]}"
    yield from (f"line {name} is open and not in Salesforce" for name in there)


def offsets_behind_effects(evidence):
    for sample in evidence["samples"]:
        for offset in sample["without"]:
            yield (f"{sample['group']} had committed {sample['committed']} on partition {sample['partition']} while "
                   f"message {offset} had no durable outcome")


def one_outcome(evidence):
    settlements, ids = defaultdict(set), defaultdict(set)
    for message in evidence["settled"]:
        settlements[message["key"], message["ordering"]].add((message["id"], message["payload"]))
        ids[message["id"]].add((message["key"], message["ordering"]))
    for (key, sequence), copies in settlements.items():
        if len(copies) > 1:
            yield f"settlement {sequence} of order {key} was sent with {len(copies)} ids or contents"
    yield from (f"event {id} stands for {len(keys)} settlements" for id, keys in ids.items() if len(keys) > 1)
    outcomes = Counter(
        (row["order_id"], row["version"]) for row in evidence["settlements"] if row["outcome"] in FINAL)
    for (order, version), count in outcomes.items():
        if count > 1:
            yield f"order {order} version {version} has {count} final outcomes"
    sent = {message["id"] for message in evidence["settled"]}
    for row in evidence["settlements"]:
        if row["event_id"] not in sent:
            yield f"settlement {row['sequence']} of order {row['order_id']} was never sent"


def innocent_orders(evidence):
    for letter in evidence["letters"]:
        yield f"dead letter {letter['class']} of order {letter['order_id']}, {letter['state']}: {letter['sentence']}"
    for row in evidence["held"]:
        yield f"order {row['order_id']} is held: {row['sentence']}"


def feedback_shown(evidence):
    yield from evidence["wayBack"]
    written = by_order(evidence)
    for order in evidence["orders"]:
        for found in written.get(order["id"], [])[:1]:
            shown = order["shown"]
            for name in ("id", "number", "state"):
                if shown[name] != found[name]:
                    yield f"order {order['number']} shows {name} {shown[name]} instead of {found[name]}"
            if shown["message"]:
                yield f"order {order['number']} shows the message {shown['message']}"
            if order["customer"] != found["customer"]:
                yield f"the account of order {order['number']} shows customer {order['customer']}, not {found['customer']}"


def states_once(evidence):
    """Each state under one id with one content; those of orders all stored, and each differing from the one before.

    A full count counts what has not changed as well, and of counts only the newest stay stored.
    """
    stored = {row["event_id"] for row in evidence["states"]}
    for word in ("progressed", "counted"):
        copies, contents = defaultdict(set), {}
        for message in evidence[word]:
            copies[message["key"], message["ordering"]].add((message["id"], message["payload"]))
            contents[message["key"], message["ordering"]] = without_instant(message["payload"])
        for (key, instant), same in copies.items():
            if len(same) > 1:
                yield f"{key} was {word} at {instant} with {len(same)} ids or contents"
        if word == "counted":
            continue
        for id in {message["id"] for message in evidence[word]} - stored:
            yield f"event {id} was sent and is not stored"
        last = {}
        for key, instant in sorted(contents):
            if last.get(key) == contents[key, instant]:
                yield f"{key} was {word} at {instant} as it was before"
            last[key] = contents[key, instant]


def without_instant(payload):
    content = json.loads(payload)
    content.pop("asOf", None)
    return json.dumps(content, sort_keys=True)


def publications_rise(evidence):
    versions, last = defaultdict(set), {}
    for message in sorted(evidence["submitted"], key=lambda message: (message["partition"], message["offset"])):
        key, version = message["key"], message["ordering"]
        versions[key, version].add((message["id"], message["payload"]))
        if version < last.get(key, 0):
            yield f"order {key}: version {version} came behind {last[key]} in the topic"
        last[key] = max(version, last.get(key, 0))
    for (key, version), copies in versions.items():
        if len(copies) > 1:
            yield f"order {key} version {version} was published with {len(copies)} ids or contents"
