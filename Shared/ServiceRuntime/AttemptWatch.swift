import EventLoop
import Telemetry

/// Notices a handler that does not come back: it would hold its order, and its partition's offset, for ever.
///
/// librdkafka does not: in 2.0.2 any poll counts as life, and it is the loop that polls.
@Loop
final class AttemptWatch {
    private let topic: String
    private let limit: Duration
    private let time: any TimeSource
    private let oldestSeconds: Gauge
    private var started: [UInt64: MonotonicInstant] = [:]
    private var lastNumber: UInt64 = 0
    private var watch: Watch?

    init(topic: String, limit: Duration, metrics: MetricsRegistry, time: any TimeSource) {
        self.topic = topic
        self.limit = limit
        self.time = time
        oldestSeconds = metrics.gauge(
            "oldest_attempt_seconds", help: "How long the oldest running attempt at a message has taken",
            labels: ["topic"])
        oldestSeconds.set(0, topic)
    }

    /// Notes that an attempt begins.
    func begin() -> UInt64 {
        lastNumber += 1
        started[lastNumber] = time.now
        return lastNumber
    }

    /// Notes that it has ended.
    func end(_ number: UInt64) { started[number] = nil }

    /// Looks now and then until it is stopped.
    func start(_ isStuck: @escaping @Loop @Sendable (String) -> Void) {
        let watch = Watch(time: time) { [weak self] in
            guard let self else { throw CancellationError() }
            let oldest = time.now - (started.values.min() ?? time.now)
            oldestSeconds.set(oldest.inSeconds, topic)
            if oldest > limit {
                isStuck("an attempt at a message of \(topic) has run for \(oldest.inMilliseconds / 1000) s")
            }
            return min(.seconds(5), limit * 0.5)
        }
        self.watch = watch
        watch.start()
    }

    func stop() { watch?.stop() }
}
