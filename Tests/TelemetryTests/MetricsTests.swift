import Foundation
import TestSupport
import Testing

@testable import Telemetry

@Suite("Metrics")
struct MetricsTests {
    static func filledRegistry() -> MetricsRegistry {
        let registry = MetricsRegistry()
        registry.counter("orders.written", help: "Orders written to NetSuite.", labels: ["outcome"]).add(3, "written")
        registry.counter("messages.consumed", help: "Messages taken \\ with \"quotes\"\nand a line.").add()
        registry.gauge("orders.open", help: "Orders in work.", labels: ["lane"]).set(-2.5, "a\"b\\c\nd")
        registry.gauge("ready", help: "1 when ready.").set(.infinity)
        let histogram = registry.histogram(
            "request.duration.seconds", help: "Time of a request.", buckets: [0.1, 1], labels: ["system"])
        histogram.observe(.milliseconds(50), "netsuite")
        histogram.observe(0.5, "netsuite")
        histogram.observe(30.0, "netsuite")
        return registry
    }

    @Test(
        "promtool accepts the text", .enabled(if: Promtool.path != nil, "no promtool: .ci/promtool could not get one"))
    func promtoolAccepts() throws {
        let path = try #require(Promtool.path)
        let good = try ForeignProgram.run(path, ["check", "metrics"], input: Self.filledRegistry().prometheusText())
        #expect(good.status == 0, "\(good.output)")
        #expect(good.output == "")
        let bad = try ForeignProgram.run(path, ["check", "metrics"], input: "a{b=} 1\n")
        #expect(bad.status != 0)
    }

    @Test("histograms are cumulative and counters carry _total")
    func text() {
        let text = Self.filledRegistry().prometheusText()
        for line in [
            "crossdock_orders_written_total{outcome=\"written\"} 3",
            "crossdock_request_duration_seconds_bucket{system=\"netsuite\",le=\"0.1\"} 1",
            "crossdock_request_duration_seconds_bucket{system=\"netsuite\",le=\"1\"} 2",
            "crossdock_request_duration_seconds_bucket{system=\"netsuite\",le=\"+Inf\"} 3",
            "crossdock_request_duration_seconds_sum{system=\"netsuite\"} 30.55",
            "crossdock_request_duration_seconds_count{system=\"netsuite\"} 3",
            "crossdock_orders_open{lane=\"a\\\"b\\\\c\\nd\"} -2.5", "crossdock_ready +Inf",
        ] {
            #expect(text.contains("\n" + line + "\n"), "missing: \(line)")
        }
    }

    @Test("the same name gives the same counter")
    func sameName() {
        let registry = MetricsRegistry()
        registry.counter("a", help: "A.").add(1)
        registry.counter("a", help: "A.").add(2)
        #expect(registry.prometheusText().contains("crossdock_a_total 3\n"))
    }

    @Test("label combinations are bounded")
    func bounded() {
        let registry = MetricsRegistry()
        let counter = registry.counter("a", help: "A.", labels: ["id"])
        for id in 0..<2_000 { counter.add(1, String(id)) }
        let text = registry.prometheusText()
        #expect(text.split(separator: "\n").count <= MetricsRegistry.maximumSeries + 3)
        #expect(text.contains("{id=\"other\"} 1500"))
    }
}

enum Promtool {
    /// The program of `PROMTOOL`, of the path, or of the package that `.ci/promtool` unpacks.
    static let path: String? = {
        let script = ForeignProgram.packageFolder.appendingPathComponent(".ci/promtool").path
        guard let ending = try? ForeignProgram.run("/bin/sh", [script]), ending.status == 0 else { return nil }
        return ending.output.split(separator: "\n").last.map(String.init)
    }()
}
