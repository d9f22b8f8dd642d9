import EventLoop
import Telemetry

/// Notices a handler that does not come back: it would hold its order, and its partition's offset, for ever.
///
/// librdkafka does not: in 2.0.2 any poll counts as life, and it is the loop that polls.
@Loop
final class AttemptWatch {
    private let topics: [String]
    private let limit: Duration
    private let time: any TimeSource
    private let oldestSeconds: Gauge
    private var started: [UInt64: (topic: String, at: MonotonicInstant)] = [:]
    private var lastNumber: UInt64 = 0
    private var watch: Watch?

    init(topics: [String], limit: Duration, metrics: MetricsRegistry, time: any TimeSource) {
        self.topics = topics
        self.limit = limit
        self.time = time
        oldestSeconds = metrics.gauge(
            "oldest_attempt_seconds", help: "How long the oldest running attempt at a message has taken",
            labels: ["topic"])
        for topic in topics { oldestSeconds.set(0, topic) }
    }

    /// Notes that an attempt begins.
    func begin(of topic: String) -> UInt64 {
        lastNumber += 1
        started[lastNumber] = (topic, time.now)
        return lastNumber
    }

    /// Notes that it has ended.
    func end(_ number: UInt64) { started[number] = nil }

    /// Looks now and then until it is stopped.
    func start(_ isStuck: @escaping @Loop @Sendable (String) -> Void) {
        let watch = Watch(time: time) { [weak self] in
            guard let self else { throw CancellationError() }
            for topic in topics {
                let begun = started.values.filter { $0.topic == topic }.map(\.at).min() ?? time.now
                let oldest = time.now - begun
                oldestSeconds.set(oldest.inSeconds, topic)
                if oldest > limit {
                    isStuck("an attempt at a message of \(topic) has run for \(oldest.inMilliseconds / 1000) s")
                }
            }
            return min(.seconds(5), limit * 0.5)
        }
        self.watch = watch
        watch.start()
    }

    func stop() { watch?.stop() }
}
