public import Postgres
public import Telemetry

extension Ledger {
    /// Brings the database to this program's schema; safe when many start at once.
    ///
    /// - Returns: Names of the migrations that this call applied.
    public static func migrate(
        pool: PostgresPool, logger: Logger, by operatorName: String = "crossdock migrate"
    ) async throws -> [String] {
        try await runner(pool, logger).run(by: operatorName)
    }

    /// Throws ``LedgerSchemaError`` when a migration that this program needs is missing; a newer schema is fine.
    public func checkSchema() async throws {
        let applied = try await Self.runner(pool, logger).appliedNumber()
        guard let missing = LedgerMigrations.all.first(where: { $0.number > applied }) else { return }
        throw LedgerSchemaError(
            "the database lacks migration \(missing.number) (\(missing.name)) and those after it: "
                + "run `crossdock migrate`")
    }

    private static func runner(_ pool: PostgresPool, _ logger: Logger) -> MigrationRunner {
        MigrationRunner(
            pool: pool, schema: LedgerMigrations.schema, migrations: LedgerMigrations.all, logger: logger)
    }
}
