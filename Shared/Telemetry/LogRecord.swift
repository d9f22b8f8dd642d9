/// One record before it is text.
struct LogRecord {
    let secondsSince1970: Int64
    let milliseconds: Int64
    let level: Logger.Level
    let label: String
    let message: String
    let fields: [LogField]

    /// A value is cut at this many characters, so that no record floods the log.
    static let maximumValueCharacters = 4_000

    func line(as format: Logger.Format) -> String {
        switch format {
        case .text: textLine
        case .json: jsonLine
        }
    }

    private var textLine: String {
        var line = "\(timestamp) \(level.name.uppercased()) \(label): \(LogEscaping.escape(message))"
        for field in fields {
            let value = LogEscaping.escape(Self.bounded(field.value), quotes: true)
            let needsQuotes = value.isEmpty || value.utf8.contains { $0 == 0x20 || $0 == 0x3d || $0 == 0x5c }
            line += needsQuotes ? " \(field.key.name)=\"\(value)\"" : " \(field.key.name)=\(value)"
        }
        return line
    }

    private var jsonLine: String {
        // Piece by piece: there is a line for each order, and interpolations make a text of each piece first.
        var line = "{"
        line.reserveCapacity(512)
        func member(_ name: String, _ value: String, isNumber: Bool = false) {
            line += line.utf8.count == 1 ? "\"" : ",\""
            line += name
            line += isNumber ? "\":" : "\":\""
            line += LogEscaping.escape(value, quotes: true)
            if !isNumber { line += "\"" }
        }
        member("time", timestamp)
        member("level", level.name)
        member("label", label)
        member("message", message)
        for field in fields { member(field.key.name, Self.bounded(field.value), isNumber: field.isNumber) }
        line += "}"
        return line
    }

    private static func bounded(_ value: String) -> String {
        guard value.utf8.count > maximumValueCharacters else { return value }
        return String(value.prefix(maximumValueCharacters)) + "…"
    }

    /// `2026-03-14T09:26:53.589Z`.
    var timestamp: String {
        let days = (Double(secondsSince1970) / 86_400).rounded(.down)
        let second = secondsSince1970 - Int64(days) * 86_400
        let date = Self.civilDate(daysSince1970: Int64(days))
        guard (0...9999).contains(date.year) else { return longTimestamp(date, second) }
        return String(unsafeUninitializedCapacity: 24) { text in
            _ = text.update(fromContentsOf: "0000-00-00T00:00:00.000Z".utf8)
            func put(_ value: Int64, _ places: ClosedRange<Int>) {
                var rest = value
                for place in places.reversed() {
                    text[place] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
            }
            put(date.year, 0...3)
            put(date.month, 5...6)
            put(date.day, 8...9)
            put(second / 3_600, 11...12)
            put(second / 60 % 60, 14...15)
            put(second % 60, 17...18)
            put(milliseconds, 20...22)
            return 24
        }
    }

    /// Of a clock that is set to a year that has no four digits.
    private func longTimestamp(_ date: (year: Int64, month: Int64, day: Int64), _ second: Int64) -> String {
        let day = "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
        let clock = [second / 3_600, second / 60 % 60, second % 60].map { Self.padded($0, 2) }.joined(separator: ":")
        return "\(day)T\(clock).\(Self.padded(milliseconds, 3))Z"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    /// Gregorian date of a day number, by counting from 1 March of year 0, when leap days fall at a year's end.
    private static func civilDate(daysSince1970: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSince1970 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

/// Makes any text safe for one line of a log or a terminal.
public enum LogEscaping {
    /// Escapes control characters, line separators and direction marks as JSON does (`\n`, `\u001b`).
    ///
    /// With `quotes` also `"` and `\`, so that the result can stand inside a JSON string.
    public static func escape(_ text: String, quotes: Bool = false) -> String {
        let isPlain = text.utf8.allSatisfy { byte in
            (0x20...0x7E).contains(byte) && (!quotes || byte != UInt8(ascii: "\"") && byte != UInt8(ascii: "\\"))
        }
        if isPlain { return text }
        guard text.unicodeScalars.contains(where: { mustEscape($0, quotes: quotes) }) else { return text }
        var result = ""
        for scalar in text.unicodeScalars {
            guard mustEscape(scalar, quotes: quotes) else {
                result.unicodeScalars.append(scalar)
                continue
            }
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\r": result += "\\r"
            case "\t": result += "\\t"
            default:
                let digits = String(scalar.value, radix: 16)
                result += "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
            }
        }
        return result
    }

    private static func mustEscape(_ scalar: Unicode.Scalar, quotes: Bool) -> Bool {
        switch scalar.value {
        case 0x22, 0x5c: quotes
        case 0..<0x20, 0x7f...0x9f: true
        // Line separators, marks that reorder what follows, and the byte order mark.
        case 0x2028, 0x2029, 0x200e, 0x200f, 0x202a...0x202e, 0x2066...0x2069, 0xfeff: true
        default: false
        }
    }
}
