public import FoundationEssentials
import Glibc

/// A moment of the monotonic clock that goes on while the machine sleeps (`CLOCK_BOOTTIME`).
public struct MonotonicInstant: Comparable, Hashable, Sendable {
    /// Nanoseconds since the machine's start.
    public let nanoseconds: Int64

    /// A moment from its nanoseconds.
    public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    /// This moment.
    public static var now: MonotonicInstant {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
    }

    /// Whether the left one comes first.
    public static func < (left: MonotonicInstant, right: MonotonicInstant) -> Bool {
        left.nanoseconds < right.nanoseconds
    }

    /// A later moment.
    public static func + (instant: MonotonicInstant, duration: Duration) -> MonotonicInstant {
        MonotonicInstant(nanoseconds: instant.nanoseconds + duration.inNanoseconds)
    }

    /// The time between two moments.
    public static func - (left: MonotonicInstant, right: MonotonicInstant) -> Duration {
        .nanoseconds(left.nanoseconds - right.nanoseconds)
    }
}

extension Duration {
    /// Whole nanoseconds.
    public var inNanoseconds: Int64 { components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000 }

    /// Whole milliseconds.
    public var inMilliseconds: Int64 { inNanoseconds / 1_000_000 }

    /// Seconds with their fraction.
    public var inSeconds: Double { Double(inNanoseconds) / 1_000_000_000 }
}

/// Where a component gets its time from, so that a test can replace it by a simulated one.
@Loop
public protocol TimeSource: AnyObject, Sendable {
    /// The monotonic clock.
    var now: MonotonicInstant { get }
    /// The calendar's clock; never for leases and deadlines.
    var wallClock: Date { get }
    /// Waits; throws `CancellationError` when the task is cancelled.
    func sleep(for duration: Duration) async throws
    /// Does `work` once after a while.
    @discardableResult
    func schedule(after delay: Duration, _ work: @escaping @Loop () -> Void) -> ScheduledWork
}

extension TimeSource {
    /// Waits by means of ``schedule(after:_:)``; throws `CancellationError` when the task is cancelled.
    public func sleep(for duration: Duration) async throws {
        try Task.checkCancellation()
        let wait = OneWait()
        wait.timer = schedule(after: duration) { wait.finish(.success(())) }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wait.begin($0) }
        } onCancel: {
            EventLoop.shared.perform { wait.finish(.failure(CancellationError())) }
        }
    }
}

/// One sleeper: resumed once, by its timer or by cancellation, whichever comes first.
@Loop
private final class OneWait {
    var timer: ScheduledWork?
    private var continuation: CheckedContinuation<Void, any Error>?
    private var result: Result<Void, any Error>?

    func begin(_ continuation: CheckedContinuation<Void, any Error>) {
        if let result { return continuation.resume(with: result) }
        self.continuation = continuation
    }

    func finish(_ outcome: Result<Void, any Error>) {
        guard result == nil else { return }
        result = outcome
        timer?.cancel()
        continuation?.resume(with: outcome)
        continuation = nil
    }
}

/// The real time, by the loop's timers.
@Loop
public final class LoopTime: TimeSource {
    /// The one real time.
    public static let shared = LoopTime()

    private init() {}

    /// The monotonic clock of the machine.
    public var now: MonotonicInstant { .now }

    /// The machine's calendar clock.
    public var wallClock: Date { Date() }

    /// Does `work` once after a while.
    @discardableResult
    public func schedule(after delay: Duration, _ work: @escaping @Loop () -> Void) -> ScheduledWork {
        EventLoop.shared.schedule(after: delay, work)
    }
}
