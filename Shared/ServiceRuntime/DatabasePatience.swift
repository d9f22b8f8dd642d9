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
            // While the database is away one call at a time finds out; the others wait for it, and on no timer.
            let admission = try await troubles.enter(.database)
            let error: PostgresError
            do {
                let result = try await body()
                troubles.answered(.database)
                troubles.leave(admission) { _ in .succeeded }
                return result
            } catch let failure as PostgresError where failure.isRetriable {
                error = failure
            } catch {
                if (error as? PostgresError)?.kind == .refused { troubles.answered(.database) }
                troubles.leave(admission) { _ in .ended }
                throw error
            }
            tries += 1
            // Two transactions that met are no trouble of the database.
            if error.kind == .contention, tries <= Self.mostMeetings {
                troubles.answered(.database)
                troubles.leave(admission) { _ in .ended }
                try await time.sleep(for: retry.delay(afterTry: tries, random: .random(in: 0...1)))
            } else {
                troubles.leave(admission, reason: error.description) { _ in .failed }
            }
        }
    }

    private static let mostMeetings = 5
}

extension Trouble {
    /// PostgreSQL's trouble, or that of the order whose statement it refuses; nil for an error of something else.
    public init?(databaseError error: any Error) {
        guard let error = error as? PostgresError else { return nil }
        if error.isRetriable || error.kind == .cancelled {
            self.init(.database, error.description)
        } else {
            self.init(.order, error.description, suspecting: .database)
        }
    }
}
