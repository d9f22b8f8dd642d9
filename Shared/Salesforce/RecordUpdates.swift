public import Contracts
public import JSONText

/// New values for some fields of one record.
public struct RecordUpdate: Sendable, Equatable {
    /// The record's object, such as `Order`.
    public var object: String
    /// The record.
    public var id: SalesforceId
    /// Fields by API name; null clears.
    public var fields: JSONObject

    /// Makes an update.
    public init(object: String, id: SalesforceId, fields: JSONObject) {
        self.object = object
        self.id = id
        self.fields = fields
    }
}

/// What became of one record of a call.
public enum RecordResult: Sendable, Equatable {
    /// Salesforce took it.
    case updated
    /// The record was busy; the same again may succeed.
    case busy(SalesforceRefusal)
    /// Salesforce will not take it.
    case refused(SalesforceRefusal)
}

extension SalesforceClient {
    /// The most records of one call.
    public static let maximumRecordsPerCall = 200

    /// Updates up to 200 records in one call, each on its own (sObject Collections, `allOrNone` false).
    ///
    /// Records of one object must stand together; Salesforce takes ten such runs. The results stand in the order given.
    public func update(_ updates: [RecordUpdate]) async throws(SalesforceFailure) -> [RecordResult] {
        guard !updates.isEmpty else { return [] }
        precondition(updates.count <= SalesforceClient.maximumRecordsPerCall, "a call takes 200 records")
        let body = try await call("PATCH", path("composite/sobjects"), body: encoded(updates), isWrite: true)
        guard let results = try parsed(body, isWrite: true).array, results.count == updates.count else {
            throw .unknownOutcome(reason: "the answer has not one result for each record")
        }
        var read: [RecordResult] = []
        for (value, update) in zip(results, updates) { read.append(try result(value, of: update)) }
        if let refusal = read.first?.systemRefusal, read.allSatisfy({ $0.systemRefusal != nil }) {
            throw .systemTrouble(reason: refusal.code)
        }
        return read
    }

    private func encoded(_ updates: [RecordUpdate]) -> [UInt8] {
        var writer = JSONWriter(capacity: 256 * updates.count)
        writer.beginObject()
        writer.name("allOrNone")
        writer.bool(false)
        writer.name("records")
        writer.beginArray()
        for update in updates {
            writer.beginObject()
            writer.name("attributes")
            writer.object(["type": .string(update.object)])
            writer.name("id")
            writer.string(update.id.text)
            for member in update.fields.members {
                writer.name(member.name)
                writer.value(member.value)
            }
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
        return writer.bytes
    }

    /// What a result says; one that does not say it, or of another record, leaves the whole call unknown.
    private func result(_ value: JSONValue, of update: RecordUpdate) throws(SalesforceFailure) -> RecordResult {
        let id = value["id"]?.string.flatMap { try? SalesforceId($0) }
        switch value["success"]?.bool {
        case true? where id == update.id: return .updated
        case false?:
            guard let refusal = value["errors"]?.array?.first.flatMap(SalesforceRefusal.init) else { break }
            return refusal.isTransient || refusal.isOfTheSystem ? .busy(refusal) : .refused(refusal)
        default: break
        }
        throw .unknownOutcome(reason: "a record's result does not say what became of it")
    }
}

extension RecordResult {
    /// A refusal that is no fault of this record: the whole system's.
    fileprivate var systemRefusal: SalesforceRefusal? {
        guard case .busy(let refusal) = self, refusal.isOfTheSystem else { return nil }
        return refusal
    }
}
