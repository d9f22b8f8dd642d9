public import EventLoop
public import Ledger
public import Telemetry

/// Polls one after the other while this process leads; a trouble of a system is said, and the next try comes sooner than
/// the interval.
@Loop
public final class PollLoop {
    /// Where a trouble is shown while it lasts.
    public struct Report: Sendable {
        let raise: @Loop @Sendable (Trouble) -> Void
        let clear: @Loop @Sendable () -> Void

        /// Shown by two closures; `clear` is called after every poll that succeeded.
        public init(
            raise: @escaping @Loop @Sendable (Trouble) -> Void, clear: @escaping @Loop @Sendable () -> Void
        ) {
            self.raise = raise
            self.clear = clear
        }

        /// Opens the breaker of the system: the whole service does nothing else without it.
        public static func breakers(_ troubles: Troubles) -> Report {
            Report(raise: { troubles.raise($0) }, clear: { troubles.clearAll() })
        }

        /// Says under this name in health why the service is not ready, and leaves the breakers alone: the service has
        /// other work, which goes on.
        public static func health(_ health: Health, as component: String) -> Report {
            Report(
                raise: { health.set(component, reason: $0.reason) }, clear: { health.set(component, reason: nil) })
        }
    }

    private let interval: Duration
    private let report: Report
    private let trouble: @Loop @Sendable (any Error) -> Trouble
    private let pause: @Loop @Sendable () -> Duration
    private let poll: @Loop @Sendable (Leadership) async throws -> Void
    private let logger: Logger
    private let time: any TimeSource
    /// Soon again, so that it resumes within seconds.
    private let retry = RetryPolicy(base: .seconds(1), cap: .seconds(4))

    /// - Parameters:
    ///   - interval: between two polls.
    ///   - trouble: what an error of `poll` says of which system.
    ///   - pause: how long to wait now; the interval where not given, zero while there is work left. One that is longer than
    ///     the interval holds after a trouble too.
    ///   - poll: polls once; throws ``LeadershipLost`` when another process leads.
    public init(
        interval: Duration, report: Report, logger: Logger, time: any TimeSource,
        trouble: @escaping @Loop @Sendable (any Error) -> Trouble,
        pause: (@Loop @Sendable () -> Duration)? = nil,
        poll: @escaping @Loop @Sendable (Leadership) async throws -> Void
    ) {
        self.interval = interval
        self.report = report
        self.logger = logger
        self.time = time
        self.trouble = trouble
        self.pause = pause ?? { interval }
        self.poll = poll
    }

    /// Returns when cancelled or when another process leads.
    public func run(under leadership: Leadership) async {
        var failures = 0
        while !Task.isCancelled {
            do {
                try await poll(leadership)
                report.clear()
                failures = 0
            } catch is LeadershipLost {
                return logger.warning("another process leads now", LogField(.component, leadership.name))
            } catch {
                if Task.isCancelled { return }
                failures += 1
                report.raise(trouble(error))
            }
            let pause = pause()
            let penalty = failures > 0 ? retry.delay(afterTry: failures, random: .random(in: 0...1)) : .zero
            do {
                // After a trouble the next try need not wait for the interval, but never makes calls denser than pacing.
                try await time.sleep(for: failures > 0 && pause <= interval ? penalty : pause)
            } catch {
                return
            }
        }
    }
}
