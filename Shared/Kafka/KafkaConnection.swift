/// How a client reaches the brokers and who it says it is.
public struct KafkaConnection: Sendable {
    /// `host:port`, several separated by commas; no trailing dots in names (their certificate check fails).
    public var bootstrapServers: String
    /// Service and instance, short: shown in the brokers' logs.
    public var clientId: String
    /// The broker is the embedded one: settings that its mock cluster needs (see README.md).
    public var embedded: Bool
    /// Security settings by librdkafka's names; only those of ``allowedSecuritySettings`` are taken.
    public var securitySettings: [String: String]

    /// Describes a connection.
    public init(
        bootstrapServers: String, clientId: String, embedded: Bool = false, securitySettings: [String: String] = [:]
    ) {
        self.bootstrapServers = bootstrapServers
        self.clientId = clientId
        self.embedded = embedded
        self.securitySettings = securitySettings
    }

    /// The security settings that may be given. Whatever would switch a check off is not among them.
    public static let allowedSecuritySettings: Set<String> = [
        "security.protocol", "sasl.mechanisms", "sasl.username", "sasl.password",
        "sasl.kerberos.service.name", "sasl.kerberos.principal", "sasl.kerberos.keytab",
        "ssl.ca.location", "ssl.certificate.location", "ssl.key.location", "ssl.key.password",
    ]

    static let secretSettings: Set<String> = ["sasl.password", "ssl.key.password"]

    /// The version of librdkafka that is linked, such as `2.8.0`: print it at the start.
    public static var libraryVersion: String { Library.version }

    var secrets: [String] {
        Self.secretSettings.compactMap { securitySettings[$0] }.filter { !$0.isEmpty }
    }
}

/// What a consumer group's member is set to.
public struct KafkaConsumerConfiguration: Sendable {
    /// The brokers.
    public var connection: KafkaConnection
    /// The consumer group: one a service.
    public var groupId: String
    /// After this a silent member is given up: as long a killed one holds up every other when somebody joins. Brokers
    /// take 6 s to 30 min, unless set otherwise.
    public var sessionTimeout: Duration = .seconds(6)
    /// How often a member says that it lives, and learns that the group changes: as long the others wait for it.
    public var heartbeatInterval: Duration = .milliseconds(500)
    /// How long the group may go without a poll; also how long a slow member may hold a rebalance.
    public var maximumPollInterval: Duration = .seconds(30)
    /// How often the stored offsets are committed in the background: what a kill makes be read twice.
    public var commitInterval: Duration = .seconds(1)
    /// Messages fetched ahead; below a second's worth the fetcher stalls for a second.
    public var prefetchedMessages = 5000
    /// Kibibytes fetched ahead, the real bound on memory.
    public var prefetchedKibibytes = 8192
    /// How often ``KafkaConsumerEvent/statistics(_:)`` comes; zero for never, else not below 5 s.
    public var statisticsInterval: Duration = .zero

    /// Describes a member of a group.
    public init(connection: KafkaConnection, groupId: String) {
        self.connection = connection
        self.groupId = groupId
    }
}

/// What a producer is set to.
public struct KafkaProducerConfiguration: Sendable {
    /// The brokers.
    public var connection: KafkaConnection
    /// How long a message waits for company before it is sent.
    public var linger: Duration = .milliseconds(5)
    /// After this a message without acknowledgement is reported as failed; the caller's rows are the outbox.
    public var messageTimeout: Duration = .seconds(30)
    /// Messages waiting in the library; beyond it `send` waits.
    public var queuedMessages = 10_000
    /// The largest message in bytes, key and headers included, before compression.
    public var maximumMessageBytes = 1_048_576

    /// Describes a producer.
    public init(connection: KafkaConnection) {
        self.connection = connection
    }
}
