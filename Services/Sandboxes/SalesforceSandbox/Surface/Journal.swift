import FoundationEssentials
import HTTPServer
import JSONText

/// What every request was and came to. Query values and bodies are not kept: they may hold personal data.
struct Journal: Sendable {
    struct Entry: Sendable {
        let sequence: Int
        let at: Date
        let method: String
        let path: String
        /// Nil while it is being answered; 0 where no answer left.
        var status: Int?
        /// When its answer was ready, or its connection was gone.
        var endedAt: Date?
        /// The fault that struck it.
        var fault: String?
        /// True where the request changed a record, a session or nothing else than was asked.
        var applied = false
        let userAgent: String
        let client: String
        var recordIds: [String] = []
        var soql: String?

        var json: JSONValue {
            var object: JSONObject = [
                "sequence": .number(JSONNumber(sequence)), "at": .string(Self.text(at)),
                "method": .string(method), "path": .string(path),
                "status": status.map { .number(JSONNumber($0)) } ?? .null,
                "applied": .bool(applied), "userAgent": .string(userAgent), "client": .string(client),
                "recordIds": .array(recordIds.map(JSONValue.string)),
            ]
            object["endedAt"] = endedAt.map { .string(Self.text($0)) }
            object["fault"] = fault.map(JSONValue.string)
            if let soql { object["soql"] = .string(soql) }
            return .object(object)
        }

        /// With milliseconds: what ran at the same time is seen from the journal alone.
        private static func text(_ date: Date) -> String {
            date.formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
        }
    }

    private static let capacity = 50_000
    private var entries: [Entry] = []
    private var lastSequence = 0

    /// Adds an entry; the oldest leave when there are too many.
    mutating func begin(at date: Date, _ request: HTTPRequest, userAgent: String, client: String) -> Int {
        lastSequence += 1
        entries.append(
            Entry(
                sequence: lastSequence, at: date, method: request.method, path: request.path, userAgent: userAgent,
                client: client))
        if entries.count > Self.capacity { entries.removeFirst(Self.capacity / 10) }
        return lastSequence
    }

    /// Notes what a request did, as soon as it is done.
    mutating func note(_ sequence: Int, _ answer: APIAnswer, fault: String?) {
        guard let index = index(of: sequence) else { return }
        entries[index].applied = answer.applied
        entries[index].recordIds = answer.recordIds
        entries[index].soql = answer.soql.map(Self.masked)
        entries[index].fault = fault
    }

    /// Notes that a request is over.
    mutating func end(_ sequence: Int, at date: Date, status: Int) {
        guard let index = index(of: sequence) else { return }
        entries[index].status = status
        entries[index].endedAt = date
    }

    private func index(of sequence: Int) -> Int? {
        guard let first = entries.first?.sequence, (first..<first + entries.count).contains(sequence) else {
            return nil
        }
        return sequence - first
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
