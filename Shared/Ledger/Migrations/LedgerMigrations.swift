import Postgres

/// All steps of the schema `crossdock`, in their order.
///
/// Until the first release they are folded: each table and each function is made once, in its newest form. Released ones
/// never change; new ones are added at the end.
enum LedgerMigrations {
    static let schema = "crossdock"
    static let all: [Migration] = [
        orders, deadLetters, publisherAndFeedback, claim, record, letterCommands, netSuiteBudgets, partitionRuns,
        watches,
    ]
}
