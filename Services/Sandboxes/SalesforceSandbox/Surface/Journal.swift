import HTTPServer
import JSONText

/// What every request was and came to. Query values and bodies are not kept: they may hold personal data.
struct Journal: Sendable {
    struct Entry: Sendable {
        let sequence: Int
        let at: Int64
        let method: String
        let path: String
        let status: Int
        /// True where the request changed a record, a session or nothing else than was asked.
        let applied: Bool
        let userAgent: String
        let client: String
        let recordIds: [String]
        let soql: String?

        var json: JSONValue {
            var object: JSONObject = [
                "sequence": .number(JSONNumber(sequence)), "at": .string(CalendarText.iso(at)),
                "method": .string(method), "path": .string(path), "status": .number(JSONNumber(status)),
                "applied": .bool(applied), "userAgent": .string(userAgent), "client": .string(client),
                "recordIds": .array(recordIds.map(JSONValue.string)),
            ]
            if let soql { object["soql"] = .string(soql) }
            return .object(object)
        }
    }

    private static let capacity = 50_000
    private var entries: [Entry] = []
    private var lastSequence = 0

    /// Adds an entry; the oldest leave when there are too many.
    mutating func add(
        at seconds: Int64, method: String, path: String, answer: APIAnswer, userAgent: String, client: String
    ) {
        lastSequence += 1
        entries.append(
            Entry(
                sequence: lastSequence, at: seconds, method: method, path: path, status: answer.response.status,
                applied: answer.applied, userAgent: userAgent, client: client, recordIds: answer.recordIds,
                soql: answer.soql.map(Self.masked)))
        if entries.count > Self.capacity { entries.removeFirst(Self.capacity / 10) }
    }

    /// The entries after a sequence number.
    func entries(after sequence: Int) -> [Entry] {
        entries.filter { $0.sequence > sequence }
    }

    /// Forgets all entries; the sequence goes on.
    mutating func clear() {
        entries = []
    }

    /// The query with every string literal replaced, ids excepted.
    static func masked(_ soql: String) -> String {
        var result = ""
        var literal: String?
        var isEscaped = false
        for character in soql {
            guard var text = literal else {
                if character == "'" { literal = "" } else { result.append(character) }
                continue
            }
            if character == "'", !isEscaped {
                if case .id = RecordId.read(text) { result += "'\(text)'" } else { result += "'…'" }
                literal = nil
                continue
            }
            isEscaped = character == "\\" && !isEscaped
            text.append(character)
            literal = text
        }
        return result
    }
}
