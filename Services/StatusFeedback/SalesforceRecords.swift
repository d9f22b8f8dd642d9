import Contracts
import EventLoop
import JSONText
import Salesforce

/// What of Salesforce is written and looked at; tests answer for it.
@Loop
protocol SalesforceRecords: Sendable {
    /// Updates up to 200 records, each on its own.
    func update(_ updates: [RecordUpdate]) async throws(SalesforceFailure) -> [RecordResult]
    /// The customer that each of these accounts shows, `nil` in it where the field is empty; at most 200 accounts.
    func customerIds(of accounts: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: String?]
    /// Status and category of these orders; at most 200.
    func standings(of orders: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: OrderStanding]
    /// The lines of these orders that show a quantity as shipped or invoiced, by their order; at most 200 orders.
    func linesWithQuantities(
        of orders: [SalesforceId]
    ) async throws(SalesforceFailure) -> [SalesforceId: Set<SalesforceId>]
    /// The rows of a query.
    func records(_ soql: SOQL) async throws(SalesforceFailure) -> [JSONObject]
    /// The fields of an object that our user sees; nil where it sees no such object.
    func fieldNames(of object: String) async throws(SalesforceFailure) -> Set<String>?
    /// Asks for something small that changes nothing: whether Salesforce serves.
    func ask() async throws(SalesforceFailure)
}

extension SalesforceClient: SalesforceRecords {
    func ask() async throws(SalesforceFailure) {
        _ = try await presentTime()
    }

    func customerIds(of accounts: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: String?] {
        let field = CustomField.Account.netSuiteCustomerId
        let rows = try await records("SELECT Id, \(unsafe: field) FROM Account WHERE Id IN \(accounts)")
        var found: [SalesforceId: String?] = [:]
        for row in rows {
            guard let text = row["Id"]?.string, let id = try? SalesforceId(text) else { continue }
            found.updateValue(row[field]?.string, forKey: id)
        }
        return found
    }

    func standings(of orders: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: OrderStanding] {
        let rows = try await records("SELECT Id, Status, StatusCode FROM Order WHERE Id IN \(orders)")
        var found: [SalesforceId: OrderStanding] = [:]
        for row in rows {
            guard let text = row["Id"]?.string, let id = try? SalesforceId(text) else { continue }
            found[id] = OrderStanding(status: row["Status"]?.string, category: row["StatusCode"]?.string)
        }
        return found
    }

    func linesWithQuantities(
        of orders: [SalesforceId]
    ) async throws(SalesforceFailure) -> [SalesforceId: Set<SalesforceId>] {
        let (shipped, invoiced) = (CustomField.OrderItem.quantityShipped, CustomField.OrderItem.quantityInvoiced)
        let rows = try await records(
            "SELECT Id, OrderId, \(unsafe: shipped), \(unsafe: invoiced) FROM OrderItem WHERE OrderId IN \(orders)")
        var found: [SalesforceId: Set<SalesforceId>] = [:]
        for row in rows {
            guard let order = (row["OrderId"]?.string).flatMap({ try? SalesforceId($0) }),
                let line = (row["Id"]?.string).flatMap({ try? SalesforceId($0) })
            else { continue }
            let quantities = [row[shipped], row[invoiced]].compactMap { $0?.number }.map { try? ExactDecimal($0) }
            if quantities.contains(where: { $0 != .zero }) { found[order, default: []].insert(line) }
        }
        return found
    }

    func fieldNames(of object: String) async throws(SalesforceFailure) -> Set<String>? {
        try await describe(object).map { Set($0.fields.keys) }
    }
}
