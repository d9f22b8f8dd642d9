"""Committed offsets beside durable outcomes, while everything runs and dies: a sample of invariant I7."""

from evidence import COUNTED, PROGRESSED, SETTLED, SUBMITTED
from group_offsets import Unanswered, committed


class OffsetSamples:
    """The offsets are read first and the outcomes after them, so that progress between the two hides nothing and accuses
    nobody."""

    GROUPS = {
        SUBMITTED: "netsuite-writer", SETTLED: "status-feedback", PROGRESSED: "status-feedback", COUNTED: "status-feedback"}

    def __init__(self, stack, ledger, topics):
        self.stack, self.ledger, self.topics = stack, ledger, topics
        self.checked = {}
        self.violations = []
        self.messages = self.taken = self.unanswered = 0

    def take(self):
        for topic in self.topics:
            ends = self.ends(topic)
            try:
                found = committed(self.stack.bootstrap, self.GROUPS[topic.name], topic.name, sorted(ends)) if ends else {}
            except Unanswered:
                self.unanswered += 1
                continue
            self.compare(topic, found)
            self.taken += 1

    def ends(self, topic):
        ends = {}
        for message in topic.read():
            ends[message["partition"]] = max(ends.get(message["partition"], 0), message["offset"] + 1)
        return ends

    def compare(self, topic, below):
        name, group = topic.name, self.GROUPS[topic.name]
        fresh = [
            message for message in topic.messages
            if self.checked.get((name, message["partition"]), 0) <= message["offset"] < below.get(message["partition"], 0)]
        durable = self.durable(name) if fresh else None
        without = {}
        for message in fresh:
            self.messages += 1
            if not durable(message):
                without.setdefault(message["partition"], []).append(message["offset"])
        for partition, offsets in without.items():
            self.violations.append(
                {"group": group, "partition": partition, "committed": below[partition], "without": offsets})
        for message in fresh:
            key = name, message["partition"]
            self.checked[key] = max(self.checked.get(key, 0), message["offset"] + 1)

    def durable(self, name):
        """Whether a message has a row that outlives the process."""
        if name == SUBMITTED:
            settled = {
                (row["order_id"], row["version"])
                for row in self.ledger.rows("select order_id, version from settlements where outcome <> 'reopened'")}
            return lambda message: (message["key"], message["ordering"]) in settled
        column, object = ("sequence" if name == SETTLED else "as_of_ms"), ("Product2" if name == COUNTED else "Order")
        taken = {row["key"]: row["taken"] for row in self.ledger.rows(
            f"select key, {column} as taken from feedback where object = '{object}' and {column} is not null")}
        return lambda message: taken.get(message["key"], 0) >= message["ordering"]
