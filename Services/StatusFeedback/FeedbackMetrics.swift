import EventLoop
import Telemetry

/// The figures of the way to Salesforce.
@Loop
final class FeedbackMetrics {
    let writes: Counter
    let reads: Counter
    let records: Counter
    let shown: Counter
    let unknownSKUs: Counter
    let withheldAmounts: Counter
    let withheldPrices: Counter
    let refusedStatuses: Counter
    private let callsPerShownOrder: Gauge
    private let time: any TimeSource
    private var recent: [(at: MonotonicInstant, calls: Int, orders: Int)] = []
    /// The gauge looks back so far.
    private static let span = Duration.seconds(300)

    init(_ registry: MetricsRegistry, time: any TimeSource = LoopTime.shared) {
        self.time = time
        writes = registry.counter("salesforce_writes", help: "Calls that write to Salesforce", labels: ["result"])
        reads = registry.counter(
            "salesforce_reads", help: "Calls that look at records before they are written",
            labels: ["object", "result"])
        records = registry.counter(
            "salesforce_records", help: "Records written to Salesforce", labels: ["object", "result"])
        shown = registry.counter(
            "salesforce_shown", help: "Orders and products whose newest state Salesforce took", labels: ["object"])
        unknownSKUs = registry.counter(
            "salesforce_unknown_skus", help: "Counts of items that no product of Salesforce has")
        withheldAmounts = registry.counter(
            "salesforce_amounts_withheld", help: "Orders whose amounts are not shown, their currency being another one")
        withheldPrices = registry.counter(
            "salesforce_prices_withheld", help: "List prices without an entry of their currency to show them")
        refusedStatuses = registry.counter(
            "salesforce_statuses_refused",
            help: "Orders that Salesforce took only without the status that their state sets")
        callsPerShownOrder = registry.gauge(
            "salesforce_calls_per_shown_order", help: "Calls to Salesforce per order shown, over the last five minutes")
        for object in ["Order", "Product2"] { shown.add(0, object) }
        unknownSKUs.add(0)
        withheldAmounts.add(0)
        withheldPrices.add(0)
        refusedStatuses.add(0)
        callsPerShownOrder.set(0)
    }

    /// Notes a batch: how many calls its orders took, and how many of them Salesforce shows now.
    func note(calls: Int, ordersShown: Int) {
        guard calls > 0 || ordersShown > 0 else { return }
        shown.add(ordersShown, "Order")
        let now = time.now
        recent.append((now, calls, ordersShown))
        recent.removeAll { now - $0.at > Self.span }
        let orders = recent.map(\.orders).reduce(0, +)
        callsPerShownOrder.set(Double(recent.map(\.calls).reduce(0, +)) / Double(max(orders, 1)))
    }
}
