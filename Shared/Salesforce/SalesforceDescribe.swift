import JSONText

/// What Salesforce lets the integration user see of an object.
public struct ObjectDescription: Sendable {
    /// The object's name.
    public let name: String
    /// Whether the user may query it.
    public let isQueryable: Bool
    /// Whether the user may change its records.
    public let isUpdateable: Bool
    /// Its fields by API name. A field that is missing does not exist or is not granted.
    public let fields: [String: FieldDescription]
}

/// What Salesforce says of one field.
public struct FieldDescription: Sendable {
    /// The type, such as `string`, `currency`, `datetime`.
    public let type: String
    /// The longest text, in characters; 0 for other types.
    public let length: Int
    /// Whether the integration user may change it.
    public let isUpdateable: Bool
    /// Whether it is marked as an external id.
    public let isExternalId: Bool
    /// Whether two records may not have the same value.
    public let isUnique: Bool
    /// Whether it can stand in a query's condition.
    public let isFilterable: Bool
}

extension SalesforceClient {
    /// Describes an object; `nil` where it does not exist or is not granted.
    public func describe(_ object: String) async throws(SalesforceFailure) -> ObjectDescription? {
        let body: [UInt8]
        do {
            body = try await call("GET", path("sobjects/\(percentEncoded(object))/describe"))
        } catch .refused(let refusal) where refusal.code == "NOT_FOUND" {
            return nil
        }
        let answer = try parsed(body)
        var fields: [String: FieldDescription] = [:]
        for field in answer["fields"]?.array ?? [] {
            guard let name = field["name"]?.string else { continue }
            fields[name] = FieldDescription(
                type: field["type"]?.string ?? "", length: Int(field["length"]?.int64 ?? 0),
                isUpdateable: field["updateable"]?.bool ?? false, isExternalId: field["externalId"]?.bool ?? false,
                isUnique: field["unique"]?.bool ?? false, isFilterable: field["filterable"]?.bool ?? false)
        }
        return ObjectDescription(
            name: answer["name"]?.string ?? object, isQueryable: answer["queryable"]?.bool ?? false,
            isUpdateable: answer["updateable"]?.bool ?? false, fields: fields)
    }
}
