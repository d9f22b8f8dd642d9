import EventLoop
import Salesforce

/// How long to wait until the next poll.
enum Pacing {
    /// Polls are never further apart than this many intervals.
    static let longestFactor = 20

    /// The interval grows once less than twice the reserve is left, and is twenty times as long at the reserve.
    /// - Parameter reservePercent: the share of the day's calls that is left to others.
    static func interval(base: Duration, usage: APIUsage?, reservePercent: Int) -> Duration {
        base * factor(usage: usage, reservePercent: reservePercent)
    }

    static func factor(usage: APIUsage?, reservePercent: Int) -> Double {
        guard let usage, usage.allowed > 0, reservePercent > 0 else { return 1 }
        let reserve = Double(usage.allowed) * Double(reservePercent) / 100
        let spare = Double(usage.remaining) - reserve
        let longest = Double(longestFactor)
        return min(longest, max(1, reserve / max(spare, reserve / longest)))
    }
}
