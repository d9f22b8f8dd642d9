import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// Letters brought into a circumstance by what the services do, each of an order of its own.
@Loop
final class LetterBench {
    enum Circumstance: String, CaseIterable {
        case open, replaying, resolved, superseded, discarded
        /// Discarded, and opened again.
        case reopened
        /// Of version 1000; version 1001 was written since, then somebody opened the letter again.
        case overtakenByWritten
        /// The same, version 1001 died; its letter was discarded.
        case overtakenByDead
        /// The same, version 1001 is held.
        case overtakenByHeld
        /// More than a MiB.
        case tooLarge
        /// Its bytes say nothing; the key names the order.
        case undecodable
        /// The same, and the key names nothing.
        case nameless
        /// The publisher cannot read the order.
        case unreadable
        /// The same, and a publish request is open for it.
        case requested
        /// Salesforce refuses the order's state.
        case refusedBySalesforce
        case unknown
    }

    let ledger: Ledger
    let pool: PostgresPool
    private var number = 0

    init(_ ledger: Ledger, _ pool: PostgresPool) {
        self.ledger = ledger
        self.pool = pool
    }

    func command(by name: String = "ann", isDryRun: Bool = false) -> LetterCommand {
        LetterCommand(by: name, note: "so it is", isDryRun: isDryRun)
    }

