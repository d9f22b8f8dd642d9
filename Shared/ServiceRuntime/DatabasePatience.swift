public import EventLoop
import Postgres
import Telemetry

/// Repeats ledger calls while PostgreSQL is in trouble: a result that NetSuite gave must not be lost to that.
///
/// Every call of the ledger is one transaction that is safe to run again, also when the commit's answer was lost.
@Loop
public struct DatabasePatience: Sendable {
    private let troubles: Troubles
    private let retry: RetryPolicy
    private let time: any TimeSource

    /// Shows the trouble in `troubles` while it lasts.
    public init(troubles: Troubles, time: any TimeSource, retry: RetryPolicy = RetryPolicy(base: .milliseconds(50))) {
        self.troubles = troubles
        self.retry = retry
        self.time = time
    }

    /// Runs `body` until it succeeds or is refused for good.
    ///
    /// - Throws: ``PostgresError`` that no repetition mends, or `CancellationError`.
    public func untilAnswered<Result: Sendable>(
        _ body: @Loop @Sendable () async throws -> Result
    ) async throws -> Result {
        var tries = 0
        while true {
            do {
                let result = try await body()
                troubles.clear(.database)
                return result
            } catch let error as PostgresError where error.isRetriable {
                tries += 1
                // Two transactions that met are no trouble of the database.
                if error.kind != .contention || tries > 5 { troubles.raise(Trouble(.database, error.description)) }
                try await time.sleep(for: retry.delay(afterTry: tries, random: .random(in: 0...1)))
            }
        }
    }
}

extension Trouble {
    /// PostgreSQL's trouble; nil for an error of something else.
    public init?(databaseError error: any Error) {
        guard let error = error as? PostgresError else { return nil }
        self.init(.database, error.description)
    }
}
