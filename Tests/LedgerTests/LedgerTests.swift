import EventLoop
import Foundation
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

@Suite("The schema")
struct SchemaTests {
    @Test("sixteen migrators at once leave the schema that the services need")
    func migratesOnce() async throws {
        try await onLoop {
            let configuration = try await PostgresCluster.shared().newDatabase()
            let tasks = (0..<16).map { _ in
                EventLoop.shared.start {
                    let pool = PostgresPool(configuration: configuration, logger: .silent)
                    let applied = try await Ledger.migrate(pool: pool, logger: .silent)
                    await pool.close()
                    return applied
                }
            }
            var applied: [String] = []
            for task in tasks { applied += try await task.value }
            #expect(Set(applied).count == applied.count)
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            try await Ledger(pool: pool, logger: .silent).checkSchema()
            #expect(try await Ledger.migrate(pool: pool, logger: .silent).isEmpty)
            await pool.close()
        }
    }

    @Test("a service refuses an empty or an older schema and names the command, and takes a newer one")
    func refusesUnknownSchemas() async throws {
        try await onLoop {
            let configuration = try await PostgresCluster.shared().newDatabase()
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            let ledger = Ledger(pool: pool, logger: .silent)
            let missing = try await caught(LedgerSchemaError.self) { try await ledger.checkSchema() }
            #expect(missing.description.contains("crossdock migrate") == true)
            _ = try await Ledger.migrate(pool: pool, logger: .silent)
            _ = try await pool.query(
                "insert into schema_version (n, name, sha256, applied_by) values (999, 'later', '', 'later')")
            try await ledger.checkSchema()
            _ = try await pool.query("delete from schema_version where n >= 2")
            await #expect(throws: LedgerSchemaError.self) { try await ledger.checkSchema() }
            await pool.close()
        }
    }

    @Test("a read-only database, as during a failover, is trouble of the system and no order's fault")
    func readOnly() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                _ = try await ledger.claimed(Fixture.request())
                let rows = try await pool.query("select current_database()::text as name")
                let name = try #require(rows.first).string("name")
                _ = try await pool.query(
                    "alter database \(unsafe: name) set default_transaction_read_only = on")
                let configuration = try await PostgresCluster.shared().configuration(database: name)
                let other = PostgresPool(configuration: configuration, logger: .silent)
                let error = try await caught(PostgresError.self) {
                    try await Ledger(pool: other, logger: .silent).claimed(Fixture.request(2))
                }
                #expect(error.kind == .unavailable)
                await other.close()
            }
        }
    }
}
