/// The account's pool of requests in flight, one for all its users.
struct RequestPool: Sendable {
    /// The account's concurrency limit.
    var limit: Int
    private(set) var inFlight = 0
    private(set) var mostAtOnce = 0
    private(set) var refused = 0

    init(limit: Int) { self.limit = limit }

    /// Takes a place; false when the account has none left.
    mutating func enter() -> Bool {
        guard inFlight < limit else {
            refused += 1
            return false
        }
        inFlight += 1
        mostAtOnce = max(mostAtOnce, inFlight)
        return true
    }

    mutating func leave() { inFlight -= 1 }

    mutating func forgetHighest() {
        mostAtOnce = inFlight
        refused = 0
    }
}
