#!/usr/bin/env python3
"""The check finds what it is there to find: each promise is broken in the evidence, one at a time, and is named."""

import copy
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

from boundaries import BOUNDARIES, Counts  # noqa: E402
from evidence import COUNTED, PROGRESSED, SETTLED, SUBMITTED  # noqa: E402
from offsets import OffsetSamples  # noqa: E402
from promises import check  # noqa: E402

FIRST, SECOND = "801000000000001AAA", "801000000000002AAA"


def perfect():
    """Two orders of one account, the first amended once: everything as it should be, repeats included."""
    evidence = {
        "orders": [], "salesOrders": [], "customers": [{"id": "7", "externalId": "SFACC-001A", "name": "Acme"}],
        "journal": [], "submitted": [], "settled": [], "samples": [], "letters": [], "held": [], "publications": [],
        "settlements": [], "enteredByHand": ["6"], "wayBack": [], "progressed": [], "counted": [], "states": []}
    for word, key in (("progressed", FIRST), ("counted", "SKU-RED")):
        for instant, state in ((1000, "shipped"), (2000, "invoiced")):
            id = f"{word}-{instant}"
            payload = f'{{"asOf": "{instant}", "state": "{state}"}}'
            # Each came twice: a repeat is the same event.
            evidence[word] += [
                {"partition": 1, "offset": instant + place, "key": key, "id": id, "ordering": instant, "payload": payload}
                for place in range(2)]
            evidence["states"].append({"topic": word, "key": key, "as_of_ms": instant, "event_id": id})
    evidence["customers"].append({"id": "6", "externalId": None, "name": "Entered by hand"})
    for number, (id, versions) in enumerate(((FIRST, (1000, 2000)), (SECOND, (1500,))), start=1):
        line = {"id": f"802-{number}", "sku": "SKU-RED", "quantity": "2", "price": "4.5", "amount": "9"}
        evidence["orders"].append({
            "id": id, "number": f"0000010{number}", "poNumber": "PO-1", "currency": "USD", "account": "001A",
            "customer": "7", "lines": [line],
            "shown": {"id": str(number), "number": f"SO{number}", "state": "pending approval", "message": None}})
        evidence["salesOrders"].append({
            "id": str(number), "number": f"SO{number}", "externalId": f"SF-{id}", "poNumber": "PO-1", "currency": "USD",
            "version": str(versions[-1]), "state": "pending approval", "customer": "7",
            "lines": [{**line, "isClosed": False}]})
        for place, version in enumerate(versions):
            evidence["journal"].append({
                "sequence": 10 * number + place, "method": "PATCH" if place else "POST",
                "path": "/services/rest/record/v1/salesOrder", "applied": True, "externalId": f"SF-{id}",
                "internalId": str(number), "version": str(version)})
            for copy_ in range(2):
                offset = 4 * place + 2 * copy_
                event = {"partition": number, "offset": offset, "key": id}
                evidence["submitted"].append({
                    **event, "id": f"event-{id}-{version}", "ordering": version, "payload": f"{version}"})
                evidence["settled"].append({
                    **event, "id": f"settled-{id}-{version}", "ordering": place + 1, "payload": f"s{version}"})
            evidence["publications"].append({"order_id": id, "version": version, "event_id": f"event-{id}-{version}"})
            evidence["settlements"].append({
                "order_id": id, "sequence": place + 1, "version": version, "outcome": "written",
                "event_id": f"settled-{id}-{version}"})
    evidence["journal"].append({
        "sequence": 1, "method": "POST", "path": "/services/rest/record/v1/customer", "applied": True,
        "externalId": "SFACC-001A", "internalId": "7", "version": None})
    return evidence


def repeated(word, index, **changes):
    return lambda evidence: evidence[word].append({**copy.deepcopy(evidence[word][index]), **changes})


def put(word, index, **changes):
    return lambda evidence: evidence[word][index].update(changes)


def line(system, **changes):
    return lambda evidence: evidence[system][0]["lines"][0].update(changes)


def shown(**changes):
    return lambda evidence: evidence["orders"][0]["shown"].update(changes)


def without(word, index=0):
    return lambda evidence: evidence[word].pop(index)


def extra_line(**changes):
    return lambda evidence: evidence["salesOrders"][0]["lines"].append(
        {**evidence["salesOrders"][0]["lines"][0], **changes})


def never_published(evidence):
    evidence["submitted"] = [message for message in evidence["submitted"] if message["key"] != SECOND]


