import EventLoop
import Kafka
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

/// Partitions that go to another member while their messages are in work.
@Suite("Handing over")
struct HandoverTests {
    @Test(
        "a message that takes long holds no rebalance up, ends in peace, moves no offset, and comes again",
        arguments: KafkaBrokerKind.available.suffix(1))
    func longMessage(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(60)) {
            let topic = "handover-\(UInt64.random(in: 0...UInt64.max))"
            let broker = try await KafkaBroker.ready(kind, topics: [topic], partitionCount: 2)
            let producer = try KafkaProducer(
                configuration: KafkaProducerConfiguration(connection: broker.connection()), logger: .silent)
            _ = try await producer.send(topic: topic, key: [1], value: [1])
            await producer.close(within: .seconds(2))
            let work = LongWork()
            let first = try Self.member(broker, topic, work)
            try first.loop.start()
            try await eventually("it is in work", within: .seconds(20)) { work.begun == 1 }
            let second = try Self.member(broker, topic, work)
            try second.loop.start()
            // The embedded broker takes its session timeout less one second for each round, and at times needs three.
            try await eventually("the second has its share", within: .seconds(kind == .real ? 6 : 25)) {
                second.health.notReady.isEmpty && first.health.notReady.isEmpty
            }
            #expect(work.ended == 0)
            work.isReleased = true
            try await eventually("it ends, comes again and ends", within: .seconds(20)) { work.ended == 2 }
            #expect(work.begun == 2)
            #expect(work.cancelled == 0)
            await second.loop.stop(within: .seconds(3))
            await first.loop.stop(within: .seconds(3))
            await broker.release()
        }
    }

    @Test("a handler that does not come back is noticed, one that ended is not")
    func stuckHandler() async throws {
        try await onLoop(within: .seconds(20)) {
            let metrics = MetricsRegistry()
            let watch = AttemptWatch(
                topics: ["test.v1"], limit: .milliseconds(200), metrics: metrics, time: LoopTime.shared)
            let reasons = Reasons()
            watch.end(watch.begin(of: "test.v1"))
            watch.start { reasons.all.append($0) }
            let begun = MonotonicInstant.now
            _ = watch.begin(of: "test.v1")
            try await eventually("it is said") { !reasons.all.isEmpty }
            #expect(MonotonicInstant.now - begun > .milliseconds(200))
            #expect(reasons.all.first?.contains("test.v1") == true)
            watch.stop()
        }
    }

    @Loop
    private static func member(
        _ broker: KafkaBroker, _ topic: String, _ work: LongWork
    ) throws -> (loop: ConsumeLoop, health: Health) {
        let health = Health()
        let metrics = MetricsRegistry()
        let consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: topic),
            logger: .silent)
        let loop = ConsumeLoop(
            topics: [topic], consumer: consumer, troubles: Troubles(health: health, metrics: metrics, logger: .silent),
            health: health, metrics: metrics, logger: .silent, time: LoopTime.shared,
            handler: { _ in await work.carryOut() })
        return (loop, health)
    }
}

/// Work that goes on until the test lets it end.
@Loop
private final class LongWork {
    private(set) var begun = 0
    private(set) var ended = 0
    private(set) var cancelled = 0
    var isReleased = false

    func carryOut() async -> Outcome {
        begun += 1
        while !isReleased {
            do { try await LoopTime.shared.sleep(for: .milliseconds(5)) } catch {
                cancelled += 1
                return .postponed(.seconds(1))
            }
        }
        ended += 1
        return .written
    }
}

@Loop
private final class Reasons {
    var all: [String] = []
}
