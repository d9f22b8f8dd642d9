import EventLoop
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// What orders and products are written with alike, and how their rows end where nothing was tried.
@Loop
struct SalesforceWriting {
    let salesforce: any SalesforceRecords
    let writer: RecordWriter
    let parts: PartTroubles
    let waits: FeedbackWaits
    let clock: any TimeSource
    let metrics: FeedbackMetrics
    let logger: Logger

    /// Nothing was changed, for no reason of the row's.
    func notSent(_ claim: FeedbackClaim) -> FeedbackResult {
        FeedbackResult(claim: claim, end: .notSent(tryAgainAfter: .zero))
    }

    /// It waits until the fields of its object are there.
    func waitingForFields(_ claim: FeedbackClaim) -> FeedbackResult {
        FeedbackResult(claim: claim, end: .notSent(tryAgainAfter: waits.configuration))
    }

    /// Rows that could not even be looked at before they are written.
    func unseen(_ claims: [FeedbackClaim], because error: any Error) -> DeliveredBatch {
        DeliveredBatch(
            results: claims.map { notSent($0) }, trouble: (error as? SalesforceFailure)?.asTrouble ?? "\(error)")
    }

    /// How a row ends by what became of its records.
    func end(
        of claim: FeedbackClaim, records: [(part: RowPart, outcome: RecordOutcome)], shows: [UInt8]
    ) -> FeedbackResult {
        StatusFeedback.end(of: claim, records: records, shows: shows, waits: waits, random: .random(in: 0...1))
    }
}
