import EventLoop
import TestSupport
import Testing

@testable import Kafka

@Suite("Producers and ends")
struct ProducerAndCloseTests {
    @Test("a topic's partitions are counted; a missing topic is nil", arguments: KafkaBrokerKind.available)
    func partitionsAreCounted(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await withTopic(kind, partitionCount: 5) { broker, topic in
                let producer = try makeProducer(broker)
                #expect(try await producer.partitionCount(of: topic, within: .seconds(10)) == 5)
                #expect(try await producer.partitionCount(of: topic + ".missing", within: .seconds(10)) == nil)
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test(
        "sending with headers to a missing topic is an error and no crash",
        .enabled(
            if: KafkaBrokerKind.real.whyUnavailable == nil, "the embedded broker makes every topic that is asked for"))
    func missingTopicIsAnError() async throws {
        try await onLoop {
            try await withTopic(.real, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker, messageTimeout: .seconds(3))
                await #expect(throws: KafkaError.self) {
                    try await producer.send(
                        topic: topic + ".missing", key: nil, value: [1], headers: [KafkaHeader("ce_id", "x")])
                }
                // The metadata says by now that it is missing: the refusal comes at once, with the headers still ours.
                await #expect(throws: KafkaError.self) {
                    try await producer.send(
                        topic: topic + ".missing", key: nil, value: [1], headers: [KafkaHeader("ce_id", "x")])
                }
                #expect(try await producer.send(topic: topic, key: nil, value: [1]).offset == 0)
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test("a message that is too large is refused at once, and the next one is sent")
    func tooLargeIsRefused() async throws {
        try await onLoop {
            try await withTopic(.embedded, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                let large = [UInt8](repeating: 0, count: 2_000_000)
                let error = try await caught(KafkaError.self) {
                    try await producer.send(topic: topic, key: nil, value: large, headers: [KafkaHeader("a", "b")])
                }
                #expect(error.kind == .refused)
                #expect(error.isRetriable == false)
                #expect(try await producer.send(topic: topic, key: nil, value: [1]).offset == 0)
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test("after a fatal error the producer makes itself anew and goes on")
    func producerRecoversFromAFatalError() async throws {
        try await onLoop {
            try await withTopic(.embedded, partitionCount: 1) { broker, topic in
                let producer = try makeProducer(broker)
                _ = try await producer.send(topic: topic, key: nil, value: [1])
                producer.failForTesting()
                _ = try await producer.send(topic: topic, key: nil, value: [2])
                #expect(producer.rebuildCount == 1)
                await producer.close(within: .seconds(2))
            }
        }
    }

    @Test("with no broker a send fails in its time, as not written, and close is quick")
    func unreachableBrokerFailsInTime() async throws {
        try await onLoop {
            var configuration = KafkaProducerConfiguration(
                connection: KafkaConnection(bootstrapServers: "127.0.0.1:1", clientId: "test", embedded: true))
            configuration.messageTimeout = .seconds(1)
            let producer = try KafkaProducer(configuration: configuration, logger: .silent)
            let error = try await caught(KafkaError.self) {
                try await producer.send(topic: "test.nowhere.v1", key: nil, value: [1])
            }
            #expect(error.kind == .unavailable)
            let start = MonotonicInstant.now
            await producer.close(within: .seconds(1))
            #expect(MonotonicInstant.now - start < .seconds(3))
            await #expect(throws: KafkaError.self) {
                try await producer.send(topic: "test.nowhere.v1", key: nil, value: [1])
            }
        }
    }

    @Test("a cancelled sender is told at once that the outcome is unknown")
    func cancelledSenderReturns() async throws {
        try await onLoop {
            let producer = try KafkaProducer(
                configuration: KafkaProducerConfiguration(
                    connection: KafkaConnection(bootstrapServers: "127.0.0.1:1", clientId: "test", embedded: true)),
                logger: .silent)
            let sending = EventLoop.shared.start {
                try await producer.send(topic: "test.nowhere.v1", key: nil, value: [1])
            }
            try await eventually("the send is handed over") { producer.pendingCount == 1 }
            sending.cancel()
            let error = try await caught(KafkaError.self) { try await sending.value }
            #expect(error.kind == .outcomeUnknown)
            #expect(producer.pendingCount == 1)
            await producer.close(within: .zero)
        }
    }

    @Test(
        "a black-holed broker holds neither commit nor close nor a waiting send", arguments: KafkaBrokerKind.available)
    func blackHoledBrokerHoldsNothing(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(90)) {
            let topic = "test.frozen.v1"
            let broker = try await KafkaBroker.start(kind, topics: [topic], partitionCount: 1)
            do {
                let producer = try makeProducer(broker)
                _ = try await producer.send(topic: topic, key: nil, value: [1])
                let member = try TestMember(broker, group: "frozen", topics: [topic])
                try await member.waitForMessages(1)
                // A broker whose threads still run would answer at once, and nothing would wait.
                try await broker.freezeWholly()
                let waiting = EventLoop.shared.start { try await producer.send(topic: topic, key: nil, value: [2]) }
                try await eventually("the send is handed over") { producer.pendingCount == 1 }
                // Stored again, so that there is something to commit.
                member.consumer.store(next: 7, for: TopicPartition(topic: topic, partition: 0))
                let start = MonotonicInstant.now
                await member.consumer.commit(within: .seconds(1))
                await member.consumer.close(within: .seconds(1))
                await producer.close(within: .seconds(1))
                let took = MonotonicInstant.now - start
                #expect(took < .seconds(5), "it took \(took)")
                let error = try await caught(KafkaError.self) { try await waiting.value }
                #expect(error.isRetriable == true)
            } catch {
                await broker.stop()
                throw error
            }
            await broker.stop()
        }
    }

    @Test(
        "a setting that cannot work is named",
        arguments: [
            (["ssl.endpoint.identification.algorithm": "none"], "ssl.endpoint.identification.algorithm"),
            (["security.protocol": "carrier-pigeon"], "security.protocol"),
        ])
    func wrongSettingIsNamed(settings: [String: String], name: String) async throws {
        try await onLoop {
            let connection = KafkaConnection(
                bootstrapServers: "127.0.0.1:1", clientId: "test", securitySettings: settings)
            let error = try caught(KafkaError.self) {
                _ = try KafkaProducer(
                    configuration: KafkaProducerConfiguration(connection: connection), logger: .silent)
            }
            #expect(error.kind == .configuration)
            #expect(error.reason.contains(name))
        }
    }
}
