/// Who reads a topic's partitions: a group's member, by the name that is new at each start of a process.
public struct PartitionReader: Sendable, Hashable {
    let consumer: String
    let clusterId: String
    let topic: String
    let holder: String

    /// - Parameters:
    ///   - consumer: the consumer group.
    ///   - holder: the process.
    public init(consumer: String, clusterId: String, topic: String, holder: String) {
        self.consumer = consumer
        self.clusterId = clusterId
        self.topic = topic
        self.holder = holder
    }
}

/// A message's place in its topic.
public struct MessagePlace: Sendable, Hashable {
    /// The partition.
    public let partition: Int32
    /// The offset.
    public let offset: Int64

    /// A partition and an offset.
    public init(partition: Int32, offset: Int64) {
        self.partition = partition
        self.offset = offset
    }
}

/// What is known of a message that was open when a process ended.
public struct Suspect: Sendable, Hashable {
    /// Whether this call registered it; else a process ended after it had been registered.
    public let isNew: Bool
    /// How often it was started alone.
    public let starts: Int64
    /// How many of those starts ran for a while without ending the process.
    public let outlived: Int64

    /// What a row says.
    public init(isNew: Bool, starts: Int64, outlived: Int64) {
        self.isNew = isNew
        self.starts = starts
        self.outlived = outlived
    }
}
