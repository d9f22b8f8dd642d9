public import FoundationEssentials

/// A point in time in UTC, to the millisecond.
public struct UTCInstant: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    public let millisecondsSinceEpoch: Int64

    /// The instant so many milliseconds after 1970 began.
    public init(millisecondsSinceEpoch: Int64) {
        self.millisecondsSinceEpoch = millisecondsSinceEpoch
    }

    /// The instant of a date, cut to the millisecond.
    public init(date: Date) {
        millisecondsSinceEpoch = Int64((date.timeIntervalSince1970 * 1000).rounded(.down))
    }

    /// Reads ISO 8601 with seconds, up to nine decimals, and `Z`, `+0000` (as Salesforce writes) or `+00:00`.
    public init(_ text: String) throws(ContractError) {
        var text = text
        guard let value = text.withUTF8({ UTCInstant.milliseconds($0) }) else {
            throw ContractError(
                path: "", reason: "an instant is written like 2026-05-28T20:26:40.000Z, in UTC",
                mend: "send it in this form")
        }
        millisecondsSinceEpoch = value
    }

    /// The same point in time.
    public var date: Date { Date(timeIntervalSince1970: Double(millisecondsSinceEpoch) / 1000) }

    /// The instant as `2026-05-28T20:26:40.000Z`, always with three decimals.
    public var text: String {
        let (days, second, millisecond) = parts
        let day = CalendarDate.civil(daysSinceEpoch: days)
        guard (0...9999).contains(day.year) else { return "\(secondsText).\(padded(millisecond, 3))Z" }
        return String(unsafeUninitializedCapacity: 24) { text in
            let marks = "0000-00-00T00:00:00.000Z"
            _ = text.update(fromContentsOf: marks.utf8)
            put(day.year, width: 4, into: text, at: 0)
            put(day.month, width: 2, into: text, at: 5)
            put(day.day, width: 2, into: text, at: 8)
            put(second / 3600, width: 2, into: text, at: 11)
            put(second / 60 % 60, width: 2, into: text, at: 14)
            put(second % 60, width: 2, into: text, at: 17)
            put(millisecond, width: 3, into: text, at: 20)
            return 24
        }
    }

    /// The instant as a SOQL literal, `2026-05-28T20:26:40Z`; decimals are cut.
    public var soqlText: String { "\(secondsText)Z" }

    /// The instant as `text`.
    public var description: String { text }

    /// Earlier instants come first.
    public static func < (left: UTCInstant, right: UTCInstant) -> Bool {
        left.millisecondsSinceEpoch < right.millisecondsSinceEpoch
    }

    private var parts: (days: Int, second: Int, millisecond: Int) {
        let dayLength: Int64 = 86_400_000
        var days = millisecondsSinceEpoch / dayLength
        var rest = millisecondsSinceEpoch % dayLength
        if rest < 0 {
            rest += dayLength
            days -= 1
        }
        return (Int(days), Int(rest / 1000), Int(rest % 1000))
    }

    private var secondsText: String {
        let (days, second, _) = parts
        let day = CalendarDate.civil(daysSinceEpoch: days)
        let date = "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2))"
        return "\(date)T\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    }

    private static func milliseconds(_ bytes: UnsafeBufferPointer<UInt8>) -> Int64? {
        guard bytes.count >= 20, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let year = decimal(bytes, 0..<4), let month = decimal(bytes, 5..<7), let day = decimal(bytes, 8..<10),
            let hour = decimal(bytes, 11..<13), let minute = decimal(bytes, 14..<16),
            let second = decimal(bytes, 17..<19), hour < 24, minute < 60, second < 60,
            let date = CalendarDate(year: year, month: month, day: day)
        else { return nil }
        var (rest, millisecond) = (19, 0)
        if bytes[rest] == UInt8(ascii: ".") {
            var worth = 100
            rest += 1
            while rest < bytes.count, (0x30...0x39).contains(bytes[rest]) {
                millisecond += worth * Int(bytes[rest] - 0x30)
                worth /= 10
                rest += 1
            }
            guard (1...9).contains(rest - 20) else { return nil }
        }
        let zone = bytes[rest...]
        guard zone.elementsEqual("Z".utf8) || zone.elementsEqual("+0000".utf8) || zone.elementsEqual("+00:00".utf8)
        else { return nil }
        let seconds = Int64(date.daysSinceEpoch) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
        return seconds * 1000 + Int64(millisecond)
    }
}
