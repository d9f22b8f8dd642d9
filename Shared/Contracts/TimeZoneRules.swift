/// A time zone's offsets over a span of years: what turns NetSuite's local times into instants and back.
public struct TimeZoneRules: Sendable, Equatable {
    /// IANA name, such as `America/Los_Angeles`.
    public let name: String
    /// When the clocks change, earliest first.
    public let transitions: [Transition]
    /// How far local time is ahead of UTC before the first transition.
    public let initialOffsetSeconds: Int

    /// A change of the clocks.
    public struct Transition: Sendable, Hashable {
        /// The first instant that has the new offset.
        public var at: UTCInstant
        /// How far local time is ahead of UTC from then on.
        public var offsetSeconds: Int

        /// Makes a transition.
        public init(at: UTCInstant, offsetSeconds: Int) {
            self.at = at
            self.offsetSeconds = offsetSeconds
        }
    }

    /// Rules of these transitions, in any order.
    public init(name: String, transitions: [Transition], initialOffsetSeconds: Int) {
        self.name = name
        self.transitions = transitions.sorted { $0.at < $1.at }
        self.initialOffsetSeconds = initialOffsetSeconds
    }

    /// How far local time is ahead of UTC at an instant, in seconds.
    public func offsetSeconds(at instant: UTCInstant) -> Int {
        transitions.last { $0.at <= instant }?.offsetSeconds ?? initialOffsetSeconds
    }

    /// What the clock shows; milliseconds are cut.
    public func local(_ instant: UTCInstant) -> LocalTime {
        let second = instant.millisecondsSinceEpoch.flooredDivision(by: 1000).quotient
        return LocalTime(secondsSinceEpoch: second + Int64(offsetSeconds(at: instant)))
    }

    /// When the clock shows this: never in the hour that spring leaves out, twice in the one that autumn repeats,
    /// else once; earliest first.
    public func instants(_ local: LocalTime) -> [UTCInstant] {
        let offsets = [initialOffsetSeconds] + transitions.map(\.offsetSeconds)
        let starts = [nil] + transitions.map { Optional($0.at) }
        return offsets.indices.compactMap { index in
            let instant = UTCInstant(
                millisecondsSinceEpoch: (local.secondsSinceEpoch - Int64(offsets[index])) * 1000)
            if let start = starts[index], instant < start { return nil }
            if index + 1 < starts.count, let end = starts[index + 1], instant >= end { return nil }
            return instant
        }
    }

    /// The first instant at which the clock shows this time or, where spring leaves it out, a later one.
    public func firstInstant(showing local: LocalTime) -> UTCInstant {
        if let instant = instants(local).first { return instant }
        let skipping = transitions.first { self.local($0.at) > local && shownBefore($0) <= local }
        // Without an instant there is a gap around it, so there is such a transition.
        return skipping?.at
            ?? UTCInstant(millisecondsSinceEpoch: (local.secondsSinceEpoch - Int64(initialOffsetSeconds)) * 1000)
    }

    /// The smallest time that the clock shows from one instant up to another, both included. Where clocks go back
    /// between the two, that may be the time just after the change.
    public func earliestLocalTime(from: UTCInstant, to: UTCInstant) -> LocalTime {
        let changes = transitions.filter { from < $0.at && $0.at <= to }.map { local($0.at) }
        return changes.reduce(local(from)) { min($0, $1) }
    }

    /// What the clock would show at a transition if it did not change.
    private func shownBefore(_ transition: Transition) -> LocalTime {
        let offset = transitions.last { $0.at < transition.at }?.offsetSeconds ?? initialOffsetSeconds
        let second = transition.at.millisecondsSinceEpoch.flooredDivision(by: 1000).quotient
        return LocalTime(secondsSinceEpoch: second + Int64(offset))
    }
}
