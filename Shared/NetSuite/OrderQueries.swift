import Contracts

/// The statements that read sales orders with everything that belongs to them. Each reads many orders at once.
///
/// Documents are found over the link tables (orders have no column for them, documents no `createdfrom`); a link row
/// stands for one line, and a fulfilment can have two for the same one, `PickPack` and `ShipRcpt`, hence `DISTINCT`.
enum OrderQueries {
    /// The most ids of one `IN` list.
    static let longestList = 1_000

    private static func list(_ ids: some Sequence<Int64>) -> String {
        ids.map(String.init).joined(separator: ", ")
    }

    private static func date(_ column: String) -> String { "TO_CHAR(\(column), 'YYYY-MM-DD')" }

    /// Number, state and total.
    static func orders(_ ids: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT t.id, t.tranid, t.status, t.externalid, t.currency, t.foreigntotal FROM transaction t",
            condition: "t.type = 'SalesOrd' AND t.id IN (\(list(ids)))",
            keys: [.init(expression: "t.id", alias: "id")])
    }

    /// The lines, without header and tax.
    static func lines(_ ids: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select:
                "SELECT tl.transaction, tl.id, tl.\(CustomField.salesOrderLineId) AS mark, tl.itemtype, tl.quantity, "
                + "tl.quantityshiprecv, tl.quantitybilled, tl.isclosed FROM transactionline tl",
            condition: "tl.transaction IN (\(list(ids))) AND tl.mainline = 'F' AND tl.taxline = 'F'",
            keys: [
                .init(expression: "tl.transaction", alias: "transaction"), .init(expression: "tl.id", alias: "id"),
            ])
    }

    private static let documentLinks = "'PickPack', 'ShipRcpt', 'OrdBill', 'SaleRet'"
    private static let documentTypes = "'ItemShip', 'CustInvc', 'CashSale', 'RtnAuth'"

    /// Fulfilments, invoices, cash sales and returns of orders.
    static func documents(_ ids: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT DISTINCT l.previousdoc, d.id, d.type, d.tranid, d.status, d.voided, "
                + "\(date("d.trandate")) AS trandate, BUILTIN.DF(d.shipcarrier) AS carrier, d.foreigntotal, "
                + "d.foreignamountpaid, d.foreignamountunpaid "
                + "FROM NextTransactionLineLink l JOIN transaction d ON d.id = l.nextdoc",
            condition: "l.previousdoc IN (\(list(ids))) AND l.linktype IN (\(documentLinks)) "
                + "AND d.type IN (\(documentTypes))",
            keys: [
                .init(expression: "l.previousdoc", alias: "previousdoc"), .init(expression: "d.id", alias: "id"),
            ])
    }

    /// How much of each line of the orders their fulfilments and invoices hold; a cost line beside each does not count.
    static func documentLines(_ ids: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT DISTINCT l.previousdoc, l.nextdoc, l.previousline, l.nextline, dl.quantity "
                + "FROM NextTransactionLineLink l "
                + "JOIN transactionline dl ON dl.transaction = l.nextdoc AND dl.id = l.nextline",
            condition: "l.previousdoc IN (\(list(ids))) AND l.linktype IN ('PickPack', 'ShipRcpt', 'OrdBill') "
                + "AND dl.iscogs = 'F'",
            keys: ["previousdoc", "nextdoc", "previousline", "nextline"].map {
                .init(expression: "l.\($0)", alias: $0)
            })
    }

    /// Tracking numbers of fulfilments.
    static func trackingNumbers(_ fulfilments: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT DISTINCT m.transaction, tn.id, tn.trackingnumber FROM TrackingNumberMap m "
                + "JOIN TrackingNumber tn ON tn.id = m.trackingnumber",
            condition: "m.transaction IN (\(list(fulfilments)))",
            keys: [.init(expression: "m.transaction", alias: "transaction"), .init(expression: "tn.id", alias: "id")])
    }

    /// What was applied to invoices, and returns that were made from them.
    static func applied(_ invoices: [Int64]) -> KeysetQuery {
        let columns = "p.id, p.type, p.tranid, p.status, p.voided, p.foreigntotal"
        return KeysetQuery(
            select: "SELECT l.previousdoc, \(columns), \(date("p.trandate")) AS trandate, "
                + "SUM(l.foreignamount) AS applied "
                + "FROM NextTransactionLineLink l JOIN transaction p ON p.id = l.nextdoc",
            condition: "l.previousdoc IN (\(list(invoices))) AND l.linktype IN ('Payment', 'SaleRet') "
                + "AND p.type IN ('CustPymt', 'CustCred', 'DepAppl', 'RtnAuth')",
            grouping: "l.previousdoc, \(columns), \(date("p.trandate"))",
            keys: [
                .init(expression: "l.previousdoc", alias: "previousdoc"), .init(expression: "p.id", alias: "id"),
            ])
    }

    /// Credit memos that were made from orders, invoices or returns.
    static func creditMemos(from sources: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT DISTINCT cl.createdfrom, c.id, c.tranid, c.status, c.voided, "
                + "\(date("c.trandate")) AS trandate, c.foreigntotal "
                + "FROM transactionline cl JOIN transaction c ON c.id = cl.transaction",
            condition: "cl.createdfrom IN (\(list(sources))) AND c.type = 'CustCred'",
            keys: [
                .init(expression: "cl.createdfrom", alias: "createdfrom"), .init(expression: "c.id", alias: "id"),
            ])
    }

    // MARK: From a document to its order

    /// What documents were made from, or applied to: orders, invoices, returns.
    static func parents(of documents: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT DISTINCT l.nextdoc, o.id, o.type FROM NextTransactionLineLink l "
                + "JOIN transaction o ON o.id = l.previousdoc",
            condition: "l.nextdoc IN (\(list(documents))) AND l.linktype IN (\(documentLinks), 'Payment')",
            keys: [.init(expression: "l.nextdoc", alias: "nextdoc"), .init(expression: "o.id", alias: "id")])
    }

    /// What credit memos were made from: orders, invoices or returns.
    static func sources(ofCreditMemos memos: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT DISTINCT cl.transaction, o.id, o.type FROM transactionline cl "
                + "JOIN transaction o ON o.id = cl.createdfrom",
            condition: "cl.transaction IN (\(list(memos)))",
            keys: [.init(expression: "cl.transaction", alias: "transaction"), .init(expression: "o.id", alias: "id")])
    }

    /// External ids of orders that the ledger does not know.
    static func externalIds(_ orders: [Int64]) -> KeysetQuery {
        KeysetQuery(
            select: "SELECT t.id, t.externalid FROM transaction t",
            condition: "t.id IN (\(list(orders))) AND t.type = 'SalesOrd'",
            keys: [.init(expression: "t.id", alias: "id")])
    }
}
