public import Kafka
public import Postgres
import Telemetry

/// The settings that every service has.
public enum CommonSettings {
    static let healthAddress = Setting<String>.listenAddress(
        "HEALTH_ADDRESS", "address of health and metrics", default: "127.0.0.1")
    static let healthPort = Setting.integer(
        "HEALTH_PORT", "port of health and metrics (0 = a free one, logged)", in: 0...65535, default: 0)
    static let logFormat = Setting.choice("LOG_FORMAT", "form of the log", of: ["text", "json"], default: "text")
    static let logLevel = Setting.choice(
        "LOG_LEVEL", "least level that is logged", of: ["debug", "info", "warning", "error"], default: "info")

    static let stillness = Setting.seconds(
        "WATCHDOG_SECONDS", "a process whose loop stands still this long ends itself, status 70", in: 5...600,
        default: 30)

    /// Health, log and watchdog: what a process has that speaks to nobody.
    static let process: [SettingDescription] = [
        healthAddress.description, healthPort.description, logFormat.description, logLevel.description,
        stillness.description,
    ]

    static let bootstrapServers = Setting.text(
        "KAFKA_BOOTSTRAP_SERVERS", "Kafka's brokers, host:port, comma between", isRequired: true)
    static let embedded = Setting.flag(
        "KAFKA_EMBEDDED", "the broker is embedded-broker: immediate fetches", default: false)
    static let securityProtocol = Setting.choice(
        "KAFKA_SECURITY_PROTOCOL", "how Kafka is spoken to", of: ["plaintext", "ssl", "sasl_plaintext", "sasl_ssl"],
        default: "plaintext")
    static let saslMechanism = Setting.choice(
        "KAFKA_SASL_MECHANISM", "Kafka's log-in", of: ["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"])
    static let saslUser = Setting.text("KAFKA_SASL_USERNAME", "user at Kafka")
    static let saslPassword = Setting.secret("KAFKA_SASL_PASSWORD", "password at Kafka")
    static let certificateAuthority = Setting<String>.file(
        "KAFKA_CA_FILE", "file of the authority that signed Kafka's certificate")

    /// How Kafka is reached.
    public static let kafka: [SettingDescription] = [
        bootstrapServers.description, embedded.description, securityProtocol.description, saslMechanism.description,
        saslUser.description, saslPassword.description, certificateAuthority.description,
    ]

    static let sessionTimeout = Setting.seconds(
        "KAFKA_SESSION_SECONDS", "after this a silent process loses its partitions; brokers take 6 or more",
        in: 6...1800, default: 6)

    /// How Kafka is reached by a member of a consumer group.
    public static let kafkaConsumer: [SettingDescription] = kafka + [sessionTimeout.description]

    static let postgresHost = Setting.text(
        "POSTGRES_HOST", "PostgreSQL: name, address, or folder of its socket", default: "127.0.0.1")
    static let postgresPort = Setting.integer("POSTGRES_PORT", "PostgreSQL's port", in: 1...65535, default: 5432)
    static let postgresDatabase = Setting.text("POSTGRES_DATABASE", "database", default: "crossdock")
    static let postgresUser = Setting.text("POSTGRES_USER", "role at PostgreSQL", default: "crossdock")
    static let postgresPassword = Setting.secret("POSTGRES_PASSWORD", "password at PostgreSQL")
    static let postgresTLS = Setting.choice(
        "POSTGRES_TLS", "encryption to PostgreSQL (disable for this machine only)", of: ["verify-full", "disable"],
        default: "verify-full")
    static let postgresRootCertificate = Setting<String>.file(
        "POSTGRES_ROOT_CERTIFICATE", "file of the authority that signed PostgreSQL's certificate")

    /// How PostgreSQL is reached.
    public static let postgres: [SettingDescription] = [
        postgresHost.description, postgresPort.description, postgresDatabase.description, postgresUser.description,
        postgresPassword.description, postgresTLS.description, postgresRootCertificate.description,
    ]
}

extension Settings {
    /// How Kafka is reached, for a client of this name.
    public func kafkaConnection(clientId: String) throws(ConfigurationError) -> KafkaConnection {
        let securityProtocol = try value(of: CommonSettings.securityProtocol)
        var security = ["security.protocol": securityProtocol]
        security["sasl.mechanisms"] = try optional(CommonSettings.saslMechanism)
        security["sasl.username"] = try optional(CommonSettings.saslUser)
        security["sasl.password"] = try optional(CommonSettings.saslPassword)?.reveal()
        try checkLogin(security, securityProtocol)
        security["ssl.ca.location"] = try optional(CommonSettings.certificateAuthority)
        return KafkaConnection(
            bootstrapServers: try value(of: CommonSettings.bootstrapServers), clientId: clientId,
            embedded: try value(of: CommonSettings.embedded), securitySettings: security)
    }
}

extension Settings {
    /// A log-in is whole, and one that would be left out is not given.
    private func checkLogin(_ security: [String: String], _ securityProtocol: String) throws(ConfigurationError) {
        let rows = [
            (CommonSettings.saslMechanism.name, "sasl.mechanisms"), (CommonSettings.saslUser.name, "sasl.username"),
            (CommonSettings.saslPassword.name, "sasl.password"),
        ]
        let protocolName = CommonSettings.securityProtocol.name
        for (variable, name) in rows {
            if securityProtocol.hasPrefix("sasl"), security[name] == nil {
                throw ConfigurationError(variable, "is not set", "\(protocolName)=\(securityProtocol) needs it")
            }
            if !securityProtocol.hasPrefix("sasl"), security[name] != nil {
                throw ConfigurationError(
                    variable, "is set, and \(protocolName)=\(securityProtocol) has no log-in",
                    "set \(protocolName) to sasl_ssl, or take \(variable) away")
            }
        }
    }

    /// How PostgreSQL is reached, under a name that its `pg_stat_activity` shows.
    public func postgresConfiguration(
        applicationName: String, maximumConnections: Int = 6
    ) throws(ConfigurationError) -> PostgresConfiguration {
        let host = try value(of: CommonSettings.postgresHost)
        let isEncrypted = try value(of: CommonSettings.postgresTLS) == "verify-full" && !host.hasPrefix("/")
        let root = try optional(CommonSettings.postgresRootCertificate)
        return PostgresConfiguration(
            host: host, port: UInt16(try value(of: CommonSettings.postgresPort)),
            database: try value(of: CommonSettings.postgresDatabase), user: try value(of: CommonSettings.postgresUser),
            password: try optional(CommonSettings.postgresPassword),
            transportSecurity: isEncrypted ? .verifyFull(rootCertificate: root) : .disabled,
            applicationName: applicationName, maximumConnections: maximumConnections)
    }
}
