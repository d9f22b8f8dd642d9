public import Postgres
public import Telemetry

extension Ledger {
    /// Brings the database to this program's schema; safe when many start at once.
    ///
    /// - Returns: Names of the migrations that this call applied.
    public static func migrate(
        pool: PostgresPool, logger: Logger, by operatorName: String = "crossdock migrate"
    ) async throws -> [String] { fatalError("follows") }

    /// Throws ``LedgerSchemaError`` when a migration that this program needs is missing; a newer schema is fine.
    public func checkSchema() async throws { fatalError("follows") }
}
