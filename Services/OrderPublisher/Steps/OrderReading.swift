import Contracts
import EventLoop
import JSONText
import Salesforce

/// What the publisher asks of Salesforce; tests have one of their own.
@Loop
protocol OrderSource: AnyObject, Sendable {
    var usage: APIUsage? { get }
    var serverTime: UTCInstant? { get }
    func presentTime() async throws(SalesforceFailure) -> UTCInstant
    func organizationId() async throws(SalesforceFailure) -> SalesforceId
    /// The fields that this user may see; none where the object is hidden.
    func fieldNames(of object: String) async throws(SalesforceFailure) -> Set<String>
    /// How many records a query without columns (`SELECT COUNT()`) finds.
    func count(_ soql: SOQL) async throws(SalesforceFailure) -> Int
    func records(_ soql: SOQL) async throws(SalesforceFailure) -> [JSONObject]
}

extension SalesforceClient: OrderSource {
    func fieldNames(of object: String) async throws(SalesforceFailure) -> Set<String> {
        Set(try await describe(object).map { Array($0.fields.keys) } ?? [])
    }

    func count(_ soql: SOQL) async throws(SalesforceFailure) -> Int { try await query(soql).totalSize }
}

/// What the org is like: found out once a term of leadership.
struct OrganizationFacts: Sendable {
    let fields: OrderFields
    let building: SnapshotBuilding

    /// - Parameter currency: what orders are in when neither they nor the org say it.
    @Loop
    static func read(
        from source: any OrderSource, custom: OrderFields.Custom, skuSource: OrderFields.SKUSource, currency: String?
    ) async throws -> OrganizationFacts {
        let described = OrderFields.Described(
            order: try await source.fieldNames(of: "Order"), line: try await source.fieldNames(of: "OrderItem"),
            account: try await source.fieldNames(of: "Account"),
            product: try await source.fieldNames(of: "Product2"))
        let fields = try OrderFields(described: described, custom: custom, skuSource: skuSource)
        var organizationCurrency = currency
        if organizationCurrency == nil, !fields.isMultiCurrency {
            organizationCurrency =
                try await source.records("SELECT DefaultCurrencyIsoCode FROM Organization")
                .first?["DefaultCurrencyIsoCode"]?.string
        }
        return OrganizationFacts(
            fields: fields,
            building: SnapshotBuilding(
                fields: fields, organizationId: try await source.organizationId(),
                organizationCurrency: organizationCurrency ?? ""))
    }
}

/// Reads whole orders, many a call.
@Loop
struct OrderReading {
    /// Ids in one list: well below the 16 KiB that an address may have, fields included.
    nonisolated static let chunkSize = 200

    let source: any OrderSource
    let fields: OrderFields

    /// The orders with these ids that are there; only active ones with their lines.
    ///
    /// Lines are asked for by themselves: nested in the order's answer a large order's would be cut to a page.
    func orders(_ ids: [SalesforceId]) async throws(SalesforceFailure) -> [OrderRecords] {
        let orders = try await source.records(
            "SELECT \(unsafe: fields.order.joined(separator: ", ")) FROM Order WHERE Id IN \(ids)")
        let active = orders.filter { OrderRecords(order: $0, lines: []).isActivated }
            .compactMap { $0["Id"]?.string.flatMap { try? SalesforceId($0) } }
        var lines: [String: [JSONObject]] = [:]
        if !active.isEmpty {
            let records = try await source.records(
                """
                SELECT \(unsafe: fields.line.joined(separator: ", ")) FROM OrderItem WHERE OrderId IN \(active) \
                ORDER BY OrderId, Id
                """)
            lines = Dictionary(grouping: records) { $0["OrderId"]?.string ?? "" }
        }
        return orders.map { OrderRecords(order: $0, lines: lines[$0["Id"]?.string ?? ""] ?? []) }
    }
}
