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

    func local(_ stamp: Stamp) -> ClockTime { ClockTime(secondsSinceEpoch: localSeconds(stamp)) }

    /// The local time as seconds since 1970-01-01, as if that were of no zone.
    func localSeconds(_ stamp: Stamp) -> Int64 { stamp.seconds + Int64(offsetSeconds(at: stamp.seconds)) }

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

    /// The seconds since 1970-01-01 UTC that can show, to the minute, as local seconds in this range; and a few around.
    func instants(within local: ClosedRange<Int64>) -> ClosedRange<Int64> {
        guard local.upperBound > Int64.min else { return Int64.min...Int64.min }
        let offset = Int64(standardOffset)
        let lower = local.lowerBound == Int64.min ? Int64.min : local.lowerBound - offset - 3600
        return lower...(local.upperBound == Int64.max ? Int64.max : local.upperBound - offset + 60)
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
        guard let changes = AccountZone.changes[self] else { return standardOffset }
        var (low, high) = (0, changes.count)
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].at <= seconds { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else { return standardOffset }
        return standardOffset + (changes[low - 1].isDaylightSaving ? 3600 : 0)
    }

    private struct Change {
        let at: Int64
        let isDaylightSaving: Bool
    }

    /// All changes, computed once: a query asks for thousands of stamps.
    private static let changes: [AccountZone: [Change]] = {
        var changes: [AccountZone: [Change]] = [:]
        for zone in allCases {
            guard let rule = zone.daylightSaving else { continue }
            changes[zone] = (1970...2199).flatMap { year in
                [
                    Change(at: rule.begin.seconds(in: year), isDaylightSaving: true),
                    Change(at: rule.end.seconds(in: year), isDaylightSaving: false),
                ]
            }.sorted { $0.at < $1.at }
        }
        return changes
    }()
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
}
