import EventLoop

/// What of the day's API calls is used, as Salesforce says with each answer.
struct DailyCalls: Sendable, Equatable {
    let used: Int
    let limit: Int
}

/// How long to wait until the next poll.
enum Pacing {
    /// Polls are never further apart than this many intervals.
    static let longestFactor = 20

    /// The interval grows once less than twice the reserve is left, and is twenty times as long at the reserve.
    /// - Parameter reservePercent: the share of the day's calls that is left to others.
    static func interval(base: Duration, calls: DailyCalls?, reservePercent: Int) -> Duration {
        base * factor(calls: calls, reservePercent: reservePercent)
    }

    static func factor(calls: DailyCalls?, reservePercent: Int) -> Double {
        guard let calls, calls.limit > 0, reservePercent > 0 else { return 1 }
        let reserve = Double(calls.limit) * Double(reservePercent) / 100
        let spare = Double(calls.limit - calls.used) - reserve
        let longest = Double(longestFactor)
        return min(longest, max(1, reserve / max(spare, reserve / longest)))
    }
}
