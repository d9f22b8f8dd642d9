public import Contracts
import Kafka
public import Ledger

extension Delivery {
    /// Reads the message as one of its topic; key, headers and payload must agree.
    public func read<Message: Sendable>(
        _ topic: Topic<Message>
    ) throws(ContractError) -> (message: Message, headers: CloudEventHeaders) {
        try topic.read(
            key: message.key, headers: message.headers.map { ($0.name, $0.value) }, value: message.value)
    }

    /// The message as it came, for a dead letter.
    public var sourceMessage: SourceMessage {
        SourceMessage(
            clusterId: clusterId, topic: message.topic, partition: message.partition, offset: message.offset,
            key: message.key, value: message.value,
            headers: message.headers.map { .init(name: $0.name, value: $0.value) })
    }

    /// The dead letter that the message replays, and the message's id; read whatever else is wrong with it.
    public var replay: (letterId: String, eventId: String)? {
        CloudEventHeaders.replay(in: message.headers.map { ($0.name, $0.value) })
    }

    /// The name of its topic.
    public var topic: String { message.topic }

    /// The bytes of the payload; empty where there is none.
    public var payload: [UInt8] { message.value ?? [] }
}
