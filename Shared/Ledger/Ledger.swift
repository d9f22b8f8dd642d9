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

    /// A ledger over a pool; nothing is asked of the database yet.
    public init(pool: PostgresPool, logger: Logger) {
        self.pool = pool
        self.logger = logger
    }
}

/// Why a service must not work with this database.
public struct LedgerSchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is missing and the command that mends it.
    public let description: String

    init(_ description: String) { self.description = description }
}