FALSIFIED = {
    "I1": {
        "an order is not in NetSuite": without("salesOrders"),
        "an order was never published": never_published,
        "the last version is not there": put("salesOrders", 0, version="1000"),
        "a version has no outcome": without("settlements"),
        "a version's outcome is none": put("settlements", 0, outcome="held"),
        "a stored version never reached the topic": repeated("publications", 0, version=3000, event_id="event-other"),
        "a stored state never reached the topic": repeated("states", 0, as_of_ms=3000, event_id="state-other"),
    },
    "I2": {
        "an order was created twice": repeated("journal", 0),
        "a customer was created twice": repeated("journal", 3),
        "an order is there twice": repeated("salesOrders", 0, id="9"),
        "a customer is there twice": repeated("customers", 0, name="Other"),
        "a customer's name is there twice": repeated("customers", 0, externalId="SFACC-001B"),
        "a line is there twice": extra_line(),
        "a doubled line was closed": extra_line(isClosed=True),
        "an order is nobody's": repeated("salesOrders", 0, externalId="SF-other", lines=[]),
        "a customer is nobody's": put("customers", 1, id="5"),
    },
    "I3": {"a version fell": repeated("journal", 0, method="PATCH", externalId=None, sequence=99)},
    "I4": {
        "a line is missing": lambda evidence: evidence["salesOrders"][0]["lines"].clear(),
        "a line was closed": line("salesOrders", isClosed=True),
        "a line is too many": extra_line(id="802-9"),
        "a line has no Salesforce id": line("salesOrders", id=None),
        "another item": line("salesOrders", sku="SKU-BLUE"), "another quantity": line("orders", quantity="3"),
        "another price": line("orders", price="4.51"), "another amount": line("salesOrders", amount="9.01"),
        "another purchase order": put("orders", 0, poNumber="PO-2"),
        "another currency": put("salesOrders", 0, currency="EUR"),
        "another customer": put("salesOrders", 0, customer="8"),
    },
    "I7": {
        "an offset before its effect": lambda evidence: evidence["samples"].append(
            {"group": "netsuite-writer", "partition": 1, "committed": 5, "without": [4]})},
    "I8": {
        "a settlement under two ids": repeated("settled", 0, id="settled-other"),
        "a settlement with two contents": repeated("settled", 0, payload="other"),
        "one id for two settlements": put("settled", 0, ordering=9),
        "two final outcomes of a version": repeated("settlements", 0, sequence=7),
        "a settlement that was never sent": repeated("settlements", 0, event_id="settled-other", outcome="held"),
    },
    "I9": {
        "a dead letter": lambda evidence: evidence["letters"].append(
            {"class": "refused", "order_id": FIRST, "state": "superseded", "sentence": "no"}),
        "a held order": lambda evidence: evidence["held"].append({"order_id": FIRST, "sentence": "locked"}),
    },
    "I16": {
        "no number": shown(number=None), "another id": shown(id="9"), "another state": shown(state="billed"),
        "what NetSuite did is not shown": lambda evidence: evidence["wayBack"].append("order 1: no tracking number"),
        "a message": shown(message="waits"), "no customer on the account": put("orders", 0, customer=None),
    },
    "P": {
        "a version under two ids": repeated("submitted", 0, id="event-other", offset=1),
        "a version with two contents": repeated("submitted", 0, payload="other", offset=1),
        "an older version behind a newer one": repeated("submitted", 0, offset=9),
    },
    "W": {
        "a state under two ids": repeated("progressed", 0, id="progressed-2000"),
        "a state with two contents": repeated("counted", 0, payload='{"state": "paid"}'),
        "a state sent twice": repeated("progressed", 2, ordering=3000),
        "a state that is not stored": repeated("progressed", 0, id="other", ordering=500, payload='{"state": "paid"}'),
    },
}


class PromisesTest(unittest.TestCase):
    def test_perfect_evidence_holds(self):
        self.assertEqual(check(perfect()), [])

    def test_each_broken_promise_is_named(self):
        for invariant, cases in FALSIFIED.items():
            for name, falsify in cases.items():
                with self.subTest(f"{invariant} {name}"):
                    evidence = perfect()
                    falsify(evidence)
                    named = {problem.split()[0] for problem in check(evidence)}
                    self.assertIn(invariant, named)


class FakeTopic:
    def __init__(self, name, *messages):
        self.name = name
        self.messages = [
            {"partition": 1, "offset": offset, "key": key, "ordering": ordering} for offset, key, ordering in messages]


class OffsetsTest(unittest.TestCase):
    """An offset may lie at the first message without outcome, and not beyond it."""

    def sampled(self, topic, committed, rows):
        class Rows:
            def rows(self, _):
                return rows

        samples = OffsetSamples(None, Rows(), [])
        samples.compare(FakeTopic(topic, (0, FIRST, 1), (1, SECOND, 1), (2, FIRST, 2)), {1: committed})
        return samples

    def test_writer(self):
        rows = [{"order_id": FIRST, "version": 1}, {"order_id": FIRST, "version": 2}]
        self.assertEqual(self.sampled(SUBMITTED, 1, rows).violations, [])
        self.assertEqual(self.sampled(SUBMITTED, 3, rows).violations, [
            {"group": "netsuite-writer", "partition": 1, "committed": 3, "without": [1]}])

    def test_feedback(self):
        rows = [{"key": FIRST, "taken": 1}, {"key": SECOND, "taken": 4}]
        for topic in (SETTLED, PROGRESSED, COUNTED):
            self.assertEqual(self.sampled(topic, 2, rows).violations, [])
            self.assertEqual(self.sampled(topic, 3, rows).violations[0]["without"], [2])

    def test_what_was_compared_is_not_compared_again(self):
        rows = [{"order_id": FIRST, "version": 1}]
        samples = self.sampled(SUBMITTED, 1, rows)
        samples.compare(FakeTopic(SUBMITTED, (0, "gone", 1), (1, FIRST, 1)), {1: 2})
        self.assertEqual((samples.violations, samples.messages), ([], 2))


class CountsTest(unittest.TestCase):
    def test_the_boundary_furthest_behind_is_next(self):
        counts = Counts(1)
        names = BOUNDARIES["order-publisher"]
        self.assertEqual(counts.next("order-publisher", []), names[0])
        self.assertEqual(counts.next("order-publisher", [names[0]]), names[1])
        for name in names[1:]:
            counts.note("order-publisher", name)
        self.assertEqual(counts.next("order-publisher", [names[0]]), names[0])
        counts.note("order-publisher", names[0])
        self.assertIsNone(counts.next("order-publisher", []))
        self.assertFalse(counts.are_reached())


if __name__ == "__main__":
    unittest.main()
