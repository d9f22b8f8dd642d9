public import Postgres

extension Ledger {
    /// Takes settlements in; a lower sequence than the one known changes nothing.
    public func takeSettlements(_ arrived: [ArrivedSettlement]) async throws(PostgresError) { fatalError("follows") }

    /// Claims rows whose newest state Salesforce does not show yet, or must be shown again.
    ///
    /// A claim that lapsed is taken over 60 s after its end.
    public func claimFeedback(
        limit: Int = 200, holder: String, lease: Duration
    ) async throws(PostgresError) -> [FeedbackClaim] { fatalError("follows") }

    /// Stores how the calls ended, each under its fence, and frees the rows.
    public func finishFeedback(_ results: [FeedbackResult]) async throws(PostgresError) { fatalError("follows") }

    /// How long until a row is due that is not due now; nil when there is none.
    public func nextFeedbackDue() async throws(PostgresError) -> Duration? { fatalError("follows") }
}
