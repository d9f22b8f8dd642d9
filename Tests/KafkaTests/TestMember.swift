import EventLoop
import Kafka
import TestSupport

/// A member of a group that answers rebalances at once and remembers what it read.
@Loop
final class TestMember {
    let consumer: KafkaConsumer
    private(set) var messages: [KafkaMessage] = []
    private(set) var failures: [KafkaError] = []
    private(set) var revocationCount = 0
    /// Revocations that came with nothing assigned since the one before.
    private(set) var emptyRevocationCount = 0
    private var isAssigned = false
    /// Stores the offset of what it reads at once.
    var stores = true

    var assignment: Set<TopicPartition> { consumer.assignment }

    init(_ broker: KafkaBroker, group: String, topics: [String]) throws {
        consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: group),
            logger: .silent)
        consumer.onReadable = { [weak self] in self?.drain() }
        try consumer.subscribe(topics)
    }

    private func drain() {
        while let event = consumer.poll() {
            switch event {
            case .message(let message):
                messages.append(message)
                if stores { consumer.store(next: message.offset + 1, for: message.topicPartition) }
            case .assigned(let partitions):
                isAssigned = true
                consumer.assign(partitions)
            case .revoked:
                revocationCount += 1
                if !isAssigned { emptyRevocationCount += 1 }
                isAssigned = false
                consumer.unassign()
            case .failed(let error):
                failures.append(error)
            case .statistics:
                break
            }
        }
    }

    func waitForMessages(_ count: Int, within limit: Duration = .seconds(30)) async throws {
        try await eventually("\(count) messages", within: limit) { self.messages.count >= count }
    }

    /// Commits and leaves.
    func leave() async {
        await consumer.commit(within: .seconds(2))
        await consumer.close(within: .seconds(3))
    }
}

/// Runs a body with a broker that has one topic, whose name no other test uses.
@Loop
func withTopic<R: Sendable>(
    _ kind: KafkaBrokerKind, partitionCount: Int = 3,
    _ body: @Loop (KafkaBroker, String) async throws -> R
) async throws -> R {
    let topic = "test.\(UInt64.random(in: 0...UInt64.max)).v1"
    let broker = try await KafkaBroker.ready(kind, topics: [topic], partitionCount: partitionCount)
    do {
        let result = try await body(broker, topic)
        await broker.release()
        return result
    } catch {
        await broker.release()
        throw error
    }
}

@Loop
func makeProducer(_ broker: KafkaBroker, messageTimeout: Duration = .seconds(20)) throws -> KafkaProducer {
    var configuration = KafkaProducerConfiguration(connection: broker.connection())
    configuration.messageTimeout = messageTimeout
    return try KafkaProducer(configuration: configuration, logger: .silent)
}

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }
