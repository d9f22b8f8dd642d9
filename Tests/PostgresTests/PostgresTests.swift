import EventLoop
import Foundation
import Glibc
import Postgres
import Telemetry
import TestSupport
import Testing

@Loop
func withPool<R: Sendable>(
    maximumConnections: Int = 4, lockTimeout: Duration = .seconds(2), _ body: @Loop (PostgresPool) async throws -> R
) async throws -> R {
    var configuration = try await PostgresCluster.shared().newDatabase()
    configuration.maximumConnections = maximumConnections
    configuration.searchPath = "public"
    configuration.lockTimeout = lockTimeout
    configuration.statementTimeout = lockTimeout + .seconds(3)
    let pool = PostgresPool(configuration: configuration, logger: .silent)
    do {
        let result = try await body(pool)
        await pool.close()
        return result
    } catch {
        await pool.close()
        throw error
    }
}

@Suite("Statements and values")
struct StatementTests {
    @Test("values of every kind go in as parameters and come back the same")
    func valuesComeBack() async throws {
        try await onLoop {
            try await withPool { pool in
                let instant = Date(timeIntervalSince1970: 1_764_000_000.123456)
                let text = "O'Brien \"x\" ; drop table t; -- שלום 🚚"
                let bytes: [UInt8] = [0, 255, 39, 92]
                let none: String? = nil
                let rows = try await pool.query(
                    """
                    select \(text) as text, \(42) as number, \(Int64.min) as small, \(true) as yes, \(bytes) as bytes,
                        \(instant) as instant, \(none) as nothing, 7::smallint as two, (-8)::integer as four, '' as empty
                    """)
                let row = try #require(rows.first)
                #expect(try row.string("text") == text)
                #expect(try row.int64("number") == 42)
                #expect(try row.int64("small") == .min)
                #expect(try row.bool("yes"))
                #expect(try row.bytes("bytes") == bytes)
                #expect(abs(try row.instant("instant").timeIntervalSince(instant)) < 0.000_001)
                #expect(try row.optionalString("nothing") == nil)
                #expect(try row.int64("two") == 7)
                #expect(try row.int64("four") == -8)
                #expect(try row.string("empty") == "")
            }
        }
    }

    @Test("arrays unnest in their order, with NULLs, empty texts and bytes")
    func arraysUnnest() async throws {
        try await onLoop {
            try await withPool { pool in
                let texts: [String?] = ["a", nil, "", "{\"'\\,}"]
                let numbers: [Int64] = [1, -2, 3, 4]
                let blobs: [[UInt8]] = [[0], [], [255, 1], [9]]
                let flags = [true, false, true, false]
                let rows = try await pool.query(
                    """
                    select t, n, b, f from unnest(\(texts), \(numbers), \(blobs), \(flags)) with ordinality x (t, n, b, f, i)
                    order by i
                    """)
                #expect(try rows.map { try $0.optionalString("t") } == texts)
                #expect(try rows.map { try $0.int64("n") } == numbers)
                #expect(try rows.map { try $0.bytes("b") } == blobs)
                #expect(try rows.map { try $0.bool("f") } == flags)
                let empty = try await pool.query("select count(*) as n from unnest(\([String]()))")
                #expect(try empty.first?.int64("n") == 0)
            }
        }
    }

    @Test("a wrong column, an unexpected NULL and a wrong type are errors that name the column")
    func wrongReadsAreErrors() async throws {
        try await onLoop {
            try await withPool { pool in
                let rows = try await pool.query("select null::text as nothing, 1 as number")
                let row = try #require(rows.first)
                #expect(throws: PostgresError.self) { try row.string("absent") }
                #expect(throws: PostgresError.self) { try row.string("nothing") }
                #expect(throws: PostgresError.self) { try row.string("number") }
            }
        }
    }

    @Test("a zero byte in a text is refused by the server and nothing is cut off silently")
    func zeroByteIsRefused() async throws {
        try await onLoop {
            try await withPool { pool in
                let error = try await caught(PostgresError.self) { try await pool.query("select \("a\0b") as t") }
                #expect(error.sqlState == "22021")
                #expect(error.kind == .refused)
            }
        }
    }

