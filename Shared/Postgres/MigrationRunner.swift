public import EventLoop
public import Telemetry

/// Brings a schema up to date, one migration a transaction, under one advisory lock.
///
/// The lock is a transaction lock with a limited wait, so a migrator that dies frees it and one that hangs is named.
@Loop
public final class MigrationRunner {
    private let pool: PostgresPool
    private let schema: String
    private let migrations: [Migration]
    private let logger: Logger
    /// "crossdock" in ASCII, cut to 64 bits: any fixed number will do.
    private static let lock: Int64 = 0x6372_6f73_7364_6f63

    /// - Parameter schema: An identifier of the program, never data.
    public init(pool: PostgresPool, schema: String, migrations: [Migration], logger: Logger) {
        self.pool = pool
        self.schema = schema
        self.migrations = migrations
        self.logger = logger
    }

    /// Applies what is missing. Safe when many start at once: one applies, the others wait and find it done.
    ///
    /// - Parameter patience: How long to go on while another migrator, or the lock of a table, is in the way.
    /// - Returns: Names of the migrations that this call applied.
    public func run(by operatorName: String, patience: Duration = .seconds(180)) async throws -> [String] {
        let end = pool.time.now + patience
        var applied: [String] = []
        while true {
            do {
                guard let migration = try await applyNext(by: operatorName) else { return applied }
                applied.append(migration.name)
                logger.info("Applied a migration", LogField(.migration, "\(migration.number) \(migration.name)"))
            } catch let error as PostgresError where error.isRetriable && pool.time.now < end {
                await reportHolders(after: error)
                try await pool.time.sleep(for: .milliseconds(Int64.random(in: 50...500)))
            }
        }
    }

    /// The number of the newest migration that was applied; 0 when there is none.
    public func appliedNumber() async throws(PostgresError) -> Int64 {
        let table = schema + ".schema_version"
        let exists = try await pool.query("select to_regclass(\(table)) is not null as there")
        guard try exists.first?.bool("there") == true else { return 0 }
        let rows = try await pool.query("select coalesce(max(n), 0)::bigint as n from \(unsafe: table)")
        return try rows.first?.int64("n") ?? 0
    }

    private func applyNext(by operatorName: String) async throws -> Migration? {
        try await pool.transaction(deadline: .seconds(75)) { transaction in
            try await transaction.script("set local lock_timeout = '5s'; set local statement_timeout = '60s'")
            _ = try await transaction.query("select pg_advisory_xact_lock(\(Self.lock))")
            try await self.prepare(transaction)
            guard let next = try await self.nextMigration(transaction) else { return nil }
            try await transaction.script(next.sql)
            _ = try await transaction.query(
                """
                insert into \(unsafe: schema).schema_version (n, name, sha256, applied_by)
                values (\(next.number), \(next.name), encode(sha256(convert_to(\(next.sql), 'UTF8')), 'hex'),
                    \(operatorName))
                """)
            return next
        }
    }

    private func prepare(_ transaction: PostgresTransaction) async throws(PostgresError) {
        try await transaction.script(
            """
            set local client_min_messages = warning;
            create schema if not exists \(schema);
            create table if not exists \(schema).schema_version (
                n bigint primary key, name text not null, sha256 text not null,
                applied_at timestamptz not null default clock_timestamp(), applied_by text not null)
            """)
    }

    /// The first migration that is not applied, after those applied were compared with the program's.
    private func nextMigration(_ transaction: PostgresTransaction) async throws -> Migration? {
        let rows = try await transaction.query(
            """
            select v.n, v.name, v.sha256 = encode(sha256(convert_to(m.sql, 'UTF8')), 'hex') as same
            from \(unsafe: schema).schema_version v
            left join unnest(\(migrations.map(\.number)), \(migrations.map(\.sql))) m (n, sql) on m.n = v.n
            order by v.n
            """)
        for (position, row) in rows.enumerated() {
            let number = try row.int64("n")
            guard position < migrations.count else {
                throw MigrationError(
                    "the database has migration \(number), which this program does not know: "
                        + "migrate with the newest version of the program")
            }
            let known = migrations[position]
            guard known.number == number, try row.string("name") == known.name, try row.bool("same") else {
                throw MigrationError(
                    "migration \(number) of the database differs from the program's \(known.number) "
                        + "(\(known.name)): an applied migration must not be changed; restore it")
            }
        }
        return rows.count < migrations.count ? migrations[rows.count] : nil
    }

    /// Names the sessions that hold the advisory lock, by application and process id.
    private func reportHolders(after error: PostgresError) async {
        guard error.sqlState == "55P03" else {
            return logger.warning("Migrating is interrupted and tried again", .reason(error.description))
        }
        let rows = try? await pool.query(
            """
            select coalesce(string_agg(a.application_name || ' (process ' || a.pid || ')', ', '), 'nobody now') as holders
            from pg_locks l join pg_stat_activity a using (pid)
            where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database
                where datname = current_database())
            """)
        let holders = (try? rows?.first?.string("holders")) ?? "unknown"
        logger.warning("Migrating waits for a lock", .reason("the migration lock is held by \(holders)"))
    }
}
