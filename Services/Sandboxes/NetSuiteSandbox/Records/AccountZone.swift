/// The zone in which the account shows times in SuiteQL, by its IANA name.
///
/// The rules stand here and are not read from the system's zone files, since the services' side asks PostgreSQL, which
/// reads those files: an error of one side must not hide behind the same error of the other. They are the rules in force
/// since 2008 (since 1996 in Berlin, 1986 in Kathmandu); earlier instants are shown by the same rules.
enum AccountZone: String, Sendable, CaseIterable {
    case utc = "UTC"
    case pacific = "America/Los_Angeles"
    case berlin = "Europe/Berlin"
    /// A quarter of an hour off the hour, and never changed.
    case kathmandu = "Asia/Kathmandu"
    /// Daylight saving over the turn of the year.
    case sydney = "Australia/Sydney"

    func local(_ stamp: Stamp) -> ClockTime {
        ClockTime(secondsSinceEpoch: stamp.seconds + Int64(offsetSeconds(at: stamp.seconds)))
    }

    /// Seconds east of Greenwich, without daylight saving.
    private var standardOffset: Int {
        switch self {
        case .utc: 0
        case .pacific: -8 * 3600
        case .berlin: 3600
        case .kathmandu: 5 * 3600 + 45 * 60
        case .sydney: 10 * 3600
        }
    }

    /// The earliest and the latest instant that a local time can mean.
    func possibleInstants(of time: ClockTime) -> ClosedRange<Stamp> {
        let latest = (time.secondsSinceEpoch - Int64(standardOffset)) * 1000
        let earliest = daylightSaving == nil ? latest : latest - 3_600_000
        return Stamp(milliseconds: earliest)...Stamp(milliseconds: latest)
    }

    /// When clocks are one hour ahead.
    private var daylightSaving: DaylightSaving? {
        switch self {
        case .utc, .kathmandu: nil
        // Energy Policy Act of 2005: from the second Sunday of March, two o'clock, to the first of November.
        case .pacific:
            DaylightSaving(
                begin: .init(month: 3, sunday: .counted(2), universalSecond: 10 * 3600),
                end: .init(month: 11, sunday: .counted(1), universalSecond: 9 * 3600))
        // Directive 2000/84/EC: the last Sundays of March and October, one o'clock in Greenwich.
        case .berlin:
            DaylightSaving(
                begin: .init(month: 3, sunday: .last, universalSecond: 3600),
                end: .init(month: 10, sunday: .last, universalSecond: 3600))
        // Standard Time Act of New South Wales: the first Sundays of October and April, two o'clock standard time, which
        // in Greenwich is four in the afternoon of the day before.
        case .sydney:
            DaylightSaving(
                begin: .init(month: 10, sunday: .counted(1), universalSecond: -8 * 3600),
                end: .init(month: 4, sunday: .counted(1), universalSecond: -8 * 3600))
        }
    }

    private func offsetSeconds(at seconds: Int64) -> Int {
        guard let daylightSaving else { return standardOffset }
        let year = ClockTime(secondsSinceEpoch: seconds + Int64(standardOffset)).date.year
        return standardOffset + (daylightSaving.isOn(at: seconds, in: year) ? 3600 : 0)
    }
}

/// The part of each year in which clocks are one hour ahead; where it begins after it ends, it spans the turn of the year.
private struct DaylightSaving {
    enum Sunday {
        case counted(Int)
        case last
    }

    struct Change {
        let month: Int
        let sunday: Sunday
        /// Seconds of that Sunday in UTC; below zero on the day before.
        let universalSecond: Int

        func seconds(in year: Int) -> Int64 {
            guard let first = CivilDate(year: year, month: month, day: 1) else { return 0 }
            let firstSunday = first.daysSinceEpoch + (7 - first.weekday) % 7
            let day: Int
            switch sunday {
            case .counted(let number): day = firstSunday + (number - 1) * 7
            // March and October, the only months with this rule, have 31 days.
            case .last: day = firstSunday + (first.daysSinceEpoch + 30 - firstSunday) / 7 * 7
            }
            return Int64(day) * 86_400 + Int64(universalSecond)
        }
    }

    let begin: Change
    let end: Change

    func isOn(at seconds: Int64, in year: Int) -> Bool {
        let (begin, end) = (begin.seconds(in: year), end.seconds(in: year))
        return begin < end ? seconds >= begin && seconds < end : seconds >= begin || seconds < end
    }
}
