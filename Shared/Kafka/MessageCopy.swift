import CLibrdkafka

/// Copies bytes out; a null pointer is null, size 0 is empty.
private func bytes(_ pointer: UnsafeRawPointer?, _ count: Int) -> [UInt8]? {
    pointer.map { [UInt8](UnsafeRawBufferPointer(start: $0, count: count)) }
}

extension KafkaMessage {
    /// Copies everything: a message that is kept would pin the whole answer of a fetch.
    convenience init(copying message: UnsafePointer<rd_kafka_message_t>) {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let milliseconds = rd_kafka_message_timestamp(message, &type)
        let timestamp: Timestamp =
            switch type {
            case RD_KAFKA_TIMESTAMP_CREATE_TIME: .created(milliseconds: milliseconds)
            case RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME: .appended(milliseconds: milliseconds)
            default: .unavailable
            }
        self.init(
            topic: message.pointee.rkt.flatMap { rd_kafka_topic_name($0) }.map { String(cString: $0) } ?? "",
            partition: message.pointee.partition, offset: message.pointee.offset,
            key: bytes(message.pointee.key, message.pointee.key_len),
            value: bytes(message.pointee.payload, message.pointee.len),
            headers: KafkaHeader.copy(of: message), timestamp: timestamp)
    }
}

extension KafkaHeader {
    fileprivate static func copy(of message: UnsafePointer<rd_kafka_message_t>) -> [KafkaHeader] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(message, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        var headers: [KafkaHeader] = []
        var name: UnsafePointer<CChar>?
        var value: UnsafeRawPointer?
        var size = 0
        while rd_kafka_header_get_all(list, headers.count, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR {
            headers.append(
                KafkaHeader(name: name.map { String(cString: $0) } ?? "", value: bytes(value, size)))
        }
        return headers
    }

    /// A C list that the message owns once producing succeeded; nil for no headers.
    static func list(of headers: [KafkaHeader]) throws(KafkaError) -> OpaquePointer? {
        guard !headers.isEmpty, let list = rd_kafka_headers_new(headers.count) else { return nil }
        for header in headers {
            let result = header.value.withPointer { value, size in
                rd_kafka_header_add(list, header.name, -1, value, size)
            }
            guard result == RD_KAFKA_RESP_ERR_NO_ERROR else {
                rd_kafka_headers_destroy(list)
                throw KafkaError(result)
            }
        }
        return list
    }
}

extension [UInt8]? {
    /// Lends the bytes to C: null is a null pointer, empty a pointer with size 0.
    func withPointer<R>(_ body: (UnsafeRawPointer?, Int) -> R) -> R {
        guard let self else { return body(nil, 0) }
        if self.isEmpty {
            return withUnsafePointer(to: UInt8(0)) { body(UnsafeRawPointer($0), 0) }
        }
        return self.withUnsafeBytes { body($0.baseAddress, $0.count) }
    }
}
