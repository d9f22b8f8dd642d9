import EventLoop
public import Kafka
import Telemetry

/// What a service does about messages that were gone before they were read.
public struct GapReaction: Sendable {
    let mend: String
    let act: @Loop @Sendable ([OffsetGap]) async throws -> Void

    /// - Parameters:
    ///   - mend: what the action does and what is left to a person, in a sentence.
    ///   - act: called once for gaps that are found together.
    public init(mend: String, act: @escaping @Loop @Sendable ([OffsetGap]) async throws -> Void) {
        self.mend = mend
        self.act = act
    }

    /// For who needs to know the topics alone.
    public init(mend: String, ofTopics act: @escaping @Loop @Sendable (Set<String>) async throws -> Void) {
        self.init(mend: mend, act: { gaps in try await act(Set(gaps.map(\.partition.topic))) })
    }
}

/// Notices that messages were gone before they were read, and says so: log, metric, and a warning beside readiness.
///
/// librdkafka goes on at the earliest message then and tells nobody.
@Loop
final class OffsetGapWatch {
    private let consumer: KafkaConsumer
    private let health: Health
    private let logger: Logger
    private let time: any TimeSource
    private let missing: Counter
    private let gaps: Counter
    private let reaction: GapReaction?
    private var assignment: UInt64 = 0
    private var next: [TopicPartition: Int64] = [:]
    private var reported: [TopicPartition: Int64?] = [:]

    init(
        topics: [String], consumer: KafkaConsumer, health: Health, metrics: MetricsRegistry, logger: Logger,
        time: any TimeSource, reaction: GapReaction?
    ) {
        self.consumer = consumer
        self.health = health
        self.logger = logger
        self.time = time
        self.reaction = reaction
        gaps = metrics.counter(
            "kafka_gaps", help: "Partitions whose offsets did not fit what the brokers keep", labels: ["topic", "kind"])
        missing = metrics.counter(
            "kafka_gap_messages", help: "Messages that were gone before they were read, at most", labels: ["topic"])
        for topic in topics { missing.add(0, topic) }
    }

    /// Takes a new assignment: where the group stands is asked before reading moves it.
    func begin(_ partitions: [TopicPartition]) async {
        assignment += 1
        next = [:]
        guard !partitions.isEmpty,
            let committed = try? await consumer.committedOffsets(of: partitions, within: .seconds(1))
        else { return }
        next = committed
        look(at: partitions, next: committed)
    }

    /// Notes a message: one that is not the next may follow a gap. (Or markers of a transaction: the brokers know.)
    func see(_ message: KafkaMessage) {
        let partition = message.topicPartition
        if let expected = next[partition], message.offset != expected {
            look(at: [partition], next: [partition: expected])
        }
        next[partition] = message.offset + 1
    }

    private func look(at partitions: [TopicPartition], next: [TopicPartition: Int64]) {
        let asked = assignment
        EventLoop.shared.start { [self] in
            for _ in 0..<5 where asked == assignment {
                if let found = try? await consumer.offsetGaps(of: partitions, next: next, within: .seconds(2)) {
                    let fresh = found.filter { reported[$0.partition] != $0.next }
                    for gap in fresh { report(gap) }
                    if !fresh.isEmpty { try await reaction?.act(fresh) }
                    return
                }
                try await time.sleep(for: .seconds(2))
            }
        }
    }

    private func report(_ gap: OffsetGap) {
        let topic = gap.partition.topic
        reported[gap.partition] = gap.next
        gaps.add(1, topic, gap.kind.rawValue)
        missing.add(Int(clamping: gap.missingCount ?? 0), topic)
        logger.error(
            "messages may be gone that were never read", .topic(topic), .partition(gap.partition.partition),
            LogField(.errorCode, "kafka_gap"), .reason(gap.sentence), .mend(mend),
            .count(Int(clamping: gap.missingCount ?? 0)))
        health.warn("Kafka offsets of \(topic)", "\(gap.sentence). \(mend)")
    }

    private var mend: String {
        "Reading goes on at the earliest message that is kept. "
            + (reaction?.mend ?? "Send again what is missing (crossdock orders publish ID)")
            + "; then see to it that the topic keeps its messages longer than a service may be away"
    }
}

extension OffsetGap {
    /// What is wrong, in words.
    fileprivate var sentence: String {
        let place = "partition \(partition.partition)"
        return switch kind {
        case .deletedUnread:
            "\(place): the brokers deleted offsets \(next ?? 0) to \(kept.lowerBound - 1) before they were read"
        case .offsetsLost:
            "\(place): the group has no offset, and the brokers keep nothing before offset \(kept.lowerBound)"
        case .beyondEnd:
            "\(place): the group stands at offset \(next ?? 0), and the brokers' last is \(kept.upperBound - 1): "
                + "the topic was made anew or lost its newest messages"
        }
    }
}
