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
}
