/// Dates and instants as Salesforce writes them; instants are whole seconds since 1970, UTC.
enum CalendarText {
    /// `2026-05-28T20:26:40.000+0000`: three fraction digits and an offset without a colon.
    static func salesforce(_ seconds: Int64) -> String {
        let (day, time) = split(seconds)
        return "\(date(ofDay: day))T\(clock(time)).000+0000"
    }

    /// `2026-05-28`.
    static func date(_ seconds: Int64) -> String {
        date(ofDay: split(seconds).day)
    }

    /// `2026-05-28T20:26:40Z`.
    static func iso(_ seconds: Int64) -> String {
        let (day, time) = split(seconds)
        return "\(date(ofDay: day))T\(clock(time))Z"
    }

    /// Reads an instant with `Z`, `+hhmm` or `+hh:mm`, with or without a fraction, which is dropped.
    static func instant(_ text: String) -> Int64? {
        let characters = Array(text.utf8)
        guard characters.count >= 20, characters[10] == UInt8(ascii: "T"),
            characters[13] == UInt8(ascii: ":"), characters[16] == UInt8(ascii: ":"),
            let day = dayNumber(String(decoding: characters[0..<10], as: UTF8.self)),
            let hour = number(characters[11..<13]), let minute = number(characters[14..<16]),
            let second = number(characters[17..<19]), hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = characters[19...]
        if rest.first == UInt8(ascii: ".") {
            rest = rest.dropFirst()
            let fraction = rest.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
            guard !fraction.isEmpty, fraction.count <= 9 else { return nil }
            rest = rest.dropFirst(fraction.count)
        }
        guard let offset = offsetSeconds(rest) else { return nil }
        return day * 86400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset)
    }

    /// True for a real day written `YYYY-MM-DD`, of the years that Salesforce stores (1700 to 4000).
    static func isDate(_ text: String) -> Bool {
        guard dayNumber(text) != nil, let year = Int(text.prefix(4)) else { return false }
        return year >= 1700 && year <= 4000
    }

    private static func offsetSeconds(_ text: ArraySlice<UInt8>) -> Int? {
        if text.elementsEqual("Z".utf8) { return 0 }
        guard let sign = text.first, sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return nil }
        let figures = text.dropFirst().filter { $0 != UInt8(ascii: ":") }
        guard figures.count == 4, let hours = number(figures[0..<2]), let minutes = number(figures[2..<4]),
            hours <= 14, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return sign == UInt8(ascii: "-") ? -seconds : seconds
    }

    private static func number(_ characters: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for character in characters {
            guard character >= UInt8(ascii: "0"), character <= UInt8(ascii: "9") else { return nil }
            value = value * 10 + Int(character - UInt8(ascii: "0"))
        }
        return value
    }

    /// Days since 1970-01-01 of `YYYY-MM-DD`; nil for what is no day.
    private static func dayNumber(_ text: String) -> Int64? {
        let characters = Array(text.utf8)
        guard characters.count == 10, characters[4] == UInt8(ascii: "-"), characters[7] == UInt8(ascii: "-"),
            let year = number(characters[0..<4]), let month = number(characters[5..<7]),
            let day = number(characters[8..<10]), (1...12).contains(month), day >= 1,
            day <= lengthOfMonth(month, year: year)
        else { return nil }
        // Days from civil: the year begins in March, so that the leap day is its last.
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int64(era * 146_097 + dayOfEra - 719_468)
    }

    private static func lengthOfMonth(_ month: Int, year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func civilDate(ofDay number: Int64) -> (year: Int, month: Int, day: Int) {
        let shifted = number + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = Int(shifted - era * 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + Int(era) * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    private static func split(_ seconds: Int64) -> (day: Int64, time: Int) {
        let day = seconds >= 0 ? seconds / 86400 : (seconds - 86399) / 86400
        return (day, Int(seconds - day * 86400))
    }

    private static func date(ofDay day: Int64) -> String {
        let civil = civilDate(ofDay: day)
        return "\(padded(civil.year, 4))-\(padded(civil.month, 2))-\(padded(civil.day, 2))"
    }

    private static func clock(_ time: Int) -> String {
        "\(padded(time / 3600, 2)):\(padded(time / 60 % 60, 2)):\(padded(time % 60, 2))"
    }

    private static func padded(_ value: Int, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
