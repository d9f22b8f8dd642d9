/// One header of a Kafka message: names may repeat, and a null value differs from an empty one.
public struct KafkaHeader: Sendable, Hashable {
    /// The name; bytes that are no UTF-8 were replaced when it was read.
    public let name: String
    /// The value as bytes, nil for null.
    public let value: [UInt8]?

    /// Makes a header from bytes.
    public init(name: String, value: [UInt8]?) {
        self.name = name
        self.value = value
    }

    /// Makes a header from text, as CloudEvents headers are.
    public init(_ name: String, _ text: String) {
        self.init(name: name, value: Array(text.utf8))
    }

    /// The value as text, nil when it is null or no UTF-8.
    public var text: String? {
        value.flatMap { String(validating: $0, as: UTF8.self) }
    }
}

/// A message as it was read, copied out of the library's memory. A class, since it is handed on many times.
public final class KafkaMessage: Sendable {
    /// Where a message's timestamp comes from. Never order messages by it.
    public enum Timestamp: Sendable, Hashable {
        /// The broker keeps none.
        case unavailable
        /// The producer's clock, milliseconds since 1970; it may be anything.
        case created(milliseconds: Int64)
        /// The broker's clock, milliseconds since 1970.
        case appended(milliseconds: Int64)
    }

    /// The topic it was read from.
    public let topic: String
    /// The partition it was read from.
    public let partition: Int32
    /// Its offset; the offset to store once it is done is this plus one.
    public let offset: Int64
    /// The key, nil for null (which differs from an empty one).
    public let key: [UInt8]?
    /// The value, nil for null (which differs from an empty one).
    public let value: [UInt8]?
    /// The headers in the producer's order.
    public let headers: [KafkaHeader]
    /// When it was made or appended.
    public let timestamp: Timestamp

    /// Makes a message; tests and in-memory consumers do.
    public init(
        topic: String, partition: Int32, offset: Int64, key: [UInt8]?, value: [UInt8]?, headers: [KafkaHeader],
        timestamp: Timestamp
    ) {
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = key
        self.value = value
        self.headers = headers
        self.timestamp = timestamp
    }

    /// The partition as a value that can key a dictionary.
    public var topicPartition: TopicPartition {
        TopicPartition(topic: topic, partition: partition)
    }
}

/// One partition of one topic.
public struct TopicPartition: Hashable, Sendable {
    /// The topic's name.
    public let topic: String
    /// The partition's number, from 0.
    public let partition: Int32

    /// Names a partition.
    public init(topic: String, partition: Int32) {
        self.topic = topic
        self.partition = partition
    }
}
