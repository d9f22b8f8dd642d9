"""Medians, the table that a person reads, and the JSON that a program reads."""

import ctypes
import os
import platform
import re
import statistics
import subprocess
from pathlib import Path

# What the table shows, in this order: the figure's name, its words, its unit, the digits behind the point.
ROWS = (
    ("ordersPerSecond", "orders a second", "", 0),
    ("ordersPerCPUSecond", "orders per CPU second of the writer, whole run", "", 0),
    ("ordersPerCPUSecondSecondHalf", "orders per CPU second of the writer, second half", "", 0),
    ("idleMegabytes", "resident memory, ready and idle", "MB", 1),
    ("mostMegabytes", "resident memory, most", "MB", 1),
    ("callsPerOrder", "NetSuite calls per order", "", 3),
    ("secondsToReady", "from start to ready", "s", 2),
    ("secondsToFirstSettlement", "from start to first settlement, orders waiting", "s", 2),
    ("addedMillisecondsP50", "from message to request, p50", "ms", 1),
    ("addedMillisecondsP99", "from message to request, p99", "ms", 1),
    ("limitSharePercent", "share of NetSuite's physical limit", "%", 1),
)


def summary(runs):
    """By figure: the median of the runs, the least, the most, and each."""
    names = [name for name in dict.fromkeys(name for run in runs for name in run)]
    found = {}
    for name in names:
        values = [run[name] for run in runs if name in run]
        found[name] = {
            "median": statistics.median(values), "least": min(values), "most": max(values), "runs": values}
    return found


def table(figures, runs):
    """Lines; with the span of the runs where there was more than one."""
    heads = ["", "median", "least", "most"] if runs > 1 else ["", ""]
    lines = []
    for name, words, unit, digits in ROWS:
        if name not in figures:
            continue
        found = figures[name]
        values = [found["median"]] + ([found["least"], found["most"]] if runs > 1 else [])
        lines.append([words] + [f"{value:,.{digits}f}{' ' + unit if unit else ''}" for value in values])
    rows = ([heads] if runs > 1 else []) + lines
    widths = [max(len(row[column]) for row in rows) for column in range(len(heads))]
    for row in rows:
        cells = [row[0].ljust(widths[0])] + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:])]
        yield "  ".join(cells).rstrip()


def heading(machine, parameters):
    """What was measured, on what, in sentences."""
    about = parameters
    yield (f"netsuite-writer, {about['orders']:,} orders of about 2 KB: {about['accounts']:,} accounts "
           f"({'known' if about['customersKnown'] else 'new'} to NetSuite and the ledger), {about['skus']:,} SKUs, "
           f"{about['partitions']} partitions, {about['inFlight']} requests at a time"
           + (f", {about['repeatShare']:.0%} of the orders twice" if about["repeatShare"] else "") + f", seed {about['seed']}")
    yield (f"{machine['broker']}, PostgreSQL {machine['postgresql']} ({durability(machine)}), "
           f"librdkafka {machine['librdkafka']}; all on this machine")
    yield (f"{machine['cores']} cores ({machine['processor']}), {machine['memoryGigabytes']:.0f} GB, {machine['system']}; "
           f"load before the start {machine['loadBefore']:.1f}: what else ran is not known")
    if machine["broker"].startswith("embedded"):
        yield "The embedded broker is for trial: these figures are not to be compared with those on Apache Kafka."
    if machine["build"] != "release":
        yield "The binaries are no release build: these figures say nothing of speed or size."
    if parameters["isProfiled"]:
        yield "The writer was profiled: these figures are slower than it is."


def durability(machine):
    settings = ("fsync", "full_page_writes", "synchronous_commit")
    if all(machine[name] == "on" for name in settings):
        return "durable: fsync, full_page_writes and synchronous_commit on"
    return ", ".join(f"{name} {machine[name]}" for name in settings)


def notes(figures, parameters):
    """What the rows of the table need said beside them."""
    if "latencyRate" in figures:
        yield f"message to request: at {figures['latencyRate']['median']:,.0f} orders a second, 20 % of the speed above"
    if "limitSharePercent" in figures:
        yield (f"physical limit: {parameters['slots']} slots of {parameters['serviceMilliseconds']} ms are "
               f"{figures['limitPossiblePerSecond']['median']:.2f} orders a second; reached "
               f"{figures['limitOrdersPerSecond']['median']:.2f}, and no request was refused with 429")


# What it ran on

def machine(stack, ledger, load):
    settings = ledger.rows(
        "select split_part(current_setting('server_version'), ' ', 1) as postgresql, current_setting('fsync') as fsync, "
        "current_setting('full_page_writes') as full_page_writes, "
        "current_setting('synchronous_commit') as synchronous_commit")[0]
    return {
        **settings, "broker": broker(stack), "librdkafka": librdkafka(), "cores": len(os.sched_getaffinity(0)),
        "processor": processor(), "memoryGigabytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9,
        "system": system(), "loadBefore": load, "build": stack.binaries.name, "source": source()}


def broker(stack):
    if stack.broker == "embedded":
        return "embedded broker"
    jars = Path(os.environ["KAFKA_HOME"], "libs").glob("kafka-clients-*.jar")
    return "Apache Kafka " + next((re.sub(r"kafka-clients-|\.jar", "", jar.name) for jar in jars), "")


def librdkafka():
    """The one that the services are linked with."""
    library = ctypes.CDLL("librdkafka.so.1")
    library.rd_kafka_version_str.restype = ctypes.c_char_p
    return library.rd_kafka_version_str().decode()


def processor():
    found = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())
    return found[1].strip() if found else platform.machine()


def system():
    names = dict(re.findall(r'(?m)^(\w+)="?([^"\n]*)"?$', Path("/etc/os-release").read_text()))
    return f"{names.get('PRETTY_NAME', 'Linux')}, Linux {platform.release()}"


def source():
    """The commit, with a mark where files differ from it; nothing where there is no git."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return None
    return done.stdout.strip() or None
