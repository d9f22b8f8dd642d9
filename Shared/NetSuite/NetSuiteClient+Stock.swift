/// What a price list is read by.
public struct PriceListQuery: Sendable, Equatable {
    /// Internal id of the price level.
    public var level: Int64
    /// Internal id of the currency; nil where the account's prices do not say theirs.
    public var currencyId: Int64?

    /// Makes a query.
    public init(level: Int64, currencyId: Int64?) {
        self.level = level
        self.currencyId = currencyId
    }
}

extension NetSuiteClient {
    /// The most items of one reading.
    public nonisolated static var largestStockReading: Int { 500 }

    /// Items by internal id: `id`, `itemid`, `isinactive`; one query for up to 500. One that is gone is left out.
    public func stockItems(_ ids: [Int64]) async throws(NetSuiteFailure) -> [SuiteQLRow] {
        guard !ids.isEmpty else { return [] }
        return try await rows(of: Self.itemQuery("id IN (\(Self.list(ids)))"))
    }

    /// The next items of all, in the order of their ids: `id`, `itemid`, `isinactive`.
    public func stockItems(after id: Int64) async throws(NetSuiteFailure) -> (rows: [SuiteQLRow], hasMore: Bool) {
        try await firstPage(of: Self.itemQuery("id > \(id)").statement(after: nil), limit: Self.largestStockReading)
    }

    /// Stock by location of up to 500 items: `item`, `location`, `locationname`, `available`, `onhand`, `backordered`.
    /// Items that have no stock, such as services and kits, have no rows.
    public func stockByLocation(of ids: [Int64]) async throws(NetSuiteFailure) -> [SuiteQLRow] {
        guard !ids.isEmpty else { return [] }
        // NVL, so that a column that is left out is a damaged row and not a quantity of nothing.
        return try await rows(
            of: KeysetQuery(
                select: "SELECT item, location, BUILTIN.DF(location) AS locationname, "
                    + "NVL(quantityavailable, 0) AS available, NVL(quantityonhand, 0) AS onhand, "
                    + "NVL(quantitybackordered, 0) AS backordered FROM aggregateItemLocation",
                condition: "item IN (\(Self.list(ids)))",
                keys: [
                    KeysetQuery.Key(expression: "item", alias: "item"),
                    KeysetQuery.Key(expression: "location", alias: "location"),
                ]))
    }

    /// Prices for one of up to 500 items: `item`, `unitprice`. An item without price has no row.
    public func prices(of ids: [Int64], _ list: PriceListQuery) async throws(NetSuiteFailure) -> [SuiteQLRow] {
        guard !ids.isEmpty else { return [] }
        let currency = list.currencyId.map { " AND currency = \($0)" } ?? ""
        return try await rows(
            of: KeysetQuery(
                select: "SELECT item, unitprice FROM pricing",
                condition: "pricelevel = \(list.level) AND priceqty = 1\(currency) AND item IN (\(Self.list(ids)))",
                keys: [KeysetQuery.Key(expression: "item", alias: "item")]))
    }

    /// The items on the lines of up to 1,000 transactions, each once, in the order of their ids: one query.
    ///
    /// - Throws: `unknown` also where a row does not say its item.
    public func items(onLinesOf transactions: [Int64]) async throws(NetSuiteFailure) -> [Int64] {
        guard !transactions.isEmpty else { return [] }
        let rows = try await rows(
            of: KeysetQuery(
                select: "SELECT DISTINCT item FROM transactionline",
                condition: "transaction IN (\(Self.list(transactions))) AND mainline = 'F' AND item IS NOT NULL",
                keys: [KeysetQuery.Key(expression: "item", alias: "item")]))
        let items = rows.compactMap { $0.wholeNumber("item") }
        guard items.count == rows.count else { throw .unknown("a line of a transaction does not say its item") }
        return items
    }

    /// The account's currencies: `id`, `symbol`, `isbasecurrency`; nil where it has no table of them.
    public func currencies() async throws(NetSuiteFailure) -> [SuiteQLRow]? {
        try await unlessMissing("SELECT id, symbol, isbasecurrency FROM currency ORDER BY id")
    }

    /// Which columns prices have; nil where the account shows no prices at all.
    public func pricesSayTheirCurrency() async throws(NetSuiteFailure) -> Bool? {
        if try await unlessMissing("SELECT currency FROM pricing WHERE rownum <= 1") != nil { return true }
        return try await unlessMissing("SELECT item FROM pricing WHERE rownum <= 1") != nil ? false : nil
    }

    /// Nil where the table or a column does not exist for this role.
    private func unlessMissing(_ statement: String) async throws(NetSuiteFailure) -> [SuiteQLRow]? {
        do {
            return try await suiteQL(statement)
        } catch .refused {
            return nil
        }
    }

    private static func itemQuery(_ condition: String) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT id, itemid, isinactive FROM item", condition: condition,
            keys: [KeysetQuery.Key(expression: "id", alias: "id")])
    }

    private static func list(_ ids: [Int64]) -> String { ids.map(String.init).joined(separator: ", ") }
}
