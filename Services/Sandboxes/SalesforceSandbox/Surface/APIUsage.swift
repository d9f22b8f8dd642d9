/// Counts API calls over a rolling day, in buckets of a minute.
struct APIUsage: Sendable {
    /// Calls that any 24 hours allow.
    var limit: Int
    private var buckets: [(minute: Int64, calls: Int)] = []

    init(limit: Int) {
        self.limit = limit
    }

    /// Counts one call; false, and nothing counted, where the day's calls are used up.
    mutating func count(at seconds: Int64) -> Bool {
        forget(before: seconds)
        guard used < limit else { return false }
        let minute = seconds / 60
        if let last = buckets.last, last.minute == minute {
            buckets[buckets.count - 1].calls += 1
        } else {
            buckets.append((minute, 1))
        }
        return true
    }

    /// Calls of the last 24 hours.
    mutating func used(at seconds: Int64) -> Int {
        forget(before: seconds)
        return used
    }

    /// Pretends that so many calls were made now.
    mutating func set(used: Int, at seconds: Int64) {
        buckets = [(seconds / 60, used)]
    }

    private var used: Int { buckets.reduce(0) { $0 + $1.calls } }

    private mutating func forget(before seconds: Int64) {
        let oldest = seconds / 60 - 24 * 60
        if let first = buckets.first, first.minute <= oldest { buckets.removeAll { $0.minute <= oldest } }
    }
}
