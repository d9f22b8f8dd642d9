import Contracts
import EventLoop
import NetSuite
import Telemetry

/// What the poller tells about itself in figures.
@Loop
final class InventoryMeasures {
    /// What became of an item that was read.
    enum Outcome: String, CaseIterable {
        /// Its count is news, or part of a full count.
        case published
        /// Its count is as it was.
        case unchanged
        /// It was deleted or renamed: its number is no item's any more.
        case gone
        /// Its row, or a row of its stock, cannot be read; it is read again.
        case unreadable
        /// Its number cannot be a SKU, such as one that is too long.
        case unusable
        /// Another item has the same number.
        case ambiguous
    }

    private let items: Counter
    private let polls: Counter
    private let fullCounts: Counter
    private let markAge: Gauge

    init(_ metrics: MetricsRegistry) {
        items = metrics.counter(
            "inventory_items", help: "Items read from NetSuite, by what followed", labels: ["outcome"])
        polls = metrics.counter("inventory_polls", help: "Polls that were completed")
        fullCounts = metrics.counter("inventory_full_counts", help: "Counts of all items that were completed")
        markAge = metrics.gauge(
            "inventory_mark_age_seconds",
            help: "Age of the newest change that was dealt with, by NetSuite's clock, at the last poll",
            labels: ["table"])
        for outcome in Outcome.allCases { items.add(0, outcome.rawValue) }
        fullCounts.add(0)
    }

    func count(_ outcome: Outcome, _ number: Int = 1) {
        if number > 0 { items.add(number, outcome.rawValue) }
    }

    func noteFullCount() { fullCounts.add(1) }

    func notePoll(_ scans: [ChangeScan], now: UTCInstant) {
        polls.add(1)
        for scan in scans {
            let age = now.millisecondsSinceEpoch - scan.mark.instant.millisecondsSinceEpoch
            markAge.set(Double(age) / 1000, scan.table.name)
        }
    }
}
