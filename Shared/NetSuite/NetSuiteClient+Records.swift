public import Contracts
import EventLoop
public import JSONText

/// How a record is named in an address.
public enum RecordKey: Sendable, Equatable {
    /// By NetSuite's internal id.
    case internalId(String)
    /// By external id; letters, digits, `_` and `-` only.
    case externalId(String)

    /// The path segment.
    ///
    /// - Throws: `notSent` where the id has other characters, which no address could carry.
    func segment() throws(NetSuiteFailure) -> String {
        switch self {
        case .internalId(let id):
            guard AnswerInterpretation.isInternalId(id) else {
                throw .notSent("an internal id is made of digits")
            }
            return id
        case .externalId(let id):
            let isAllowed = id.utf8.allSatisfy { byte in
                (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                    || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "-")
            }
            guard isAllowed, !id.isEmpty else {
                throw .notSent("an external id is made of letters, digits, _ and -")
            }
            return "eid:\(id)"
        }
    }

    /// Makes sure that an answer is of the record that was asked for; external ids differ in more than letter case.
    func check(id: String, externalId: String?) throws(NetSuiteFailure) {
        let isSame =
            switch self {
            case .internalId(let asked): asked == id
            case .externalId(let asked): externalId?.lowercased() == asked.lowercased()
            }
        guard isSame else { throw .unknown("the answer is another record than the one asked for") }
    }
}

/// Asked when a slot is held and right before the first byte of a change leaves: false, or a throw, withdraws it.
///
/// The place to see that a lease outlasts the request.
public typealias LastWord = @Loop @Sendable () async throws -> Bool

