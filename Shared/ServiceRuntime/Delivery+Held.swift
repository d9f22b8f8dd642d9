import Kafka
public import Ledger
public import Telemetry

extension Delivery {
    /// The message of a held order, as it came.
    public init(resuming held: HeldOrder, logger: Logger) {
        let source = held.message
        self.init(
            KafkaMessage(
                topic: source.topic, partition: source.partition, offset: source.offset, key: source.key,
                value: source.value, headers: source.headers.map { KafkaHeader(name: $0.name, value: $0.value) },
                timestamp: .unavailable),
            clusterId: source.clusterId, assignment: 0, logger: logger)
    }
}
