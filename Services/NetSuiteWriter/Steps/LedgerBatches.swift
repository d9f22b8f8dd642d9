import EventLoop
import Ledger
import ServiceRuntime

/// An order's claim and the moment until which its lease surely holds.
struct LeasedClaim: Sendable {
    var claim: Claim
    var leaseEnd: MonotonicInstant
}

/// The ledger's calls of many orders at once: while one statement runs the next one fills.
@Loop
final class LedgerBatches {
    /// T0's answer, with the lease's end where the order was claimed.
    struct Claimed: Sendable {
        let answer: ClaimAnswer
        let leaseEnd: MonotonicInstant
    }

    private let claims: Coalescer<ClaimRequest, Claimed>
    private let records: Coalescer<AttemptRecord, RecordAnswer>
    private let settlements: Coalescer<SettlementValue, [UInt8]>
    private let published: Coalescer<SettlementKey, Void>
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let lease: Duration
    private let time: any TimeSource

    init(ledger: Ledger, patience: DatabasePatience, holder: String, lease: Duration, time: any TimeSource) {
        self.ledger = ledger
        self.patience = patience
        self.lease = lease
        self.time = time
        claims = Coalescer(maximumBatch: 64, time: time) { requests in
            try await patience.untilAnswered {
                // Taken before the call: the database's clock started the lease after this moment.
                let leaseEnd = time.now + lease
                return try await ledger.claim(requests, holder: holder, lease: lease)
                    .map { Claimed(answer: $0, leaseEnd: leaseEnd) }
            }
        }
        records = Coalescer(maximumBatch: 64, time: time) { records in
            try await patience.untilAnswered { try await ledger.record(records) }
        }
        settlements = Coalescer(maximumBatch: 200, time: time) { values in
            try await patience.untilAnswered { try await ledger.storeSettlements(values) }
        }
        published = Coalescer(maximumBatch: 200, time: time) { keys in
            try await patience.untilAnswered { try await ledger.settlementsPublished(keys) }
            return keys.map { _ in }
        }
    }

    /// How many orders wait for T0.
    var waitingClaims: Int { claims.waitingCount }

    /// T0: the right to work on an order, durable before anything is sent.
    func claim(_ request: ClaimRequest) async throws -> Claimed {
        try await claims.submit(request)
    }

    /// T1: how an attempt ended, durable before anything is said of it.
    func record(_ record: AttemptRecord) async throws -> RecordAnswer {
        try await records.submit(record)
    }

    /// T2: the whole settlement; the bytes that count are those stored first.
    func store(_ value: SettlementValue) async throws -> [UInt8] {
        try await settlements.submit(value)
    }

    /// Notes a confirmed delivery; nobody waits for it, and a lost note costs a repeated message.
    func notePublished(_ key: SettlementKey) {
        EventLoop.shared.start { [published] in try await published.submit(key) }
    }

    /// A letter of a message that could not be claimed.
    func recordUnclaimed(_ letter: UnclaimedLetter) async throws -> StoredSettlement? {
        try await patience.untilAnswered { [ledger] in try await ledger.recordUndecodable([letter]) }.first ?? nil
    }

    /// Makes sure that the lease lasts a while: its end, renewed where needed; nil when another holder has the order.
    func leaseEnd(of leased: LeasedClaim, lasting needed: Duration) async throws -> MonotonicInstant? {
        if leased.leaseEnd - time.now >= needed { return leased.leaseEnd }
        let renewed = time.now + lease
        let isOurs = try await patience.untilAnswered { [ledger, lease] in
            try await ledger.renew([leased.claim], lease: lease).first ?? false
        }
        return isOurs ? renewed : nil
    }

    /// Closes a claim under which nothing was sent; remembers a customer that was found on the way.
    func giveBack(_ claim: Claim, customer: CustomerReference?, reason: String) async throws {
        try await patience.untilAnswered { [ledger] in
            if let customer { try await ledger.store(customers: [customer]) }
            try await ledger.giveBack([claim], reason: reason)
        }
    }

    /// Closes a claim under which something may have been sent; the next one probes first.
    ///
    /// - Returns: whether the order was still ours.
    func markUnknown(_ claim: Claim, customer: CustomerReference?, reason: String) async throws -> Bool {
        try await patience.untilAnswered { [ledger] in
            if let customer { try await ledger.store(customers: [customer]) }
            return try await !ledger.markUnknown([claim], reason: reason).isEmpty
        }
    }

    /// Has an order read from Salesforce afresh and sent again, as a version of its own.
    func requestPublication(of orderId: String) async throws {
        try await patience.untilAnswered { [ledger] in
            try await ledger.requestPublication(of: [orderId], by: "netsuite-writer, after a late change")
        }
    }
}
