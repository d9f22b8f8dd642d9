import Postgres

/// All steps of the schema `crossdock`, in their order. Released ones never change; new ones are added at the end.
enum LedgerMigrations {
    static let schema = "crossdock"
    static let all: [Migration] = [
        orders, publisherAndFeedback, claim, record, publish, feedbackTries, hold, logins, deadLetterLife,
        letterCommands, partitionRuns,
    ]
}
