import EventLoop
import Kafka
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("The consume loop")
struct ConsumeLoopTests {
    @Test(
        "keys keep their order through retries while others run beside them, and offsets follow what is finished",
        arguments: KafkaBrokerKind.available)
    func orderAndOffsets(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(90)) {
            try await withTopic(kind) { broker, topic in
                try await produce(broker, topic, keys: 10, each: 10)
                var seen: [String: [String]] = [:]
                var running: Set<String> = []
                var failures = 0
                let first = try LoopUnderTest(broker, topic) { delivery in
                    let key = text(delivery.message.key)
                    #expect(running.insert(key).inserted, "two messages of one key ran at once")
                    defer { running.remove(key) }
                    try? await LoopTime.shared.sleep(for: .milliseconds(1))
                    if text(delivery.message.value) == "5", failures < 20 {
                        failures += 1
                        return .retry(Trouble(.order, "not yet"))
                    }
                    seen[key, default: []].append(text(delivery.message.value))
                    return .written
                }
                try first.loop.start()
                try await eventually("all are finished", within: .seconds(40)) {
                    seen.values.map(\.count).reduce(0, +) == 100
                }
                #expect(failures == 20)
                #expect(seen.values.allSatisfy { $0 == (0..<10).map(String.init) })
                await first.loop.stop(within: .seconds(3))

                // What was finished is not read again by the next member of the group.
                try await produce(broker, topic, keys: 1, each: 1)
                var again: [String] = []
                let second = try LoopUnderTest(broker, topic) { delivery in
                    again.append(text(delivery.message.value))
                    return .written
                }
                try second.loop.start()
                try await eventually("the new message is read", within: .seconds(40)) { !again.isEmpty }
                #expect(again == ["0"])
                await second.loop.stop(within: .seconds(3))
            }
        }
    }

    @Test(
        "trouble of a system stops the intake, says why, and counts against no message",
        arguments: [KafkaBrokerKind.embedded])
    func trouble(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(60)) {
            try await withTopic(kind) { broker, topic in
                try await produce(broker, topic, keys: 50, each: 4)
                let remote = Remote()
                var finished = 0
                let troubles = Reference<Troubles>()
                let member = try LoopUnderTest(broker, topic) { delivery in
                    if remote.isDown { return .retry(Trouble(.netSuite, "no answer")) }
                    #expect(delivery.attempt == 1, "a system's trouble was counted against a message")
                    troubles.value?.answered(.netSuite)
                    finished += 1
                    return .written
                }
                troubles.value = member.troubles
                try member.loop.start()
                try await eventually("the trouble shows", within: .seconds(20)) {
                    member.health.notReady.contains { $0.component == "NetSuite" && $0.reason == "no answer" }
                }
                // A few are open, so that not one stuck order alone finds out whether the trouble is over.
                try await eventually("some wait") { member.loop.openMessages >= 16 }
                let taken = member.loop.openMessages
                try await LoopTime.shared.sleep(for: .milliseconds(300))
                #expect(member.loop.openMessages == taken)
                #expect(taken <= 16 + 64)
                remote.isDown = false
                try await eventually("all are finished", within: .seconds(20)) { finished == 200 }
                #expect(member.health.notReady.isEmpty)
                await member.loop.stop(within: .seconds(3))
            }
        }
    }

    @Test(
        "a partition whose oldest message is stuck stops at its span, the others flow on, and it goes on when that ends",
        arguments: KafkaBrokerKind.available)
    func spanOfPartition(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(90)) {
            try await withTopic(kind) { broker, topic in
                let sent = try await produce(broker, topic, keys: 40, each: 20)
                let stuck = Reference<KafkaMessage>()
                let remote = Remote()
                var seen: [Int32: Set<Int64>] = [:]
                var limits = ConsumeLimits()
                limits.maximumSpan = 20
                let member = try LoopUnderTest(broker, topic, limits: limits) { delivery in
                    let message = delivery.message
                    if stuck.value == nil { stuck.value = message }
                    if remote.isDown, message.partition == stuck.value?.partition, message.key == stuck.value?.key {
                        return .retry(Trouble(.order, "stuck"))
                    }
                    let isFirst = seen[message.partition, default: []].insert(message.offset).inserted
                    #expect(isFirst, "a message came twice")
                    return .written
                }
                try member.loop.start()
                try await eventually("the other partitions are finished", within: .seconds(40)) {
                    guard let stuck = stuck.value?.partition else { return false }
                    return sent.allSatisfy { $0.key == stuck || seen[$0.key]?.count == $0.value }
                }
                let partition = try #require(stuck.value?.partition)
                #expect(seen[partition, default: []].count < 20)
                #expect(sent[partition, default: 0] > 60, "it has far more than its span")
                remote.isDown = false
                try await eventually("all are finished", within: .seconds(30)) {
                    seen.mapValues(\.count) == sent
                }
                await member.loop.stop(within: .seconds(3))
            }
        }
    }

    @Test(
        "a handler that hangs holds up the stop only for its bound, and its message comes again",
        arguments: [KafkaBrokerKind.embedded])
    func hangingHandler(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(60)) {
            try await withTopic(kind) { broker, topic in
                try await produce(broker, topic, keys: 1, each: 1)
                var began = 0
                let first = try LoopUnderTest(broker, topic) { _ in
                    began += 1
                    try? await LoopTime.shared.sleep(for: .seconds(600))
                    return .postponed(.seconds(1))
                }
                try first.loop.start()
                try await eventually("it is running", within: .seconds(20)) { began == 1 }
                let before = MonotonicInstant.now
                await first.loop.stop(within: .milliseconds(2500))
                #expect(MonotonicInstant.now - before < .seconds(4))
                var again = 0
                let second = try LoopUnderTest(broker, topic) { _ in
                    again += 1
                    return .written
                }
                try second.loop.start()
                try await eventually("it comes again", within: .seconds(20)) { again == 1 }
                await second.loop.stop(within: .seconds(3))
            }
        }
    }
}

