/// Times by how often they occurred: recording one, and asking for a share, take constant work.
///
/// Buckets of 10 µs up to a second and of 10 ms above; what a share says is its bucket's upper end, never less than it was.
struct Latencies {
    private static let fine = 100_000
    private static let coarse = 100_000

    private var buckets = [UInt32](repeating: 0, count: fine + coarse)
    private(set) var count = 0
    private(set) var most = 0

    mutating func record(microseconds: Int) {
        let value = max(0, microseconds)
        count += 1
        most = max(most, value)
        buckets[Self.bucket(of: value)] += 1
    }

    /// So long or less took this share of all; nil where nothing was recorded.
    func microseconds(ofShare share: Double) -> Int? {
        guard count > 0 else { return nil }
        let wanted = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (index, bucket) in buckets.enumerated() where bucket > 0 {
            seen += Int(bucket)
            if seen >= wanted { return min(most, Self.end(of: index)) }
        }
        return most
    }

    private static func bucket(of value: Int) -> Int {
        value < 1_000_000 ? value / 10 : fine + min((value - 1_000_000) / 10_000, coarse - 1)
    }

    private static func end(of index: Int) -> Int {
        if index < fine { return index * 10 + 9 }
        return index == fine + coarse - 1 ? .max : 1_000_000 + (index - fine) * 10_000 + 9_999
    }
}