extension NetSuiteClient {
    /// Creates a sales order from this body, which must carry an `externalId`.
    ///
    /// - Parameter beforeSending: see ``LastWord``.
    /// - Returns: the internal id, or a refusal; a taken external id is refused as `alreadyExists`.
    public func createSalesOrder(
        _ body: JSONValue, beforeSending: @escaping LastWord = { true }
    ) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        try await create(.createSalesOrder, "/salesOrder", body, beforeSending)
    }

    /// Creates a sales order from this body, which is the JSON object of a record with the `externalId` given.
    ///
    /// - Parameter beforeSending: see ``LastWord``.
    /// - Returns: the internal id, or a refusal; a taken external id is refused as `alreadyExists`.
    public func createSalesOrder(
        externalId: String, body: [UInt8], beforeSending: @escaping LastWord = { true }
    ) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        try await create(.createSalesOrder, "/salesOrder", externalId: externalId, body, beforeSending)
    }

    /// Creates a customer from this body, which must carry an `externalId`.
    ///
    /// - Parameter beforeSending: see ``LastWord``.
    /// - Returns: the internal id, or a refusal; a taken external id or name is refused as `alreadyExists`.
    public func createCustomer(
        _ body: JSONValue, beforeSending: @escaping LastWord = { true }
    ) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        try await create(.createCustomer, "/customer", body, beforeSending)
    }

    /// Changes a sales order: members of the body replace the record's, lines with a `line` key are changed, others added.
    ///
    /// - Parameter beforeSending: see ``LastWord``.
    public func updateSalesOrder(
        _ internalId: String, _ body: JSONValue, beforeSending: @escaping LastWord = { true }
    ) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        let segment = try RecordKey.internalId(internalId).segment()
        var request = NetSuiteRequest.change(.updateSalesOrder, "PATCH", "/salesOrder/\(segment)", body.bytes())
        request.beforeSending = beforeSending
        return try await write(request, id: internalId)
    }

    /// Reads a sales order, with its lines where `includingLines`; `nil` where there is none under this key.
    public func salesOrder(
        _ key: RecordKey, includingLines: Bool = true
    ) async throws(NetSuiteFailure) -> SalesOrderRecord? {
        let expand = includingLines ? "?expandSubResources=true" : ""
        let body = try await record(.readSalesOrder, "/salesOrder/\(try key.segment())\(expand)")
        guard let body else { return nil }
        let record = try SalesOrderRecord(body)
        try key.check(id: record.id, externalId: record.externalId)
        guard !includingLines || record.lines != nil else { throw .unknown("the answer shows no lines") }
        return record
    }

    /// Reads a customer; `nil` where there is none under this key.
    public func customer(_ key: RecordKey) async throws(NetSuiteFailure) -> CustomerRecord? {
        let body = try await record(.readCustomer, "/customer/\(try key.segment())")
        guard let body else { return nil }
        let record = try CustomerRecord(body)
        try key.check(id: record.id, externalId: record.externalId)
        return record
    }

    /// Reads a document that is made from sales orders; `nil` where there is none under this key.
    public func document(
        _ kind: DocumentKind, _ key: RecordKey
    ) async throws(NetSuiteFailure) -> JSONValue? {
        try await record(.readDocument, "/\(kind.rawValue)/\(try key.segment())")
    }

    /// NetSuite's clock.
    public func serverTime() async throws(NetSuiteFailure) -> UTCInstant {
        let answer = try await perform(.read(.readServerTime, "/services/rest/system/v1/serverTime"))
        guard let text = answer.body["serverTime"]?.string, let instant = try? UTCInstant(text) else {
            throw .unknown("the answer holds no server time")
        }
        return instant
    }

    /// The account's limits of requests at a time; needs an administrator's role.
    public func governanceLimits() async throws(NetSuiteFailure) -> GovernanceLimits {
        let answer = try await perform(.read(.readGovernanceLimits, "/services/rest/system/v1/governanceLimits"))
        guard let account = answer.body["accountConcurrencyLimit"]?.int64 else {
            throw .unknown("the answer holds no account limit")
        }
        return GovernanceLimits(
            account: account, accountUnallocated: answer.body["accountUnallocatedConcurrencyLimit"]?.int64,
            integration: answer.body["integrationConcurrencyLimit"]?.int64)
    }

    private func create(
        _ operation: NetSuiteOperation, _ path: String, _ body: JSONValue, _ beforeSending: @escaping LastWord
    ) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        try await create(operation, path, externalId: body["externalId"]?.string, body.bytes(), beforeSending)
    }

    private func create(
        _ operation: NetSuiteOperation, _ path: String, externalId: String?, _ body: [UInt8],
        _ beforeSending: @escaping LastWord
    ) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        guard let externalId, !externalId.isEmpty else {
            throw .notSent("a record is not created without an external id")
        }
        var request = NetSuiteRequest.change(operation, "POST", path, body)
        request.beforeSending = beforeSending
        return try await write(request, id: nil)
    }

    private func write(_ request: NetSuiteRequest, id: String?) async throws(NetSuiteFailure) -> NetSuiteWriteAnswer {
        let answer: NetSuiteAnswer
        do {
            answer = try await perform(request)
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            return .refused(refusal)
        }
        guard let named = answer.internalId else { throw .unknown("the answer names no record") }
        guard id == nil || id == named else { throw .unknown("the answer names another record") }
        return .applied(id: named)
    }

    private func record(_ operation: NetSuiteOperation, _ path: String) async throws(NetSuiteFailure) -> JSONValue? {
        do {
            return try await perform(.read(operation, NetSuiteRequest.recordPath + path)).body
        } catch .refused(let refusal) where refusal.classification == .nonexistent {
            return nil
        }
    }
}

/// Documents that are made from sales orders, by the record service's names.
public enum DocumentKind: String, Sendable, CaseIterable {
    /// What left the warehouse.
    case itemFulfillment
    /// What the customer owes.
    case invoice
    /// What the customer paid.
    case customerPayment
    /// What the customer need not pay.
    case creditMemo
}

/// Requests at a time that NetSuite allows.
public struct GovernanceLimits: Sendable, Equatable {
    /// To the whole account.
    public let account: Int64
    /// What no integration has reserved.
    public let accountUnallocated: Int64?
    /// To this integration, where some are reserved for it.
    public let integration: Int64?

    /// Makes limits.
    public init(account: Int64, accountUnallocated: Int64?, integration: Int64?) {
        self.account = account
        self.accountUnallocated = accountUnallocated
        self.integration = integration
    }
}