@Loop
private final class Remote {
    var isDown = true
}

@Loop
private final class Reference<Value> {
    var value: Value?
}

@Loop
private struct LoopUnderTest {
    let loop: ConsumeLoop
    let health = Health()
    let troubles: Troubles

    init(
        _ broker: KafkaBroker, _ topic: String, limits: ConsumeLimits = ConsumeLimits(),
        handler: @escaping ConsumeLoop.Handler
    ) throws {
        let logger = Logger.silent
        let metrics = MetricsRegistry()
        let consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: topic), logger: logger)
        troubles = Troubles(health: health, metrics: metrics, logger: logger)
        loop = ConsumeLoop(
            topics: [topic], consumer: consumer, limits: limits,
            retry: RetryPolicy(base: .milliseconds(2), cap: .milliseconds(20)),
            troubles: troubles, health: health, metrics: metrics,
            logger: logger, time: LoopTime.shared, handler: handler)
    }
}

private func text(_ bytes: [UInt8]?) -> String { String(decoding: bytes ?? [], as: UTF8.self) }

@Loop
private func withTopic(_ kind: KafkaBrokerKind, _ body: (KafkaBroker, String) async throws -> Void) async throws {
    let topic = "loop-\(UInt64.random(in: 0...UInt64.max))"
    let broker = try await KafkaBroker.ready(kind, topics: [topic], partitionCount: 4)
    do {
        try await body(broker, topic)
    } catch {
        await broker.release()
        throw error
    }
    await broker.release()
}

/// Returns how many messages each partition has got.
@Loop
@discardableResult
private func produce(_ broker: KafkaBroker, _ topic: String, keys: Int, each: Int) async throws -> [Int32: Int] {
    var counts: [Int32: Int] = [:]
    let producer = try KafkaProducer(
        configuration: KafkaProducerConfiguration(connection: broker.connection()), logger: Logger.silent)
    for number in 0..<each {
        for key in 0..<keys {
            let sent = try await producer.send(
                topic: topic, key: Array("key\(key)".utf8), value: Array(String(number).utf8), headers: [])
            counts[sent.partition, default: 0] += 1
        }
    }
    await producer.close(within: .seconds(2))
    return counts
}
