public import Contracts

/// How far a watch has read a table, in UTC: a cursor never stands in local time, which goes back in autumn.
public struct WatchMark: Sendable, Hashable, Comparable {
    /// Everything that NetSuite showed of changes up to here was dealt with.
    public let instant: UTCInstant

    /// A mark at an instant.
    public init(_ instant: UTCInstant) {
        self.instant = instant
    }

    /// Reads a cursor's text; nil where it is none.
    public init?(text: String) {
        guard let instant = try? UTCInstant(text) else { return nil }
        self.init(instant)
    }

    /// The mark as a cursor's text.
    public var text: String { instant.text }

    /// Earlier marks come first.
    public static func < (left: WatchMark, right: WatchMark) -> Bool { left.instant < right.instant }

    /// Where the next scan begins: the overlap and the minute that stamps are cut to before the mark, as the smallest time
    /// that the account's clock has shown since then, so that an hour that autumn repeats is read whole.
    public func beginning(at moment: WatchMoment) -> LocalTime {
        let start = UTCInstant(
            millisecondsSinceEpoch: instant.millisecondsSinceEpoch - moment.overlap.components.seconds * 1_000
                - WatchMoment.stampMilliseconds)
        return moment.rules.earliestLocalTime(from: start, to: max(start, moment.now))
    }
}

/// What a scan stands on: NetSuite's time before it began, and how the account's clock goes.
public struct WatchMoment: Sendable, Equatable {
    /// NetSuite's time before the scan began.
    public let now: UTCInstant
    /// The account's time zone.
    public let rules: TimeZoneRules
    /// How much is read again.
    public let overlap: Duration

    /// A little above the minute that stamps are cut to: the clock that stamps rows is not the one that answers.
    static let stampMilliseconds: Int64 = 62_000

    /// Makes a moment.
    public init(now: UTCInstant, rules: TimeZoneRules, overlap: Duration) {
        self.now = now
        self.rules = rules
        self.overlap = overlap
    }

    /// When the account's clock may have shown a stamp, as far as that has been; none for a stamp of the future.
    func past(_ stamp: LocalTime) -> [UTCInstant] {
        let instants = rules.instants(stamp)
        // A time that spring leaves out is no stamp of this zone; the nearest that it can mean will do.
        return (instants.isEmpty ? [rules.firstInstant(showing: stamp)] : instants).filter { $0 <= now }
    }
}

/// Which rows were dealt with already, so that the overlap costs pages and nothing more.
///
/// A stamp has minutes, and a change may become visible as late as the overlap allows for; neither shows by the stamp. So a
/// row is fresh in each scan that begins within its minute, in the first one after that, and in the first one after the
/// overlap is over. Where autumn repeats the hour, both readings of a stamp count.
public struct SeenChanges: Sendable {
    private struct Key: Hashable {
        let id: Int64
        let stamp: LocalTime
        let kind: String
    }

    private var readAt: [Key: UTCInstant] = [:]

    /// Nothing yet.
    public init() {}

    /// How many rows are remembered.
    public var count: Int { readAt.count }

    /// Whether a row has to be dealt with by a scan of this moment.
    public func isFresh(_ change: NetSuiteChange, at moment: WatchMoment) -> Bool {
        guard let key = Self.key(change), let last = readAt[key] else { return true }
        let past = moment.past(key.stamp)
        guard !past.isEmpty else { return true }
        return past.contains { instant in
            let shown = instant.millisecondsSinceEpoch
            let now = moment.now.millisecondsSinceEpoch
            let minuteEnd = shown + WatchMoment.stampMilliseconds
            let overlapEnd = minuteEnd + moment.overlap.components.seconds * 1_000
            return now < minuteEnd
                || [minuteEnd, overlapEnd].contains { last.millisecondsSinceEpoch < $0 && $0 <= now }
        }
    }

    /// Notes rows as dealt with by a scan of this moment.
    public mutating func note(_ changes: some Sequence<NetSuiteChange>, at moment: WatchMoment) {
        for change in changes {
            guard let key = Self.key(change) else { continue }
            readAt[key] = moment.now
        }
    }

    /// Forgets rows that no scan will show again.
    public mutating func forget(before stamp: LocalTime) {
        readAt = readAt.filter { $0.key.stamp >= stamp }
    }

    private static func key(_ change: NetSuiteChange) -> Key? {
        change.stamp.map { Key(id: change.id, stamp: $0, kind: change.row.text("type") ?? "") }
    }
}
