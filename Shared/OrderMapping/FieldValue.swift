import Contracts
import JSONText

/// What a rule sends for its field, before it is JSON: a tree where it is compared, bytes where it is only sent.
enum FieldValue: Sendable {
    /// A reference or code: `{"id": "2"}`.
    case id(String)
    case text(String)
    case number(ExactDecimal)
    case truth(Bool)

    var json: JSONValue {
        switch self {
        case .id(let id): .object(["id": .string(id)])
        case .text(let text): .string(text)
        case .number(let number): .number(number.jsonNumber)
        case .truth(let truth): .bool(truth)
        }
    }

    func write(to writer: inout JSONWriter) {
        switch self {
        case .id(let id): writer.reference(id)
        case .text(let text): writer.string(text)
        case .number(let number): writer.number(number.jsonNumber)
        case .truth(let truth): writer.bool(truth)
        }
    }
}

extension JSONWriter {
    /// `{"id": "2"}`.
    mutating func reference(_ id: String) {
        beginObject()
        name("id")
        string(id)
        endObject()
    }
}
