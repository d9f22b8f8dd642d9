import Contracts
import EventLoop
import Salesforce
import Telemetry

/// What the publisher tells about itself in figures.
@Loop
final class PublisherMeasures {
    private let orders: Counter
    private let polls: Counter
    private let callsUsed: Gauge
    private let callsAllowed: Gauge
    private let behind: Gauge
    private let leading: Gauge

    init(_ metrics: MetricsRegistry) {
        orders = metrics.counter(
            "publisher_orders", help: "Orders read from Salesforce, by what followed", labels: ["outcome"])
        polls = metrics.counter("publisher_polls", help: "Polls that were completed")
        callsUsed = metrics.gauge("salesforce_calls_used", help: "API calls of the last 24 hours, of all integrations")
        callsAllowed = metrics.gauge("salesforce_calls_allowed", help: "API calls allowed in 24 hours")
        behind = metrics.gauge(
            "publisher_newest_change_age_seconds", help: "Age of the newest change read, by Salesforce's clock")
        leading = metrics.gauge("publisher_leading", help: "1 while this process is the active publisher")
        for event in PublicationSelection.Event.allCases { orders.add(0, event.rawValue) }
        leading.set(0)
    }

    func count(_ event: PublicationSelection.Event, _ number: Int = 1) { orders.add(number, event.rawValue) }

    func count(_ counts: [PublicationSelection.Event: Int]) {
        for (event, number) in counts { count(event, number) }
    }

    func noteLeading(_ isLeading: Bool) { leading.set(isLeading ? 1 : 0) }

    func notePoll(usage: APIUsage?, cursors: [UTCInstant], now: UTCInstant?) {
        polls.add(1)
        if let usage {
            callsUsed.set(Double(usage.used))
            callsAllowed.set(Double(usage.allowed))
        }
        if let newest = cursors.max(), let now {
            behind.set(Double(now.millisecondsSinceEpoch - newest.millisecondsSinceEpoch) / 1000)
        }
    }
}
