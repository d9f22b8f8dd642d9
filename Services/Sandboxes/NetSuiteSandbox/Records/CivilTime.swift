import EventLoop
import FoundationEssentials

/// A calendar date of the proleptic Gregorian calendar.
struct CivilDate: Hashable, Comparable, Sendable {
    let year: Int
    let month: Int
    let day: Int

    /// Reads `YYYY-MM-DD`; nil for anything else, an impossible day included.
    init?(iso text: String) {
        let parts = text.split(separator: "-", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].utf8.count == 4, parts[1].utf8.count == 2, parts[2].utf8.count == 2,
            parts.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }),
            let year = Int(parts[0]), let month = Int(parts[1]), let day = Int(parts[2])
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The date of these three numbers; nil when there is no such day.
    init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CivilDate.daysInMonth(month, of: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// The date that lies this many days after 1970-01-01.
    init(daysSinceEpoch days: Int) {
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = (shiftedYear >= 0 ? shiftedYear : shiftedYear - 399) / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// 0 is Sunday.
    var weekday: Int { ((daysSinceEpoch + 4) % 7 + 7) % 7 }

    var iso: String { "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))" }

    /// How NetSuite prints a bare date to a user with United States settings.
    var displayText: String { "\(month)/\(day)/\(year)" }

    static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func daysInMonth(_ month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

/// An instant, in milliseconds since 1970-01-01T00:00:00Z.
struct Stamp: Hashable, Comparable, Sendable {
    let milliseconds: Int64

    init(milliseconds: Int64) { self.milliseconds = milliseconds }

    init(_ date: Date) { milliseconds = Int64((date.timeIntervalSince1970 * 1000).rounded(.down)) }

    var seconds: Int64 { milliseconds >= 0 ? milliseconds / 1000 : (milliseconds - 999) / 1000 }

    func earlier(by duration: Duration) -> Stamp { Stamp(milliseconds: milliseconds - duration.inMilliseconds) }

    func later(by duration: Duration) -> Stamp { Stamp(milliseconds: milliseconds + duration.inMilliseconds) }

    /// Reads an instant in UTC such as `2025-03-14T10:02:00Z`, with or without a fraction of the second.
    init?(iso text: String) {
        let parts = text.split(separator: "T", omittingEmptySubsequences: false)
        guard parts.count == 2, let date = CivilDate(iso: String(parts[0])), parts[1].hasSuffix("Z") else { return nil }
        let time = parts[1].dropLast().split(separator: ".", omittingEmptySubsequences: false)
        let fields = time[0].split(separator: ":", omittingEmptySubsequences: false)
        let numbers = fields.compactMap { $0.utf8.count == 2 ? Int($0) : nil }
        guard time.count <= 2, numbers.count == 3, fields.count == 3, numbers[0] < 24, numbers[1] < 60, numbers[2] < 60,
            numbers.allSatisfy({ $0 >= 0 })
        else { return nil }
        var fraction: Int64 = 0
        if time.count == 2 {
            guard (1...9).contains(time[1].utf8.count), time[1].utf8.allSatisfy({ (48...57).contains($0) }) else {
                return nil
            }
            fraction = Int64((String(time[1]) + "00").prefix(3)) ?? 0
        }
        let clock = ClockTime(date: date, secondOfDay: numbers[0] * 3600 + numbers[1] * 60 + numbers[2])
        self.init(milliseconds: clock.secondsSinceEpoch * 1000 + fraction)
    }

    /// NetSuite shows modification times to the minute.
    var minute: Stamp { Stamp(milliseconds: milliseconds - ((milliseconds % 60_000) + 60_000) % 60_000) }

    static func < (left: Stamp, right: Stamp) -> Bool { left.milliseconds < right.milliseconds }

    /// `2025-03-14T10:02:00Z`.
    var isoText: String {
        let time = ClockTime(secondsSinceEpoch: seconds)
        return "\(time.date.iso)T\(time.timeText)Z"
    }

    /// `2025-03-14T10:02:00.123Z`.
    var isoMillisecondsText: String {
        let time = ClockTime(secondsSinceEpoch: seconds)
        return "\(time.date.iso)T\(time.timeText).\(padded(Int(milliseconds - seconds * 1000), 3))Z"
    }
}

/// A date with a time of day, of no particular zone.
struct ClockTime: Hashable, Comparable, Sendable {
    let date: CivilDate
    let secondOfDay: Int

    init(date: CivilDate, secondOfDay: Int = 0) {
        self.date = date
        self.secondOfDay = secondOfDay
    }

    init(secondsSinceEpoch seconds: Int64) {
        let days = seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
        date = CivilDate(daysSinceEpoch: Int(days))
        secondOfDay = Int(seconds - days * 86_400)
    }

    var hour: Int { secondOfDay / 3600 }
    var minute: Int { secondOfDay % 3600 / 60 }
    var second: Int { secondOfDay % 60 }
    var timeText: String { "\(padded(hour, 2)):\(padded(minute, 2)):\(padded(second, 2))" }
    var secondsSinceEpoch: Int64 { Int64(date.daysSinceEpoch) * 86_400 + Int64(secondOfDay) }

    static func < (left: ClockTime, right: ClockTime) -> Bool {
        (left.date, left.secondOfDay) < (right.date, right.secondOfDay)
    }
}

/// `value` in decimal, with leading zeros up to `width` digits.
func padded(_ value: Int, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
