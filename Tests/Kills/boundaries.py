"""The boundaries of the services' work, by service, in the order in which an order passes them."""

# Of a watch of NetSuite: only the process that leads it passes them.
WATCH = ("state-stored", "state-produced", "state-acknowledged", "cursor-moved")
BOUNDARIES = {
    "order-publisher": (
        "changes-read", "snapshot-read", "publication-committed", "before-produce", "produced", "report-seen",
        "marked-acknowledged", "cursor-moved"),
    "netsuite-writer": (
        "message-taken", "decoded", "t0-sent", "t0-committed", "customer-sent", "customer-answered", "order-first-byte",
        "order-last-byte", "order-answered", "t1-sent", "t1-committed", "read-back-sent", "read-back-answered",
        "t2-committed", "settlement-produced", "settlement-acknowledged", "offset-stored", "revoke-answered"),
    "status-feedback": (
        "settlement-taken", "row-stored", "rows-claimed", "batch-sent", "batch-answered", "results-stored",
        "offset-stored", "progress-read", "documents-remembered", *WATCH),
    "inventory-poller": WATCH,
}


class Counts:
    """How often each boundary has killed its service, and how often it is to."""

    def __init__(self, goal):
        self.goal = goal
        self.kills = {(service, name): 0 for service, names in BOUNDARIES.items() for name in names}

    def note(self, service, name):
        self.kills[service, name] += 1

    def next(self, service, armed):
        """The boundary that is furthest behind, those that wait for their kill counted; None where none is wanted."""
        waiting = {name: self.kills[service, name] + armed.count(name) for name in BOUNDARIES[service]}
        behind = [name for name in waiting if self.kills[service, name] < self.goal]
        return min(behind, key=waiting.get, default=None)

    def are_reached(self):
        return all(count >= self.goal for count in self.kills.values())

    def lines(self):
        """The report: with no violation among n kills, the rate lies with 95 % below 3/n."""
        for service, names in BOUNDARIES.items():
            for name in names:
                count = self.kills[service, name]
                bound = f"{min(300 / count, 100):.1f} %" if count else "–"
                yield f"  {service:<16} {name:<24} {count:>5}   < {bound}"
