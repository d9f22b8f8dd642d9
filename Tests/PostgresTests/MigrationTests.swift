import EventLoop
import Postgres
import Telemetry
import TestSupport
import Testing

@Suite("Migrations")
struct MigrationTests {
    private static let two = [
        Migration(
            number: 1, name: "first", sql: "create table crossdock.a (n bigint); insert into crossdock.a values (1)"),
        Migration(number: 2, name: "second", sql: "alter table crossdock.a add m bigint; create table crossdock.b ()"),
    ]

    @Loop
    private static func runner(_ pool: PostgresPool, _ migrations: [Migration]) -> MigrationRunner {
        MigrationRunner(pool: pool, schema: "crossdock", migrations: migrations, logger: .silent)
    }

    @Test("sixteen migrators at once apply each migration once")
    func sixteenAtOnce() async throws {
        try await onLoop {
            for _ in 0..<5 {
                let configuration = try await PostgresCluster.shared().newDatabase()
                let tasks = (0..<16).map { number in
                    EventLoop.shared.start {
                        let pool = PostgresPool(configuration: configuration, logger: .silent)
                        let applied = try await Self.runner(pool, Self.two).run(by: "test \(number)")
                        await pool.close()
                        return applied
                    }
                }
                var applied: [String] = []
                for task in tasks { applied += try await task.value }
                #expect(applied.sorted() == ["first", "second"])
            }
        }
    }

    @Test("a failing migration leaves nothing of itself")
    func failingLeavesNothing() async throws {
        try await onLoop {
            try await withPool { pool in
                let broken = Migration(
                    number: 2, name: "second", sql: "create table crossdock.c (); select 1 / 0")
                let error = try await caught(PostgresError.self) {
                    try await Self.runner(pool, [Self.two[0], broken]).run(by: "test")
                }
                #expect(error.sqlState == "22012")
                let rows = try await pool.query("select to_regclass('crossdock.c') is null as gone")
                #expect(try rows.first?.bool("gone") == true)
                #expect(try await Self.runner(pool, Self.two).appliedNumber() == 1)
                #expect(try await Self.runner(pool, Self.two).run(by: "test") == ["second"])
            }
        }
    }

    @Test("an applied migration that was edited is refused, and so is a database that is newer than the program")
    func editedAndNewer() async throws {
        try await onLoop {
            try await withPool { pool in
                let applied = try await Self.runner(pool, Self.two).run(by: "test")
                #expect(applied == ["first", "second"])
                let edited = [Migration(number: 1, name: "first", sql: "select 1"), Self.two[1]]
                let error = try await caught(MigrationError.self) {
                    try await Self.runner(pool, edited).run(by: "test")
                }
                #expect(error.description.contains("migration 1") == true)
                let newer = try await caught(MigrationError.self) {
                    try await Self.runner(pool, [Self.two[0]]).run(by: "test")
                }
                #expect(newer.description.contains("newest version") == true)
            }
        }
    }

    @Test("a migrator that waits says who holds the lock, and goes on when it is free")
    func waitsForTheLock() async throws {
        try await onLoop {
            try await withPool { pool in
                let records = Records()
                let logger = Logger(
                    label: "test", sink: { line in EventLoop.shared.perform { records.lines.append(line) } })
                let runner = MigrationRunner(pool: pool, schema: "crossdock", migrations: Self.two, logger: logger)
                let task = try await pool.transaction(deadline: .seconds(20)) { transaction in
                    _ = try await transaction.query("select pg_advisory_xact_lock(\(Int64(0x6372_6f73_7364_6f63)))")
                    let task = EventLoop.shared.start { try await runner.run(by: "test") }
                    try await eventually("the wait was reported") {
                        records.lines.contains { $0.contains("tests (process") }
                    }
                    return task
                }
                #expect(try await task.value == ["first", "second"])
            }
        }
    }
}

@Loop
private final class Records {
    var lines: [String] = []
}
