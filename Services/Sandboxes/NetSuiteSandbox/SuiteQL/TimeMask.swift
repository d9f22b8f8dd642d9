/// Oracle's masks for dates and times, such as `YYYY-MM-DD"T"HH24:MI:SS`.
struct TimeMask {
    private enum Part: Equatable {
        case field(String)
        case literal(String)
        /// Parts of a second, of which the account keeps none.
        case fraction(digits: Int)
    }

    private let parts: [Part]

    private static let fields = ["YYYY", "HH24", "HH12", "MM", "DD", "MI", "SS", "HH", "AM", "PM"]

    init(_ text: String) throws(Refusal) {
        var parts: [Part] = []
        var rest = Substring(text)
        while let first = rest.first {
            if first == "\"" {
                guard let end = rest.dropFirst().firstIndex(of: "\"") else { throw .unsupportedSearch }
                parts.append(.literal(String(rest[rest.index(after: rest.startIndex)..<end])))
                rest = rest[rest.index(after: end)...]
            } else if let field = TimeMask.fields.first(where: { rest.uppercased().hasPrefix($0) }) {
                parts.append(.field(field))
                rest = rest.dropFirst(field.count)
            } else if rest.uppercased().hasPrefix("FF") {
                rest = rest.dropFirst(2)
                let digits = rest.first.flatMap { $0.isASCII ? $0.wholeNumberValue : nil }
                if digits != nil { rest = rest.dropFirst() }
                guard (1...9).contains(digits ?? 3) else { throw .unsupportedSearch }
                parts.append(.fraction(digits: digits ?? 3))
            } else if first.isLetter {
                throw .search("Invalid or unsupported search.")
            } else {
                parts.append(.literal(String(first)))
                rest = rest.dropFirst()
            }
        }
        self.parts = parts
    }

    func format(_ time: ClockTime) -> String {
        var text = ""
        for part in parts {
            switch part {
            case .literal(let literal): text += literal
            case .field(let field): text += TimeMask.format(time, field)
            case .fraction(let digits): text += String(repeating: "0", count: digits)
            }
        }
        return text
    }

    private static func format(_ time: ClockTime, _ field: String) -> String {
        switch field {
        case "YYYY": padded(time.date.year, 4)
        case "MM": padded(time.date.month, 2)
        case "DD": padded(time.date.day, 2)
        case "HH24": padded(time.hour, 2)
        case "HH", "HH12": padded((time.hour + 11) % 12 + 1, 2)
        case "MI": padded(time.minute, 2)
        case "SS": padded(time.second, 2)
        default: time.hour < 12 ? "AM" : "PM"
        }
    }

    /// Reads text of this mask; parts of the time that it does not name are zero.
    func parse(_ text: String) throws(Refusal) -> ClockTime {
        var values: [String: Int] = [:]
        var rest = Substring(text)
        for part in parts {
            switch part {
            case .literal(let literal):
                guard rest.hasPrefix(literal) else { throw .unsupportedSearch }
                rest = rest.dropFirst(literal.count)
            case .fraction(let digits):
                let given = rest.prefix { $0.isASCII && $0.isNumber }
                guard (1...digits).contains(given.count) else { throw .unsupportedSearch }
                rest = rest.dropFirst(given.count)
            case .field(let field):
                let digits = rest.prefix(field == "YYYY" ? 4 : 2)
                if field == "AM" || field == "PM" {
                    values["half"] = digits.uppercased() == "PM" ? 12 : 0
                } else {
                    guard let value = Int(digits), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
                        throw .unsupportedSearch
                    }
                    values[field.hasPrefix("HH") ? "HH" : field] = value
                }
                rest = rest.dropFirst(digits.count)
            }
        }
        guard rest.isEmpty, let year = values["YYYY"], let month = values["MM"], let day = values["DD"],
            let date = CivilDate(year: year, month: month, day: day)
        else { throw .unsupportedSearch }
        var hour = values["HH"] ?? 0
        if let half = values["half"] { hour = hour % 12 + half }
        let minute = values["MI"] ?? 0
        let second = values["SS"] ?? 0
        guard hour < 24, minute < 60, second < 60 else { throw .unsupportedSearch }
        return ClockTime(date: date, secondOfDay: hour * 3600 + minute * 60 + second)
    }

    /// A bare text literal is read in the account's format.
    static func account(_ text: String) throws(Refusal) -> ClockTime {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 3, let month = Int(parts[0]), let day = Int(parts[1]), let year = Int(parts[2]),
            let date = CivilDate(year: year, month: month, day: day)
        else { throw .search("Invalid or unsupported search.") }
        return ClockTime(date: date)
    }
}
