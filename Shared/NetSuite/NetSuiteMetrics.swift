import EventLoop
import Telemetry

/// What the client counts.
@Loop
final class NetSuiteMetrics {
    private let calls: Counter
    private let seconds: Histogram
    private let gateInUse: Gauge
    private let gateWidth: Gauge

    init(_ registry: MetricsRegistry) {
        calls = registry.counter(
            "netsuite_operations", help: "Operations on NetSuite by name and outcome.",
            labels: ["operation", "outcome"])
        seconds = registry.histogram(
            "netsuite_operation_seconds", help: "Time of an operation on NetSuite, waiting for a slot included.",
            labels: ["operation"])
        gateInUse = registry.gauge("netsuite_gate_in_use", help: "Requests to NetSuite under way.")
        gateWidth = registry.gauge("netsuite_gate_width", help: "Requests to NetSuite that may be under way.")
    }

    func observe(_ operation: NetSuiteOperation, outcome: String, _ duration: Duration) {
        calls.add(1, operation.rawValue, outcome)
        seconds.observe(duration, operation.rawValue)
    }

    func follow(_ gate: ConcurrencyGate) {
        gate.onChange = { [gateInUse, gateWidth] gate in
            gateInUse.set(Double(gate.inUse))
            gateWidth.set(Double(gate.width))
        }
        gate.onChange?(gate)
    }
}
