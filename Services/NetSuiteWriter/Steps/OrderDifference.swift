import Contracts
import JSONText

/// What must be sent so that an order that stands in NetSuite shows what a snapshot says.
///
/// Pure: the order as the mapping renders it on one side, the record as NetSuite shows it (sublists inline) on the
/// other. Lines are matched by the Salesforce line id that each carries; lines without one (people's, tax, shipping)
/// are left alone, unless they are ours by all appearance.
enum OrderDifference: Equatable {
    /// NetSuite shows it already: no request.
    case nothing
    /// The body of the PATCH that closes the difference, the version included.
    case patch(JSONObject)

    /// Compares `wanted`, the body of a create, with `actual`, the record.
    static func between(wanted: JSONObject, actual: JSONObject) -> OrderDifference {
        var body = JSONObject()
        for (name, value) in wanted.members where !neverCompared.contains(name) {
            if !shows(actual[name], value) { body[name] = value }
        }
        let lines = lineEntries(wanted: wanted[lineList], actual: actual[lineList])
        if !lines.isEmpty { body[lineList] = .object(["items": .array(lines)]) }
        guard !body.isEmpty else { return .nothing }
        body[CustomField.salesOrderVersion] = wanted[CustomField.salesOrderVersion]
        return .patch(body)
    }

    private static let lineList = "item"

    /// The version always differs; the external id and the customer cannot change.
    private static let neverCompared: Set<String> = [
        CustomField.salesOrderVersion, "externalId", "entity", lineList,
    ]

    /// Of a line: NetSuite shows the price level in several forms, and the rate beside it decides.
    private static let lineNeverCompared: Set<String> = ["price", CustomField.salesOrderLineId]

    private static func lineEntries(wanted: JSONValue?, actual: JSONValue?) -> [JSONValue] {
        let open = openLines(actual)
        var nameless = NamelessLines(actual)
        var entries: [JSONValue] = []
        var seen: Set<String> = []
        for line in wanted?["items"]?.array ?? [] {
            guard let line = line.object, let id = line[CustomField.salesOrderLineId]?.string else { continue }
            seen.insert(id)
            let existing = open[id] ?? []
            guard let first = existing.first else {
                entries.append(nameless.takeKey(of: line).map { keyed(line, $0) } ?? .object(line))
                continue
            }
            if differs(first, from: line), let key = first["line"] { entries.append(keyed(line, key)) }
            // An added line whose answer was lost may have been added twice: the later one is closed.
            entries += existing.dropFirst().compactMap(closing)
        }
        let removed = open.filter { !seen.contains($0.key) }.flatMap(\.value)
        return entries + removed.sorted { lineNumber($0) < lineNumber($1) }.compactMap(closing)
    }

    private static func keyed(_ line: JSONObject, _ key: JSONValue) -> JSONValue {
        .object(JSONObject([("line", key)] + line.members.map { ($0.name, $0.value) }))
    }

    private static func differs(_ actual: JSONObject, from wanted: JSONObject) -> Bool {
        wanted.members.contains { name, value in !lineNeverCompared.contains(name) && !shows(actual[name], value) }
    }

    /// Open lines without a Salesforce line id: people's, or ours when NetSuite dropped the field that holds it.
    private struct NamelessLines {
        private var lines: [JSONObject]
        private let isFieldLost: Bool

        init(_ actual: JSONValue?) {
            let all = (actual?["items"]?.array ?? []).compactMap(\.object)
            let isNameless = { (line: JSONObject) in line[CustomField.salesOrderLineId]?.string?.isEmpty != false }
            lines = all.filter { isNameless($0) && $0["isClosed"]?.bool != true }
            isFieldLost = all.allSatisfy(isNameless)
        }

        /// The key of the line that a wanted one is taken to be, so that it is not added a second time: equal in all
        /// that would be sent, or, where no line at all kept its id, of the same item.
        mutating func takeKey(of wanted: JSONObject) -> JSONValue? {
            let equal = lines.firstIndex { !differs($0, from: wanted) }
            let found = equal ?? (isFieldLost ? lines.firstIndex { shows($0["item"], wanted["item"] ?? nil) } : nil)
            return found.flatMap { lines.remove(at: $0)["line"] }
        }
    }

    private static func openLines(_ actual: JSONValue?) -> [String: [JSONObject]] {
        var lines: [String: [JSONObject]] = [:]
        for line in actual?["items"]?.array ?? [] {
            guard let line = line.object, line["isClosed"]?.bool != true,
                let id = line[CustomField.salesOrderLineId]?.string, !id.isEmpty
            else { continue }
            lines[id, default: []].append(line)
        }
        return lines.mapValues { $0.sorted { lineNumber($0) < lineNumber($1) } }
    }

    private static func lineNumber(_ line: JSONObject) -> Int64 {
        line["line"]?.int64 ?? .max
    }

    private static func closing(_ line: JSONObject) -> JSONValue? {
        line["line"].map { .object(["line": $0, "isClosed": true]) }
    }

    /// Whether NetSuite's value shows the one that would be sent, whatever form it gives it.
    static func shows(_ actual: JSONValue?, _ wanted: JSONValue) -> Bool {
        switch wanted {
        case .null:
            return actual == nil || actual == .null || actual?.string == ""
        case .bool(let flag):
            return (actual?.bool ?? false) == flag
        case .string(let text):
            return actual?.string.map(normalized) == normalized(text)
        case .number(let number):
            return decimal(actual) == (try? ExactDecimal(number.text))
        case .array(let elements):
            guard let actual = actual?.array, actual.count == elements.count else { return false }
            return zip(actual, elements).allSatisfy(shows)
        case .object(let object):
            if object.count == 1, let id = object["id"] { return reference(actual) == reference(id) }
            return object.members.allSatisfy { shows(actual?[$0.name], $0.value) }
        }
    }

    private static func reference(_ value: JSONValue?) -> String? {
        let id = value?["id"] ?? value
        return id?.string ?? id?.number?.text
    }

    private static func decimal(_ value: JSONValue?) -> ExactDecimal? {
        (value?.number?.text ?? value?.string).flatMap { try? ExactDecimal($0) }
    }

    private static func normalized(_ text: String) -> String {
        var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map(String.init)
        while lines.last?.allSatisfy(\.isWhitespace) == true { lines.removeLast() }
        return lines.joined(separator: "\n")
    }
}
