public import Contracts
import EventLoop
import JSONText

/// One record's time of change as both services show it: the query service in the account's zone, the record service in UTC.
public struct ZoneSample: Sendable, Equatable {
    /// From the query service.
    public let local: LocalTime
    /// From the record service.
    public let instant: UTCInstant

    /// Makes a sample.
    public init(local: LocalTime, instant: UTCInstant) {
        self.local = local
        self.instant = instant
    }

    /// How far the query service's clock is ahead of UTC, in seconds, to a quarter of an hour, as all zones are; nil where
    /// both times are not of one change, such as when the record was changed between the two answers.
    var offsetSeconds: Int64? {
        let difference = local.secondsSinceEpoch * 1_000 - instant.millisecondsSinceEpoch
        let quarter: Int64 = 900_000
        // Queries show minutes: the seconds that they cut make the difference smaller.
        let rounded = ((difference + quarter / 2) / quarter - (difference + quarter / 2 < 0 ? 1 : 0)) * quarter
        guard abs(difference - rounded) <= 61_000, abs(rounded) <= 16 * 3_600_000 else { return nil }
        return rounded / 1_000
    }
}

/// Whether NetSuite's queries show times in the time zone that is configured: measured, and never believed.
public enum ZoneProof: Sendable, Equatable {
    /// A winter's and a summer's record agree.
    case proven
    /// One half of the year agrees, and there is no record of the other: clocks may change otherwise than expected.
    case halfProven
    /// No record shows it.
    case notProvable
    /// A record disagrees: every time would be read wrongly.
    case contradicted(ZoneContradiction)

    /// Judges samples of a winter and of a summer.
    public init(winter: [ZoneSample], summer: [ZoneSample], rules: TimeZoneRules) {
        var halves = 0
        for samples in [winter, summer] {
            let measured = samples.filter { $0.offsetSeconds != nil }
            for sample in measured {
                let expected = Int64(rules.offsetSeconds(at: sample.instant))
                if let offset = sample.offsetSeconds, offset != expected {
                    self = .contradicted(
                        ZoneContradiction(
                            zone: rules.name, instant: sample.instant, configuredSeconds: expected,
                            measuredSeconds: offset))
                    return
                }
            }
            halves += measured.isEmpty ? 0 : 1
        }
        self = halves == 2 ? .proven : halves == 1 ? .halfProven : .notProvable
    }

    /// How much a scan reads again: clocks that change otherwise than expected move stamps by an hour, and a zone that
    /// nothing shows by several.
    public func overlap(atLeast configured: Duration) -> Duration {
        switch self {
        case .proven, .contradicted: configured
        case .halfProven: max(configured, .seconds(75 * 60))
        case .notProvable: max(configured, .seconds(4 * 3600))
        }
    }
}

/// What NetSuite shows instead of the time zone that is configured.
public struct ZoneContradiction: Error, Sendable, Equatable, CustomStringConvertible {
    /// The zone that is configured.
    public let zone: String
    /// When the record that shows it was changed.
    public let instant: UTCInstant
    /// How far the configured zone was ahead of UTC then.
    public let configuredSeconds: Int64
    /// How far NetSuite's queries were.
    public let measuredSeconds: Int64

    /// A sentence that names the setting's value and NetSuite's answer.
    public var description: String {
        "the time zone \(zone) was \(Self.words(configuredSeconds)) on \(instant.text.prefix(10)), and NetSuite's queries "
            + "show times that are \(Self.words(measuredSeconds)): set NETSUITE_TIME_ZONE to the account's time zone"
    }

    private static func words(_ seconds: Int64) -> String {
        let minutes = abs(seconds) / 60
        let sign = seconds < 0 ? "-" : "+"
        return "UTC\(sign)\(minutes / 60):\(minutes % 60 < 10 ? "0" : "")\(minutes % 60)"
    }
}

/// The last winter and the last summer, as far as they have been, on the account's clock.
struct ZoneSeasons: Equatable {
    let winter: Range<LocalTime>
    let summer: Range<LocalTime>

    /// The two before a day.
    init?(before day: CalendarDate) {
        func season(from month: Int, to endMonth: Int) -> Range<LocalTime>? {
            let year = day.month >= month ? day.year : day.year - 1
            guard let first = CalendarDate(year: year, month: month, day: 1),
                let end = CalendarDate(year: endMonth > month ? year : year + 1, month: endMonth, day: 1),
                let from = LocalTime(date: first, hour: 0), let to = LocalTime(date: end, hour: 0)
            else { return nil }
            return from..<to
        }
        guard let winter = season(from: 12, to: 3), let summer = season(from: 6, to: 9) else { return nil }
        self.winter = winter
        self.summer = summer
    }
}

extension NetSuiteClient {
    /// Measures in which zone queries show times: two queries, and for each half of the year that has orders the record
    /// of one of them, or of a few where the first was being changed.
    ///
    /// - Parameter now: NetSuite's time.
    public func zoneProof(of rules: TimeZoneRules, at now: UTCInstant) async throws(NetSuiteFailure) -> ZoneProof {
        guard let seasons = rules.local(now).date.flatMap(ZoneSeasons.init) else { return .notProvable }
        let winter = try await zoneSample(seasons.winter)
        let summer = try await zoneSample(seasons.summer)
        return ZoneProof(winter: winter, summer: summer, rules: rules)
    }

    /// The oldest orders of a season: they are the least likely to be changed between the two answers.
    private func zoneSample(_ season: Range<LocalTime>) async throws(NetSuiteFailure) -> [ZoneSample] {
        let mask = "'YYYY-MM-DD HH24:MI:SS'"
        let rows: [SuiteQLRow]
        do {
            rows = try await firstPage(
                of: "SELECT id, TO_CHAR(lastmodifieddate, \(mask)) AS stamp FROM transaction WHERE type = 'SalesOrd'"
                    + " AND lastmodifieddate >= TO_TIMESTAMP('\(season.lowerBound.text)', \(mask))"
                    + " AND lastmodifieddate < TO_TIMESTAMP('\(season.upperBound.text)', \(mask))"
                    + " ORDER BY lastmodifieddate, id", limit: 3
            ).rows
        } catch .refused {
            // A role that may not see orders can prove nothing, and needs a longer overlap.
            return []
        }
        for row in rows {
            guard let id = row.columns["id"]?.internalId, let local = row.text("stamp").flatMap({ try? LocalTime($0) }),
                let instant = try await lastModified(ofSalesOrder: id)
            else { continue }
            let sample = ZoneSample(local: local, instant: instant)
            if sample.offsetSeconds != nil { return [sample] }
        }
        return []
    }

    private func lastModified(ofSalesOrder id: String) async throws(NetSuiteFailure) -> UTCInstant? {
        do {
            let record = try await salesOrder(.internalId(id), includingLines: false)
            return record?.fields["lastModifiedDate"]?.string.flatMap { try? UTCInstant($0) }
        } catch .refused {
            return nil
        }
    }
}
