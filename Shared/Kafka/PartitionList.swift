import CLibrdkafka

/// Runs `body` with a C list of partitions; `offset` says what each carries (-1001, "invalid", reads the committed one).
func withPartitionList<R>(
    _ partitions: some Collection<TopicPartition>, offset: (TopicPartition) -> Int64 = { _ in -1001 },
    _ body: (UnsafeMutablePointer<rd_kafka_topic_partition_list_t>) -> R
) -> R? {
    guard let list = rd_kafka_topic_partition_list_new(Int32(partitions.count)) else { return nil }
    defer { rd_kafka_topic_partition_list_destroy(list) }
    for partition in partitions {
        guard let element = rd_kafka_topic_partition_list_add(list, partition.topic, partition.partition) else {
            return nil
        }
        element.pointee.offset = offset(partition)
    }
    return body(list)
}

extension UnsafeMutablePointer<rd_kafka_topic_partition_list_t> {
    /// The list's rows, copied.
    var rows: [(partition: TopicPartition, offset: Int64, error: rd_kafka_resp_err_t)] {
        UnsafeBufferPointer(start: pointee.elems, count: Int(pointee.cnt)).map { row in
            (
                TopicPartition(topic: row.topic.map { String(cString: $0) } ?? "", partition: row.partition),
                row.offset, row.err
            )
        }
    }
}
