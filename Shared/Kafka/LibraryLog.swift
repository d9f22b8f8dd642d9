import CLibrdkafka
import EventLoop
import Telemetry

/// Hands librdkafka's log lines and error events to our log: few of each kind in bursts, and no secret in them.
@Loop
final class LibraryLog {
    private struct Burst {
        var since: MonotonicInstant
        var count = 0
    }

    private static let window: Duration = .seconds(10)
    private static let linesInWindow = 5

    private let logger: Logger
    private let secrets: [String]
    private var bursts: [String: Burst] = [:]

    init(logger: Logger, connection: KafkaConnection) {
        self.logger = logger
        secrets = connection.secrets
    }

    /// Logs a LOG event.
    func relay(logEvent event: OpaquePointer) {
        var facility: UnsafePointer<CChar>?
        var text: UnsafePointer<CChar>?
        var level: Int32 = 7
        guard rd_kafka_event_log(event, &facility, &text, &level) == 0 else { return }
        let kind = facility.map { String(cString: $0) } ?? ""
        guard let suppressed = admit(kind) else { return }
        let reason = redacted(text.map { String(cString: $0) } ?? "")
        let fields = [LogField(.facility, kind), LogField(.reason, reason), LogField(.suppressed, "\(suppressed)")]
        // Syslog levels: 0 to 3 are errors, 4 and 5 warnings. Lost connections are logged as errors; they are not ours.
        switch level {
        case ...2: logger.error("librdkafka reports", fields[0], fields[1], fields[2])
        case ...5: logger.warning("librdkafka reports", fields[0], fields[1], fields[2])
        default: logger.debug("librdkafka reports", fields[0], fields[1], fields[2])
        }
    }

    /// Logs an error that the library mends by itself.
    func note(_ error: KafkaError) {
        guard let suppressed = admit(error.name) else { return }
        logger.warning(
            "the Kafka client reports an error", LogField(.errorCode, error.name),
            LogField(.reason, redacted(error.reason)), LogField(.suppressed, "\(suppressed)"))
    }

    private func redacted(_ text: String) -> String {
        secrets.reduce(text) { $0.replacing($1, with: "***") }
    }

    /// How many lines of this kind were left out since the last one; nil when this one is left out too.
    private func admit(_ kind: String) -> Int? {
        let now = LoopTime.shared.now
        guard var burst = bursts[kind], now - burst.since < Self.window else {
            let suppressed = max(0, (bursts[kind]?.count ?? 0) - Self.linesInWindow)
            bursts[kind] = Burst(since: now, count: 1)
            return suppressed
        }
        burst.count += 1
        bursts[kind] = burst
        return burst.count <= Self.linesInWindow ? 0 : nil
    }
}
