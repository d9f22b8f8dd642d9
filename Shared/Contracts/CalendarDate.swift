/// A day without a time and a time zone.
public struct CalendarDate: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The year, 1900 to 2199.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// A day of the Gregorian calendar; `nil` where there is none such, or its year makes no sense for an order.
    public init?(year: Int, month: Int, day: Int) {
        guard (1900...2199).contains(year), (1...12).contains(month),
            (1...CalendarDate.days(inMonth: month, of: year)).contains(day)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Reads `YYYY-MM-DD` and nothing else.
    public init(_ text: String) throws(ContractError) {
        var text = text
        guard let (year, month, day) = text.withUTF8({ CalendarDate.parts($0) }) else {
            throw ContractError(path: "", reason: "a date is written YYYY-MM-DD", mend: "send it in this form")
        }
        guard let date = CalendarDate(year: year, month: month, day: day) else {
            throw ContractError(
                path: "", reason: "there is no such day between 1900 and 2199", mend: "correct the date in Salesforce")
        }
        self = date
    }

    /// The day that these bytes write; nil where they write none.
    init?(plain bytes: UnsafeBufferPointer<UInt8>) {
        guard let (year, month, day) = CalendarDate.parts(bytes) else { return nil }
        self.init(year: year, month: month, day: day)
    }

    private static func parts(_ bytes: UnsafeBufferPointer<UInt8>) -> (year: Int, month: Int, day: Int)? {
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = decimal(bytes, 0..<4), let month = decimal(bytes, 5..<7), let day = decimal(bytes, 8..<10)
        else { return nil }
        return (year, month, day)
    }

    /// The day as `YYYY-MM-DD`.
    public var text: String {
        String(unsafeUninitializedCapacity: 10) { text in
            put(year, width: 4, into: text, at: 0)
            text[4] = UInt8(ascii: "-")
            put(month, width: 2, into: text, at: 5)
            text[7] = UInt8(ascii: "-")
            put(day, width: 2, into: text, at: 8)
            return 10
        }
    }
    /// The day as `YYYY-MM-DD`.
    public var description: String { text }

    /// Earlier days come first.
    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", days_from_civil).
    var daysSinceEpoch: Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The reverse of `daysSinceEpoch`, for years that may lie outside sense.
    static func civil(daysSinceEpoch: Int) -> (year: Int, month: Int, day: Int) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

/// The value of a run of digits; `nil` where another byte stands among them.
func decimal(_ bytes: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> Int? {
    var value = 0
    for index in range {
        guard (0x30...0x39).contains(bytes[index]) else { return nil }
        value = value * 10 + Int(bytes[index] - 0x30)
    }
    return range.isEmpty ? nil : value
}

/// The value of a run of digits; `nil` where another byte stands among them.
func decimal(_ digits: ArraySlice<UInt8>) -> Int? {
    digits.withUnsafeBufferPointer { decimal($0, 0..<$0.count) }
}

/// Writes the last `width` digits of a number that is not negative.
func put(_ value: Int, width: Int, into text: UnsafeMutableBufferPointer<UInt8>, at position: Int) {
    var rest = value
    for index in (position..<position + width).reversed() {
        text[index] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
    }
}

/// A number with zeros in front up to `width` digits.
func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(width - digits.utf8.count, 0)) + digits
}
