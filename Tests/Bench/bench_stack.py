"""What netsuite-writer is measured between: PostgreSQL, a broker, and `writer-bench`, which is NetSuite and the driver of
orders in one process. The writer itself comes and goes, one fresh process a run.
"""

import ctypes
import json
import os
import re
import signal
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "Kills"))

from evidence import SETTLED, SUBMITTED  # noqa: E402
from kafka_stack import KafkaStack  # noqa: E402
from stack import StackFailure, answer_of, free_port, wait_until  # noqa: E402

STOP_SECONDS = 5
READY_SECONDS = 40


class BenchStack(KafkaStack):
    """`is_durable`: PostgreSQL waits for the disk, as in production."""

    wanted_topics = (SUBMITTED, SETTLED)

    def __init__(self, binaries, say, broker, partitions, is_durable):
        super().__init__(binaries, say, broker)
        self.partitions = partitions
        word = "on" if is_durable else "off"
        self.durability = {name: word for name in ("fsync", "full_page_writes")}
        # A commit that waits for no disk is what fsync off makes of it; the setting stays as it is in production.
        self.durability["synchronous_commit"] = "on"
        self.writers = 0

    def start_sandboxes(self):
        self.bench = self.spawn(
            "writer-bench", [self.binary("writer-bench"), "--port", "0"], environment=self.shared_settings())
        found = wait_until(
            lambda: re.search(r"listening on (\S+)", self.bench.log.read_text("utf-8", "replace")), 15,
            "writer-bench listens", self, self.bench)
        self.urls = {"netsuite": found[1]}

    def set_environment(self):
        self.environment = {**self.shared_settings(), **self.netsuite_settings()}

    def start_services(self):
        """The writer is started by each run."""

    def control(self, path, body=None):
        """One request to the driver; the answer's JSON.

        Raises StackFailure.
        """
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(
            f"{self.urls['netsuite']}/control/{path}", data, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as refusal:
            said = refusal.read().decode("utf-8", "replace").strip()
            raise StackFailure(f"writer-bench refuses {path}: {said}", self.bench) from None
        except (OSError, ValueError) as failure:
            raise StackFailure(f"writer-bench does not answer {path}: {failure}", self.bench) from None

    def start_writer(self, settings):
        self.writers += 1
        return Writer(self, f"netsuite-writer-{self.writers}", settings)


class Writer:
    """One process of netsuite-writer, and what it costs."""

    def __init__(self, stack, name, settings):
        port = free_port()
        self.stack, self.url = stack, f"http://127.0.0.1:{port}"
        environment = {**stack.environment, "HEALTH_ADDRESS": "127.0.0.1", "HEALTH_PORT": str(port), **settings}
        self.started_at = time.monotonic_ns()
        self.process = stack.spawn(name, [stack.binary("netsuite-writer")], environment=environment)
        self.pid = self.process.popen.pid
        self.clock = cpu_clock(self.pid)

    def is_ready(self):
        return answer_of(f"{self.url}/health/ready")[0] == 200

    def wait_until_ready(self):
        try:
            wait_until(
                self.is_ready, READY_SECONDS, f"{self.process.name} is ready", self.stack, self.process, pause=0.01)
        except StackFailure as failure:
            said = answer_of(f"{self.url}/health/ready")[1].strip()
            raise StackFailure(f"{failure}; it says: {said}", self.process) from None

    def cpu_seconds(self):
        """Of all its threads, those that have ended included, in user and in kernel."""
        return time.clock_gettime(self.clock)

    def memory(self, name):
        """VmRSS (now) or VmHWM (the most so far), in MB of a million bytes."""
        status = Path(f"/proc/{self.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+) kB", status)[1]) * 1024 / 1e6

    def stop(self):
        """SIGTERM, as a container's end; in order and within its time.

        Raises StackFailure.
        """
        self.process.popen.send_signal(signal.SIGTERM)
        try:
            status = self.process.popen.wait(STOP_SECONDS)
        except Exception:
            raise StackFailure(f"{self.process.name} did not stop within {STOP_SECONDS} s", self.process) from None
        self.stack.processes.remove(self.process)
        if status != 0:
            raise StackFailure(f"{self.process.name} stopped with status {status}", self.process)


def cpu_clock(pid):
    """The clock of a process's CPU time, in nanoseconds where /proc has hundredths of a second."""
    clock = ctypes.c_int()
    error = ctypes.CDLL(None).clock_getcpuclockid(pid, ctypes.byref(clock))
    if error:
        raise StackFailure(f"no CPU clock of process {pid}: {os.strerror(error)}")
    return clock.value
