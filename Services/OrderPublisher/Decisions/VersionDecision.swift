import Contracts

/// What a reading of an active order leads to.
enum VersionDecision: Sendable, Equatable {
    /// Never published and activated before Crossdock began: people may have entered it by hand.
    case leftOut
    /// The reading is older than what was published: ignored.
    case stale
    /// Nothing that counts has changed.
    case unchanged
    /// A new version.
    case publish(version: Int64)

    /// What is known of the last publication.
    struct Last: Sendable, Equatable {
        let version: Int64
        let stampMilliseconds: Int64
        let hasSameDigest: Bool
    }

    /// Decides by the newest stamp of order and lines.
    /// - Parameters:
    ///   - startedAt: the instant from which activations are taken.
    ///   - isRequested: an operator asked for it.
    static func decide(
        stamp: UTCInstant, activatedAt: UTCInstant?, last: Last?, startedAt: UTCInstant, isRequested: Bool
    ) -> VersionDecision {
        let milliseconds = stamp.millisecondsSinceEpoch
        guard let last else {
            // An active order always has the date; where the field cannot be read, the touch itself must do.
            if !isRequested, (activatedAt ?? stamp) < startedAt { return .leftOut }
            return .publish(version: milliseconds)
        }
        if milliseconds < last.stampMilliseconds { return .stale }
        if last.hasSameDigest, !isRequested { return .unchanged }
        // Stamps have one second: two edits in one second are two versions all the same.
        return .publish(version: max(milliseconds, last.version + 1))
    }
}
