public import Contracts
public import EventLoop

/// The log-ins that all processes of an account may still try together: the fifth refused one locks the user.
///
/// A try is announced before it is sent, so that processes which start at the same time do not all fail at once.
@Loop
public protocol LoginBudget: AnyObject, Sendable {
    /// Asks to try a log-in with these credentials now; it counts as one that may be refused until it is ended.
    func begin(_ attempt: LoginAttempt) async throws -> LoginPermission
    /// Says what came of a try; without ``begin(_:)`` before, for a token that was given and then refused.
    func end(_ attempt: LoginAttempt, isRefused: Bool) async throws
    /// A request was accepted: whatever was refused with these credentials meanwhile was throttling.
    func forgetRefusals(of credentials: String) async throws
}

/// The budget of a process on its own: for programs without the product's database.
@Loop
public final class ProcessLoginBudget: LoginBudget {
    private let time: any TimeSource
    private var refusals: [String: MonotonicInstant] = [:]

    /// Makes a full budget.
    public init(time: any TimeSource = LoopTime.shared) { self.time = time }

    /// Grants a try while fewer than ``LoginLimits/mostRefusals`` were refused in the window.
    public func begin(_ attempt: LoginAttempt) async throws -> LoginPermission {
        refusals = refusals.filter { time.now - $0.value < LoginLimits.window }
        guard let oldest = refusals.values.min(), refusals.count >= LoginLimits.mostRefusals else {
            return .granted(refusals: refusals.count)
        }
        return .usedUp(wait: LoginLimits.window - (time.now - oldest))
    }

    /// Counts a refused try.
    public func end(_ attempt: LoginAttempt, isRefused: Bool) async throws {
        if isRefused { refusals[attempt.id] = time.now }
    }

    /// Begins to count anew.
    public func forgetRefusals(of credentials: String) async throws { refusals = [:] }
}
