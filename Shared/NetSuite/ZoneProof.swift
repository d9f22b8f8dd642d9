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
    /// Records of each part of the year agree.
    case proven
    /// A part of the year agrees, and there is no record of another: clocks may change otherwise than expected.
    case halfProven
    /// No record shows it.
    case notProvable
    /// A record disagrees: every time would be read wrongly.
    case contradicted(ZoneContradiction)

    /// Judges samples of parts of the year, each part by its own.
    ///
    /// - Parameter parts: samples of each part that must agree.
    public init(parts: [[ZoneSample]], rules: TimeZoneRules) {
        var agreeing = 0
        for samples in parts {
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
            agreeing += measured.isEmpty ? 0 : 1
        }
        self = agreeing == 0 ? .notProvable : agreeing == parts.count ? .proven : .halfProven
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

/// The parts of the last thirteen months of which each must have shown the zone: one for each offset that it had; where it
/// had one alone, the cores of winter and of summer, in which other zones differ by their summer time.
struct ZoneParts: Equatable {
    /// Spans of each part, oldest first.
    let parts: [[Range<UTCInstant>]]
    /// All of the thirteen months.
    let whole: Range<UTCInstant>

    private static let day: Int64 = 86_400_000
    /// Behind a change of the clocks: where they went back, these hours bear stamps of the part before.
    private static let twilight: Int64 = 4 * 3_600_000

    init(of rules: TimeZoneRules, at now: UTCInstant) {
        let begin = UTCInstant(millisecondsSinceEpoch: now.millisecondsSinceEpoch - 396 * Self.day)
        let changes = rules.transitions.map(\.at).filter { begin < $0 && $0 < now }
        whole = begin..<now
        let bounds = [begin] + changes + [now]
        var spans: [Int: [Range<UTCInstant>]] = [:]
        for (from, to) in zip(bounds, bounds.dropFirst()) {
            let start = UTCInstant(millisecondsSinceEpoch: from.millisecondsSinceEpoch + Self.twilight)
            spans[rules.offsetSeconds(at: from), default: []] += start < to ? [start..<to] : []
        }
        if spans.count > 1 {
            parts = spans.sorted { $0.key < $1.key }.map(\.value)
        } else {
            // Neither holds a day at which some zone's clocks change.
            parts = [
                Self.cores(from: (11, 8), to: (3, 8), in: whole), Self.cores(from: (4, 8), to: (9, 24), in: whole),
            ]
        }
    }

    private static func cores(
        from first: (month: Int, day: Int), to end: (month: Int, day: Int), in whole: Range<UTCInstant>
    ) -> [Range<UTCInstant>] {
        guard let year = LocalTime(secondsSinceEpoch: whole.lowerBound.millisecondsSinceEpoch / 1_000).date?.year else {
            return []
        }
        return (year - 1...year + 2).compactMap { year in
            let endYear = end.month < first.month ? year + 1 : year
            guard let from = midnight(year, first), let to = midnight(endYear, end) else { return nil }
            let span = max(from, whole.lowerBound)..<max(min(to, whole.upperBound), max(from, whole.lowerBound))
            return span.isEmpty ? nil : span
        }
    }

    private static func midnight(_ year: Int, _ day: (month: Int, day: Int)) -> UTCInstant? {
        CalendarDate(year: year, month: day.month, day: day.day).flatMap { LocalTime(date: $0, hour: 0) }
            .map { UTCInstant(millisecondsSinceEpoch: $0.secondsSinceEpoch * 1_000) }
    }
}

extension NetSuiteClient {
    /// Measures in which zone queries show times: for each part of the year a query, or two where its older half has no
    /// order, and the record of one of its orders, or of a few where the first was being changed.
    ///
    /// - Parameter now: NetSuite's time.
    public func zoneProof(of rules: TimeZoneRules, at now: UTCInstant) async throws(NetSuiteFailure) -> ZoneProof {
        let plan = ZoneParts(of: rules, at: now)
        var samples: [[ZoneSample]] = []
        for part in plan.parts {
            var found: [ZoneSample] = []
            for span in part where found.isEmpty { found = try await zoneSample(span, rules, now) }
            samples.append(found)
        }
        if samples.allSatisfy(\.isEmpty) {
            // An account with orders of days between the parts alone.
            samples.append(try await zoneSample(plan.whole, rules, now))
        }
        return ZoneProof(parts: samples, rules: rules)
    }

    /// The oldest orders of a span: they are the least likely to be changed between the two answers.
    private func zoneSample(
        _ span: Range<UTCInstant>, _ rules: TimeZoneRules, _ now: UTCInstant
    ) async throws(NetSuiteFailure) -> [ZoneSample] {
        let from = rules.local(span.lowerBound)
        var to = rules.local(span.upperBound)
        // An account whose clock is ahead of the one that is configured shows new orders in the future.
        if span.upperBound == now { to = LocalTime(secondsSinceEpoch: to.secondsSinceEpoch + 27 * 3600) }
        let mask = "'YYYY-MM-DD HH24:MI:SS'"
        let rows: [SuiteQLRow]
        do {
            rows = try await firstPage(
                of: "SELECT id, TO_CHAR(lastmodifieddate, \(mask)) AS stamp FROM transaction WHERE type = 'SalesOrd'"
                    + " AND lastmodifieddate >= TO_TIMESTAMP('\(from.text)', \(mask))"
                    + " AND lastmodifieddate < TO_TIMESTAMP('\(to.text)', \(mask))"
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
