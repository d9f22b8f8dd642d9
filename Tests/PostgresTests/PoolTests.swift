import EventLoop
import Foundation
import Glibc
import Postgres
import Telemetry
import TestSupport
import Testing

private struct Stopped: Error {}

@Suite("The pool and its transactions")
struct PoolTests {
    @Test("a transaction commits when its closure returns and rolls back when it throws")
    func commitsAndRollsBack() async throws {
        try await onLoop {
            try await withPool { pool in
                _ = try await pool.query("create table t (n bigint)")
                try await pool.transaction { _ = try await $0.query("insert into t values (\(1))") }
                await #expect(throws: Stopped.self) {
                    try await pool.transaction { transaction in
                        _ = try await transaction.query("insert into t values (\(2))")
                        throw Stopped()
                    }
                }
                let rows = try await pool.query("select n from t")
                #expect(try rows.map { try $0.int64("n") } == [1])
            }
        }
    }

    @Test("a swallowed error inside a transaction makes its commit fail")
    func swallowedError() async throws {
        try await onLoop {
            try await withPool { pool in
                let error = try await caught(PostgresError.self) {
                    try await pool.transaction { transaction in
                        _ = try? await transaction.query("select 1 / 0")
                    }
                }
                #expect(error.sqlState == "25P02")
            }
        }
    }

    @Test("a hundred callers share two connections")
    func manyCallers() async throws {
        try await onLoop {
            try await withPool(maximumConnections: 2) { pool in
                let tasks = (0..<100).map { number in
                    EventLoop.shared.start { try await pool.query("select \(number) as n, pg_backend_pid() as p") }
                }
                var backends: Set<Int64> = []
                for (number, task) in tasks.enumerated() {
                    let row = try #require(try await task.value.first)
                    #expect(try row.int64("n") == Int64(number))
                    backends.insert(try row.int64("p"))
                }
                #expect(backends.count <= 2)
            }
        }
    }

    @Test("a caller that finds no connection free gives up at its deadline")
    func noConnectionFree() async throws {
        try await onLoop {
            try await withPool(maximumConnections: 1) { pool in
                try await pool.transaction { _ in
                    let error = try await caught(PostgresError.self) {
                        try await pool.query("select 1", deadline: .milliseconds(50))
                    }
                    #expect(error.kind == .deadline)
                }
                _ = try await pool.query("select 1")
            }
        }
    }

    @Test("a frozen server process costs its deadline and its connection, and the next caller gets another")
    func frozenBackend() async throws {
        try await onLoop {
            try await withPool { pool in
                let started = MonotonicInstant.now
                var backend: pid_t = 0
                let error = try await caught(PostgresError.self) {
                    try await pool.transaction(deadline: .milliseconds(400)) { transaction in
                        let rows = try await transaction.query("select pg_backend_pid() as p")
                        backend = pid_t(try #require(rows.first).int64("p"))
                        kill(backend, SIGSTOP)
                        _ = try await transaction.query("select 1")
                    }
                }
                #expect(error.kind == .deadline)
                #expect(MonotonicInstant.now - started < .seconds(3))
                let rows = try await pool.query("select pg_backend_pid() as p")
                #expect(try rows.first?.int64("p") != Int64(backend))
                kill(backend, SIGCONT)
            }
        }
    }

    @Test("a deadline during a commit leaves the outcome unknown")
    func unknownCommit() async throws {
        try await onLoop {
            try await withPool(lockTimeout: .seconds(30)) { pool in
                _ = try await pool.query("create table t (n bigint)")
                _ = try await pool.query(
                    """
                    create function wait() returns trigger language plpgsql as
                    'begin perform pg_advisory_xact_lock(7); return null; end'
                    """)
                _ = try await pool.query(
                    """
                    create constraint trigger wait after insert on t deferrable initially deferred
                    for each row execute function wait()
                    """)
                try await pool.transaction(deadline: .seconds(30)) { blocker in
                    _ = try await blocker.query("select pg_advisory_xact_lock(7)")
                    let error = try await caught(PostgresError.self) {
                        try await pool.transaction(deadline: .seconds(2)) {
                            _ = try await $0.query("insert into t values (1)")
                        }
                    }
                    #expect(error.kind == .outcomeUnknown)
                    #expect(error.isRetriable)
                }
            }
        }
    }

    @Test("a terminated session is noticed while idle, and the pool goes on with another")
    func terminatedWhileIdle() async throws {
        try await onLoop {
            try await withPool { pool in
                let before = try await pool.query("select pg_backend_pid() as p")
                let backend = try #require(before.first).int64("p")
                kill(pid_t(backend), SIGTERM)
                try await eventually("another session answers") {
                    let rows = try? await pool.query("select pg_backend_pid() as p")
                    return try rows?.first?.int64("p") != nil && rows?.first?.int64("p") != backend
                }
            }
        }
    }

    @Test("a session terminated under a statement says so by its SQLSTATE")
    func terminatedWhileBusy() async throws {
        try await onLoop {
            try await withPool { pool in
                let sleeping = EventLoop.shared.start { try await pool.query("select pg_sleep(5)") }
                var backend: pid_t = 0
                try await eventually("the statement runs") {
                    let rows = try await pool.query(
                        "select pid from pg_stat_activity where query = \("select pg_sleep(5)") and state = 'active'")
                    backend = pid_t(try rows.first?.int64("pid") ?? 0)
                    return backend != 0
                }
                kill(backend, SIGTERM)
                let error = try await caught(PostgresError.self) { try await sleeping.value }
                #expect(error.sqlState == "57P01")
                #expect(error.isRetriable == true)
            }
        }
    }

    @Test("a cancelled statement ends at once and takes its connection along")
    func cancelledStatement() async throws {
        try await onLoop {
            try await withPool(maximumConnections: 1) { pool in
                _ = try await pool.query("select 1")
                let started = MonotonicInstant.now
                let task = EventLoop.shared.start { try await pool.query("select pg_sleep(4)") }
                try await LoopTime.shared.sleep(for: .milliseconds(50))
                task.cancel()
                let error = try await caught(PostgresError.self) { try await task.value }
                #expect(error.kind == .cancelled)
                _ = try await pool.query("select 1")
                #expect(MonotonicInstant.now - started < .seconds(3))
            }
        }
    }

    @Test("closing the pool ends what is in flight")
    func closing() async throws {
        try await onLoop {
            try await withPool { pool in
                let task = EventLoop.shared.start { try await pool.query("select pg_sleep(5)") }
                try await LoopTime.shared.sleep(for: .milliseconds(50))
                await pool.close()
                let error = try await caught(PostgresError.self) { try await task.value }
                #expect(error.kind == .cancelled)
            }
        }
    }

    @Test("250 connections made and closed under load leave no descriptor and no hang")
    func descriptorsAreReused() async throws {
        try await onLoop {
            try await withPool { busy in
                let configuration = try await PostgresCluster.shared().configuration(database: "postgres")
                let before = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
                for _ in 0..<250 {
                    let pool = PostgresPool(configuration: configuration, logger: .silent)
                    async let first = pool.query("select 1 as n")
                    async let second = busy.query("select 2 as n")
                    #expect(try await first.first?.int64("n") == 1)
                    #expect(try await second.first?.int64("n") == 2)
                    await pool.close()
                }
                let after = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count
                #expect(after <= before + 40)
            }
        }
    }

    @Test("work resumes after the server was stopped and started again")
    func serverRestart() async throws {
        try await onLoop {
            let cluster = try await PostgresCluster.start()
            let pool = PostgresPool(configuration: cluster.configuration(database: "postgres"), logger: .silent)
            _ = try await pool.query("select 1")
            await cluster.stop()
            let error = try await caught(PostgresError.self) { try await pool.query("select 1") }
            #expect(error.isRetriable == true)
            try await cluster.restart()
            try await eventually("the pool answers again") { (try? await pool.query("select 1")) != nil }
            #expect(pool.trouble == nil)
            await pool.close()
            await cluster.stop()
        }
    }
}
