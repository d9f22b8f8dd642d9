/// Something took longer than it was allowed to.
public struct DeadlineExceeded: Error, Sendable, CustomStringConvertible {
    /// The time that was allowed.
    public let limit: Duration

    /// An overrun of the time given.
    public init(limit: Duration) { self.limit = limit }

    /// The limit in words.
    public var description: String { "not finished within \(limit.inSeconds) s" }
}

/// Runs `body` for at most `limit`: past it `body` is cancelled and no longer waited for.
///
/// - Throws: ``DeadlineExceeded``, or what `body` throws, or `CancellationError` when the caller is cancelled.
@Loop
public func withDeadline<Result: Sendable>(
    _ limit: Duration, time: any TimeSource = LoopTime.shared,
    _ body: @escaping @Loop @Sendable () async throws -> Result
) async throws -> Result {
    let race = Race<Result>()
    let task = EventLoop.shared.start(body)
    let timer = time.schedule(after: limit) {
        race.finish(.failure(DeadlineExceeded(limit: limit)))
        task.cancel()
    }
    defer { timer.cancel() }
    EventLoop.shared.start { race.finish(await task.result) }
    return try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { race.begin($0) }
    } onCancel: {
        task.cancel()
        EventLoop.shared.perform { race.finish(.failure(CancellationError())) }
    }
}

/// The first result wins.
@Loop
private final class Race<Value: Sendable> {
    private var continuation: CheckedContinuation<Value, any Error>?
    private var result: Result<Value, any Error>?

    func begin(_ continuation: CheckedContinuation<Value, any Error>) {
        if let result { return continuation.resume(with: result) }
        self.continuation = continuation
    }

    func finish(_ outcome: Result<Value, any Error>) {
        guard result == nil else { return }
        result = outcome
        continuation?.resume(with: outcome)
        continuation = nil
    }
}
