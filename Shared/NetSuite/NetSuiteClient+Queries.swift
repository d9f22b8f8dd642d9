public import Contracts
import EventLoop
public import JSONText

/// Text of SuiteQL statements.
public enum SuiteQL {
    /// A text literal: in single quotes, those within doubled.
    public static func literal(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }

    /// A list of text literals for `IN (…)`.
    public static func list(_ texts: some Sequence<String>) -> String {
        texts.map(literal).joined(separator: ", ")
    }
}

/// One row of a SuiteQL answer. Values come as text or numbers; a null column is left out or `null`.
public struct SuiteQLRow: Sendable, Equatable {
    /// The columns by their lower-case names or aliases.
    public let columns: JSONObject

    /// A column as text, a number by its digits.
    public func text(_ column: String) -> String? { columns[column]?.textOrDigits }
    /// A column as an exact decimal.
    public func decimal(_ column: String) -> ExactDecimal? { columns[column]?.decimal }
    /// A column of `T` or `F`.
    public func flag(_ column: String) -> Bool? { columns[column]?.flag }
}

/// An item that an order line can name.
public struct ItemReference: Sendable, Hashable {
    /// Internal id.
    public let id: String
    /// The item's name or number.
    public let itemId: String
    /// Whether it must not be sold any more.
    public let isInactive: Bool

    /// Makes a reference.
    public init(id: String, itemId: String, isInactive: Bool) {
        self.id = id
        self.itemId = itemId
        self.isInactive = isInactive
    }
}

/// What a query shows of a sales order that was just written.
public struct SalesOrderSummary: Sendable, Equatable {
    /// Internal id.
    public let id: String
    /// The number that people see.
    public let tranId: String
    /// Status letter, A to H.
    public let status: String
    /// Total in the order's currency.
    public let total: ExactDecimal?
    /// Internal id of the currency.
    public let currencyId: String?
    /// Internal id of the customer.
    public let customerId: String?

    /// Makes a summary.
    public init(
        id: String, tranId: String, status: String, total: ExactDecimal?, currencyId: String?, customerId: String?
    ) {
        self.id = id
        self.tranId = tranId
        self.status = status
        self.total = total
        self.currencyId = currencyId
        self.customerId = customerId
    }
}

extension NetSuiteClient {
    /// The most rows of one page, and the most ids of one read-back.
    public static var largestPage: Int { 1_000 }
    /// The most orders of one ``readBack(_:)``.
    public static var largestReadBack: Int { 200 }

    /// Runs a statement and gives all its rows, page after page; give it an `ORDER BY` on a unique column where it can
    /// have more than a page.
    ///
    /// - Throws: `unknown` where there are more than `maximumRows`.
    public func suiteQL(
        _ statement: String, maximumRows: Int = 10_000
    ) async throws(NetSuiteFailure) -> [SuiteQLRow] {
        var rows: [SuiteQLRow] = []
        while true {
            let answer = try await perform(query(statement, offset: rows.count))
            guard let items = answer.body["items"]?.array else { throw .unknown("the answer holds no rows") }
            rows += items.compactMap(\.object).map(SuiteQLRow.init)
            guard answer.body["hasMore"]?.bool == true, !items.isEmpty else { return rows }
            guard rows.count < maximumRows, items.count == Self.largestPage else {
                throw .unknown("the answer has more rows than are read here")
            }
        }
    }

    /// Looks up items by their names or numbers, all in one query for up to 500.
    ///
    /// - Returns: what was found, by the SKU as it was asked for; a missing one is left out.
    public func items(bySKU skus: [String]) async throws(NetSuiteFailure) -> [String: ItemReference] {
        let wanted = Array(Set(skus)).sorted()
        var found: [String: ItemReference] = [:]
        for start in stride(from: 0, to: wanted.count, by: 500) {
            let part = wanted[start..<min(start + 500, wanted.count)]
            let rows = try await suiteQL(
                "SELECT id, itemid, isinactive FROM item WHERE itemid IN (\(SuiteQL.list(part))) ORDER BY id")
            for row in rows {
                guard let id = row.text("id"), let itemId = row.text("itemid") else {
                    throw .unknown("an item's row has no id")
                }
                let item = ItemReference(id: id, itemId: itemId, isInactive: row.flag("isinactive") ?? false)
                for sku in part where sku == itemId || (found[sku] == nil && sku.lowercased() == itemId.lowercased()) {
                    found[sku] = item
                }
            }
        }
        return found
    }

    /// Reads number, state and total of up to 200 sales orders by internal id, in one query.
    ///
    /// - Returns: what the query shows; an order that it does not show yet is left out.
    public func readBack(_ internalIds: [String]) async throws(NetSuiteFailure) -> [String: SalesOrderSummary] {
        guard !internalIds.isEmpty else { return [:] }
        guard internalIds.count <= Self.largestReadBack else {
            throw .notSent("at most \(Self.largestReadBack) orders are read back at a time")
        }
        var list: [String] = []
        for id in internalIds { list.append(try RecordKey.internalId(id).segment()) }
        let rows = try await suiteQL(
            "SELECT id, tranid, status, foreigntotal, currency, entity FROM transaction "
                + "WHERE type = 'SalesOrd' AND id IN (\(list.joined(separator: ", "))) ORDER BY id")
        var summaries: [String: SalesOrderSummary] = [:]
        for row in rows {
            guard let id = row.text("id"), let tranId = row.text("tranid"),
                let status = row.columns["status"]?.statusLetter
            else { continue }
            summaries[id] = SalesOrderSummary(
                id: id, tranId: tranId, status: status, total: row.decimal("foreigntotal"),
                currencyId: row.text("currency"), customerId: row.text("entity"))
        }
        return summaries
    }

    /// Names Crossdock's custom fields that this account lacks or the role does not see.
    public func missingCustomFields() async throws(NetSuiteFailure) -> [String] {
        var missing: [String] = []
        for (table, column) in [
            ("transaction", CustomField.salesOrderVersion), ("transactionline", CustomField.salesOrderLineId),
        ] {
            do {
                _ = try await suiteQL("SELECT \(column) FROM \(table) WHERE rownum <= 1")
            } catch .refused(let refusal) where refusal.code == "INVALID_PARAMETER" {
                missing.append(column)
            }
        }
        return missing
    }

    private func query(_ statement: String, offset: Int) -> NetSuiteRequest {
        let body: JSONValue = ["q": .string(statement)]
        return NetSuiteRequest(
            operation: .query, method: "POST",
            path: "/services/rest/query/v1/suiteql?limit=\(Self.largestPage)&offset=\(offset)",
            headers: [("Content-Type", "application/json"), ("Prefer", "transient")], body: body.bytes())
    }
}
