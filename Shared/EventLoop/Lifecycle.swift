/// Starts components in order, waits for the end, and stops them backwards, within a bound.
@Loop
public final class Lifecycle {
    /// What happens, for the log.
    public enum Event: Sendable {
        /// A component has started.
        case started(String)
        /// A component could not start, with the reason.
        case startFailed(String, String)
        /// A signal or a failure asks for the end, with its name.
        case stopping(String)
        /// A component has stopped.
        case stopped(String)
        /// A component did not stop in its time and was left behind.
        case abandoned(String)
    }

    private struct Component {
        let name: String
        let start: @Loop @Sendable () async throws -> Void
        let stop: @Loop @Sendable () async -> Void
    }

    private let time: any TimeSource
    private let stopLimit: Duration
    private let report: @Loop @Sendable (Event) -> Void
    private var components: [Component] = []
    private var stopReason: String?
    private var failed = false
    private var waiter: CheckedContinuation<Void, Never>?
    private var startEnded: CheckedContinuation<Void, Never>?

    /// - Parameters:
    ///   - stopLimit: the time for all components together to stop; each gets what is left.
    public init(
        time: any TimeSource = LoopTime.shared, stopLimit: Duration = .milliseconds(4500),
        report: @escaping @Loop @Sendable (Event) -> Void
    ) {
        self.time = time
        self.stopLimit = stopLimit
        self.report = report
    }

    /// Adds a component; it starts after those added before, and stops before them.
    public func add(
        _ name: String, start: @escaping @Loop @Sendable () async throws -> Void = {},
        stop: @escaping @Loop @Sendable () async -> Void = {}
    ) {
        components.append(Component(name: name, start: start, stop: stop))
    }

    /// Asks for the end; `failed` makes ``run()`` return 1. The first reason counts.
    public func stop(because reason: String, failed: Bool = false) {
        guard stopReason == nil else { return }
        stopReason = reason
        self.failed = failed
        report(.stopping(reason))
        waiter?.resume()
        waiter = nil
        startEnded?.resume()
        startEnded = nil
    }

    /// Starts all, waits until the end is asked for, stops all; the process's exit status.
    public func run() async -> Int32 {
        var started: [Component] = []
        for component in components where stopReason == nil {
            started.append(component)
            await start(component)
        }
        await untilStopped()
        await stop(started)
        return failed ? 1 : 0
    }

    /// A start that hangs must not hold up the end: it is left behind when that is asked for.
    private func start(_ component: Component) async {
        let task = EventLoop.shared.start { try await component.start() }
        EventLoop.shared.start { [self] in
            switch await task.result {
            case .success:
                if stopReason == nil { report(.started(component.name)) }
            case .failure(let error):
                if stopReason == nil { report(.startFailed(component.name, "\(error)")) }
                stop(because: "\(component.name) could not start", failed: true)
            }
            startEnded?.resume()
            startEnded = nil
        }
        await withCheckedContinuation { startEnded = $0 }
        task.cancel()
    }

    private func untilStopped() async {
        if stopReason != nil { return }
        await withCheckedContinuation { waiter = $0 }
    }

    private func stop(_ started: [Component]) async {
        let end = time.now + stopLimit
        for component in started.reversed() {
            let left = max(end - time.now, .milliseconds(50))
            do {
                try await withDeadline(left, time: time) { await component.stop() }
                report(.stopped(component.name))
            } catch {
                report(.abandoned(component.name))
            }
        }
    }
}
