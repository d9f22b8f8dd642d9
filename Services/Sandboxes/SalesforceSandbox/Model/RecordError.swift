import JSONText

/// A refusal as the REST API words it; one entry of an error array.
struct RecordError: Error, Equatable {
    let code: String
    let message: String
    var fields: [String] = []
    /// The HTTP status where the record stands alone in its request.
    var status = 400

    /// The entry of an error array of a single request.
    var json: JSONValue {
        var object: JSONObject = ["message": .string(message), "errorCode": .string(code)]
        if !fields.isEmpty { object["fields"] = .array(fields.map(JSONValue.string)) }
        return .object(object)
    }

    /// The entry of a collection's result, where the code has another name.
    var resultJSON: JSONValue {
        [
            "statusCode": .string(code), "message": .string(message),
            "fields": .array(fields.map(JSONValue.string)),
        ]
    }
}

extension RecordError {
    static let notFound = RecordError(
        code: "NOT_FOUND", message: "The requested resource does not exist", status: 404)
    static let deleted = RecordError(code: "ENTITY_IS_DELETED", message: "entity is deleted", status: 404)
    static let invalidCrossReference = RecordError(
        code: "INVALID_CROSS_REFERENCE_KEY", message: "invalid cross reference id", status: 404)

    static func noSuchColumn(_ name: String, _ object: String) -> RecordError {
        RecordError(code: "INVALID_FIELD", message: "No such column '\(name)' on sobject of type \(object)")
    }

    static func readOnly(_ name: String) -> RecordError {
        RecordError(
            code: "INVALID_FIELD_FOR_INSERT_UPDATE",
            message: "Unable to create/update fields: \(name). Please check the security settings of this field and "
                + "verify that it is read/write for your profile or permission set.", fields: [name])
    }

    static func tooLong(_ field: FieldDefinition, _ value: String) -> RecordError {
        RecordError(
            code: "STRING_TOO_LONG",
            message: "\(field.label): data value too large: \(value) (max length=\(field.length))",
            fields: [field.name])
    }

    static func missing(_ names: [String]) -> RecordError {
        RecordError(
            code: "REQUIRED_FIELD_MISSING",
            message: "Required fields are missing: [\(names.joined(separator: ", "))]", fields: names)
    }

    static func malformedId(_ text: String) -> RecordError {
        RecordError(code: "MALFORMED_ID", message: "malformed id \(text)")
    }

    static func wrongObject(_ field: FieldDefinition?, _ text: String) -> RecordError {
        let label = field.map { $0.label + ": " } ?? ""
        return RecordError(
            code: "MALFORMED_ID", message: "\(label)id value of incorrect type: \(text)",
            fields: field.map { [$0.name] } ?? ["Id"])
    }

    static func cannotRead(_ field: FieldDefinition, _ kind: String) -> RecordError {
        RecordError(
            code: "JSON_PARSER_ERROR",
            message: "Cannot deserialize instance of \(field.type.filterName) from \(kind) or request may be missing "
                + "a required field", fields: [])
    }

    static func notAnExternalId(_ name: String) -> RecordError {
        RecordError(
            code: "NOT_FOUND",
            message: "Provided external ID field does not exist or is not accessible: \(name)", status: 404)
    }

    static func integrity(_ message: String, _ fields: String...) -> RecordError {
        RecordError(code: "FIELD_INTEGRITY_EXCEPTION", message: message, fields: fields)
    }
}
