import EventLoop
import Kafka
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("One consume loop over several topics")
struct SeveralTopicsTests {
    @Test(
        "each topic has its own offsets and figures, and one group's member reads all of them",
        arguments: KafkaBrokerKind.available)
    func offsets(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(90)) {
            let topics = (1...3).map { "several-\($0)-\(UInt64.random(in: 0...UInt64.max))" }
            let broker = try await KafkaBroker.ready(kind, topics: topics, partitionCount: 2)
            try await send(to: broker, topics, each: 20)
            let first = try Member(broker, topics)
            // The second topic does not get on, which keeps the others from nothing.
            first.stuck = topics[1]
            try first.start()
            try await eventually("the others are finished", within: .seconds(40)) {
                first.finished[topics[0]]?.count == 20 && first.finished[topics[2]]?.count == 20
            }
            let text = first.metrics.prometheusText()
            #expect(text.contains("attempts_total{topic=\"\(topics[0])\",outcome=\"written\"} 20"), "\(text)")
            #expect(text.contains("open_messages{topic=\"\(topics[0])\"} 0"))
            #expect(!text.contains("open_messages{topic=\"\(topics[1])\"} 0"))
            await first.stop()

            try await send(to: broker, topics, each: 1)
            let second = try Member(broker, topics)
            try second.start()
            try await eventually("what was left is read", within: .seconds(40)) {
                topics.map { second.finished[$0]?.count ?? 0 } == [1, 21, 1]
            }
            await second.stop()
            await broker.release()
        }
    }

    @Test("what runs alone runs beside no topic's messages, and places of one topic are not another's")
    func alone() async throws {
        try await onLoop(within: .seconds(60)) {
            let cluster = try await PostgresCluster.shared()
            let pool = PostgresPool(configuration: try await cluster.newLedgerDatabase(), logger: .silent)
            let ledger = Ledger(pool: pool, logger: .silent)
            let before = Self.quarantine(ledger, holder: "before")
            var isReady = false
            let partitions = ["a", "b"].map { TopicPartition(topic: $0, partition: 0) }
            before.begin(partitions, clusterId: "c") { isReady = true }
            try await eventually("the first reads") { isReady && before.admits(open: 0) }
            // It was killed while it had both open, and the next one too, behind its registrations.
            let next = Self.quarantine(ledger, holder: "next")
            next.begin(partitions, clusterId: "c") {}
            try await eventually("the second reads") { next.admits(open: 0) }
            let (a, b) = (Self.delivery("a"), Self.delivery("b"))
            #expect(next.take(a) && next.take(b))
            #expect(try await next.register(a) == .together)
            let last = Self.quarantine(ledger, holder: "last")
            last.begin(partitions, clusterId: "c") {}
            try await eventually("the third reads") { last.admits(open: 0) }
            #expect(last.take(a) && last.take(b))
            #expect(try await last.register(a) == .alone(start: 1))
            #expect(try await last.register(b) == .together, "the same place of another topic")
            let running = Running()
            let alone = EventLoop.shared.start {
                _ = try await last.attempt(a, .alone(start: 1)) { await running.run("a") }
            }
            try await eventually("it runs") { running.now == ["a"] }
            let beside = EventLoop.shared.start {
                _ = try await last.attempt(b, .together) { await running.run("b") }
            }
            try await LoopTime.shared.sleep(for: .milliseconds(50))
            #expect(running.now == ["a"])
            running.isReleased = true
            try await alone.value
            try await beside.value
            #expect(running.order == ["a", "b"] && running.mostAtOnce == 1)
            await last.end(within: .seconds(1))
            await pool.close()
        }
    }

    @Loop
    private static func quarantine(_ ledger: Ledger, holder: String) -> QuarantineOfTopics {
        let (metrics, time) = (MetricsRegistry(), LoopTime.shared)
        let troubles = Troubles(health: Health(), metrics: metrics, logger: .silent)
        return QuarantineOfTopics(["a", "b"]) { topic, gate in
            Quarantine(
                name: "feedback", topic: topic, holder: holder, windowSize: 10, gate: gate, ledger: ledger,
                patience: DatabasePatience(troubles: troubles, time: time), metrics: metrics, logger: .silent,
                time: time)
        }
    }

    private static func delivery(_ topic: String) -> Delivery {
        let message = KafkaMessage(
            topic: topic, partition: 0, offset: 5, key: nil, value: nil, headers: [], timestamp: .unavailable)
        return Delivery(message, clusterId: "c", assignment: 1, logger: .silent)
    }

    @Loop
    private func send(to broker: KafkaBroker, _ topics: [String], each: Int) async throws {
        let producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: broker.connection()), logger: .silent)
        for topic in topics {
            for number in 0..<each {
                _ = try await producer.send(
                    topic: topic, key: Array("\(topic) \(number)".utf8), value: [1], headers: [])
            }
        }
        await producer.close(within: .seconds(2))
    }
}

@Loop
private final class Running {
    private(set) var now: [String] = []
    private(set) var order: [String] = []
    private(set) var mostAtOnce = 0
    var isReleased = false

    func run(_ name: String) async -> Outcome {
        now.append(name)
        order.append(name)
        mostAtOnce = max(mostAtOnce, now.count)
        while !isReleased { try? await LoopTime.shared.sleep(for: .milliseconds(2)) }
        now.removeAll { $0 == name }
        return .written
    }
}

/// A member of the group named like the first topic.
@Loop
private final class Member {
    let metrics = MetricsRegistry()
    private(set) var finished: [String: [Int64]] = [:]
    var stuck: String?
    private var loop: ConsumeLoop?

    init(_ broker: KafkaBroker, _ topics: [String]) throws {
        let health = Health()
        let consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: topics[0]),
            logger: .silent)
        loop = ConsumeLoop(
            topics: topics, consumer: consumer, troubles: Troubles(health: health, metrics: metrics, logger: .silent),
            health: health, metrics: metrics, logger: .silent, time: LoopTime.shared,
            handler: { [unowned self] delivery in
                if delivery.topic == stuck { return .postponed(.milliseconds(50)) }
                finished[delivery.topic, default: []].append(delivery.message.offset)
                return .written
            })
    }

    func start() throws { try loop?.start() }

    func stop() async { await loop?.stop(within: .seconds(3)) }
}
