/// The requests that are being worked on, one count for all users of a system. One whose client has gone counts until
/// its work has ended.
public struct RequestsInFlight: Sendable {
    /// The most that are let in; nil for no limit.
    public var limit: Int?
    /// How many there are.
    public private(set) var count = 0
    /// The most that there ever were.
    public private(set) var mostAtOnce = 0
    /// How many were turned away.
    public private(set) var refused = 0

    /// Makes an empty pool.
    public init(limit: Int? = nil) { self.limit = limit }

    /// Takes a place; false when there is none left.
    public mutating func enter() -> Bool {
        if let limit, count >= limit {
            refused += 1
            return false
        }
        count += 1
        mostAtOnce = max(mostAtOnce, count)
        return true
    }

    /// Gives a place back.
    public mutating func leave() { count -= 1 }

    /// Forgets the highest count and who was turned away.
    public mutating func forgetHighest() {
        mostAtOnce = count
        refused = 0
    }
}
