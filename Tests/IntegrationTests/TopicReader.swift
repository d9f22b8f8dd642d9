import EventLoop
import Kafka
import TestSupport

/// Reads a topic from its beginning, or where its group stands.
@Loop
final class TopicReader {
    private(set) var messages: [KafkaMessage] = []
    private let consumer: KafkaConsumer

    init(_ broker: KafkaBroker, group: String, topic: String) throws {
        consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: group),
            logger: .silent)
        consumer.onReadable = { [weak self] in self?.drain() }
        try consumer.subscribe([topic])
    }

    private func drain() {
        while let event = consumer.poll() {
            switch event {
            case .message(let message): messages.append(message)
            case .assigned(let partitions): consumer.assign(partitions)
            case .revoked: consumer.unassign()
            case .failed, .statistics: break
            }
        }
    }

    func close() async { await consumer.close(within: .seconds(3)) }
}
