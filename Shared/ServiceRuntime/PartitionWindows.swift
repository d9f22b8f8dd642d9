import Kafka

/// The assigned partitions: how far each is finished, and which of them has so much open that it must wait.
///
/// What counts is the span from the oldest unfinished message to the newest taken one, finished ones between included:
/// it is what would be read again after a kill, and one slow order must not let it grow without bound.
struct PartitionWindows {
    /// What follows from a message's end.
    struct Advance: Equatable {
        /// The offset to store; nil where the oldest unfinished message is still the same.
        var next: Int64?
        /// Whether the partition is to be fetched again.
        var resumes = false
    }

    private var trackers: [TopicPartition: OffsetTracker]
    private var full: Set<TopicPartition> = []
    private let limit: Int

    /// - Parameter limit: the widest span of a partition.
    init(_ partitions: [TopicPartition] = [], limit: Int) {
        trackers = Dictionary(uniqueKeysWithValues: partitions.map { ($0, OffsetTracker()) })
        self.limit = limit
    }

    var isEmpty: Bool { trackers.isEmpty }

    /// Notes a message that was taken; true when its partition must not give more for now.
    mutating func take(_ offset: Int64, of partition: TopicPartition) -> Bool {
        trackers[partition]?.handOut(offset)
        guard trackers[partition]?.openCount ?? 0 >= limit else { return false }
        return full.insert(partition).inserted
    }

    /// Notes a message that is finished. A full partition goes on when half of its span is free: each pause throws away
    /// what was fetched ahead.
    mutating func finish(_ offset: Int64, of partition: TopicPartition) -> Advance {
        var advance = Advance(next: trackers[partition]?.finish(offset))
        if full.contains(partition), trackers[partition]?.openCount ?? 0 <= limit / 2 {
            full.remove(partition)
            advance.resumes = true
        }
        return advance
    }
}
