import FoundationEssentials
import JSONText

/// A stored value of one field.
enum FieldValue: Hashable, Sendable {
    case null
    case text(String)
    case flag(Bool)
    case number(Decimal)
    /// Seconds since 1970, UTC: Salesforce keeps no fraction of a second.
    case instant(Int64)
    /// A day, `YYYY-MM-DD`.
    case day(String)

    /// The text of a string value, and nil for every other kind.
    var text: String? {
        if case .text(let text) = self { text } else { nil }
    }

    /// The number, and nil for every other kind.
    var number: Decimal? {
        if case .number(let number) = self { number } else { nil }
    }

    /// The truth value; null counts as false, as an unticked checkbox does.
    var flag: Bool {
        if case .flag(let flag) = self { flag } else { false }
    }

    /// The instant in seconds since 1970, and nil for every other kind.
    var instant: Int64? {
        if case .instant(let instant) = self { instant } else { nil }
    }

    /// The value as a REST answer shows it.
    func json(as type: FieldType) -> JSONValue {
        switch self {
        case .null: .null
        case .text(let text): .string(text)
        case .flag(let flag): .bool(flag)
        case .number(let number): DecimalText.json(number, whole: type == .int)
        case .instant(let seconds): .string(CalendarText.salesforce(seconds))
        case .day(let day): .string(day)
        }
    }

    /// The value as a plain text, for history rows and the journal.
    var plainText: String? {
        switch self {
        case .null: nil
        case .text(let text): text
        case .flag(let flag): flag ? "true" : "false"
        case .number(let number): DecimalText.plain(number)
        case .instant(let seconds): CalendarText.salesforce(seconds)
        case .day(let day): day
        }
    }

    /// What equality in a query compares: most text fields ignore letter case.
    func folded(caseSensitive: Bool) -> FieldValue {
        if case .text(let text) = self, !caseSensitive { .text(text.lowercased()) } else { self }
    }

    /// Order for `<`, `>` and `ORDER BY`; nil where the kinds differ or a value is null.
    func compared(to other: FieldValue, caseSensitive: Bool) -> Int? {
        switch (folded(caseSensitive: caseSensitive), other.folded(caseSensitive: caseSensitive)) {
        case (.text(let left), .text(let right)): Self.sign(left, right)
        case (.number(let left), .number(let right)): Self.sign(left, right)
        case (.instant(let left), .instant(let right)): Self.sign(left, right)
        case (.day(let left), .day(let right)): Self.sign(left, right)
        case (.flag(let left), .flag(let right)): Self.sign(left ? 1 : 0, right ? 1 : 0)
        default: nil
        }
    }

    private static func sign<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : (left == right ? 0 : 1)
    }
}

/// Decimals read from and written to text without a detour over binary floating point.
enum DecimalText {
    /// Reads `-12.50` or `1.25e3`; nil for what is no decimal number, and for more than 38 significant digits.
    static func read(_ text: String) -> Decimal? {
        // Decimal(string:) stops at the first strange character; JSON's own grammar is the strict one.
        guard text.utf8.count <= 60, JSONNumber(text: text) != nil, let value = Decimal(string: text), value.isFinite
        else { return nil }
        return value
    }

    /// Plain digits without an exponent.
    static func plain(_ value: Decimal) -> String {
        value.description
    }

    /// `2.0`, `49.5`; whole numbers of whole-number fields carry no fraction.
    static func json(_ value: Decimal, whole: Bool) -> JSONValue {
        let text = plain(value)
        return number(whole || text.contains(".") ? text : text + ".0")
    }

    /// Rounds half up, away from zero.
    static func rounded(_ value: Decimal, scale: Int) -> Decimal {
        let text = plain(value)
        guard let point = text.firstIndex(of: ".") else { return value }
        let fraction = text[text.index(after: point)...]
        guard fraction.count > scale else { return value }
        let kept = String(text[..<point]) + "." + fraction.prefix(scale)
        guard let truncated = Decimal(string: kept) else { return value }
        guard let next = fraction.dropFirst(scale).first, next >= "5" else { return truncated }
        let unit = Decimal(sign: .plus, exponent: -scale, significand: 1)
        return text.hasPrefix("-") ? truncated - unit : truncated + unit
    }

    /// A JSON number with exactly these digits.
    static func number(_ text: String) -> JSONValue {
        JSONNumber(text: text).map(JSONValue.number) ?? .null
    }
}
