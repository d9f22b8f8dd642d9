#!/usr/bin/env python3
"""The bench's pure parts: the check names each thing that is wrong, one at a time; medians and the table say what was
measured."""

import copy
import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Kills"))

import report  # noqa: E402
from bench_evidence import parsed  # noqa: E402
from group_offsets import Answer, Ends  # noqa: E402
from once import NAMED, check  # noqa: E402

KEYS = [f"801Ln000000000{number}IAA" for number in range(6)]


def perfect():
    """Six orders of two accounts, the first of them sent twice: everything as it should be."""
    evidence = {
        "asked": 6, "repeated": 1, "created": 6, "customersCreated": 2, "areCustomersNew": False,
        "figures": {"unexpected": [], "refused": 0, "doubled": 0, "doubledCustomers": 0, "gets": 0, "orders": 6},
        "sent": [], "settled": [], "there": [], "orders": [], "attempts": [], "settlements": [], "customers": ["A0", "A1"],
        "letters": [], "held": [], "ends": {0: 4, 1: 3}, "committed": {0: 4, 1: 3}}
    for number, key in enumerate(KEYS):
        version, id = 1000 + number, 7000 + number
        for _ in range(2 if number == 0 else 1):
            evidence["sent"].append({"key": key, "id": f"event-{number}", "version": version})
            evidence["settled"].append(
                {"key": key, "id": f"settlement-{number}", "sequence": 1, "outcome": "written"})
        evidence["there"].append({"externalId": f"SF-{key}", "id": id})
        evidence["orders"].append({
            "order_id": key, "account_id": f"A{number % 2}", "netsuite_id": id, "netsuite_number": f"SO{id}",
            "written_version": version, "sequence": 1, "is_claimed": False})
        evidence["attempts"].append({"order_id": key, "version": version, "state": "written"})
        evidence["settlements"].append({
            "order_id": key, "sequence": 1, "version": version, "outcome": "written", "event_id": f"settlement-{number}",
            "is_published": True})
    return evidence


def without(word, index=2):
    return lambda evidence: evidence[word].pop(index)


def put(word, index=2, **changes):
    return lambda evidence: evidence[word][index].update(changes)


def again(word, index=2, **changes):
    return lambda evidence: evidence[word].append({**copy.deepcopy(evidence[word][index]), **changes})


def said(**changes):
    return lambda evidence: evidence["figures"].update(changes)


THIRD = f"order {KEYS[2]}"
FALSIFIED = {
    "an order was not sent": (lambda evidence: evidence.update(asked=7), "6 orders were sent instead of 7"),
    "a repeat was not sent": (lambda evidence: evidence.update(repeated=2), "1 repeats were sent instead of 2"),
    "an order was sent as two events": (put("sent", 0, id="event-9"), f"order {KEYS[0]} was sent as several events"),
    "an order is not at NetSuite": (without("there"), f"{THIRD} is not at NetSuite"),
    "an order is at NetSuite twice": (again("there", id=9), f"{THIRD} is at NetSuite 2 times"),
    "an order is nobody's": (
        again("there", externalId="SF-other"), "order SF-other is at NetSuite and was never sent"),
    "no ledger row": (without("orders"), f"{THIRD} has no row in the ledger"),
    "a row of no order": (again("orders", order_id="other"), "order other is in the ledger and was never sent"),
    "two ledger rows": (again("orders"), f"{THIRD} is in the ledger twice"),
    "another id": (put("orders", netsuite_id=9), f"{THIRD} has another id in the ledger than at NetSuite"),
    "no number": (put("orders", netsuite_number=None), f"{THIRD} has no number in the ledger"),
    "another version": (put("orders", written_version=9), f"{THIRD} stands at another version in the ledger"),
    "a second sequence": (put("orders", sequence=2), f"{THIRD} was settled more than once in the ledger"),
    "a claim that stayed": (put("orders", is_claimed=True), f"{THIRD} is still claimed"),
    "no attempt": (without("attempts"), f"{THIRD} has 0 attempts"),
    "two attempts": (again("attempts"), f"{THIRD} has 2 attempts"),
    "an attempt for a repeat": (again("attempts", 0), f"order {KEYS[0]} has 2 attempts"),
    "an attempt without outcome": (put("attempts", state="sent"), f"{THIRD} has an attempt that ended as sent"),
    "no settlement": (without("settlements"), f"{THIRD} has 0 settlements in the ledger"),
    "two settlements": (again("settlements", sequence=2), f"{THIRD} has 2 settlements in the ledger"),
    "another outcome": (put("settlements", outcome="unchanged"), f"{THIRD} is not settled as written in the ledger"),
    "not published": (
        put("settlements", is_published=False), f"{THIRD} has a settlement that does not count as published"),
    "no settlement message": (without("settled", 3), f"{THIRD} has no settlement message"),
    "a settlement message too many": (again("settled", 3), f"{THIRD} has 2 settlement messages"),
    "a second copy too many": (again("settled", 0), f"order {KEYS[0]} has 3 settlement messages"),
    "another message": (
        put("settled", 3, sequence=2), f"{THIRD} has a settlement message that is not the first one, written"),
    "a message of no row": (put("settled", 3, id="x"), f"{THIRD} has a settlement message that the ledger does not know"),
    "a message of no order": (
        again("settled", 3, key="other"), "order other has a settlement message and was never sent"),
    "a dead letter": (
        lambda evidence: evidence["letters"].append({"order_id": KEYS[2], "sentence": "no"}),
        f"{THIRD} has a dead letter: no"),
    "a held order": (
        lambda evidence: evidence["held"].append({"order_id": KEYS[2], "sentence": "locked"}), f"{THIRD} is held: locked"),
    "an offset that is left": (
        lambda evidence: evidence["committed"].update({1: 2}), "partition 1 is committed up to 2 instead of 3"),
    "an offset that was never committed": (
        lambda evidence: evidence["committed"].pop(1), "partition 1 is committed up to 0 instead of 3"),
    "a request without cause": (
        said(unexpected=["PATCH /x"]), "PATCH /x came to NetSuite, and the writer has no cause for it"),
    "a 429": (said(refused=2), "2 requests were answered with 429"),
    "a create again": (said(doubled=1), "1 requests created an order that was there"),
    "a known customer created": (said(doubledCustomers=1, gets=1), "1 requests created a customer who was there"),
    "a record read": (said(gets=3), "3 requests read single records; 0 had cause to"),
    "the driver": (said(failure="no broker"), "the driver failed: no broker"),
    "an order of an earlier run": (said(orders=7), "7 orders were created instead of 6"),
    "no customer": (lambda evidence: evidence["customers"].pop(), "account A1 has no customer in the ledger"),
    "a customer too many": (
        lambda evidence: evidence.update(customersCreated=3), "3 customers were created for 2 accounts"),
}


