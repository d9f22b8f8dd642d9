public import EventLoop
public import Ledger
import Postgres
public import Telemetry

/// The ledger for a program that runs once and ends, such as the operator's command line.
///
/// It waits for nothing: a database that does not answer is an error at the first call.
@Loop
public final class OperatorLedger {
    /// The ledger.
    public let ledger: Ledger
    private let pool: PostgresPool
    private let logger: Logger

    /// Takes the database from the settings; nothing is asked of it yet.
    public init(settings: Settings, applicationName: String, logger: Logger) throws(ConfigurationError) {
        let configuration = try settings.postgresConfiguration(
            applicationName: applicationName, maximumConnections: 2)
        self.logger = logger
        pool = PostgresPool(configuration: configuration, logger: logger)
        ledger = Ledger(pool: pool, logger: logger)
    }

    /// Brings the database to this program's schema; safe when many do it at once.
    ///
    /// - Returns: names of the migrations that this call applied.
    public func migrate() async throws -> [String] {
        try await Ledger.migrate(pool: pool, logger: logger)
    }

    /// Ends the connections.
    public func close() async {
        await pool.close()
    }
}
