import FoundationEssentials
import JSONText

/// Reads the members of a write request into field values, refusing what Salesforce refuses.
struct FieldInput {
    /// What the values are for.
    enum Operation {
        case create, update
    }

    let definition: ObjectDefinition
    let store: RecordStore
    let schema: Schema

    /// The values by canonical field name; members that no field has, or that the user may not write, are refused.
    func read(_ members: JSONObject, for operation: Operation) throws(RecordError) -> [String: FieldValue] {
        var values: [String: FieldValue] = [:]
        for (name, value) in members.members where name.lowercased() != "attributes" {
            guard let field = definition.field(name) else {
                throw .noSuchColumn(name, definition.name)
            }
            guard operation == .create ? field.createable : field.updateable else {
                throw .readOnly(field.name)
            }
            values[field.name] = try read(value, field)
        }
        return values
    }

    /// Reads one value as the field's type.
    func read(_ value: JSONValue, _ field: FieldDefinition) throws(RecordError) -> FieldValue {
        if value.isNull {
            if field.type == .boolean { throw .cannotRead(field, "VALUE_NULL value null") }
            guard field.nillable else { throw .missing([field.name]) }
            return .null
        }
        switch field.type {
        case .boolean:
            guard let flag = value.bool else { throw .cannotRead(field, kind(value)) }
            return .flag(flag)
        case .int, .double, .currency:
            return try number(value, field)
        case .date:
            guard let text = value.string, CalendarText.isDate(text) else { throw .cannotRead(field, kind(value)) }
            return .day(text)
        case .datetime:
            guard let text = value.string, let instant = CalendarText.instant(text) else {
                throw .cannotRead(field, kind(value))
            }
            return .instant(instant)
        case .address, .anyType:
            throw .readOnly(field.name)
        case .reference:
            return try reference(value, field)
        default:
            return try text(value, field)
        }
    }

    private func text(_ value: JSONValue, _ field: FieldDefinition) throws(RecordError) -> FieldValue {
        guard let raw = value.string else { throw .cannotRead(field, kind(value)) }
        let trimmed = Self.trimmed(raw)
        guard !trimmed.isEmpty else {
            guard field.nillable else { throw .missing([field.name]) }
            return .null
        }
        // Salesforce counts UTF-16 units, as its databases and Apex do.
        guard trimmed.utf16.count <= field.length else { throw .tooLong(field, trimmed) }
        if field.restricted, !field.picklist.contains(trimmed) {
            throw RecordError(
                code: "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST",
                message: "\(field.label): bad value for restricted picklist field: \(trimmed)", fields: [field.name])
        }
        return .text(trimmed)
    }

    private func number(_ value: JSONValue, _ field: FieldDefinition) throws(RecordError) -> FieldValue {
        guard let text = value.number?.text else { throw .cannotRead(field, kind(value)) }
        let outside = RecordError(
            code: "NUMBER_OUTSIDE_VALID_RANGE",
            message: "\(field.label): value outside of valid range on numeric field: \(text)", fields: [field.name])
        guard let exact = DecimalText.read(text) else { throw outside }
        let number = DecimalText.rounded(exact, scale: field.scale)
        let digits = DecimalText.plain(number).drop { $0 == "-" }.prefix { $0 != "." }
        guard field.precision == 0 || digits.count <= field.precision - field.scale else { throw outside }
        return .number(number)
    }

    private func reference(_ value: JSONValue, _ field: FieldDefinition) throws(RecordError) -> FieldValue {
        guard let text = value.string else { throw .cannotRead(field, kind(value)) }
        guard !text.isEmpty else {
            guard field.nillable else { throw .missing([field.name]) }
            return .null
        }
        guard case .id(let id) = RecordId.read(text) else { throw .malformedId(text) }
        let prefix = RecordId.prefix(of: id)
        guard let target = schema.object(prefix: prefix), field.referenceTo.contains(target.name) else {
            throw .wrongObject(field, text)
        }
        guard let record = store.record(target.name, id) else { throw .invalidCrossReference }
        guard !record.isDeleted else { throw .deleted }
        return .text(id)
    }

    private func kind(_ value: JSONValue) -> String {
        switch value {
        case .null: "VALUE_NULL value null"
        case .bool(let flag): "VALUE_\(flag ? "TRUE" : "FALSE") value \(flag)"
        case .number(let number): "VALUE_NUMBER value \(number.text)"
        case .string(let text): "VALUE_STRING value \(text)"
        case .array: "START_ARRAY value ["
        case .object: "START_OBJECT value {"
        }
    }

    /// Salesforce drops white space at both ends of a text.
    private static func trimmed(_ text: String) -> String {
        let tail = text.drop { $0.isWhitespace }
        guard let last = tail.lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(tail[...last])
    }
}
