public import Telemetry

/// Where the database is and how it is spoken to. All of libpq's parameters that matter are given from here, so that
/// `PG*` variables of the environment change nothing.
public struct PostgresConfiguration: Sendable {
    /// Whether and how the connection is encrypted.
    public enum TransportSecurity: Sendable, Equatable {
        /// TLS with the server's certificate and name checked; without a file Debian's certificate authorities.
        case verifyFull(rootCertificate: String?)
        /// Clear text, for a Unix socket or the loopback address only.
        case disabled
    }

    /// Name, address, or the directory of a Unix socket (starting with `/`).
    public var host: String
    /// TCP port, or the number in the socket's name.
    public var port: UInt16
    /// Name of the database.
    public var database: String
    /// Role to log in as.
    public var user: String
    /// Its password, where one is asked for.
    public var password: Secret?
    /// Encryption.
    public var transportSecurity: TransportSecurity
    /// Shown in `pg_stat_activity`: service and instance.
    public var applicationName: String
    /// Most connections of the pool.
    public var maximumConnections: Int
    /// How long connecting may take, name resolution included.
    public var connectDeadline: Duration
    /// The server's limit for one statement; must lie below the deadlines of ours.
    public var statementTimeout: Duration
    /// The server's limit for waiting on one lock.
    public var lockTimeout: Duration
    /// Schema in which unqualified names are looked up.
    public var searchPath: String

    /// A configuration with defaults for everything but the address.
    public init(
        host: String, port: UInt16 = 5432, database: String, user: String, password: Secret? = nil,
        transportSecurity: TransportSecurity = .verifyFull(rootCertificate: nil), applicationName: String = "crossdock",
        maximumConnections: Int = 4, connectDeadline: Duration = .seconds(5),
        statementTimeout: Duration = .seconds(5), lockTimeout: Duration = .seconds(2), searchPath: String = "crossdock"
    ) {
        self.host = host
        self.port = port
        self.database = database
        self.user = user
        self.password = password
        self.transportSecurity = transportSecurity
        self.applicationName = applicationName
        self.maximumConnections = maximumConnections
        self.connectDeadline = connectDeadline
        self.statementTimeout = statementTimeout
        self.lockTimeout = lockTimeout
        self.searchPath = searchPath
    }
}
