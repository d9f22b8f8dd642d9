import Synchronization

/// Holds the process' metrics and writes them as Prometheus text (exposition format 0.0.4).
///
/// Names are dotted (`orders.written`) and printed with underscores and the prefix `crossdock_`; a counter's gets
/// `_total`. Label values come from closed sets; a metric that grows past ``maximumSeries`` label combinations
/// counts the rest under `other`.
public final class MetricsRegistry: Sendable {
    /// How many label combinations one metric keeps.
    public static let maximumSeries = 500

    private let families = Mutex<[String: MetricFamily]>([:])
    private let prefix: String

    /// Makes an empty registry; `prefix` stands before every printed name.
    public init(prefix: String = "crossdock") {
        self.prefix = prefix
    }

    /// A number that only grows; asking again by the same name gives the same counter.
    public func counter(_ name: String, help: String, labels: [String] = []) -> Counter {
        Counter(family: family(name, help, .counter, labels, buckets: []))
    }

    /// A number that rises and falls.
    public func gauge(_ name: String, help: String, labels: [String] = []) -> Gauge {
        Gauge(family: family(name, help, .gauge, labels, buckets: []))
    }

    /// Counts of observations up to each bucket's upper bound; `buckets` rise, and the last, `+Inf`, is implied.
    public func histogram(
        _ name: String, help: String, buckets: [Double] = MetricsRegistry.durationBuckets, labels: [String] = []
    ) -> Histogram {
        precondition(zip(buckets, buckets.dropFirst()).allSatisfy { $0 < $1 }, "buckets of \(name) must rise")
        return Histogram(family: family(name, help, .histogram, labels, buckets: buckets))
    }

    /// Upper bounds in seconds that fit a request to a remote system.
    public static let durationBuckets: [Double] = [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120,
    ]

    /// Every metric with help, type and samples, sorted by name.
    public func prometheusText() -> String {
        let all = families.withLock { $0.values.sorted { $0.name < $1.name } }
        return all.map { $0.text(prefix: prefix) }.joined()
    }

    private func family(
        _ name: String, _ help: String, _ kind: MetricFamily.Kind, _ labels: [String], buckets: [Double]
    ) -> MetricFamily {
        precondition(MetricFamily.isValid(name: name), "\(name) is no metric name: use letters, digits, dots")
        precondition(labels.allSatisfy(MetricFamily.isValid(label:)), "a label of \(name) is no label name")
        return families.withLock { families in
            if let known = families[name] {
                precondition(known.kind == kind && known.labelNames == labels, "metric \(name) is declared twice")
                return known
            }
            let family = MetricFamily(name: name, help: help, kind: kind, labelNames: labels, buckets: buckets)
            families[name] = family
            return family
        }
    }
}

/// A number that only grows.
public struct Counter: Sendable {
    fileprivate let family: MetricFamily

    /// Adds `count` to the sample with these label values, in the order of the declared labels.
    public func add(_ count: Int = 1, _ labelValues: String...) {
        precondition(count >= 0, "a counter only grows")
        family.update(labelValues) { $0.value += Double(count) }
    }
}

/// A number that rises and falls.
public struct Gauge: Sendable {
    fileprivate let family: MetricFamily

    /// Sets the sample with these label values.
    public func set(_ value: Double, _ labelValues: String...) {
        family.update(labelValues) { $0.value = value }
    }

    /// Adds to the sample with these label values; negative takes away.
    public func add(_ difference: Double, _ labelValues: String...) {
        family.update(labelValues) { $0.value += difference }
    }
}

/// Counts of observations by size.
public struct Histogram: Sendable {
    fileprivate let family: MetricFamily

    /// Counts one observation.
    public func observe(_ value: Double, _ labelValues: String...) {
        family.observe(value, labelValues)
    }

    /// Counts one duration, in seconds.
    public func observe(_ duration: Duration, _ labelValues: String...) {
        let (seconds, attoseconds) = duration.components
        family.observe(Double(seconds) + Double(attoseconds) * 1e-18, labelValues)
    }
}
