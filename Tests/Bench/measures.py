"""What is measured: four runs, each of a fresh process of the writer, each with its orders and its figures.

A run's orders are new ones; customers and items are known to NetSuite, and customers to the ledger where a run before has
had all accounts. Every run ends with the check of all that happened so far.
"""

import signal
import subprocess
import time

from bench_evidence import Witness
from evidence import SETTLED
from once import check
from stack import StackFailure, wait_until

# So long nothing may be settled before a run counts as stuck.
STUCK_SECONDS = 60
POLL_SECONDS = 0.01
EMBEDDED_AHEAD_BYTES = 2 << 20
# Orders that wait in Kafka for the start that is timed.
WAITING = 1_000
QUIET_SECONDS = 1
PACED_SHARE = 0.2


class CheckFailure(Exception):
    """What was measured did not do its work; has the sentences."""

    def __init__(self, run, problems):
        super().__init__(f"{run}: {len(problems)} checks failed")
        self.run, self.problems = run, problems


class Run:
    """Orders on their way: how many, and how far the topics had come before."""

    def __init__(self, orders, before):
        self.orders, self.before = orders, before


class Bench:
    """A stack and all that was driven through it."""

    def __init__(self, stack, options, say):
        self.stack, self.options, self.say = stack, options, say
        self.witness = Witness(stack)
        self.asked = self.repeated = self.customers_created = 0
        self.checked = 0

    # Driving

    def drive(self, orders, rate=0, service=0, slots=0, repeat_share=0):
        """Begins to send new orders."""
        run = Run(orders, self.witness.count(SETTLED))
        self.stack.control("run", {
            "orders": orders, "from": self.asked, "accounts": self.options.accounts, "skus": self.options.skus,
            "seed": self.options.seed, "repeatShare": repeat_share, "rate": rate,
            "aheadBytes": EMBEDDED_AHEAD_BYTES if self.stack.broker == "embedded" else 0,
            "serviceMilliseconds": service, "slots": slots, "partitions": self.stack.partitions})
        self.asked += orders
        return run

    def wait_until_sent(self):
        """The figures once all orders are in Kafka."""
        def sent():
            figures = self.figures()
            return figures if figures["isProduced"] or figures.get("failure") else None
        return wait_until(sent, STUCK_SECONDS, "the driver has sent its orders", self.stack, self.stack.bench)

    def figures(self):
        return self.stack.control("figures")

    def wait_until_settled(self, run, writer, at_half=None):
        """Until each order has its settlement message, and each repeat; gives the moment."""
        total, shown, changed = run.orders, 0, time.monotonic()
        while True:
            settled = self.witness.count(SETTLED) - run.before
            now = time.monotonic()
            if at_half and settled * 2 >= run.orders:
                at_half(settled)
                at_half = None
            if settled >= total:
                figures = self.figures()
                total = run.orders + figures.get("repeated", 0)
                if figures["isProduced"] and settled >= total:
                    return now
            if settled != shown:
                shown, changed = settled, now
            self.stack.check_alive()
            if now > changed + STUCK_SECONDS:
                raise StackFailure(
                    f"{settled} of {total} orders are settled, and for {STUCK_SECONDS} s no more", writer.process)
            time.sleep(POLL_SECONDS)

    def end(self, name, writer, created):
        """Lets the offsets come to rest, stops the writer, and checks everything; gives the driver's figures."""
        try:
            wait_until(self.witness.is_nothing_left, 15, "every offset is committed", self.stack, writer.process)
        except StackFailure:
            pass  # The check says which partition.
        figures = self.figures()
        writer.stop()
        self.repeated += figures.get("repeated", 0)
        self.customers_created += figures["customers"]
        self.check(name, figures, created)
        return figures

    def check(self, name, figures, created):
        begun = time.monotonic()
        self.evidence = {
            **self.witness.gather(figures), "asked": self.asked, "repeated": self.repeated, "created": created,
            "customersCreated": self.customers_created, "areCustomersNew": figures["customers"] > 0}
        problems = check(self.evidence)
        if problems:
            raise CheckFailure(name, problems)
        self.checked = len(self.evidence["there"])
        self.say(f"{name}: {created:,} orders, checked in {time.monotonic() - begun:.1f} s")

    def writer(self, in_flight):
        return self.stack.start_writer({"NETSUITE_CONCURRENCY": str(in_flight), **self.options.settings})

    # The runs

    def make_customers_known(self):
        """One order of each account, by a writer of its own."""
        run = self.drive(self.options.accounts)
        writer = self.writer(self.options.in_flight)
        self.wait_until_settled(run, writer)
        self.end("preparation", writer, run.orders)

    def start(self):
        """How long a new process takes until it works, with orders waiting for it."""
        orders = min(WAITING, self.options.orders)
        run = self.drive(orders)
        self.wait_until_sent()
        writer = self.writer(self.options.in_flight)
        ready = settled = None
        while ready is None or settled is None:
            if ready is None and writer.is_ready():
                ready = time.monotonic_ns()
            if settled is None and self.witness.count(SETTLED) > run.before:
                settled = time.monotonic_ns()
            self.stack.check_alive()
            if time.monotonic_ns() - writer.started_at > STUCK_SECONDS * 1e9:
                raise StackFailure(f"nothing is settled {STUCK_SECONDS} s after the start", writer.process)
            time.sleep(POLL_SECONDS / 2)
        self.wait_until_settled(run, writer)
        self.end("start", writer, orders)
        return {
            "secondsToReady": (ready - writer.started_at) / 1e9,
            "secondsToFirstSettlement": (settled - writer.started_at) / 1e9}

    def throughput(self):
        """As fast as it goes, NetSuite answering at once."""
        options = self.options
        writer = self.writer(options.in_flight)
        writer.wait_until_ready()
        time.sleep(QUIET_SECONDS)
        idle = writer.memory("VmRSS")
        profile = self.profile(writer)
        half = {}
        begun = writer.cpu_seconds()
        run = self.drive(options.orders, repeat_share=options.repeat_share)
        ended = self.wait_until_settled(
            run, writer, lambda settled: half.update(cpu=writer.cpu_seconds(), settled=settled))
        cpu = writer.cpu_seconds()
        if profile:
            profile.send_signal(signal.SIGINT)
            profile.wait(60)
        most = writer.memory("VmHWM")
        figures = self.end("throughput", writer, options.orders)
        settled = options.orders + figures.get("repeated", 0)
        return {
            "ordersPerSecond": options.orders / (ended - figures["firstOrderAt"] / 1e9),
            "ordersPerCPUSecond": settled / (cpu - begun),
            "ordersPerCPUSecondSecondHalf": (settled - half["settled"]) / (cpu - half["cpu"]),
            "idleMegabytes": idle, "mostMegabytes": most,
            "callsPerOrder": figures["requests"] / options.orders,
            "callsAtOnceMost": figures["atOnceMost"], "customersCreated": figures["customers"],
            "itemQueries": figures["queries"]["items"], "readBackQueries": figures["queries"]["readBack"]}

    def profile(self, writer):
        """perf on the writer, where it was asked for."""
        if not self.options.profile:
            return None
        profile = subprocess.Popen(
            ["perf", "record", "--quiet", "--event", "cpu-clock", "--freq", "2000", "-g", "--pid", str(writer.pid),
             "--output", self.options.profile], stdin=subprocess.DEVNULL)
        time.sleep(1)
        return profile

    def warmed(self, in_flight):
        """A writer that has seen the customers and items."""
        writer = self.writer(in_flight)
        run = self.drive(self.options.warm_orders)
        self.wait_until_settled(run, writer)
        self.customers_created += self.figures()["customers"]
        return writer

    def latency(self, rate):
        """What an order waits for with us between Kafka and NetSuite, at a part of the speed."""
        writer = self.warmed(self.options.in_flight)
        run = self.drive(max(100, round(rate * self.options.latency_seconds)), rate=rate)
        self.wait_until_settled(run, writer)
        figures = self.end("latency", writer, run.orders)
        added = figures["addedLatencyMicroseconds"]
        return {
            "latencyRate": rate, "latencyOrders": added["count"], "addedMillisecondsP50": added["p50"] / 1e3,
            "addedMillisecondsP99": added["p99"] / 1e3, "addedMillisecondsMost": added["max"] / 1e3}

    def limit(self):
        """NetSuite as it is: slow, and refusing more than its slots. How much of it is used?"""
        options = self.options
        writer = self.warmed(options.slots)
        run = self.drive(options.limit_orders, service=options.service_milliseconds, slots=options.slots)
        self.wait_until_settled(run, writer)
        figures = self.end("limit", writer, run.orders)
        possible = options.slots / (options.service_milliseconds / 1e3)
        # From the first order's request to the last one's answer.
        reached = run.orders / ((figures["lastOrderAt"] - figures["firstOrderAt"]) / 1e9)
        return {
            "limitOrdersPerSecond": reached, "limitPossiblePerSecond": possible, "limitSharePercent": 100 * reached / possible,
            "limitMeanServiceMilliseconds": figures.get("meanServiceMicroseconds", 0) / 1e3}

    def stop(self):
        self.witness.stop()
