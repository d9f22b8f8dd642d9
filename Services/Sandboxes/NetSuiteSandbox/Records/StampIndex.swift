/// Ids in the order of their stamps, so that what changed in a span of time is found without looking at the rest.
struct StampIndex: Sendable {
    private struct Entry {
        let seconds: Int64
        let id: String
    }

    private var entries: [Entry] = []

    /// Puts an id at its new stamp, and takes it away from the old one.
    mutating func move(_ id: String, from old: Stamp?, to new: Stamp?) {
        if old?.seconds == new?.seconds { return }
        if let old {
            var position = first(from: old.seconds)
            while position < entries.count, entries[position].id != id { position += 1 }
            if position < entries.count { entries.remove(at: position) }
        }
        if let new {
            // Mostly the newest: behind all others of its second.
            entries.insert(Entry(seconds: new.seconds, id: id), at: first(from: new.seconds + 1))
        }
    }

    /// Ids with a stamp in this span of seconds since 1970-01-01 UTC, the oldest first.
    func ids(within span: ClosedRange<Int64>) -> [String] {
        let start = first(from: span.lowerBound)
        let end = span.upperBound == Int64.max ? entries.count : first(from: span.upperBound + 1)
        return start < end ? entries[start..<end].map(\.id) : []
    }

    private func first(from seconds: Int64) -> Int {
        var (low, high) = (0, entries.count)
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].seconds < seconds { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
