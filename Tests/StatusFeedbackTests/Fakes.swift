import Contracts
import EventLoop
import Foundation
import JSONText
import Salesforce
import ServiceRuntime
import Telemetry

@testable import Ledger
@testable import StatusFeedback

/// Rows in memory, with the rules of the ledger's table.
@Loop
final class MemoryStore: FeedbackStore {
    struct Row {
        var sequence: Int64
        var value: [UInt8]
        var accountId: String?
        var shown: [UInt8]?
        var tried: Int64 = 0
        var resendAt: MonotonicInstant?
        var retryAt: MonotonicInstant?
        var lockedTries = 0
        var lockedSince: MonotonicInstant?
        var fence: Int64 = 0
        var isClaimed = false
    }

    let time: any TimeSource
    var rows: [String: Row] = [:]
    var ends: [FeedbackResult] = []
    var letters: [UnclaimedLetter] = []
    private(set) var resolvedReplays: [String] = []
    var accounts: [String: String] = [:]

    init(time: any TimeSource) { self.time = time }

    func takeSettlements(_ arrived: [ArrivedSettlement]) async throws {
        for one in arrived where one.sequence > rows[one.orderId]?.sequence ?? 0 {
            var row = rows[one.orderId] ?? Row(sequence: 0, value: [])
            row.sequence = one.sequence
            row.value = one.value
            row.accountId = accounts[one.orderId]
            rows[one.orderId] = row
        }
    }

    func claimFeedback(
        limit: Int, holder: String, lease: Duration, resendAfter: Duration
    ) async throws -> [FeedbackClaim] {
        let due = rows.filter { _, row in
            let isDue = [row.resendAt, row.retryAt].contains { $0.map { $0 <= time.now } == true }
            return !row.isClaimed && (isDue || row.sequence > row.tried)
        }
        if !due.isEmpty { await whileClaiming?() }
        return due.sorted { $0.key < $1.key }.prefix(limit).map { id, found in
            var row = found
            if let resendAt = row.resendAt, resendAt <= time.now { (row.resendAt, row.shown) = (nil, nil) }
            row.retryAt = nil
            row.tried = row.sequence
            row.isClaimed = true
            row.fence += 1
            rows[id] = row
            return FeedbackClaim(
                orderId: id, accountId: row.accountId, sequence: row.sequence, value: row.value, traceParent: "",
                shown: row.shown, fence: row.fence, lockedTries: row.lockedTries,
                lockedFor: row.lockedSince.map { time.now - $0 })
        }
    }

    /// What happens between a claim and its answer.
    var whileClaiming: (@Loop () async -> Void)?
    /// Whether claims can be renewed.
    var renews = true

    func renewFeedback(_ claims: [FeedbackClaim], lease: Duration) async throws -> Bool { renews }

    func finishFeedback(_ results: [FeedbackResult]) async throws {
        ends += results
        for result in results {
            guard var row = rows[result.claim.orderId], row.fence == result.claim.fence else { continue }
            row.isClaimed = false
            switch result.end {
            case .sent(let shown): (row.shown, row.lockedSince, row.lockedTries) = (shown, nil, 0)
            case .unknown(let wait): (row.shown, row.resendAt) = (nil, max(row.resendAt ?? time.now, time.now + wait))
            case .notSent(let wait): row.retryAt = time.now + wait
            case .locked(let wait):
                row.retryAt = time.now + wait
                row.lockedSince = row.lockedSince ?? time.now
                row.lockedTries += 1
            case .refused(_, let wait): row.retryAt = wait.map { time.now + $0 }
            }
            rows[result.claim.orderId] = row
        }
    }

    func nextFeedbackDue() async throws -> Duration? {
        rows.values.flatMap { $0.isClaimed ? [] : [$0.resendAt, $0.retryAt].compactMap { $0 } }.min().map {
            $0 - time.now
        }
    }

    func recordUndecodable(_ letters: [UnclaimedLetter]) async throws -> [StoredSettlement?] {
        self.letters += letters
        return letters.map { _ in nil }
    }

    func resolveReplay(of id: String, eventId: String, by holder: String) async throws {
        resolvedReplays.append("\(id) \(eventId)")
    }
}

/// A Salesforce that answers as a test tells it.
@Loop
final class ScriptedSalesforce: SalesforceRecords {
    var calls: [[RecordUpdate]] = []
    var look: [[SalesforceId]] = []
    var present: [SalesforceId: String?] = [:]
    /// The answer to a call; an error where there is none.
    var answer: @Loop ([RecordUpdate]) -> Result<[RecordResult], SalesforceFailure> = { updates in
        .success(updates.map { _ in .updated })
    }

    /// Keeps each call waiting, as a Salesforce does that hangs.
    var hang: (@Loop () async -> Void)?

    func update(_ updates: [RecordUpdate]) async throws(SalesforceFailure) -> [RecordResult] {
        calls.append(updates)
        await hang?()
        return try answer(updates).get()
    }

    /// Whether it serves, when asked for that alone.
    var standing: Result<Void, SalesforceFailure> = .success(())

    func ask() async throws(SalesforceFailure) {
        await hang?()
        try standing.get()
    }

    func customerIds(of accounts: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: String?] {
        look.append(accounts)
        return present
    }
}

enum Make {
    static func orderId(_ number: Int) throws -> SalesforceId {
        try SalesforceId("801Qk" + String(repeating: "0", count: 10 - String(number).count) + String(number))
    }

    static func accountId(_ number: Int) throws -> SalesforceId {
        try SalesforceId("001Qk" + String(repeating: "0", count: 10 - String(number).count) + String(number))
    }

    static func settlement(
        _ number: Int = 1, sequence: Int64 = 1, outcome: Settlement.Outcome = .written,
        state: OrderState? = .pendingFulfillment, customer: String? = nil
    ) throws -> Settlement {
        var settlement = Settlement(
            orderId: try orderId(number), sequence: sequence, outcome: outcome,
            settledAt: UTCInstant(millisecondsSinceEpoch: 1_780_000_000_000))
        settlement.netSuite = .init(id: "10\(number)", number: "SO\(number)", state: state, customerId: customer)
        return settlement
    }

    static func arrived(_ settlement: Settlement) -> ArrivedSettlement {
        ArrivedSettlement(
            orderId: settlement.orderId.text, sequence: settlement.sequence, value: settlement.encode(), traceParent: ""
        )
    }

    static func claim(
        _ settlement: Settlement, account: SalesforceId? = nil, shown: [UInt8]? = nil, lockedTries: Int = 0,
        lockedFor: Duration? = nil
    ) -> FeedbackClaim {
        FeedbackClaim(
            orderId: settlement.orderId.text, accountId: account?.text, sequence: settlement.sequence,
            value: settlement.encode(), traceParent: "", shown: shown, fence: 1,
            lockedTries: lockedTries, lockedFor: lockedFor)
    }
}

extension Logger {
    /// Says nothing.
    static let quiet = Logger(label: "test", sink: { _ in })
}
