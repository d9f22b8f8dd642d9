import Contracts
import JSONText

/// One line of a mapping file: how one NetSuite field is filled.
struct FieldRule: Sendable {
    enum Source: Sendable {
        case constant(String)
        /// The first of these that has a value.
        case paths([SnapshotPath])
        case template([TemplatePart])
        case address(AddressRule)
    }

    enum TemplatePart: Sendable {
        case text(String)
        case path(SnapshotPath)
    }

    /// A look-up table by the name it has in the file.
    struct Table: Sendable {
        let name: String
        let entries: [String: String]
    }

    let target: NetSuiteField
    let source: Source
    var table: Table?
    /// Taken when the snapshot has no value.
    var fallback: String?
    /// Taken when the table has no entry for the value.
    var otherwise: String?
    var cutsLongText = false

    /// Every path of the snapshot that the rule reads.
    var paths: [SnapshotPath] {
        switch source {
        case .constant, .address: []
        case .paths(let paths): paths
        case .template(let parts):
            parts.compactMap { part in
                if case .path(let path) = part { return path }
                return nil
            }
        }
    }

    /// The field's value for this snapshot, or that it is not carried or empty.
    func value(
        in snapshot: OrderSnapshot, line: OrderSnapshot.Line? = nil
    ) throws(MappingProblem) -> Carried<FieldValue> {
        let found: SnapshotValue
        var source: SnapshotPath?
        switch self.source {
        case .constant(let text):
            found = .text(text)
        case .template(let parts):
            found = .text(Self.fill(parts, snapshot, line))
        case .paths(let paths):
            let (path, value) = Self.first(of: paths, snapshot, line)
            found = value
            source = path
        case .address:
            return .absent
        }
        do throws(Misfit) {
            switch found {
            case .absent, .null:
                if let fallback { return .value(try convert(.text(fallback))) }
                return found == .null ? .null : .absent
            case .text, .decimal, .date, .custom:
                return .value(try convert(try looked(up: found)))
            }
        } catch {
            // Only a problem needs the place, and a line's number in it is searched for.
            throw error.problem(source?.place(in: snapshot, line: line) ?? target.name)
        }
    }

    /// Why a value does not fit, before it is known where it stands: a closure over the snapshot would copy all of it.
    struct Misfit: Error {
        let problem: @Sendable (_ place: String) -> MappingProblem
    }

    private func looked(up value: SnapshotValue) throws(Misfit) -> SnapshotValue {
        guard let table else { return value }
        guard let key = Self.plainText(of: value) else {
            throw Misfit { place in
                MappingProblem(
                    .wrongType, field: place, reason: "only a single value can be looked up in table \(table.name)",
                    sentence: "\(place) is a list or an object, and cannot be looked up in the table \"\(table.name)\"."
                )
            }
        }
        if let entry = table.entries[key.trimmingBlanks()] ?? otherwise { return .text(entry) }
        let shown = key.unicodeScalars.count > 60 ? String(key.prefix(60)) + "…" : key
        throw Misfit { [target] place in
            MappingProblem(
                .notInTable, field: place, reason: "the value has no entry in table \(table.name)",
                sentence:
                    "The mapping's table \"\(table.name)\" has no entry for \"\(shown)\" (\(place)), so NetSuite's "
                    + "\(target.name) is unknown. Add it to the mapping file, or correct the order in Salesforce.")
        }
    }

    private static func first(
        of paths: [SnapshotPath], _ snapshot: OrderSnapshot, _ line: OrderSnapshot.Line?
    ) -> (SnapshotPath?, SnapshotValue) {
        var none: (SnapshotPath?, SnapshotValue) = (paths.first, .absent)
        for path in paths {
            let value = path.value(in: snapshot, line: line)
            switch value {
            case .absent: continue
            case .null: none = (path, .null)
            case .text, .decimal, .date, .custom: return (path, value)
            }
        }
        return none
    }

    private static func fill(
        _ parts: [TemplatePart], _ snapshot: OrderSnapshot, _ line: OrderSnapshot.Line?
    ) -> String {
        var filled = ""
        for part in parts {
            switch part {
            case .text(let text): filled += text
            case .path(let path): filled += Self.plainText(of: path.value(in: snapshot, line: line)) ?? ""
            }
        }
        return filled
    }
}

