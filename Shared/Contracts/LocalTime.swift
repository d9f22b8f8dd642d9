/// A date and a time of day as a clock on a wall shows them, to the second, without a time zone.
public struct LocalTime: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Seconds since 1970-01-01 00:00:00 on that clock, as if every day had 24 hours.
    public let secondsSinceEpoch: Int64

    private static let dayLength: Int64 = 86_400

    /// The local time so many seconds after 1970 began on that clock.
    public init(secondsSinceEpoch: Int64) {
        self.secondsSinceEpoch = secondsSinceEpoch
    }

    /// A time of a day; `nil` where a day has none such.
    public init?(date: CalendarDate, hour: Int, minute: Int = 0, second: Int = 0) {
        guard (0..<24).contains(hour), (0..<60).contains(minute), (0..<60).contains(second) else { return nil }
        secondsSinceEpoch =
            Int64(date.daysSinceEpoch) * LocalTime.dayLength + Int64(hour * 3600 + minute * 60 + second)
    }

    /// Reads `YYYY-MM-DD HH24:MI:SS`, also with `T` in the middle, and nothing else.
    public init(_ text: String) throws(ContractError) {
        let bytes = Array(text.utf8)
        guard bytes.count == 19, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: " ") || bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = decimal(bytes[0..<4]), let month = decimal(bytes[5..<7]),
            let day = decimal(bytes[8..<10]), let hour = decimal(bytes[11..<13]),
            let minute = decimal(bytes[14..<16]), let second = decimal(bytes[17..<19]),
            let date = CalendarDate(year: year, month: month, day: day),
            let time = LocalTime(date: date, hour: hour, minute: minute, second: second)
        else {
            throw ContractError(
                path: "", reason: "a local time is written like 2026-05-28 20:26:40", mend: "send it in this form")
        }
        self = time
    }

    /// The day; `nil` outside the years that `CalendarDate` takes.
    public var date: CalendarDate? {
        let day = CalendarDate.civil(daysSinceEpoch: Int(dayAndSecond.day))
        return CalendarDate(year: day.year, month: day.month, day: day.day)
    }
    /// The hour, 0 to 23.
    public var hour: Int { dayAndSecond.second / 3600 }
    /// The minute, 0 to 59.
    public var minute: Int { dayAndSecond.second / 60 % 60 }
    /// The second, 0 to 59.
    public var second: Int { dayAndSecond.second % 60 }

    /// The local time as `YYYY-MM-DD HH24:MI:SS`, which sorts as the times do.
    public var text: String {
        let day = CalendarDate.civil(daysSinceEpoch: Int(dayAndSecond.day))
        return "\(padded(day.year, 4))-\(padded(day.month, 2))-\(padded(day.day, 2)) "
            + "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))"
    }
    /// The local time as `text`.
    public var description: String { text }

    /// Earlier times come first.
    public static func < (left: LocalTime, right: LocalTime) -> Bool {
        left.secondsSinceEpoch < right.secondsSinceEpoch
    }

    private var dayAndSecond: (day: Int64, second: Int) {
        let (day, second) = secondsSinceEpoch.flooredDivision(by: LocalTime.dayLength)
        return (day, Int(second))
    }
}

extension Int64 {
    /// The quotient rounded down and the rest, which is never below zero.
    func flooredDivision(by divisor: Int64) -> (quotient: Int64, rest: Int64) {
        let (quotient, rest) = quotientAndRemainder(dividingBy: divisor)
        return rest < 0 ? (quotient - 1, rest + divisor) : (quotient, rest)
    }
}
