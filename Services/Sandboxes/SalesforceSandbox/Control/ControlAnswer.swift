import HTTPServer
import JSONText

/// Answers of the control API: plain JSON, indented for people.
enum ControlAnswer {
    static func json(_ value: JSONValue, status: Int = 200) -> HTTPResponse {
        .json(value.bytes(pretty: true) + [UInt8(ascii: "\n")], status: status)
    }

    static func refusal(_ status: Int, _ reason: String) -> HTTPResponse {
        json(["error": .string(reason)], status: status)
    }
}

/// Why the control API does not do what it was asked.
struct ControlError: Error {
    var status = 400
    let reason: String

    init(_ reason: String, status: Int = 400) {
        self.reason = reason
        self.status = status
    }

    /// Salesforce's own refusal of what was asked.
    init(_ error: RecordError) {
        self.init("\(error.code): \(error.message)", status: 409)
    }
}

extension JSONObject {
    /// The members whose names are not in the list; the mistake that a misspelt member would hide.
    func unknown(_ known: [String]) -> [String] {
        keys.filter { !known.contains($0) }
    }

    /// A number or decimal text as a JSON number; nil where the member is absent.
    func decimal(_ name: String) throws(ControlError) -> JSONValue? {
        guard let value = self[name], !value.isNull else { return nil }
        switch value {
        case .number: return value
        case .string(let text):
            guard DecimalText.read(text) != nil else { throw ControlError("\(name) is no decimal number") }
            return DecimalText.number(text)
        default: throw ControlError("\(name) is no decimal number")
        }
    }
}