class CheckTest(unittest.TestCase):
    def test_perfect_evidence_holds(self):
        self.assertEqual(check(perfect()), [])

    def test_each_thing_that_is_wrong_is_named(self):
        for name, (falsify, sentence) in FALSIFIED.items():
            with self.subTest(name):
                evidence = perfect()
                falsify(evidence)
                self.assertIn(sentence, check(evidence))

    def test_orders_of_one_new_account_may_meet(self):
        evidence = perfect()
        evidence["areCustomersNew"] = True
        evidence["figures"].update(doubledCustomers=2, gets=2)
        self.assertEqual(check(evidence), [])

    def test_of_many_the_first_are_named_and_the_others_counted(self):
        evidence = perfect()
        evidence["there"] = []
        found = [sentence for sentence in check(evidence) if sentence.endswith("not at NetSuite")]
        self.assertEqual(found[:NAMED], [f"order {key} is not at NetSuite" for key in KEYS[:NAMED]])
        self.assertEqual(found[NAMED:], [f"and {len(KEYS) - NAMED} more is not at NetSuite"])


class EvidenceTest(unittest.TestCase):
    def test_a_line_of_kcat_is_a_message(self):
        headers = "content-type=application/json,ce_specversion=1.0,ce_id=5-6,ce_ordering=17,traceparent=00-a-b-01"
        self.assertEqual(
            parsed(f"3\t42\tKEY\t{headers}\n"),
            {"partition": 3, "offset": 42, "key": "KEY", "id": "5-6", "ordering": 17, "outcome": None})
        self.assertEqual(parsed(f'3\t42\tKEY\t{headers}\t{{"outcome":"written"}}\n')["outcome"], "written")

    def test_the_ends_of_partitions_are_read(self):
        name = b"topic"
        data = (b"\0\0\0\1" + b"\0\5" + name + b"\0\0\0\2" + b"".join(
            partition.to_bytes(4, "big") + b"\0\0" + b"\xff" * 8 + end.to_bytes(8, "big") for partition, end in ((0, 7), (1, 9))))
        self.assertEqual(dict(Ends.ends(Answer(data))), {0: 7, 1: 9})


class ReportTest(unittest.TestCase):
    def test_the_median_of_the_runs_with_least_and_most(self):
        runs = [{"ordersPerSecond": value} for value in (9_000, 12_345, 11_000)]
        self.assertEqual(
            report.summary(runs)["ordersPerSecond"],
            {"median": 11_000, "least": 9_000, "most": 12_345, "runs": [9_000, 12_345, 11_000]})

    def test_one_run_is_two_columns(self):
        figures = report.summary([{"ordersPerSecond": 12_345.6, "idleMegabytes": 24.96}])
        self.assertEqual(list(report.table(figures, 1)), [
            "orders a second                   12,346",
            "resident memory, ready and idle  25.0 MB"])

    def test_several_runs_have_their_span(self):
        figures = report.summary([{"idleMegabytes": 24.0}, {"idleMegabytes": 26.0}, {"idleMegabytes": 25.5}])
        self.assertEqual(list(report.table(figures, 3)), [
            "                                  median    least     most",
            "resident memory, ready and idle  25.5 MB  24.0 MB  26.0 MB"])

    def test_what_the_figures_are_not_good_for_is_said(self):
        machine = {
            "broker": "embedded broker", "postgresql": "17.5", "librdkafka": "2.8.0", "cores": 2, "processor": "P",
            "memoryGigabytes": 8.0, "system": "S", "loadBefore": 0.1, "build": "debug",
            **{name: "on" for name in ("fsync", "full_page_writes", "synchronous_commit")}}
        parameters = {
            "orders": 20_000, "accounts": 500, "skus": 2_000, "partitions": 12, "inFlight": 5, "repeatShare": 0.05, "seed": 1,
            "customersKnown": True, "isProfiled": True}
        text = " ".join(report.heading(machine, parameters))
        for words in ("not to be compared", "no release build", "was profiled", "durable", "5% of the orders twice"):
            self.assertIn(words, text)
        good = {**machine, "broker": "Apache Kafka 4.3.1", "build": "release", "fsync": "off"}
        text = " ".join(report.heading(good, {**parameters, "repeatShare": 0, "isProfiled": False}))
        for words in ("not to be compared", "no release build", "was profiled", "durable", "twice"):
            self.assertNotIn(words, text)


if __name__ == "__main__":
    unittest.main()