    @Test("a megabyte goes in and comes back whole")
    func largeValues() async throws {
        try await onLoop {
            try await withPool { pool in
                let bytes = (0..<4_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
                let rows = try await pool.query("select \(bytes) as b")
                #expect(try rows.first?.bytes("b") == bytes)
            }
        }
    }
}

@Suite("Errors")
struct PostgresErrorTests {
    @Test("errors carry SQLSTATE, constraint and table, and never the data")
    func errorsHoldNoData() async throws {
        try await onLoop {
            try await withPool { pool in
                _ = try await pool.query(
                    "create table t (e text constraint t_e_key unique, n int constraint t_n_check check (n < 5))")
                let marker = "jane.marker@example.com"
                _ = try await pool.query("insert into t values (\(marker), 1)")
                let duplicate = try await caught(PostgresError.self) {
                    try await pool.query("insert into t values (\(marker), 2)")
                }
                #expect(duplicate.kind == .alreadyExists)
                #expect(duplicate.sqlState == "23505")
                #expect(duplicate.constraint == "t_e_key")
                let failing = try await caught(PostgresError.self) {
                    try await pool.query("insert into t values (\(marker + "x"), 9)")
                }
                #expect(failing.kind == .refused)
                #expect(failing.constraint == "t_n_check")
                let unreadable = try await caught(PostgresError.self) {
                    try await pool.query("select (\(marker))::int")
                }
                #expect(unreadable.sqlState == "22P02")
                for error in [duplicate, failing, unreadable] {
                    #expect(!"\(String(describing: error))".contains("marker"))
                    var dumped = ""
                    dump(error, to: &dumped)
                    #expect(!dumped.contains("jane"))
                }
                let again = try await pool.query("select count(*) as n from t")
                #expect(try again.first?.int64("n") == 1)
            }
        }
    }

    @Test(
        "a SQLSTATE decides whether to try again",
        arguments: [
            ("40001", PostgresError.Kind.contention), ("40P01", .contention), ("55P03", .contention),
            ("57014", .unavailable), ("57P03", .unavailable), ("53300", .unavailable), ("08006", .unavailable),
            ("25006", .unavailable), ("58030", .unavailable), ("23505", .alreadyExists), ("23503", .refused),
            ("22P02", .refused), ("42P01", .refused), ("42501", .refused),
        ])
    func statesDecide(state: String, kind: PostgresError.Kind) async throws {
        try await onLoop {
            try await withPool { pool in
                let error = try await caught(PostgresError.self) {
                    try await pool.transaction { transaction in
                        try await transaction.script("do $$ begin raise exception sqlstate '\(state)'; end $$")
                    }
                }
                #expect(error.sqlState == state)
                #expect(error.kind == kind)
                #expect(error.isRetriable == (kind == .contention || kind == .unavailable))
            }
        }
    }

    @Test("no server means unavailable, and says why without a password")
    func noServer() async throws {
        try await onLoop {
            let configuration = PostgresConfiguration(
                host: "127.0.0.1", port: 1, database: "d", user: "u", password: Secret("hunter2secret"),
                transportSecurity: .disabled)
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            let error = try await caught(PostgresError.self) { try await pool.query("select 1") }
            #expect(error.kind == .unavailable)
            #expect(pool.trouble?.contains("refused") == true)
            #expect(!"\(String(describing: error)) \(pool.trouble ?? "")".contains("hunter2secret"))
            await pool.close()
        }
    }

    @Test("variables of the environment change nothing")
    func environmentIsIgnored() async throws {
        try await onLoop {
            setenv("PGSERVICE", "no-such-service", 1)
            setenv("PGOPTIONS", "-c search_path=elsewhere", 1)
            try await withPool { pool in
                let rows = try await pool.query(
                    "select current_setting('search_path') as s, current_setting('TimeZone') as z")
                #expect(try rows.first?.string("s") == "public")
                #expect(try rows.first?.string("z") == "UTC")
            }
        }
    }
}
