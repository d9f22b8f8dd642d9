import Glibc
import Synchronization

/// The global actor of everything that runs in a process: its executor is the one event loop.
@globalActor
public actor Loop {
    /// The only instance; isolation to it means "on the loop's thread".
    public static let shared = Loop()

    /// The loop itself runs the jobs of this actor.
    public nonisolated var unownedExecutor: UnownedSerialExecutor {
        EventLoop.shared.asUnownedSerialExecutor()
    }
}

/// The process's one thread: an epoll, timers and the executor of all our code.
///
/// A process calls ``run(_:)`` once, on its first thread. Jobs enqueued on the loop's own thread go into a plain array;
/// those from other threads pass a mutex and an eventfd.
///
/// Unchecked Sendable: `jobs`, `running` and `poller` are touched by the loop's thread only, which ``isOnLoop`` proves;
/// the rest is atomic or behind a mutex.
public final class EventLoop: SerialExecutor, TaskExecutor, @unchecked Sendable {
    /// The loop of this process.
    public static let shared = EventLoop()

    let poller = Poller()
    private var jobs: [UnownedJob] = []
    private var running: [UnownedJob] = []
    private let foreignJobs = Mutex<[UnownedJob]>([])
    private let thread = Atomic<UInt>(0)
    private let ownThread = Atomic<Bool>(false)

    private init() {}

    /// Whether the caller runs on the loop's thread.
    public var isOnLoop: Bool { thread.load(ordering: .relaxed) == UInt(pthread_self()) }

    // MARK: Executor

    /// Takes a job of Swift's concurrency runtime.
    public func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        if isOnLoop {
            jobs.append(unowned)
            return
        }
        foreignJobs.withLock { $0.append(unowned) }
        poller.wake()
    }

    /// This loop as the executor of the global actor.
    public func asUnownedSerialExecutor() -> UnownedSerialExecutor { UnownedSerialExecutor(ordinary: self) }

    /// Traps when isolated code is entered from another thread (SE-0424).
    public func checkIsolated() {
        precondition(isOnLoop, "this code belongs on the event loop's thread")
    }

    // MARK: Running

    /// Turns the calling thread into the loop until `body` has returned, and gives its result.
    ///
    /// For `@main` types: `exit(EventLoop.shared.run { await … })`.
    public func run<Result: Sendable>(_ body: @escaping @Loop @Sendable () async -> Result) -> Result {
        occupyThread()
        let finished = Box<Result>()
        start { finished.set(await body()) }
        while true {
            drain()
            // Before waiting: a body that ends in its first turn leaves nothing behind that would wake the loop.
            if let value = finished.get() { return value }
            poller.wait()
        }
    }

    /// Runs the loop on a thread of its own, for test processes whose first thread belongs to the test runner.
    public func startOnOwnThread() {
        let isFirst = !ownThread.exchange(true, ordering: .sequentiallyConsistent)
        guard isFirst else { return waitForThread() }
        var handle = pthread_t()
        let code = pthread_create(
            &handle, nil,
            { _ in
                EventLoop.shared.occupyThread()
                while true { EventLoop.shared.turn() }
            }, nil)
        precondition(code == 0, "the event loop's thread could not be created: error \(code)")
        waitForThread()
    }

    private func waitForThread() {
        while thread.load(ordering: .acquiring) == 0 { sched_yield() }
    }

    private func occupyThread() {
        signal(SIGPIPE, SIG_IGN)
        let (exchanged, _) = thread.compareExchange(
            expected: 0, desired: UInt(pthread_self()), ordering: .sequentiallyConsistent)
        precondition(exchanged || isOnLoop, "the event loop runs on another thread already")
    }

    /// Starts a task that stays on the loop, from whichever thread this is called.
    ///
    /// The executor preference keeps continuations here; without it each `await` would bounce through the global pool.
    @discardableResult
    public func start<Result: Sendable>(
        _ body: @escaping @Loop @Sendable () async throws -> Result
    ) -> Task<Result, any Error> {
        Task(executorPreference: self) { try await body() }
    }

    /// Runs `body` on the loop: at once when called there, else as soon as the loop gets to it.
    public func perform(_ body: @escaping @Loop @Sendable () -> Void) {
        if isOnLoop {
            assumeIsolated(body)
        } else {
            start { body() }
        }
    }

    /// Runs `body` at once, as isolated to the loop; traps when called from another thread. For C callbacks.
    public nonisolated func assumeIsolated<Result>(_ body: @Loop () throws -> Result) rethrows -> Result {
        checkIsolated()
        typealias Plain = () throws -> Result
        // What MainActor.assumeIsolated does: the isolation has just been proven, so its mark may be dropped.
        return try withoutActuallyEscaping(body) { try unsafeBitCast($0, to: Plain.self)() }
    }

    private func turn() {
        drain()
        poller.wait()
        drain()
    }

    private func drain() {
        while true {
            let foreign = foreignJobs.withLock { waiting -> [UnownedJob] in
                defer { waiting.removeAll(keepingCapacity: true) }
                return waiting
            }
            jobs.append(contentsOf: foreign)
            if jobs.isEmpty { break }
            swap(&jobs, &running)
            for job in running {
                job.runSynchronously(
                    isolatedTo: asUnownedSerialExecutor(), taskExecutor: asUnownedTaskExecutor())
            }
            running.removeAll(keepingCapacity: true)
        }
    }
}

/// Carries the result of the main task out of it.
private final class Box<Value: Sendable>: Sendable {
    /// Made in place: handing a mutex over makes Swift 6.0's compiler fail.
    private let value = Mutex<Value?>(nil)

    func set(_ newValue: Value) { value.withLock { $0 = newValue } }

    func get() -> Value? { value.withLock { $0 } }
}
