import CLibrdkafka
import EventLoop

/// What the linked library says of itself.
enum Library {
    static var version: String { String(cString: rd_kafka_version_str()) }
}

/// The whole table of settings, every row explicit since defaults changed between versions.
struct ClientSettings {
    private(set) var rows: [(name: String, value: String)] = []
    /// Set where the linked library knows them, skipped where it does not.
    private(set) var optionalRows: [(name: String, value: String)] = []

    private mutating func set(_ name: String, _ value: String) {
        rows.removeAll { $0.name == name }
        rows.append((name, value))
    }

    private mutating func setCommon(_ connection: KafkaConnection) throws(KafkaError) {
        guard !connection.bootstrapServers.isEmpty else {
            throw .configuration("no bootstrap servers are given")
        }
        set("bootstrap.servers", connection.bootstrapServers)
        set("client.id", connection.clientId)
        set("client.software.name", "crossdock")
        set("client.software.version", Library.version)
        set("socket.nagle.disable", "true")
        set("socket.keepalive.enable", "true")
        set("socket.timeout.ms", "10000")
        set("socket.connection.setup.timeout.ms", "10000")
        set("reconnect.backoff.ms", "100")
        set("reconnect.backoff.max.ms", connection.embedded ? "500" : "1000")
        set("topic.metadata.refresh.interval.ms", "60000")
        set("allow.auto.create.topics", "false")
        set("log.queue", "true")
        // The mock cluster listens on 127.0.0.1 only, and `localhost` would try ::1 first.
        set("broker.address.family", connection.embedded ? "v4" : "any")
        for (name, value) in connection.securitySettings.sorted(by: { $0.key < $1.key }) {
            guard KafkaConnection.allowedSecuritySettings.contains(name) else {
                throw .configuration(
                    "the setting \(name) may not be given; allowed are "
                        + KafkaConnection.allowedSecuritySettings.sorted().joined(separator: ", "))
            }
            set(name, value)
        }
    }

    static func consumer(_ configuration: KafkaConsumerConfiguration) throws(KafkaError) -> ClientSettings {
        var settings = ClientSettings()
        let embedded = configuration.connection.embedded
        try settings.setCommon(configuration.connection)
        settings.set("group.id", configuration.groupId)
        // One name only: the mock cluster aborts when members differ, and cooperative-sticky has bugs before 2.10.
        settings.set("partition.assignment.strategy", "range")
        settings.set("enable.auto.commit", "true")
        settings.set("auto.commit.interval.ms", "\(configuration.commitInterval.inMilliseconds)")
        settings.set("enable.auto.offset.store", "false")
        settings.set("auto.offset.reset", "earliest")
        settings.set("session.timeout.ms", "\(configuration.sessionTimeout.inMilliseconds)")
        settings.set("heartbeat.interval.ms", "\(configuration.heartbeatInterval.inMilliseconds)")
        settings.set("max.poll.interval.ms", "\(configuration.maximumPollInterval.inMilliseconds)")
        // The mock cluster's long poll is not woken by new data.
        settings.set("fetch.wait.max.ms", embedded ? "10" : "100")
        settings.set("fetch.min.bytes", "1")
        settings.set("fetch.message.max.bytes", "262144")
        settings.set("queued.min.messages", "\(configuration.prefetchedMessages)")
        settings.set("queued.max.messages.kbytes", "\(configuration.prefetchedKibibytes)")
        settings.set("check.crcs", "true")
        settings.set("isolation.level", "read_committed")
        settings.set("statistics.interval.ms", "\(configuration.statisticsInterval.inMilliseconds)")
        settings.optionalRows = [("fetch.queue.backoff.ms", "5")]
        return settings
    }

    static func producer(_ configuration: KafkaProducerConfiguration) throws(KafkaError) -> ClientSettings {
        var settings = ClientSettings()
        try settings.setCommon(configuration.connection)
        settings.set("acks", "all")
        settings.set("enable.idempotence", "true")
        settings.set("max.in.flight.requests.per.connection", "5")
        settings.set("message.timeout.ms", "\(configuration.messageTimeout.inMilliseconds)")
        settings.set("linger.ms", "\(configuration.linger.inMilliseconds)")
        // The Java clients' placement, so that a key has one partition whoever writes it.
        settings.set("partitioner", "murmur2_random")
        settings.set("compression.type", "lz4")
        settings.set("message.max.bytes", "\(configuration.maximumMessageBytes)")
        settings.set("queue.buffering.max.messages", "\(configuration.queuedMessages)")
        settings.set("delivery.report.only.error", "false")
        settings.set("statistics.interval.ms", "0")
        return settings
    }

    /// Makes a handle; on any refusal the configuration is freed and the error says which setting it was.
    func makeHandle(_ type: rd_kafka_type_t, events: Int32) throws(KafkaError) -> OpaquePointer {
        guard let configuration = rd_kafka_conf_new() else { throw .configuration("librdkafka made no configuration") }
        var text = [CChar](repeating: 0, count: 512)
        for (name, value) in rows + optionalRows {
            let result = rd_kafka_conf_set(configuration, name, value, &text, text.count)
            if result == RD_KAFKA_CONF_OK { continue }
            if result == RD_KAFKA_CONF_UNKNOWN, optionalRows.contains(where: { $0.name == name }) { continue }
            rd_kafka_conf_destroy(configuration)
            // The library's text quotes the value, which may be a secret.
            let reason = KafkaConnection.secretSettings.contains(name) ? "the value cannot be used" : Self.text(text)
            throw .configuration("\(name): \(reason)")
        }
        rd_kafka_conf_set_events(configuration, events)
        guard let handle = rd_kafka_new(type, configuration, &text, text.count) else {
            // Only a handle that was made owns its configuration.
            rd_kafka_conf_destroy(configuration)
            throw .configuration(Self.text(text))
        }
        rd_kafka_set_log_queue(handle, nil)
        return handle
    }

    private static func text(_ buffer: [CChar]) -> String {
        String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
