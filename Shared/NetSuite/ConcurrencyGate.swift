public import EventLoop

/// Lets a bounded number of requests through at a time, first come first served.
///
/// After a 429 it narrows to half, at least one; after each quiet period it widens by one, up to its ceiling.
@Loop
public final class ConcurrencyGate {
    /// The most that it ever lets through.
    public let ceiling: Int
    /// How many it lets through now.
    public private(set) var width: Int
    /// How many are through.
    public private(set) var inUse = 0
    /// Called whenever ``width`` or ``inUse`` has changed.
    public var onChange: (@Loop (ConcurrencyGate) -> Void)?

    private let quietPeriod: Duration
    private let time: any TimeSource
    private var waiting: [Waiter] = []
    private var narrowedAt: MonotonicInstant?
    private var widening: ScheduledWork?

    /// Makes an open gate.
    public init(ceiling: Int, quietPeriod: Duration, time: any TimeSource) {
        self.ceiling = max(1, ceiling)
        width = max(1, ceiling)
        self.quietPeriod = quietPeriod
        self.time = time
    }

    /// How many wait in front of it.
    public var waitingCount: Int { waiting.count }

    /// Goes through when it is this caller's turn.
    ///
    /// - Returns: whether it got through within `limit` and without being cancelled; then ``leave()`` must follow.
    public func enter(within limit: Duration) async -> Bool {
        if Task.isCancelled { return false }
        if waiting.isEmpty, inUse < width {
            inUse += 1
            onChange?(self)
            return true
        }
        let waiter = Waiter()
        let timer = time.schedule(after: limit) { [weak self] in self?.giveUp(waiter) }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.continuation = continuation
                waiting.append(waiter)
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in self?.giveUp(waiter) }
        }
    }

    /// Makes room for the next.
    public func leave() {
        inUse -= 1
        admit()
    }

    /// A request that began at `begin` was answered with 429. Those that began before the last narrowing count no more:
    /// one burst narrows once.
    public func narrow(requestBegan begin: MonotonicInstant) {
        if let narrowedAt, begin < narrowedAt {
            scheduleWidening()
            return
        }
        narrowedAt = time.now
        width = max(1, width / 2)
        scheduleWidening()
        onChange?(self)
    }

    private func scheduleWidening() {
        widening?.cancel()
        widening = time.schedule(after: quietPeriod) { [weak self] in self?.widen() }
    }

    private func widen() {
        widening = nil
        width = min(ceiling, width + 1)
        if width < ceiling { scheduleWidening() }
        admit()
    }

    private func admit() {
        while inUse < width, !waiting.isEmpty {
            inUse += 1
            waiting.removeFirst().finish(true)
        }
        onChange?(self)
    }

    private func giveUp(_ waiter: Waiter) {
        guard let index = waiting.firstIndex(where: { $0 === waiter }) else { return }
        waiting.remove(at: index).finish(false)
    }

    @Loop
    private final class Waiter {
        var continuation: CheckedContinuation<Bool, Never>?

        func finish(_ isThrough: Bool) {
            continuation?.resume(returning: isThrough)
            continuation = nil
        }
    }
}
