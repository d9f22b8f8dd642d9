public import EventLoop
public import Postgres
public import Telemetry

/// The product's memory in PostgreSQL: every table, every statement. Values in, values out.
///
/// Each call is one transaction and safe to repeat after ``PostgresError/Kind/outcomeUnknown``. Calls that take arrays
/// answer in the order of their input and lock rows in the order of their keys.
@Loop
public final class Ledger {
    let pool: PostgresPool
    let logger: Logger
    private let time: any TimeSource

    /// A ledger over a pool; nothing is asked of the database yet.
    public init(pool: PostgresPool, logger: Logger, time: any TimeSource = LoopTime.shared) {
        self.pool = pool
        self.logger = logger
        self.time = time
    }

    /// Runs one statement, again after another transaction was in the way or an answer was lost: all of ours are made
    /// so that doing them twice changes nothing.
    func run(_ sql: SQL) async throws(PostgresError) -> PostgresRows {
        var tries = 0
        while true {
            do throws(PostgresError) {
                return try await pool.query(sql)
            } catch {
                tries += 1
                let limit = error.kind == .contention ? 6 : error.kind == .outcomeUnknown ? 2 : 0
                guard tries <= limit else { throw error }
                logger.debug("A statement is run again", .reason(error.description))
                do {
                    try await time.sleep(for: .milliseconds(Int64.random(in: 5...50)))
                } catch {
                    throw PostgresError.cancelled
                }
            }
        }
    }

    /// A text that PostgreSQL takes: without zero bytes, which neither `text` nor `jsonb` can hold.
    nonisolated static func storable(_ text: String) -> String {
        let holdsZero = text.utf8.withContiguousStorageIfAvailable { $0.contains(0) } ?? text.utf8.contains(0)
        return holdsZero ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
    }
}

/// Why a service must not work with this database.
public struct LedgerSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is missing and the command that mends it.
    public let description: String

    init(_ description: String) { self.description = description }
}
