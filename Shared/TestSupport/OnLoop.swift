public import EventLoop

/// Runs a test's body on the event loop, which gets a thread of its own in test processes, for a minute at most.
public func onLoop<Result: Sendable>(
    within limit: Duration = .seconds(60), _ body: @escaping @Loop @Sendable () async throws -> Result
) async throws -> Result {
    EventLoop.shared.startOnOwnThread()
    return try await EventLoop.shared.start { try await withDeadline(limit, body) }.value
}

/// A condition that did not come true in time.
public struct ConditionNotMet: Error, CustomStringConvertible {
    /// What was waited for.
    public let description: String

    /// Says what was waited for.
    public init(description: String) { self.description = description }
}

/// Waits until `condition` holds, looking every 5 ms.
///
/// - Throws: ``ConditionNotMet`` with `what` when it does not within `limit`.
@Loop
public func eventually(
    _ what: String, within limit: Duration = .seconds(20), time: any TimeSource = LoopTime.shared,
    _ condition: @Loop () async throws -> Bool
) async throws {
    let end = time.now + limit
    while !(try await condition()) {
        guard time.now < end else { throw ConditionNotMet(description: "not in time: \(what)") }
        try await time.sleep(for: .milliseconds(5))
    }
}
