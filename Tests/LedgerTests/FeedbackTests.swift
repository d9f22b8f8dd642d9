import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("What Salesforce shows")
struct FeedbackTests {
    private static func arrived(_ sequence: Int64, _ number: Int = 1) -> ArrivedSettlement {
        ArrivedSettlement(
            orderId: Fixture.orderId(number), sequence: sequence, value: [UInt8(sequence)], traceParent: "00-t")
    }

    @Loop
    private static func claim(
        _ ledger: Ledger, by holder: String = "f1", lease: Duration = .seconds(30)
    ) async throws -> [FeedbackClaim] {
        try await ledger.claimFeedback(holder: holder, lease: lease, resendAfter: .seconds(60))
    }

    @Loop
    private static func finish(
        _ ledger: Ledger, _ claim: FeedbackClaim, _ end: FeedbackResult.End
    ) async throws {
        try await ledger.finishFeedback([FeedbackResult(claim: claim, end: end)])
    }

    @Test("a lower sequence changes nothing, and a row is claimed by one at a time")
    func highestWins() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(2), Self.arrived(1), Self.arrived(1, 2)])
                try await ledger.takeSettlements([Self.arrived(1)])
                let claims = try await Self.claim(ledger)
                #expect(Set(claims.map(\.sequence)) == [2, 1])
                #expect(claims.first { $0.key == Fixture.orderId(1) }?.settlement == [2])
                #expect(claims.allSatisfy { $0.shown == nil && $0.lockedFor == nil })
                #expect(try await Self.claim(ledger, by: "f2").isEmpty)
                try await ledger.finishFeedback(claims.map { FeedbackResult(claim: $0, end: .sent(shown: [42])) })
                #expect(try await Self.claim(ledger).isEmpty)
                #expect(try await ledger.nextFeedbackDue() == nil)
                try await ledger.takeSettlements([Self.arrived(3)])
                let next = try await Self.claim(ledger)
                #expect(next.map(\.sequence) == [3])
                #expect(next.first?.shown == [42])
            }
        }
    }

    @Test(
        "the status that an order was given outlives an unknown outcome, and one that is owed is due when it is released"
    )
    func orderStatus() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(1)])
                let first = try #require(try await Self.claim(ledger).first)
                let sent = GivenStatus(value: "Fulfilled", over: "Activated")
                #expect(first.orderStatus == nil)
                #expect(try await ledger.noteStatuses([(first, sent)]))
                var unknown = FeedbackResult(claim: first, end: .unknown(sendAgainAfter: .zero))
                unknown.orderStatus = sent
                try await ledger.finishFeedback([unknown])
                #expect(try await ledger.noteStatuses([(first, sent)]) == false, "it is freed")
                let second = try #require(try await Self.claim(ledger).first)
                #expect(second.orderStatus == sent && second.shown == nil)
                var owing = FeedbackResult(claim: second, end: .sent(shown: [1]))
                owing.owesStatus = true
                try await ledger.finishFeedback([owing])
                #expect(try await Self.claim(ledger).isEmpty)
                #expect(try await ledger.nextFeedbackDue() == nil)
                try await ledger.releaseOwedStatuses()
                let third = try #require(try await Self.claim(ledger).first)
                #expect(third.orderStatus == sent && third.shown == [1], "only what differs is sent")
                try await Self.finish(ledger, third, .sent(shown: [1]))
                try await ledger.releaseOwedStatuses()
                #expect(try await Self.claim(ledger).isEmpty, "it is released once")
            }
        }
    }

    @Test("a settlement that arrives during a call is sent after it")
    func arrivesMeanwhile() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(1)])
                let first = try #require(try await Self.claim(ledger).first)
                try await ledger.takeSettlements([Self.arrived(2)])
                #expect(try await Self.claim(ledger, by: "f2").isEmpty)
                try await Self.finish(ledger, first, .sent(shown: [1]))
                let second = try #require(try await Self.claim(ledger).first)
                #expect(second.sequence == 2 && second.shown == [1])
                try await Self.finish(ledger, second, .sent(shown: [2]))
                // The same end again, as after a commit without answer: nothing follows from it.
                try await Self.finish(ledger, second, .sent(shown: [2]))
                #expect(try await ledger.nextFeedbackDue() == nil)
            }
        }
    }

    @Test("after an unknown answer the newest state is sent whole when its time has come, whatever comes between")
    func sentAgain() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                try await ledger.takeSettlements([Self.arrived(1)])
                let first = try #require(try await Self.claim(ledger).first)
                try await Self.finish(ledger, first, .unknown(sendAgainAfter: .seconds(60)))
                #expect(try await Self.claim(ledger).isEmpty)
                let due = try #require(try await ledger.nextFeedbackDue())
                #expect(due > .seconds(55) && due <= .seconds(60))
                try await ledger.takeSettlements([Self.arrived(2)])
                let newer = try #require(try await Self.claim(ledger).first)
                #expect(newer.shown == nil)
                // Trouble of the system neither ends the resend nor waits for it.
                try await Self.finish(ledger, newer, .notSent(tryAgainAfter: .zero))
                let again = try #require(try await Self.claim(ledger).first)
                #expect(again.sequence == 2)
                try await Self.finish(ledger, again, .sent(shown: [2]))
                #expect(try await ledger.nextFeedbackDue() ?? .zero > .seconds(50))
                _ = try await pool.query("update feedback set resend_at = clock_timestamp()")
                let resend = try #require(try await Self.claim(ledger).first)
                #expect(resend.shown == nil)
                try await Self.finish(ledger, resend, .notSent(tryAgainAfter: .zero))
                let whole = try #require(try await Self.claim(ledger).first)
                #expect(whole.shown == nil)
                try await Self.finish(ledger, whole, .sent(shown: [2]))
                #expect(try await ledger.nextFeedbackDue() == nil)
            }
        }
    }

    @Test("a lapsed claim is taken over at once, and sent whole once more later")
    func lapsed() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                try await ledger.takeSettlements([Self.arrived(1)])
                let shown = try #require(try await Self.claim(ledger).first)
                try await Self.finish(ledger, shown, .sent(shown: [1]))
                try await ledger.takeSettlements([Self.arrived(2)])
                let lost = try await Self.claim(ledger)
                #expect(try await ledger.renewFeedback(lost, lease: .seconds(30)))
                #expect(try await Self.claim(ledger, by: "f2").isEmpty)
                _ = try await pool.query("update feedback set lease_until = clock_timestamp()")
                let taken = try #require(try await Self.claim(ledger, by: "f2").first)
                #expect(taken.shown == nil)
                #expect(try await ledger.renewFeedback(lost, lease: .seconds(30)) == false)
                try await Self.finish(ledger, taken, .sent(shown: [2]))
                #expect(try await ledger.nextFeedbackDue() ?? .zero > .seconds(55))
                // The first one wakes up and has sent what it had: that is overwritten at once.
                try await Self.finish(ledger, lost[0], .sent(shown: [9]))
                #expect(try await Self.claim(ledger, by: "f2").map(\.shown) == [nil])
            }
        }
    }

    @Test("a locked record is counted until it is taken; a claim whose answer was lost is its holder's again")
    func locked() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(1)])
                #expect(try await Self.claim(ledger).map(\.lockedTries) == [0])
                for tries in 0..<3 {
                    let claim = try #require(try await Self.claim(ledger).first)
                    #expect(claim.lockedTries == tries && (claim.lockedFor == nil) == (tries == 0))
                    try await Self.finish(ledger, claim, .locked(tryAgainAfter: .zero))
                }
                let long = try #require(try await Self.claim(ledger).first)
                try await Self.finish(
                    ledger, long, .refused(Fixture.letter("salesforce-refused"), tryAgainAfter: .zero))
                #expect(try await ledger.deadLetters().count == 1)
                let last = try #require(try await Self.claim(ledger).first)
                #expect(last.lockedTries == 4)
                try await Self.finish(ledger, last, .sent(shown: []))
                #expect(try await ledger.deadLetters().isEmpty)
                try await ledger.takeSettlements([Self.arrived(2)])
                #expect(try await Self.claim(ledger).map(\.lockedTries) == [0])
            }
        }
    }

    @Test("what Salesforce refuses for good is a letter, closed by the next state that it takes")
    func refused() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(1)])
                let first = try #require(try await Self.claim(ledger).first)
                var content = Fixture.letter("salesforce-refused")
                content.message = nil
                try await ledger.finishFeedback([
                    FeedbackResult(claim: first, end: .refused(content, tryAgainAfter: nil))
                ])
                #expect(try await ledger.deadLetters().map(\.letterClass) == ["salesforce-refused"])
                #expect(try await Self.claim(ledger).isEmpty)
                try await ledger.takeSettlements([Self.arrived(2)])
                let second = try #require(try await Self.claim(ledger).first)
                try await ledger.finishFeedback([FeedbackResult(claim: second, end: .sent(shown: []))])
                #expect(try await ledger.deadLetters().isEmpty)
            }
        }
    }
}
