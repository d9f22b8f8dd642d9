import EventLoop
import Kafka
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

/// What a service says when Kafka no longer has what its group has not read.
@Suite("Gaps in a topic")
struct OffsetGapWatchTests {
    @Test(
        "an offset behind the end is said in health, metric and to the service, and nothing that is kept is left out",
        arguments: KafkaBrokerKind.available)
    func offsetBehindTheEnd(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(60)) {
            let topic = "gap-\(UInt64.random(in: 0...UInt64.max))"
            let broker = try await KafkaBroker.ready(kind, topics: [topic], partitionCount: 1)
            try await send(3, bytes: 10, to: broker, topic)
            try await commit(900, of: topic, broker)
            let member = try WatchedMember(broker, topic)
            try member.loop.start()
            try await eventually("the gap is said") { !member.health.warnings.isEmpty }
            try await eventually("what is kept is read") { member.offsets == [0, 1, 2] }
            #expect(member.health.warnings.first?.reason.contains("stands at offset 900") == true)
            #expect(member.metrics.prometheusText().contains(#"kind="beyond-end"} 1"#))
            #expect(member.gaps.map(\.kind) == [.beyondEnd])
            try await member.loop.stop(within: .seconds(3))
            await broker.release()
        }
    }

    @Test("what retention deleted unread is counted, while the group is away and while it reads")
    func deletedUnread() async throws {
        try await onLoop(within: .seconds(60)) {
            let topic = "gap-\(UInt64.random(in: 0...UInt64.max))"
            let broker = try await KafkaBroker.ready(.embedded, topics: [topic], partitionCount: 1)
            try await send(1, bytes: 10, to: broker, topic)
            try await commit(1, of: topic, broker)
            // The embedded broker keeps the newest 5 MiB.
            try await send(8, bytes: 900_000, to: broker, topic)
            let member = try WatchedMember(broker, topic)
            try member.loop.start()
            try await eventually("what is kept is read", within: .seconds(30)) { member.offsets.last == 8 }
            try await eventually("the gap is said") { !member.gaps.isEmpty }
            let gone = Int(member.offsets.first ?? 0) - 1
            #expect(gone > 0)
            #expect(member.gaps.count == 1)
            #expect(member.gaps.first?.kind == .deletedUnread)
            #expect(member.gaps.first?.next == 1)
            #expect(member.gaps.first?.kept == Int64(gone + 1)..<9)
            #expect(member.metrics.prometheusText().contains("kafka_gap_messages_total{topic=\"\(topic)\"} \(gone)"))
            try await member.loop.stop(within: .seconds(3))
            await broker.release()
        }
    }

    @Loop
    private func send(_ count: Int, bytes: Int, to broker: KafkaBroker, _ topic: String) async throws {
        let producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: broker.connection()), logger: .silent)
        // Random enough that compression does not make it small.
        let value = (0..<bytes).map { _ in UInt8.random(in: 0...255) }
        for _ in 0..<count { _ = try await producer.send(topic: topic, key: nil, value: value) }
        await producer.close(within: .seconds(2))
    }

    /// Leaves the group at this offset.
    @Loop
    private func commit(_ offset: Int64, of topic: String, _ broker: KafkaBroker) async throws {
        let consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: topic),
            logger: .silent)
        try consumer.subscribe([topic])
        try await eventually("the assignment", within: .seconds(30)) {
            if case .assigned(let partitions) = consumer.poll(messagesWanted: false) { consumer.assign(partitions) }
            return !consumer.assignment.isEmpty
        }
        try await eventually("the offset is stored") {
            consumer.store(next: offset, for: TopicPartition(topic: topic, partition: 0))
        }
        await consumer.commit(within: .seconds(5))
        await consumer.close(within: .seconds(3))
    }
}

/// A consume loop that finishes everything and remembers what it met.
@Loop
private final class WatchedMember {
    let health = Health()
    let metrics = MetricsRegistry()
    private(set) var offsets: [Int64] = []
    private(set) var gaps: [OffsetGap] = []
    private var made: ConsumeLoop?

    var loop: ConsumeLoop {
        get throws { try #require(made) }
    }

    init(_ broker: KafkaBroker, _ topic: String) throws {
        let consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: topic),
            logger: .silent)
        made = ConsumeLoop(
            topics: [topic], consumer: consumer, troubles: Troubles(health: health, metrics: metrics, logger: .silent),
            health: health, metrics: metrics, logger: .silent, time: LoopTime.shared,
            onGap: GapReaction(mend: "The test is told", act: { [unowned self] in gaps += $0 }),
            handler: { [unowned self] delivery in
                offsets.append(delivery.message.offset)
                return .written
            })
    }
}
