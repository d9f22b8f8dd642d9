import FoundationEssentials
import JSONText

/// `X-NetSuite-PropertyNameValidation`.
enum PropertyNameValidation: String {
    case ignore, warning, error
}

/// Reads a request's JSON against a record's shape and resolves every reference.
struct BodyReader {
    let account: Account
    let validation: PropertyNameValidation
    /// Paths of the properties that were dropped.
    private(set) var dropped: [String] = []

    init(account: Account, validation: PropertyNameValidation) {
        self.account = account
        self.validation = validation
    }

    /// The JSON object of a request's body.
    static func object(_ body: [UInt8]) throws(Refusal) -> JSONObject {
        let value: JSONValue
        do {
            value = try JSONValue.parse(body, limits: .answer)
        } catch {
            throw .content("Invalid content in the request body. The JSON is malformed: \(error.reason).")
        }
        guard let object = value.object else {
            throw .content("Invalid content in the request body. A JSON object is expected.")
        }
        return object
    }

    mutating func read(_ object: JSONObject, _ shape: Shape, at path: String = "") throws(Refusal) -> EntryInput {
        var entry = EntryInput()
        entry.path = path
        for (name, value) in object.members where !shape.ignored.contains(name) {
            let memberPath = entry.path(of: name)
            guard let field = shape.field(name) else {
                try refuseOrDrop(name, at: memberPath)
                continue
            }
            if field.isReadOnly { throw BodyReader.readOnly(name) }
            entry.values[field.name] = try read(value, field, shape, at: memberPath)
        }
        return entry
    }

    private mutating func refuseOrDrop(_ name: String, at path: String) throws(Refusal) {
        switch validation {
        case .error:
            throw .content("Invalid content in the request body. Unknown property name '\(name)'.", at: path)
        case .warning: dropped.append(path)
        case .ignore: break
        }
    }

    private static func readOnly(_ name: String) -> Refusal {
        .userError(
            "You do not have permissions to set a value for element \(name) due to one of the following reasons: "
                + "1) The field is read-only; 2) An associated feature is disabled; 3) The field is available either "
                + "when a record is created or updated, but not in both cases.")
    }

    private mutating func read(
        _ value: JSONValue, _ field: Field, _ shape: Shape, at path: String
    ) throws(Refusal) -> InputValue {
        if value.isNull { return .clear }
        switch field.kind {
        case .text(let maximum):
            let text = try text(value, maximum: maximum, field, at: path)
            return text.isEmpty ? .clear : .value(.text(text))
        case .boolean:
            guard let flag = value.bool else { throw wrongType(field, at: path) }
            return .value(.boolean(flag))
        case .number:
            guard let number = value.number, let decimal = Decimal(exactly: number.text) else {
                throw wrongType(field, at: path)
            }
            return .value(.number(decimal))
        case .date:
            guard let date = value.string.flatMap(CivilDate.init(iso:)), date.year >= 1900 else {
                throw wrongType(field, at: path)
            }
            return .value(.date(date))
        case .instant: throw BodyReader.readOnly(field.name)
        case .reference(let target):
            return .value(.reference(try reference(value, target, field, shape, at: path)))
        case .option(let options):
            let id = try optionId(value, field, shape, at: path)
            guard let name = options[id] else { throw .invalidFieldValue(id, field: field.name, at: path) }
            return .value(.option(id: id, name: name))
        case .country:
            let id = try optionId(value, field, shape, at: path)
            guard let name = Countries.name(of: id) else { throw .invalidFieldValue(id, field: field.name, at: path) }
            return .value(.option(id: id, name: name))
        case .address:
            guard let object = value.object else { throw wrongType(field, at: path) }
            return .address(try read(object, Shapes.address, at: path))
        case .sublist(let shape): return .entries(try sublist(value, field, shape, at: path))
        }
    }

    private func text(_ value: JSONValue, maximum: Int, _ field: Field, at path: String) throws(Refusal) -> String {
        guard let text = value.string else { throw wrongType(field, at: path) }
        guard text.count <= maximum else {
            throw .userError(
                "The field \(field.name.lowercased()) contained more than the maximum number ( \(maximum) ) "
                    + "of characters allowed.")
        }
        if field.name == "email", !text.isEmpty, !BodyReader.isEmail(text) {
            throw .invalidFieldValue(text, field: field.name, at: path)
        }
        return text
    }

    private static func isEmail(_ text: String) -> Bool {
        let parts = text.split(separator: "@", omittingEmptySubsequences: false)
        return parts.count == 2 && !parts[0].isEmpty && parts[1].contains(".") && !text.contains(" ")
    }

    private mutating func sublist(
        _ value: JSONValue, _ field: Field, _ shape: Shape, at path: String
    ) throws(Refusal) -> [EntryInput] {
        guard let object = value.object else { throw wrongType(field, at: path) }
        for name in object.keys where !["items", "links", "totalResults", "count", "hasMore", "offset"].contains(name) {
            try refuseOrDrop(name, at: "\(path).\(name)")
        }
        guard let items = object["items"]?.array else { throw wrongType(field, at: path) }
        var entries: [EntryInput] = []
        for (index, item) in items.enumerated() {
            let entryPath = "\(path).items[\(index)]"
            guard let entry = item.object else { throw wrongType(field, at: entryPath) }
            entries.append(try read(entry, shape, at: entryPath))
        }
        return entries
    }

    private func reference(
        _ value: JSONValue, _ target: ReferenceTarget, _ field: Field, _ shape: Shape, at path: String
    ) throws(Refusal) -> Reference {
        let id: String
        let resolved: Reference?
        if let bare = bareId(value, shape) {
            id = bare
            resolved = account.resolve(target, id: bare)
        } else if let object = value.object, let given = BodyReader.id(object["id"]) {
            id = given
            resolved = account.resolve(target, id: given)
        } else if let given = value.object?["externalId"]?.string {
            id = given
            resolved = account.resolve(target, externalId: given)
        } else {
            throw wrongType(field, at: path)
        }
        guard let resolved else { throw .invalidFieldValue(id, field: field.name, at: path) }
        return resolved
    }

    private func optionId(
        _ value: JSONValue, _ field: Field, _ shape: Shape, at path: String
    ) throws(Refusal) -> String {
        guard let id = bareId(value, shape) ?? value.object.flatMap({ BodyReader.id($0["id"]) }) else {
            throw wrongType(field, at: path)
        }
        return id
    }

    private func bareId(_ value: JSONValue, _ shape: Shape) -> String? {
        shape.acceptsBareIds ? BodyReader.id(value) : nil
    }

    private static func id(_ value: JSONValue?) -> String? { value?.string ?? value?.int64.map { String($0) } }

    private func wrongType(_ field: Field, at path: String) -> Refusal {
        .content(
            "Invalid value for the resource or sub-resource field '\(field.name)'. Provide a valid value.", at: path)
    }
}
