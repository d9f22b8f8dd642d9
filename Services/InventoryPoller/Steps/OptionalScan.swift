import Contracts
import EventLoop
import NetSuite

/// A scan of what the role may not see; without it the count of all items finds the same, later. It is read now and then,
/// by NetSuite's clock, and one that was refused is asked for again, so that a permission that is given later is noticed.
@Loop
final class OptionalScan {
    /// Between two readings of one that was refused.
    nonisolated static let secondsWhenRefused: Int64 = 3_600

    let scan: ChangeScan
    /// What is found by it, as health names it.
    let component: String
    /// What the role does not see, and what that means.
    let reason: String
    private let seconds: Int64
    private var readAt: UTCInstant?
    private(set) var isRefused = false

    init(_ scan: ChangeScan, seconds: Int64, component: String, reason: String) {
        self.scan = scan
        self.seconds = seconds
        self.component = component
        self.reason = reason
    }

    /// Whether it is its turn; after a clock that was set back it is.
    func isDue(at now: UTCInstant) -> Bool {
        guard let readAt, readAt <= now else { return true }
        let passed = now.millisecondsSinceEpoch - readAt.millisecondsSinceEpoch
        return passed >= (isRefused ? Self.secondsWhenRefused : seconds) * 1_000
    }

    /// Notes that it was read to its end, or refused.
    func note(isRefused: Bool, at now: UTCInstant) {
        self.isRefused = isRefused
        readAt = now
    }
}
