public import FoundationEssentials

/// A time that moves only when a test moves it.
@Loop
public final class SimulatedTime: TimeSource {
    private var timers = TimerQueue()
    private let start: Date

    /// The simulated monotonic clock; begins at zero.
    public private(set) var now = MonotonicInstant(nanoseconds: 0)

    /// Begins at the calendar time given.
    public init(wallClock: Date) { start = wallClock }

    /// The calendar time: where it began, and what has passed since.
    public var wallClock: Date { start.addingTimeInterval(Double(now.nanoseconds) / 1_000_000_000) }

    /// Keeps `work` until the time has been advanced that far.
    @discardableResult
    public func schedule(after delay: Duration, _ work: @escaping @Loop () -> Void) -> ScheduledWork {
        let timer = ScheduledWork(due: now + delay, work) {}
        timers.insert(timer)
        return timer
    }

    /// Moves the time on, timer by timer, and lets the tasks that each one wakes run as far as they can.
    public func advance(by duration: Duration) async {
        let end = now + duration
        await settle()
        while let due = timers.nextDue, due <= end {
            now = max(now, due)
            for timer in timers.takeDue(at: now) { timer.fire() }
            await settle()
        }
        now = end
    }

    /// Whether nothing waits for this time any more.
    public var isIdle: Bool { timers.nextDue == nil }

    private func settle() async {
        // A woken task may wake others: a few rounds of the loop's queue let the chain run.
        for _ in 0..<16 { await Task.yield() }
    }
}
