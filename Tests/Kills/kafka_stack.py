"""The demo's stack on a broker of choice: the embedded one, or Apache Kafka started from KAFKA_HOME."""

import os
import re
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "deploy" / "demo"))

from evidence import kcat  # noqa: E402
from stack import REPOSITORY, Stack, StackFailure, free_port, wait_until  # noqa: E402

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


class KafkaStack(Stack):
    """`broker` is embedded or real; `wanted_topics` are made in the real one, where not all of the product's are."""

    wanted_topics = None

    def __init__(self, binaries, say, broker):
        super().__init__(binaries, say)
        self.broker = broker

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
            {"KAFKA_BOOTSTRAP_SERVERS": self.kafka, "KAFKA_TOPICS_TOOL": str(tool),
             "CROSSDOCK_TOPICS": str(self.topics_file())})

    def topics_file(self):
        """The product's list, with what is wanted here, and as many partitions."""
        lines = [
            line for line in (REPOSITORY / "deploy" / "topics" / "topics.txt").read_text().splitlines()
            if not self.wanted_topics or line.startswith(self.wanted_topics)]
        file = self.folder / "topics.txt"
        file.write_text("".join(re.sub(r"^([a-z]\S+\s+)\d+", rf"\g<1>{self.partitions}", line) + "\n" for line in lines))
        return file

    def asked(self, *words):
        """One question to Kafka."""
        return kcat(self.kafka or self.bootstrap, *words)
