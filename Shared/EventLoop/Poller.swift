import CLinux
import Glibc

/// The loop's epoll and its timers: what the thread waits for when no job is ready.
///
/// Unchecked Sendable: everything but ``wake()`` is called on the loop's thread only.
final class Poller: @unchecked Sendable {
    private let epoll: Int32
    private let wakeup: Int32
    private var watches: [UInt64: DescriptorWatch] = [:]
    private var nextKey: UInt64 = 1
    private var events = [epoll_event](repeating: epoll_event(), count: 256)
    private(set) var timers = TimerQueue()

    init() {
        epoll = epoll_create1(crossdock_epoll_cloexec())
        wakeup = eventfd(0, crossdock_eventfd_flags())
        precondition(epoll >= 0 && wakeup >= 0, "the event loop could not be created: errno \(errno)")
        var event = epoll_event(events: EPOLLIN.rawValue, data: epoll_data_t(u64: 0))
        epoll_ctl(epoll, EPOLL_CTL_ADD, wakeup, &event)
    }

    /// Ends a wait from another thread.
    func wake() {
        var one: UInt64 = 1
        _ = write(wakeup, &one, 8)
    }

    func add(_ timer: ScheduledWork) { timers.insert(timer) }

    func noteCancellation() { timers.noteCancellation() }

    /// Adds a descriptor; returns its key, or nil with errno set.
    func add(_ watch: DescriptorWatch, descriptor: Int32, readiness: Readiness) -> UInt64? {
        let key = nextKey
        nextKey += 1
        var event = epoll_event(events: readiness.epollBits, data: epoll_data_t(u64: key))
        guard epoll_ctl(epoll, EPOLL_CTL_ADD, descriptor, &event) == 0 else { return nil }
        watches[key] = watch
        return key
    }

    func change(_ key: UInt64, descriptor: Int32, to readiness: Readiness) {
        var event = epoll_event(events: readiness.epollBits, data: epoll_data_t(u64: key))
        epoll_ctl(epoll, EPOLL_CTL_MOD, descriptor, &event)
    }

    func remove(_ key: UInt64, descriptor: Int32) {
        guard watches.removeValue(forKey: key) != nil else { return }
        var event = epoll_event()
        epoll_ctl(epoll, EPOLL_CTL_DEL, descriptor, &event)
    }

    /// Waits for descriptors or the next timer, and calls what became due.
    func wait() {
        let count = epoll_wait(epoll, &events, Int32(events.count), timeoutMilliseconds())
        if count > 0 {
            for index in 0..<Int(count) { dispatch(events[index]) }
        }
        fireTimers()
    }

    private func timeoutMilliseconds() -> Int32 {
        guard let due = timers.nextDue else { return -1 }
        let remaining = due.nanoseconds - MonotonicInstant.now.nanoseconds
        if remaining <= 0 { return 0 }
        // Rounded up: a wait that ends a moment early would spin until the timer is due.
        return Int32(min((remaining + 999_999) / 1_000_000, 3_600_000))
    }

    private func dispatch(_ event: epoll_event) {
        let key = event.data.u64
        if key == 0 {
            var drained: UInt64 = 0
            _ = read(wakeup, &drained, 8)
            return
        }
        // A handler earlier in this turn may have cancelled it.
        guard let watch = watches[key] else { return }
        EventLoop.shared.assumeIsolated { watch.handler(Readiness(epollBits: event.events)) }
    }

    private func fireTimers() {
        guard timers.nextDue != nil else { return }
        for timer in timers.takeDue(at: .now) {
            EventLoop.shared.assumeIsolated { timer.fire() }
        }
    }
}
