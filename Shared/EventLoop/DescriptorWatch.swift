import CLinux
import Glibc

/// What a descriptor is ready for.
public struct Readiness: OptionSet, Sendable {
    /// The bits, one for each member below.
    public let rawValue: UInt8

    /// A set from its bits.
    public init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bytes, a connection or the end of the stream can be read.
    public static let readable = Readiness(rawValue: 1)
    /// Bytes can be written.
    public static let writable = Readiness(rawValue: 2)
    /// The other side is gone or the descriptor has failed; always reported, need not be asked for.
    public static let hangup = Readiness(rawValue: 4)

    var epollBits: UInt32 {
        (contains(.readable) ? EPOLLIN.rawValue : 0) | (contains(.writable) ? EPOLLOUT.rawValue : 0)
    }

    init(epollBits: UInt32) {
        var set: Readiness = []
        if epollBits & EPOLLIN.rawValue != 0 { set.insert(.readable) }
        if epollBits & EPOLLOUT.rawValue != 0 { set.insert(.writable) }
        if epollBits & (EPOLLHUP.rawValue | EPOLLERR.rawValue) != 0 { set.insert(.hangup) }
        self = set
    }
}

/// A descriptor in the loop's epoll, level triggered. Cancel it before the descriptor is closed.
@Loop
public final class DescriptorWatch {
    let handler: @Loop (Readiness) -> Void
    private let descriptor: Int32
    private var key: UInt64?

    init(descriptor: Int32, handler: @escaping @Loop (Readiness) -> Void) {
        self.descriptor = descriptor
        self.handler = handler
    }

    func register(_ readiness: Readiness) throws(EventLoopError) {
        key = EventLoop.shared.poller.add(self, descriptor: descriptor, readiness: readiness)
        if key == nil { throw EventLoopError(call: "epoll_ctl", code: errno) }
    }

    /// Waits for something else from now on; an empty set waits for nothing but a hang-up.
    public func change(to readiness: Readiness) {
        guard let key else { return }
        EventLoop.shared.poller.change(key, descriptor: descriptor, to: readiness)
    }

    /// Stops watching; the handler is not called again. May be called twice.
    public func cancel() {
        guard let key else { return }
        self.key = nil
        EventLoop.shared.poller.remove(key, descriptor: descriptor)
    }
}

/// A system call of the loop that was refused.
public struct EventLoopError: Error, Sendable, CustomStringConvertible {
    /// The call's name, such as `epoll_ctl`.
    public let call: String
    /// The value of `errno`.
    public let code: Int32

    /// The call and what the system says of the code.
    public var description: String { "\(call) failed: \(String(cString: strerror(code)))" }
}

extension EventLoop {
    /// Calls `handler` on each turn in which the descriptor is ready for what is asked.
    @Loop
    public func watch(
        _ descriptor: Int32, for readiness: Readiness, _ handler: @escaping @Loop (Readiness) -> Void
    ) throws(EventLoopError) -> DescriptorWatch {
        let watch = DescriptorWatch(descriptor: descriptor, handler: handler)
        try watch.register(readiness)
        return watch
    }

    /// Calls `work` once, after the time given; cancel what it returns to prevent that.
    @Loop @discardableResult
    public func schedule(after delay: Duration, _ work: @escaping @Loop () -> Void) -> ScheduledWork {
        let timer = ScheduledWork(due: .now + delay, work) { EventLoop.shared.poller.noteCancellation() }
        poller.add(timer)
        return timer
    }

    /// Runs what would block on a thread made for it, and resumes on the loop. Bound it yourself: it is not cancelled.
    public func runOnHelperThread<Result: Sendable>(
        _ body: @escaping @Sendable () throws -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            let work = HelperWork { continuation.resume(with: Swift.Result { try body() }) }
            let retained = Unmanaged.passRetained(work)
            var handle = pthread_t()
            let code = pthread_create(
                &handle, nil,
                { pointer in
                    guard let pointer else { return nil }
                    Unmanaged<HelperWork>.fromOpaque(pointer).takeRetainedValue().run()
                    return nil
                }, retained.toOpaque())
            if code == 0 {
                pthread_detach(handle)
            } else {
                retained.release()
                continuation.resume(throwing: EventLoopError(call: "pthread_create", code: code))
            }
        }
    }
}

private final class HelperWork {
    let run: () -> Void

    init(_ run: @escaping () -> Void) { self.run = run }
}