/// Turns a value into what the NetSuite field takes.
extension FieldRule {
    func convert(_ value: SnapshotValue) throws(Misfit) -> FieldValue {
        switch target.kind {
        case .reference:
            let id = try text(value)
            guard Self.isInternalId(id) else {
                throw wrongType("is no internal id (a whole number)")
            }
            return .id(id)
        case .enumeration(let codes):
            let code = try text(value)
            guard codes.contains(code) else { throw wrongType("is not \(target.kind.inWords)") }
            return .id(code)
        case .text(let maximumLength):
            return .text(try bounded(try text(value), to: maximumLength))
        case .date:
            return .text(try date(value).text)
        case .number:
            return .number(try number(value))
        case .boolean:
            if case .custom(.bool(let truth)) = value { return .truth(truth) }
            switch try text(value) {
            case "true": return .truth(true)
            case "false": return .truth(false)
            default: throw wrongType("is neither true nor false")
            }
        case .address:
            throw wrongType("is no address")
        }
    }

    private func text(_ value: SnapshotValue) throws(Misfit) -> String {
        guard let text = Self.plainText(of: value) else { throw wrongType("is a list or an object") }
        return text
    }

    private func date(_ value: SnapshotValue) throws(Misfit) -> CalendarDate {
        let date: CalendarDate
        if case .date(let given) = value {
            date = given
        } else if let read = try? CalendarDate(try text(value)) {
            date = read
        } else {
            throw wrongType("is no date (YYYY-MM-DD)")
        }
        guard DateRange.years.contains(date.year) else {
            throw Misfit { place in
                MappingProblem(
                    .outOfRange, field: place, reason: "the year is outside \(DateRange.inWords)",
                    sentence: "The date in \(place) is outside \(DateRange.inWords), which NetSuite refuses. "
                        + "Correct it in Salesforce.")
            }
        }
        return date
    }

    private func number(_ value: SnapshotValue) throws(Misfit) -> ExactDecimal {
        if case .decimal(let decimal) = value { return decimal }
        do {
            return try ExactDecimal(try text(value))
        } catch {
            throw wrongType("is no number")
        }
    }

    /// Texts are cut between characters, so that no emoji or accent is torn apart.
    private func bounded(
        _ text: String, to maximumLength: Int?
    ) throws(Misfit) -> String {
        // A text has no more characters than bytes.
        guard let maximumLength, text.utf8.count > maximumLength, text.unicodeScalars.count > maximumLength else {
            return text
        }
        guard cutsLongText else {
            throw Misfit { [target] place in
                .tooLong(place, length: text.unicodeScalars.count, target: target.name, maximum: maximumLength)
            }
        }
        var cut = text
        while cut.unicodeScalars.count > maximumLength { cut.removeLast() }
        return cut
    }

    private func wrongType(_ reason: String) -> Misfit {
        Misfit { [target] place in
            MappingProblem(
                .wrongType, field: place, reason: "the value for \(target.name) \(reason)",
                sentence: "The value of \(place) \(reason), but NetSuite's \(target.name) takes "
                    + "\(target.kind.inWords). Correct it in Salesforce or in the mapping file.")
        }
    }

    static func isInternalId(_ text: String) -> Bool {
        let digits = text.utf8.first == UInt8(ascii: "-") ? text.utf8.dropFirst() : text.utf8[...]
        return (1...18).contains(digits.count) && digits.allSatisfy { (0x30...0x39).contains($0) }
    }

    static func plainText(of value: SnapshotValue) -> String? {
        switch value {
        case .absent, .null: nil
        case .text(let text): text
        case .decimal(let decimal): decimal.plainText
        case .date(let date): date.text
        case .custom(.string(let text)): text
        case .custom(.bool(let truth)): truth ? "true" : "false"
        case .custom(.number(let number)): (try? ExactDecimal(number))?.plainText ?? number.text
        case .custom(.null), .custom(.array), .custom(.object): nil
        }
    }
}

extension MappingProblem {
    static func tooLong(_ place: String, length: Int, target: String, maximum: Int) -> MappingProblem {
        MappingProblem(
            .tooLong, field: place, reason: "\(length) characters are more than \(target) takes (\(maximum))",
            sentence:
                "\(place) has \(length) characters; NetSuite's \(target) takes \(maximum). Shorten it in Salesforce"
                + ", or write \"cut: true\" beside it in the mapping file.")
    }
}

/// Dates that an order can sensibly have; NetSuite's calendars do not go further.
enum DateRange {
    static let years = 1980...2079
    static let inWords = "1980 to 2079"
}

extension String {
    func trimmingBlanks() -> String {
        // Most texts have nothing to trim, and their ends are ASCII.
        if let first = utf8.first, let last = utf8.last, (0x21...0x7E).contains(first), (0x21...0x7E).contains(last) {
            return self
        }
        var trimmed = self[...]
        while let first = trimmed.first, first.isWhitespace { trimmed.removeFirst() }
        while let last = trimmed.last, last.isWhitespace { trimmed.removeLast() }
        return String(trimmed)
    }
}
