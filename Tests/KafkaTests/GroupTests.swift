import EventLoop
import Kafka
import TestSupport
import Testing

/// Members of a group on changing ground.
@Suite("Groups")
struct GroupTests {
    @Test(
        "a topic that is made later is read from then on, and was missed before",
        .enabled(
            if: KafkaBrokerKind.real.whyUnavailable == nil, "the embedded broker makes every topic that is asked for"))
    func topicAppearsLater() async throws {
        try await onLoop {
            try await withTopic(.real, partitionCount: 1) { broker, topic in
                let later = topic + ".later"
                let member = try TestMember(broker, group: topic, topics: [later])
                try await eventually("the topic is missed") { member.failures.contains { $0.kind == .unknownTopic } }
                try await KafkaTopics.create(
                    [later], partitionCount: 1, connection: broker.connection(), within: .seconds(10), logger: .silent)
                let made = MonotonicInstant.now
                let producer = try makeProducer(broker)
                _ = try await producer.send(topic: later, key: nil, value: bytes("first"))
                try await member.waitForMessages(1, within: .seconds(15))
                print("read \((MonotonicInstant.now - made).inMilliseconds) ms after the topic was made")
                await member.leave()
                await producer.close(within: .seconds(2))
            }
        }
    }
}
