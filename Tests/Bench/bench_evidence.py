"""What the check looks at, read from Kafka (kcat), PostgreSQL (psql) and `writer-bench`, as plain values."""

import json
import re
import signal
import subprocess
import time

from evidence import SETTLED, SUBMITTED, Ledger, ReadFailure
from group_offsets import Ends, Unanswered, committed
from stack import end_with_parent

GROUP = "netsuite-writer"
READ_SECONDS = 60
FORMAT = {SUBMITTED: r"%p\t%o\t%k\t%h\n", SETTLED: r"%p\t%o\t%k\t%h\t%s\n"}


class Reader:
    """Reads a topic from its beginning, without the orders' bodies.

    The embedded broker lets go of a partition's oldest messages, so there the reader follows it from the start; elsewhere
    it reads after the run, so that nothing but the writer works while it is measured.
    """

    def __init__(self, stack, name):
        self.stack, self.name = stack, name
        self.follows = stack.broker == "embedded"
        self.file = stack.folder / f"{name}.tsv"
        self.messages, self.next = [], {}
        self.process = None
        if self.follows:
            self.start("-u")

    def start(self, *words):
        self.position = 0
        with open(self.file, "wb") as output:
            self.process = subprocess.Popen(
                ["kcat", "-b", self.stack.bootstrap, "-q", "-C", "-t", self.name, "-o", "beginning", "-f",
                 FORMAT[self.name], "-X", "fetch.wait.max.ms=50", *words],
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.DEVNULL,
                preexec_fn=lambda: end_with_parent(signal.SIGKILL))

    def read(self, ends):
        """All messages up to these ends.

        Raises ReadFailure.
        """
        if not self.follows:
            self.start("-e")
        deadline = time.monotonic() + READ_SECONDS
        while not self.has_reached(ends):
            has_ended = self.process.poll() is not None
            self.take()
            if has_ended and not self.has_reached(ends) or time.monotonic() > deadline:
                raise ReadFailure(f"{self.name} could not be read up to its end")
            time.sleep(0.02)
        if not self.follows:
            self.stop()
        return self.messages

    def has_reached(self, ends):
        return all(self.next.get(partition, 0) >= end for partition, end in ends.items())

    def take(self):
        with open(self.file, "rb") as lines:
            lines.seek(self.position)
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                self.position += len(line)
                found = parsed(line.decode())
                # Read from the beginning again: what is known is not taken twice.
                if found["offset"] >= self.next.get(found["partition"], 0):
                    self.next[found["partition"]] = found["offset"] + 1
                    self.messages.append(found)

    def stop(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None


def parsed(line):
    """One line of kcat's: a message by place, key, event id and ordering; a settlement's outcome from its body."""
    partition, offset, key, headers, *body = line.rstrip("\n").split("\t", 4)
    return {
        "partition": int(partition), "offset": int(offset), "key": key,
        "id": re.search(r"(?:^|,)ce_id=([^,]+)", headers)[1],
        "ordering": int(re.search(r"(?:^|,)ce_ordering=(\d+)", headers)[1]),
        "outcome": json.loads(body[0]).get("outcome") if body else None}


class Witness:
    """Reads everything that there is to see."""

    def __init__(self, stack):
        self.stack = stack
        self.ledger = Ledger(stack.postgres_folder)
        self.ends = {name: Ends(stack.bootstrap, name, stack.partitions) for name in (SUBMITTED, SETTLED)}
        self.readers = {name: Reader(stack, name) for name in (SUBMITTED, SETTLED)}

    def count(self, name):
        """How many messages a topic has had."""
        return sum(self.ends[name].read().values())

    def committed(self):
        return committed(self.stack.bootstrap, GROUP, SUBMITTED, range(self.stack.partitions))

    def is_nothing_left(self):
        try:
            return self.committed() == self.ends[SUBMITTED].read()
        except Unanswered:
            return False

    def gather(self, figures):
        """What is seen now; `figures` is what the driver said of the run. Raises ReadFailure or Unanswered."""
        ends = {name: self.ends[name].read() for name in self.ends}
        rows = self.ledger.rows
        return {
            "figures": figures, "ends": ends[SUBMITTED], "committed": self.committed(),
            "sent": [{**message, "version": message["ordering"]} for message in self.readers[SUBMITTED].read(ends[SUBMITTED])],
            "settled": [{**message, "sequence": message["ordering"]} for message in self.readers[SETTLED].read(ends[SETTLED])],
            "there": [{"externalId": name, "id": id} for name, id in self.stack.control("orders").items()],
            "orders": rows(
                "select order_id, account_id, netsuite_id, netsuite_number, written_version, sequence, "
                "holder is not null as is_claimed from orders"),
            "attempts": rows("select order_id, version, state from attempts"),
            "settlements": rows(
                "select order_id, sequence, version, outcome, event_id, published_at is not null as is_published "
                "from settlements"),
            "customers": [row["account_id"] for row in rows("select account_id from customers")],
            "letters": rows("select order_id, sentence from dead_letters"),
            "held": rows("select order_id, sentence from held_orders")}

    def stop(self):
        for reader in self.readers.values():
            reader.stop()
        for ends in self.ends.values():
            ends.close()
