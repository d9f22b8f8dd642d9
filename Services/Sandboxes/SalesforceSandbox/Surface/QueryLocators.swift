import JSONText

/// Results of queries that do not fit on one page.
struct QueryLocators: Sendable {
    private struct Cursor: Sendable {
        let rows: [(json: JSONValue, weight: Int)]
        let total: Int
        /// How many rows stood before the first one kept here.
        let first: Int
        var lastUse: Int64
    }

    /// One page: what it holds, and where the next one begins.
    struct Page: Sendable {
        let rows: [JSONValue]
        let total: Int
        /// The locator of the next page, nil at the end.
        let next: String?
    }

    private var cursors: [String: Cursor] = [:]
    private var count = 0

    /// Keeps the rows from position `first` on, and returns the locator of the first of them.
    mutating func keep(_ rows: [(json: JSONValue, weight: Int)], total: Int, first: Int, at seconds: Int64) -> String {
        count += 1
        let id = RecordId.make(prefix: "01g", number: 11_230_000 + count * 37)
        cursors[id] = Cursor(rows: rows, total: total, first: first, lastUse: seconds)
        return "\(id)-\(first)"
    }

    /// The page at a locator; nil where the cursor is gone.
    mutating func page(_ locator: String, size: Int, at seconds: Int64, idleLimit: Int64) -> Page? {
        cursors = cursors.filter { seconds - $0.value.lastUse < idleLimit }
        let parts = locator.split(separator: "-")
        guard parts.count == 2, case .id(let id) = RecordId.read(String(parts[0])), let offset = Int(parts[1]),
            var cursor = cursors[id], offset >= cursor.first, offset - cursor.first <= cursor.rows.count
        else { return nil }
        cursor.lastUse = seconds
        cursors[id] = cursor
        let rest = cursor.rows.dropFirst(offset - cursor.first)
        let shown = Self.fitting(rest, size)
        let end = offset + shown
        return Page(
            rows: rest.prefix(shown).map(\.json), total: cursor.total,
            next: end - cursor.first < cursor.rows.count ? "\(id)-\(end)" : nil)
    }

    /// How many of the rows fit on a page; nested rows count, and one row always fits.
    static func fitting(_ rows: some Collection<(json: JSONValue, weight: Int)>, _ size: Int) -> Int {
        var weight = 0
        var shown = 0
        for row in rows {
            weight += row.weight
            guard shown == 0 || weight <= size else { break }
            shown += 1
        }
        return shown
    }

    /// Loses all cursors, as Salesforce may at any time.
    mutating func loseAll() {
        cursors = [:]
    }
}
