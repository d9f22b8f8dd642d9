import CLibrdkafka

/// What the brokers say about a topic, asked on a helper thread since the call waits.
enum TopicMetadata {
    /// - Parameter listAll: asks for every topic instead of this one. The mock cluster makes a topic that is asked for.
    static func ask(
        _ topic: String, address: UInt, listAll: Bool, milliseconds: Int32
    ) -> Result<Int?, KafkaError> {
        guard let handle = OpaquePointer(bitPattern: address) else { return .success(nil) }
        var only: OpaquePointer?
        if !listAll {
            only = rd_kafka_topic_new(handle, topic, nil)
            if only == nil { return .failure(.configuration("the topic name cannot be used")) }
        }
        defer { if let only { rd_kafka_topic_destroy(only) } }
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let result = rd_kafka_metadata(handle, listAll ? 1 : 0, only, &metadata, milliseconds)
        guard result == RD_KAFKA_RESP_ERR_NO_ERROR, let metadata else { return .failure(KafkaError(result)) }
        defer { rd_kafka_metadata_destroy(metadata) }
        for entry in UnsafeBufferPointer(start: metadata.pointee.topics, count: Int(metadata.pointee.topic_cnt))
        where String(cString: entry.topic) == topic {
            switch entry.err {
            case RD_KAFKA_RESP_ERR_NO_ERROR: return .success(Int(entry.partition_cnt))
            case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART: return .success(nil)
            default: return .failure(KafkaError(entry.err))
            }
        }
        return .success(nil)
    }
}
