import CLibrdkafka
import EventLoop

/// Where a group stands and what the brokers keep, asked on a helper thread since the calls wait.
enum PartitionOffsets {
    /// The offsets to read next that the group has committed; a partition without one is left out.
    static func committed(
        _ partitions: [TopicPartition], address: UInt, milliseconds: Int32
    ) -> Result<[TopicPartition: Int64], KafkaError> {
        guard let handle = OpaquePointer(bitPattern: address) else { return .success([:]) }
        let answer = withPartitionList(partitions) { list -> Result<[TopicPartition: Int64], KafkaError> in
            let result = rd_kafka_committed(handle, list, milliseconds)
            guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaError(result)) }
            var offsets: [TopicPartition: Int64] = [:]
            for row in list.rows {
                guard row.error == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaError(row.error)) }
                if row.offset >= 0 { offsets[row.partition] = row.offset }
            }
            return .success(offsets)
        }
        return answer ?? .failure(.configuration("the list of partitions cannot be made"))
    }

    /// The offsets that the brokers keep of each partition.
    static func kept(
        _ partitions: [TopicPartition], address: UInt, within limit: Duration
    ) -> Result<[TopicPartition: Range<Int64>], KafkaError> {
        guard let handle = OpaquePointer(bitPattern: address) else { return .success([:]) }
        let end = MonotonicInstant.now + limit
        var kept: [TopicPartition: Range<Int64>] = [:]
        for partition in partitions {
            let left = Int32(clamping: max(1, (end - .now).inMilliseconds))
            var (low, high): (Int64, Int64) = (0, 0)
            // 2.0.2 may wait longer than it is told to.
            let result = rd_kafka_query_watermark_offsets(
                handle, partition.topic, partition.partition, &low, &high, left)
            guard result == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaError(result)) }
            kept[partition] = low..<max(low, high)
        }
        return .success(kept)
    }
}

extension KafkaConsumer {
    /// The offsets to read next that the group has committed, by partition; one that has none is left out.
    public func committedOffsets(
        of partitions: [TopicPartition], within limit: Duration
    ) async throws(KafkaError) -> [TopicPartition: Int64] {
        let milliseconds = Int32(clamping: limit.inMilliseconds)
        return try await client.ask {
            PartitionOffsets.committed(partitions, address: $0, milliseconds: milliseconds)
        }
    }

    /// Where these offsets, those to be read next, do not fit what the brokers keep.
    /// - Parameter next: a partition that is missing has no offset.
    public func offsetGaps(
        of partitions: [TopicPartition], next: [TopicPartition: Int64], within limit: Duration
    ) async throws(KafkaError) -> [OffsetGap] {
        let kept = try await client.ask { PartitionOffsets.kept(partitions, address: $0, within: limit) }
        return partitions.compactMap { partition in
            kept[partition].flatMap { OffsetGap.between(partition, next: next[partition], kept: $0) }
        }
    }
}
