import Contracts
import EventLoop
import Telemetry

/// What the watch tells about itself in figures.
@Loop
final class WatchMeasures {
    private let polls: Counter
    private let calls: Counter
    private let lastCalls: Gauge
    private let documents: Counter
    private let orders: Counter
    private let due: Gauge
    private let markAge: Gauge

    /// What became of an order that a poll found.
    enum Outcome: String, CaseIterable {
        /// News: published.
        case published
        /// Read, and what was published last still holds.
        case unchanged
        /// Not written by Crossdock.
        case foreign
        /// Something of it could not be read.
        case unreadable
        /// Known as ours, and not shown by NetSuite's queries.
        case notShown = "not_shown"
        /// Deleted in NetSuite.
        case deleted
        /// It bears an external id of ours, and the ledger never came to know it.
        case givenUp = "given_up"
    }

    init(_ metrics: MetricsRegistry) {
        polls = metrics.counter("watch_polls", help: "Polls of NetSuite that were completed")
        calls = metrics.counter("watch_calls", help: "Calls to NetSuite that the watch made")
        lastCalls = metrics.gauge("watch_calls_of_last_poll", help: "Calls to NetSuite of the last complete poll")
        documents = metrics.counter(
            "watch_documents", help: "Changed and deleted records that NetSuite showed", labels: ["type"])
        orders = metrics.counter(
            "watch_orders", help: "Orders that polls found changed, by what followed", labels: ["outcome"])
        due = metrics.gauge(
            "watch_orders_due", help: "Orders that are tried again at later polls, by reason", labels: ["reason"])
        markAge = metrics.gauge(
            "watch_mark_age_seconds",
            help: "Age of the newest change that was read, by NetSuite's clock; it grows while nothing changes")
        for outcome in Outcome.allCases { orders.add(0, outcome.rawValue) }
        for reason in DueOrders.Reason.allCases { due.set(0, reason.word) }
    }

    /// Known types by name, others together: labels come from a closed set.
    func count(documentsOf type: String, _ number: Int = 1) {
        let known = ProgressWatch.watchedTypes.contains(type) || type == Self.deleted
        documents.add(number, known ? type : "other")
    }

    /// The label of deletions.
    static let deleted = "deleted"

    func count(_ outcome: Outcome, _ number: Int) { orders.add(number, outcome.rawValue) }

    func note(_ orders: DueOrders) {
        for reason in DueOrders.Reason.allCases { due.set(Double(orders.count(reason)), reason.word) }
    }

    func notePoll(calls number: Int) {
        polls.add(1)
        calls.add(number)
        lastCalls.set(Double(number))
    }

    func note(mark: UTCInstant, now: UTCInstant) {
        markAge.set(Double(max(0, now.millisecondsSinceEpoch - mark.millisecondsSinceEpoch)) / 1_000)
    }
}
