public import EventLoop

/// Gathers what many tasks ask for into few calls: while one batch runs, the next one fills.
///
/// Each caller goes on only when its own answer is there. A batch that fails fails all its callers with that error.
///
/// Inlinable, so that each service compiles it for its own types: every order passes four of these.
@Loop
public final class Coalescer<Request: Sendable, Answer: Sendable> {
    @usableFromInline
    struct Waiter {
        @usableFromInline let request: Request
        @usableFromInline let since: MonotonicInstant
        @usableFromInline let continuation: CheckedContinuation<Answer, any Error>

        @inlinable
        init(request: Request, since: MonotonicInstant, continuation: CheckedContinuation<Answer, any Error>) {
            self.request = request
            self.since = since
            self.continuation = continuation
        }
    }

    @usableFromInline let maximumBatch: Int
    @usableFromInline let parallel: Int
    @usableFromInline let time: any TimeSource
    @usableFromInline let patience: @Loop @Sendable () -> Duration
    @usableFromInline let run: @Loop @Sendable ([Request]) async throws -> [Answer]
    @usableFromInline var waiting: [Waiter] = []
    @usableFromInline var runningBatches = 0
    @usableFromInline var timer: ScheduledWork?
    @usableFromInline var isTurnScheduled = false

    /// - Parameters:
    ///   - maximumBatch: how many requests a call may hold.
    ///   - parallel: how many calls may run at once.
    ///   - patience: how long a batch that is not full may wait for more; asked when a request comes and when a
    ///     batch ends. Zero waits for nobody.
    ///   - run: makes the call; gives as many answers as there are requests, in their order.
    @inlinable
    public init(
        maximumBatch: Int, parallel: Int = 1, time: any TimeSource = LoopTime.shared,
        patience: @escaping @Loop @Sendable () -> Duration = { .zero },
        run: @escaping @Loop @Sendable ([Request]) async throws -> [Answer]
    ) {
        self.maximumBatch = maximumBatch
        self.parallel = parallel
        self.time = time
        self.patience = patience
        self.run = run
    }

    /// How many requests wait for a call.
    @inlinable
    public var waitingCount: Int { waiting.count }

    /// Waits for the answer to one request.
    @inlinable
    public func submit(_ request: Request) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            waiting.append(Waiter(request: request, since: time.now, continuation: continuation))
            scheduleTurn()
        }
    }

    /// Looks again whether a batch may start: for when what `patience` depends on has changed.
    @inlinable
    public func reconsider() {
        scheduleTurn()
    }

    /// Batches start once a turn of the loop, so that everything that became ready in it goes together.
    @inlinable
    func scheduleTurn() {
        guard !isTurnScheduled else { return }
        isTurnScheduled = true
        EventLoop.shared.start { [self] in
            await Task.yield()
            isTurnScheduled = false
            startBatches()
        }
    }

    @inlinable
    func startBatches() {
        timer?.cancel()
        timer = nil
        while runningBatches < parallel, let first = waiting.first {
            if waiting.count < maximumBatch {
                // With its type written out: Swift 6.0 finds no other way through the overloads.
                let waited: Duration = time.now - first.since
                let remaining: Duration = patience() - waited
                if remaining > .zero {
                    timer = time.schedule(after: remaining) { [weak self] in self?.startBatches() }
                    return
                }
            }
            let batch = Array(waiting.prefix(maximumBatch))
            waiting.removeFirst(batch.count)
            runningBatches += 1
            EventLoop.shared.start { [self] in await finish(batch) }
        }
    }

    @inlinable
    func finish(_ batch: [Waiter]) async {
        do {
            let answers = try await run(batch.map(\.request))
            precondition(answers.count == batch.count, "a batch gives one answer for each request")
            for position in batch.indices { batch[position].continuation.resume(returning: answers[position]) }
        } catch {
            for waiter in batch { waiter.continuation.resume(throwing: error) }
        }
        runningBatches -= 1
        startBatches()
    }
}
