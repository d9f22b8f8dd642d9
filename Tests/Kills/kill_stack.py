"""The demo's stack with services that come and go, settings that make leases short, and a real Apache Kafka if asked."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from evidence import kcat  # noqa: E402
from stack import REPOSITORY, Stack, StackFailure, free_port, wait_until  # noqa: E402

# What a service waits for: as short as it may be, so that a dead process's work is taken over in seconds.
SHORT = {
    "NETSUITE_REQUEST_SECONDS": "1", "SALESFORCE_REQUEST_SECONDS": "2", "UNKNOWN_CHANGE_WAIT_SECONDS": "3",
    "LEADER_LEASE_SECONDS": "2", "FEEDBACK_RESEND_SECONDS": "3", "POLL_INTERVAL_SECONDS": "1", "WATCH_INTERVAL_SECONDS": "1",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "text", "START_FROM": "2020-01-01T00:00:00Z",
}

KAFKA_PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
log.dirs={folder}/kafka
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
"""


class KillStack(Stack):
    """`broker` is embedded or real; a real one is started from KAFKA_HOME."""

    # A service's pool has up to six, and the dead leave theirs for a moment.
    maximum_connections = 300

    def __init__(self, binaries, say, broker):
        super().__init__(binaries, say)
        self.broker = broker
        self.started = 0

    def start_broker(self):
        if self.broker == "real":
            self.start_kafka()
        super().start_broker()

    def start_kafka(self):
        home = os.environ.get("KAFKA_HOME", "")
        if not os.path.isdir(f"{home}/libs"):
            raise StackFailure("KAFKA_HOME names no installation of Apache Kafka")
        port, controller = free_port(), free_port()
        properties = self.folder / "kafka.properties"
        properties.write_text(KAFKA_PROPERTIES.format(port=port, controller=controller, folder=self.folder))
        java = ["java", "-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{home}/libs/*"]
        self.run_step("kafka storage", java + [
            "kafka.tools.StorageTool", "format", "--cluster-id", "Q3Jvc3Nkb2NrLWtpbGxzLQ", "--config", str(properties)])
        server = self.spawn("kafka", java + ["kafka.Kafka", str(properties)], stop_signal=signal.SIGKILL)
        self.kafka = f"127.0.0.1:{port}"
        wait_until(lambda: self.asked("-L").returncode == 0, 60, "Apache Kafka serves", self, server, pause=0.5)
        tool = self.folder / "kafka-topics"
        tool.write_text(f"#!/bin/sh\nexec java -cp '{home}/libs/*' org.apache.kafka.tools.TopicCommand \"$@\"\n")
        tool.chmod(0o700)
        self.run_step(
            "create-topics", [str(REPOSITORY / "deploy" / "topics" / "create-topics")],
            {"KAFKA_BOOTSTRAP_SERVERS": self.kafka, "KAFKA_TOPICS_TOOL": str(tool)})

    def asked(self, *words):
        """One question to Kafka."""
        return kcat(self.kafka or self.bootstrap, *words)

    def set_environment(self):
        super().set_environment()
        self.environment.update(SHORT)

    def start_services(self):
        """They come and go: see fleet.py."""

    def start_member(self, service, crash_point=None):
        """One process of a service, armed or not; it is watched by whoever asked for it."""
        self.started += 1
        armed = {"CROSSDOCK_CRASH_POINT": crash_point} if crash_point else {}
        process = self.spawn(
            f"{service}-{self.started}", [self.binary(service)], environment={**self.environment, **armed})
        self.processes.remove(process)
        return process
