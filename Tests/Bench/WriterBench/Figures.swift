import Glibc
import JSONText

/// The machine's monotonic clock in nanoseconds, as Python's `time.monotonic_ns()` has it.
func monotonicNanoseconds() -> Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
}

/// What was seen at NetSuite's door since the run began.
struct Figures {
    /// All requests but those to the control.
    var requests = 0
    var tokens = 0
    /// Tests of a token, which are `OPTIONS`.
    var tokenTests = 0
    /// Created ones.
    var customers = 0
    var orders = 0
    var readBacks = 0
    var itemQueries = 0
    var otherQueries = 0
    var gets = 0
    /// Answered with 429.
    var refused = 0
    /// Creates of orders that were there already.
    var doubled = 0
    var doubledCustomers = 0
    /// Requests that nothing here answers, and orders that name nothing.
    var unexpectedCount = 0
    private(set) var unexpected: [String] = []
    /// Requests at a time, refused ones included.
    var atOnceMost = 0
    /// When the first order's request was there, and when the last one's answer left.
    var firstOrderAt: Int64 = 0
    var lastOrderAt: Int64 = 0
    /// How long requests were kept, in all, and how many.
    var keptNanoseconds: Int64 = 0
    var kept: Int64 = 0
    /// From an order's hand-over to Kafka to its request.
    var added = Latencies()

    private static let shownUnexpected = 8

    /// Counts a request by method, path and a word; never by what it carries.
    mutating func noteUnexpected(_ words: String) {
        unexpectedCount += 1
        if unexpected.count < Self.shownUnexpected, !unexpected.contains(words) { unexpected.append(words) }
    }
}
