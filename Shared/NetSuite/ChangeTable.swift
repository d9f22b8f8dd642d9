public import Contracts

/// A table of SuiteQL whose rows say when they were changed.
public struct ChangeTable: Sendable, Equatable {
    /// What its rows are, in words for logs, health and metrics.
    public let name: String
    let table: String
    let id: String
    let stamp: String
    let columns: [String]
    let condition: String?
    /// Whether there is one row of an id and a stamp; where not, rows of a page's last id come again with the next page.
    let hasUniqueIds: Bool

    /// - Parameters:
    ///   - name: what its rows are, in the plural: `transactions`.
    ///   - id: the column of the record's internal id.
    ///   - stamp: the column of the time of the last change.
    ///   - columns: what else is read of a row, by plain column names.
    ///   - condition: narrows the rows; a part of the statement, so without data.
    public init(
        name: String, table: String, id: String = "id", stamp: String = "lastmodifieddate", columns: [String] = [],
        condition: String? = nil, hasUniqueIds: Bool = true
    ) {
        self.name = name
        self.table = table
        self.id = id
        self.stamp = stamp
        self.columns = columns
        self.condition = condition
        self.hasUniqueIds = hasUniqueIds
    }

    /// Transactions of these types (`SalesOrd`, `ItemShip`, …); rows have `type`.
    public static func transactions(ofTypes types: [String]) -> ChangeTable {
        ChangeTable(
            name: "transactions", table: "transaction", columns: ["type"],
            condition: "type IN (\(SuiteQL.list(types)))")
    }

    /// Records that were deleted; rows have `type` and `name`. One id may occur with several types.
    public static let deletedRecords = ChangeTable(
        name: "deleted records", table: "deletedRecord", id: "recordid", stamp: "deleteddate",
        columns: ["type", "name"], hasUniqueIds: false)

    /// Items: their name, price and activity.
    public static let items = ChangeTable(name: "items", table: "item")

    /// The stock of items by location: one row for each location, so an item may come several times with one stamp.
    public static let stock = ChangeTable(
        name: "stock", table: "aggregateItemLocation", id: "item", stamp: "lastquantityavailablechange",
        hasUniqueIds: false)

    private static let mask = "'YYYY-MM-DD HH24:MI:SS'"

    /// The statement of one page.
    func statement(from position: ScanPosition) -> String {
        let selected = ["\(id) AS id", "TO_CHAR(\(stamp), \(Self.mask)) AS stamp"] + columns
        let literal = "TO_TIMESTAMP('\(position.stamp.text)', \(Self.mask))"
        var conditions = condition.map { [$0] } ?? []
        conditions.append("\(stamp) >= \(literal)")
        if let last = position.id {
            let sign = hasUniqueIds ? ">" : ">="
            conditions.append("(\(stamp) > \(literal) OR (\(stamp) = \(literal) AND \(id) \(sign) \(last)))")
        }
        return "SELECT \(selected.joined(separator: ", ")) FROM \(table) WHERE \(conditions.joined(separator: " AND "))"
            + " ORDER BY \(stamp), \(id)"
    }
}

/// Where a page begins: at a stamp, or behind a row.
struct ScanPosition: Sendable, Equatable {
    var stamp: LocalTime
    /// Internal id of the last row read at this stamp.
    var id: Int64?
}

/// A row that was changed.
public struct NetSuiteChange: Sendable, Equatable {
    /// Internal id.
    public let id: Int64
    /// When it was changed last, as NetSuite's clock on the wall showed it; nil where the row's stamp cannot be read.
    public let stamp: LocalTime?
    /// All columns that were read.
    public let row: SuiteQLRow

    /// Makes a change.
    public init(id: Int64, stamp: LocalTime?, row: SuiteQLRow) {
        self.id = id
        self.stamp = stamp
        self.row = row
    }
}
