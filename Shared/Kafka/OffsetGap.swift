/// Offsets of a group that do not fit what the brokers keep: messages may be gone that nobody has read.
///
/// Reading goes on at the earliest message that is kept, so nothing that is still there is left out.
public struct OffsetGap: Sendable, Hashable {
    /// How they do not fit.
    public enum Kind: String, Sendable, Hashable {
        /// Retention deleted messages before they were finished.
        case deletedUnread = "deleted-unread"
        /// The group has no offset, and the partition's beginning is gone.
        case offsetsLost = "offsets-lost"
        /// The group's offset lies behind the end: the topic was made anew, or the brokers lost its newest messages.
        case beyondEnd = "beyond-end"
    }

    /// The partition.
    public let partition: TopicPartition
    /// How the offsets do not fit.
    public let kind: Kind
    /// The offset that the group would read next; nil when it has none.
    public let next: Int64?
    /// The offsets that the brokers keep: from the earliest message to behind the newest.
    public let kept: Range<Int64>

    /// How many messages may be gone; nil when nobody can know.
    public var missingCount: Int64? {
        switch kind {
        case .deletedUnread, .offsetsLost: kept.lowerBound - (next ?? 0)
        case .beyondEnd: nil
        }
    }

    /// Compares where a group stands with what the brokers keep; nil when they fit.
    static func between(_ partition: TopicPartition, next: Int64?, kept: Range<Int64>) -> OffsetGap? {
        let kind: Kind
        switch next {
        case nil where kept.lowerBound > 0: kind = .offsetsLost
        case .some(let next) where next < kept.lowerBound: kind = .deletedUnread
        case .some(let next) where next > kept.upperBound: kind = .beyondEnd
        default: return nil
        }
        return OffsetGap(partition: partition, kind: kind, next: next, kept: kept)
    }
}
