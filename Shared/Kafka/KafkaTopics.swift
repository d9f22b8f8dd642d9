import CLibrdkafka
import EventLoop
public import Telemetry

/// Creation of topics, for deployment and tests; the embedded broker refuses it and makes its topics at its start.
public enum KafkaTopics {
    /// Creates topics; one that exists already is left as it is.
    /// - Parameter settings: the broker's names, such as `retention.ms`.
    /// - Throws: the first refusal as ``KafkaError``.
    @Loop
    public static func create(
        _ names: [String], partitionCount: Int, replicationFactor: Int = 1, settings: [String: String] = [:],
        connection: KafkaConnection, within limit: Duration, logger: Logger
    ) async throws(KafkaError) {
        let pointer = try ClientSettings.producer(KafkaProducerConfiguration(connection: connection))
            .makeHandle(RD_KAFKA_PRODUCER, events: RD_KAFKA_EVENT_LOG | RD_KAFKA_EVENT_ERROR)
        let client = ClientHandle(pointer, embedded: connection.embedded, logger: logger)
        let answers = rd_kafka_queue_new(pointer).map { EventQueue($0) }
        var result = Result<Void, KafkaError>.failure(.deadline("the brokers did not answer in time"))
        if let answers {
            request(names, partitionCount, replicationFactor, settings, handle: pointer, answers: answers)
            _ = await LoopTime.shared.waitUntil(within: limit) {
                guard let event = answers.take() else { return false }
                defer { rd_kafka_event_destroy(event) }
                result = outcome(of: event)
                return true
            }
            answers.close()
        }
        await client.destroy(within: .seconds(2))
        try result.get()
    }

    @Loop
    private static func request(
        _ names: [String], _ partitionCount: Int, _ replicationFactor: Int, _ settings: [String: String],
        handle: OpaquePointer, answers: EventQueue
    ) {
        // An empty name makes no topic.
        var topics: [OpaquePointer?] = names.compactMap { name in
            let topic = rd_kafka_NewTopic_new(name, Int32(partitionCount), Int32(replicationFactor), nil, 0)
            guard let topic else { return nil }
            for (setting, value) in settings { rd_kafka_NewTopic_set_config(topic, setting, value) }
            return topic
        }
        rd_kafka_CreateTopics(handle, &topics, topics.count, nil, answers.pointer)
        for topic in topics { rd_kafka_NewTopic_destroy(topic) }
    }

    private static func outcome(of event: OpaquePointer) -> Result<Void, KafkaError> {
        let code = rd_kafka_event_error(event)
        guard code == RD_KAFKA_RESP_ERR_NO_ERROR else { return .failure(KafkaError(code)) }
        guard let answer = rd_kafka_event_CreateTopics_result(event) else {
            return .failure(.configuration("the brokers' answer cannot be read"))
        }
        var count = 0
        guard let topics = rd_kafka_CreateTopics_result_topics(answer, &count) else { return .success(()) }
        for topic in UnsafeBufferPointer(start: topics, count: count) {
            let error = rd_kafka_topic_result_error(topic)
            if error != RD_KAFKA_RESP_ERR_NO_ERROR, error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS {
                return .failure(KafkaError(error))
            }
        }
        return .success(())
    }
}
