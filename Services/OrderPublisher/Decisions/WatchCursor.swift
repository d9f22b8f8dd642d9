import Contracts

/// How far one object has been read: stamps have one second, so the id decides among equals.
struct WatchCursor: Sendable, Hashable, Comparable {
    /// `SystemModstamp` of the last row.
    let stamp: UTCInstant
    /// Id of the last row; empty before all of that second.
    let id: String

    init(stamp: UTCInstant, id: String = "") {
        self.stamp = stamp
        self.id = id
    }

    /// As it is stored: stamp, a blank, id.
    var text: String { "\(stamp.text) \(id)" }

    /// Reads ``text``; nil for anything else.
    init?(text: String) {
        let parts = text.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, let stamp = try? UTCInstant(String(parts[0])) else { return nil }
        self.init(stamp: stamp, id: String(parts[1]))
    }

    /// Where a poll begins: rows may appear behind the cursor, since a stamp is taken before its commit.
    func back(by overlap: Duration) -> WatchCursor {
        WatchCursor(
            stamp: UTCInstant(millisecondsSinceEpoch: stamp.millisecondsSinceEpoch - overlap.components.seconds * 1000))
    }

    /// SOQL that selects what lies after it.
    var condition: String {
        let time = stamp.soqlText
        if id.isEmpty { return "SystemModstamp >= \(time)" }
        return "(SystemModstamp > \(time) OR (SystemModstamp = \(time) AND Id > '\(id)'))"
    }

    static func < (left: WatchCursor, right: WatchCursor) -> Bool {
        left.stamp != right.stamp
            ? left.stamp < right.stamp : left.id.utf8.lexicographicallyPrecedes(right.id.utf8)
    }
}

/// The rows of the overlap window that were dealt with, so that reading them again costs nothing more.
struct SeenRows: Sendable {
    private var stamps: [String: UTCInstant] = [:]

    /// Whether the row was dealt with in this very state.
    func contains(id: String, stamp: UTCInstant) -> Bool { stamps[id] == stamp }

    /// Notes a row as dealt with.
    mutating func insert(id: String, stamp: UTCInstant) { stamps[id] = stamp }

    /// Forgets what no poll will read again.
    mutating func forget(before limit: UTCInstant) {
        stamps = stamps.filter { $0.value >= limit }
    }
}
