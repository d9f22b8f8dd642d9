import EventLoop
import Ledger

/// The rows that say what Salesforce must show, one an order and one an item; tests keep them in memory.
@Loop
protocol FeedbackStore: Sendable {
    /// Takes settlements in, at most one per order; a lower sequence than the one known changes nothing.
    func takeSettlements(_ arrived: [ArrivedSettlement]) async throws
    /// Takes progress of orders in; one that is not newer than the one known changes nothing.
    func takeProgress(_ arrived: [ArrivedState]) async throws
    /// Takes stock of items in, by the same rule; after `staleAfter` the row is due by time alone.
    func takeStock(_ arrived: [ArrivedState], staleAfter: Duration) async throws
    /// Takes in each key's newest state of a topic as it was published, from behind a key on; answers the last key that
    /// was looked at, nil at the end, and how many were news.
    func takePublishedStates(
        topic: String, as object: FeedbackObject, overdueAfter: Duration?, after key: String?, limit: Int
    ) async throws -> (last: String?, count: Int)
    /// Claims rows whose newest state must be shown, or shown again.
    func claimFeedback(
        limit: Int, holder: String, lease: Duration, resendAfter: Duration
    ) async throws -> [FeedbackClaim]
    /// Extends claims; false when not all of them are the caller's any more.
    func renewFeedback(_ claims: [FeedbackClaim], lease: Duration) async throws -> Bool
    /// Stores how the calls ended and frees the rows.
    func finishFeedback(_ results: [FeedbackResult]) async throws
    /// How long until a row is due that is not due now.
    func nextFeedbackDue() async throws -> Duration?
    /// Keeps messages that cannot be read.
    func recordUndecodable(_ letters: [UnclaimedLetter]) async throws -> [StoredSettlement?]
    /// Closes the letter of a message that was replayed and could be read.
    func resolveReplay(of id: String, eventId: String, by holder: String) async throws
}

extension Ledger: FeedbackStore {}
