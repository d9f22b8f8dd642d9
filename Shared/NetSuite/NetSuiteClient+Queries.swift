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

    /// A row of these columns.
    public init(columns: JSONObject) {
        self.columns = columns
    }

    /// A column as text, a number by its digits.
    public func text(_ column: String) -> String? { columns[column]?.textOrDigits }
    /// A column as an exact decimal.
    public func decimal(_ column: String) -> ExactDecimal? { columns[column]?.decimal }
    /// A column of `T` or `F`.
    public func flag(_ column: String) -> Bool? { columns[column]?.flag }
}

/// One page of an answer, whole or refused: a row that is silently lost would be an item that is not there.
private struct SuiteQLPage {
    let rows: [SuiteQLRow]
    let hasMore: Bool
    /// How many rows all pages have, where the answer says it.
    let total: Int64?

    init(_ body: JSONValue) throws(NetSuiteFailure) {
        guard let items = body["items"]?.array, let hasMore = body["hasMore"]?.bool else {
            throw .unknown("the answer holds no rows, or does not say whether there are more")
        }
        rows = items.compactMap(\.object).map(SuiteQLRow.init)
        guard rows.count == items.count else { throw .unknown("a row of the answer is no row") }
        guard rows.count <= NetSuiteClient.largestPage else {
            throw .unknown("the page has more rows than were asked for")
        }
        guard !hasMore || !items.isEmpty else { throw .unknown("the answer has more rows and shows none") }
        if let count = body["count"]?.int64, count != items.count {
            throw .unknown("the answer shows \(items.count) of a page's \(count) rows")
        }
        self.hasMore = hasMore
        total = body["totalResults"]?.int64
    }
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
    public nonisolated static var largestPage: Int { 1_000 }
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
            let page = try SuiteQLPage(try await perform(query(statement, offset: rows.count)).body)
            rows += page.rows
            guard page.hasMore else {
                guard page.total.map({ $0 == rows.count }) ?? true else {
                    throw .unknown("the answer shows \(rows.count) of its rows")
                }
                return rows
            }
            guard rows.count < maximumRows, page.rows.count == Self.largestPage else {
                throw .unknown("the answer has more rows than are read here")
            }
        }
    }

    /// Runs a statement once: its first page, up to `limit` rows, and whether there are more; go on behind the last row.
    func firstPage(
        of statement: String, limit: Int = largestPage
    ) async throws(NetSuiteFailure) -> (rows: [SuiteQLRow], hasMore: Bool) {
        let page = try SuiteQLPage(try await perform(query(statement, offset: 0, limit: limit)).body)
        if page.hasMore {
            guard page.rows.count == limit else {
                throw .unknown("the page has \(page.rows.count) rows, and there are more")
            }
        } else {
            guard page.rows.count <= limit, page.total.map({ $0 == page.rows.count }) ?? true else {
                throw .unknown("the answer shows \(page.rows.count) of its rows")
            }
        }
        return (page.rows, page.hasMore)
    }

    /// Looks up items by their names or numbers, all in one query for up to 500.
    ///
    /// - Returns: what was found, by the SKU as it was asked for; a missing one is left out.
    public func items(bySKU skus: [String]) async throws(NetSuiteFailure) -> [String: ItemReference] {
        let wanted = Array(Set(skus)).sorted()
        var found: [String: ItemReference] = [:]
        for start in stride(from: 0, to: wanted.count, by: 500) {
            let part = Array(wanted[start..<min(start + 500, wanted.count)])
            var answer = try await items(part)
            // Rows that nobody asked for beside a missing item: asked again, and then believed.
            if answer.hasOthers, answer.found.count < part.count { answer = try await items(part) }
            found.merge(answer.found) { first, _ in first }
        }
        return found
    }

    private func items(
        _ skus: [String]
    ) async throws(NetSuiteFailure) -> (found: [String: ItemReference], hasOthers: Bool) {
        let rows = try await suiteQL(
            "SELECT id, itemid, isinactive FROM item WHERE itemid IN (\(SuiteQL.list(skus))) ORDER BY id")
        var found: [String: ItemReference] = [:]
        var hasOthers = false
        for row in rows {
            guard let id = row.columns["id"]?.internalId, let itemId = row.text("itemid") else {
                throw .unknown("an item's row has no id")
            }
            let item = ItemReference(id: id, itemId: itemId, isInactive: row.flag("isinactive") ?? false)
            let named = skus.filter { $0 == itemId || (found[$0] == nil && $0.lowercased() == itemId.lowercased()) }
            hasOthers = hasOthers || named.isEmpty
            for sku in named { found[sku] = item }
        }
        return (found, hasOthers)
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
            guard let id = row.text("id"), let tranId = row.columns["tranid"]?.shownText,
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

    private func query(_ statement: String, offset: Int, limit: Int = largestPage) -> NetSuiteRequest {
        let body: JSONValue = ["q": .string(statement)]
        return NetSuiteRequest(
            operation: .query, method: "POST",
            path: "/services/rest/query/v1/suiteql?limit=\(limit)&offset=\(offset)",
            headers: [("Content-Type", "application/json"), ("Prefer", "transient")], body: body.bytes())
    }
}