    /// - Returns: the letter's id and its order's number among the fixtures.
    func make(_ circumstance: Circumstance) async throws -> (id: String, order: Int) {
        number += 1
        let order = number
        switch circumstance {
        case .unknown: return ("987654", order)
        case .unreadable, .requested:
            let id = try await unreadable(order)
            if circumstance == .requested { _ = try await ledger.replayLetters([id], command()) }
            return (id, order)
        case .refusedBySalesforce: return (try await refusedBySalesforce(order), order)
        case .undecodable, .nameless, .tooLarge:
            return (try await unclaimed(order, circumstance), order)
        default: break
        }
        let id = try await dead(order)
        switch circumstance {
        case .replaying: _ = try await ledger.replayLetters([id], command())
        case .resolved:
            let claim = try await claimReplay(of: id, order)
            _ = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: Int64(order))))
        case .discarded: _ = try await ledger.discardLetters([id], command())
        case .reopened:
            _ = try await ledger.discardLetters([id], command())
            _ = try await ledger.reopenLetters([id], command())
        case .superseded, .overtakenByWritten:
            let newer = try await ledger.claimed(Fixture.request(order, version: 1_001))
            _ = try await ledger.recorded(newer, .written(WrittenOrder(netSuiteId: Int64(order))))
            if circumstance == .overtakenByWritten { _ = try await ledger.reopenLetters([id], command()) }
        case .overtakenByDead:
            let newer = try await ledger.claimed(Fixture.request(order, version: 1_001))
            let settled = try await ledger.recorded(newer, .dead(Fixture.letter(offset: offset(order) + 1)))
            _ = try await ledger.discardLetters([try #require(settled.letter?.id)], command())
            _ = try await ledger.reopenLetters([id], command())
        case .overtakenByHeld:
            let newer = try await ledger.claimed(Fixture.request(order, version: 1_001))
            _ = try await ledger.recorded(newer, .held(hold(order)))
        default: break
        }
        return (id, order)
    }

    func offset(_ order: Int) -> Int64 { Int64(order) * 1_000 }

    func hold(_ order: Int) -> HoldContent {
        HoldContent(sentence: "Locked.", retryAfter: .zero, message: Fixture.message(offset: offset(order) + 2))
    }

    /// An order of version 1000 that died, and its letter.
    func dead(_ order: Int) async throws -> String {
        let claim = try await ledger.claimed(Fixture.request(order))
        let settled = try await ledger.recorded(claim, .dead(Fixture.letter(offset: offset(order))))
        return try #require(settled.letter?.id)
    }

    func unclaimedLetter(
        _ order: Int, _ circumstance: Circumstance = .undecodable, offset: Int64? = nil, replayOf: String? = nil,
        eventId: String? = nil
    ) -> UnclaimedLetter {
        var content = Fixture.letter("undecodable", offset: offset ?? self.offset(order))
        if circumstance == .tooLarge {
            content.message?.value = [UInt8](repeating: 65, count: 1_048_577)
        }
        return UnclaimedLetter(
            orderId: circumstance == .nameless ? nil : Fixture.orderId(order), eventId: eventId, traceParent: "00-t",
            replayOf: replayOf, content: content, settlementEventId: Fixture.eventId())
    }

    private func unclaimed(_ order: Int, _ circumstance: Circumstance) async throws -> String {
        _ = try await ledger.recordUndecodable([unclaimedLetter(order, circumstance)])
        return try #require(try await ledger.deadLetters(.all, limit: 1).first).id
    }

    func leadership() async throws -> Leadership {
        try #require(try await ledger.acquireLeadership(of: "order-publisher", holder: "p", lease: .seconds(60)))
    }

    func unreadable(_ order: Int, sentence: String = "A line has no SKU.") async throws -> String {
        let content = DeadLetterContent(letterClass: "invalid-message", field: "sku", sentence: sentence, message: nil)
        try await ledger.recordUnreadable(
            [UnreadableOrder(orderId: Fixture.orderId(order), orderNumber: "0000\(order)", content: content)],
            under: try await leadership())
        return try #require(try await letters(of: order).first).id
    }

    func refusedBySalesforce(_ order: Int) async throws -> String {
        let claim = try await ledger.claimed(Fixture.request(order))
        _ = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: Int64(order))))
        try await ledger.takeSettlements([
            ArrivedSettlement(orderId: claim.orderId, sequence: 1, value: [1], traceParent: "00-t")
        ])
        try await endFeedback(order) {
            .refused(
                DeadLetterContent(letterClass: "salesforce-refused", sentence: "No.", message: nil),
                tryAgainAfter: .zero)
        }
        return try #require(try await letters(of: order).first).id
    }

    /// Has the order's row shown in Salesforce, ended as given.
    func endFeedback(_ order: Int, _ end: () -> FeedbackResult.End) async throws {
        let claims = try await ledger.claimFeedback(
            holder: "f", lease: .seconds(60), resendAfter: .seconds(60))
        let claim = try #require(claims.first { $0.key == Fixture.orderId(order) })
        try await ledger.finishFeedback([FeedbackResult(claim: claim, end: end())])
    }

    /// Replays a letter and claims its message as the writer does.
    func claimReplay(of id: String, _ order: Int, version: Int64 = 1_000) async throws -> Claim {
        let event = try #require(try await replayed(id))
        return try await ledger.claimed(Fixture.request(order, version: version, replayOf: id, eventId: event.eventId))
    }

    /// The message that a replay of this letter produces.
    func replayed(_ id: String) async throws -> ReplayMessage? {
        guard case .produce(let message, _) = try await ledger.replayLetters([id], command()).first else { return nil }
        return message
    }

    func state(_ id: String) async throws -> DeadLetterState? { try await ledger.deadLetters(ids: [id]).first?.state }

    func letters(of order: Int) async throws -> [DeadLetter] {
        try await ledger.deadLetters(.all, limit: 10_000).filter { $0.orderId == Fixture.orderId(order) }
    }

    /// The order's settlements, in their sequence.
    func outcomes(_ order: Int) async throws -> [String] {
        let rows = try await pool.query(
            "select outcome from settlements where order_id = \(Fixture.orderId(order)) order by sequence")
        return try rows.map { row throws(PostgresError) in try row.string("outcome") }
    }

    func acts(_ id: String) async throws -> [LetterAct.Kind] {
        try #require(try await ledger.deadLetter(id)).trail.map(\.kind)
    }
}

/// A bench in a database of its own.
@Loop
func withLetters<R: Sendable>(_ body: @Loop (LetterBench) async throws -> R) async throws -> R {
    try await withLedger { ledger, pool in try await body(LetterBench(ledger, pool)) }
}
