import JSONText

/// A statement whose rows are read page after page behind the last row's key, so that rows which come or go meanwhile
/// shift no other row past the reader.
struct KeysetQuery: Sendable {
    /// A column of the key: how the statement names it, and under which alias its value comes.
    struct Key: Sendable {
        let expression: String
        let alias: String
    }

    /// From `SELECT` to the last join.
    let select: String
    /// What stands behind `WHERE`.
    let condition: String
    /// The columns of `GROUP BY`, where rows are summed.
    var grouping: String?
    /// Whole numbers that together name a row; the order of the rows.
    let keys: [Key]

    /// The text that reads the rows behind a key, or from the first one.
    func statement(after key: [Int64]?) -> String {
        var text = "\(select) WHERE \(condition)"
        if let key { text += " AND (\(Self.isBehind(key, keys[...]))" + ")" }
        if let grouping { text += " GROUP BY \(grouping)" }
        return text + " ORDER BY " + keys.map(\.expression).joined(separator: ", ")
    }

    private static func isBehind(_ values: [Int64], _ keys: ArraySlice<Key>) -> String {
        guard let key = keys.first, let value = values.first else { return "" }
        let later = "\(key.expression) > \(value)"
        guard keys.count > 1 else { return later }
        let rest = isBehind(Array(values.dropFirst()), keys.dropFirst())
        return "\(later) OR (\(key.expression) = \(value) AND (\(rest)))"
    }

    /// The key of a row; nil where a part of it cannot be read.
    func key(of row: SuiteQLRow) -> [Int64]? {
        let values = keys.compactMap { row.wholeNumber($0.alias) }
        return values.count == keys.count ? values : nil
    }
}

extension SuiteQLRow {
    /// A column that is a whole number, as text or number.
    public func wholeNumber(_ column: String) -> Int64? { columns[column]?.textOrDigits.flatMap { Int64($0) } }
}

extension NetSuiteClient {
    /// All rows of a query, each page asked for behind the last row of the one before.
    ///
    /// - Throws: `unknown` where a page is cut, its rows are not in the order that was asked for, or a full page ends with
    ///   a row whose key cannot be read.
    func rows(
        of query: KeysetQuery, maximumRows: Int = 500_000
    ) async throws(NetSuiteFailure) -> [SuiteQLRow] {
        var rows: [SuiteQLRow] = []
        var last: [Int64]?
        while true {
            let page = try await firstPage(of: query.statement(after: last))
            for row in page.rows {
                guard let key = query.key(of: row) else { continue }
                if let last, key.lexicographicallyPrecedes(last) {
                    throw .unknown("the rows of a page are not in the order that was asked for")
                }
                last = key
            }
            rows += page.rows
            guard page.hasMore else { return rows }
            guard let end = page.rows.last, query.key(of: end) != nil else {
                throw .unknown("a page ends with a row that cannot be read, and there are more")
            }
            guard rows.count < maximumRows else { throw .unknown("the answer has more rows than are read here") }
        }
    }
}
