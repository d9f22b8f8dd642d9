"""Committed offsets beside durable outcomes, while everything runs and dies: a sample of invariant I7."""

from evidence import SETTLED, SUBMITTED
from group_offsets import Unanswered, committed


class OffsetSamples:
    """The offsets are read first and the outcomes after them, so that progress between the two hides nothing and accuses
    nobody."""

    def __init__(self, stack, ledger, submitted, settled):
        self.stack, self.ledger = stack, ledger
        self.topics = {("netsuite-writer", SUBMITTED): submitted, ("status-feedback", SETTLED): settled}
        self.checked = {}
        self.violations = []
        self.messages = self.taken = self.unanswered = 0

    def take(self):
        for (group, name), topic in self.topics.items():
            ends = self.ends(topic)
            try:
                found = committed(self.stack.bootstrap, group, name, sorted(ends)) if ends else {}
            except Unanswered:
                self.unanswered += 1
                continue
            self.compare(group, topic, found)
            self.taken += 1

    def ends(self, topic):
        ends = {}
        for message in topic.read():
            ends[message["partition"]] = max(ends.get(message["partition"], 0), message["offset"] + 1)
        return ends

    def compare(self, group, topic, below):
        fresh = [
            message for message in topic.messages
            if self.checked.get((group, message["partition"]), 0) <= message["offset"] < below.get(message["partition"], 0)]
        durable = self.durable(group) if fresh else None
        without = {}
        for message in fresh:
            self.messages += 1
            if not durable(message):
                without.setdefault(message["partition"], []).append(message["offset"])
        for partition, offsets in without.items():
            self.violations.append(
                {"group": group, "partition": partition, "committed": below[partition], "without": offsets})
        for message in fresh:
            key = group, message["partition"]
            self.checked[key] = max(self.checked.get(key, 0), message["offset"] + 1)

    def durable(self, group):
        """Whether a message has a row that outlives the process."""
        if group == "netsuite-writer":
            settled = {
                (row["order_id"], row["version"])
                for row in self.ledger.rows("select order_id, version from settlements where outcome <> 'reopened'")}
            return lambda message: (message["key"], message["ordering"]) in settled
        taken = {row["key"]: row["sequence"] for row in self.ledger.rows(
            "select key, sequence from feedback where object = 'Order' and sequence is not null")}
        return lambda message: taken.get(message["key"], 0) >= message["ordering"]
