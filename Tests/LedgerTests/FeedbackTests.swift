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
    private static func claim(_ ledger: Ledger, lease: Duration = .seconds(30)) async throws -> [FeedbackClaim] {
        try await ledger.claimFeedback(holder: "f1", lease: lease)
    }

    @Test("a lower sequence changes nothing, and a row is claimed by one at a time")
    func highestWins() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(2), Self.arrived(1), Self.arrived(1, 2)])
                try await ledger.takeSettlements([Self.arrived(1)])
                let claims = try await Self.claim(ledger)
                #expect(Set(claims.map(\.sequence)) == [2, 1])
                #expect(claims.first { $0.orderId == Fixture.orderId(1) }?.value == [2])
                #expect(claims.allSatisfy { !$0.isResend && $0.shown == nil })
                #expect(try await Self.claim(ledger).isEmpty)
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

    @Test("a settlement that arrives during a call is sent after it, and a stale claim ends nothing")
    func arrivesMeanwhile() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(1)])
                let first = try #require(try await Self.claim(ledger).first)
                try await ledger.takeSettlements([Self.arrived(2)])
                #expect(try await Self.claim(ledger).isEmpty)
                try await ledger.finishFeedback([FeedbackResult(claim: first, end: .sent(shown: []))])
                let second = try #require(try await Self.claim(ledger).first)
                #expect(second.sequence == 2)
                try await ledger.finishFeedback([FeedbackResult(claim: first, end: .sendAgain(after: .zero))])
                #expect(try await Self.claim(ledger).isEmpty)
            }
        }
    }

    @Test("after an unknown answer the newest state is sent again when its time has come")
    func sentAgain() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.arrived(1)])
                let first = try #require(try await Self.claim(ledger).first)
                try await ledger.finishFeedback([FeedbackResult(claim: first, end: .sendAgain(after: .seconds(60)))])
                #expect(try await Self.claim(ledger).isEmpty)
                let due = try #require(try await ledger.nextFeedbackDue())
                #expect(due > .seconds(55) && due <= .seconds(60))
                try await ledger.takeSettlements([Self.arrived(2)])
                let newer = try #require(try await Self.claim(ledger).first)
                #expect(!newer.isResend)
                try await ledger.finishFeedback([FeedbackResult(claim: newer, end: .sent(shown: []))])
                #expect(try await ledger.nextFeedbackDue() != nil)
                try await ledger.takeSettlements([Self.arrived(3)])
                let third = try #require(try await Self.claim(ledger).first)
                try await ledger.finishFeedback([FeedbackResult(claim: third, end: .sendAgain(after: .zero))])
                let again = try #require(try await Self.claim(ledger).first)
                #expect(again.isResend)
                #expect(again.sequence == 3)
                try await ledger.finishFeedback([FeedbackResult(claim: again, end: .sent(shown: []))])
                #expect(try await ledger.nextFeedbackDue() == nil)
            }
        }
    }

    @Test("a lapsed claim is taken over a minute after its end, as a resend")
    func lapsed() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                try await ledger.takeSettlements([Self.arrived(1)])
                #expect(try await Self.claim(ledger, lease: .zero).count == 1)
                #expect(try await Self.claim(ledger).isEmpty)
                _ = try await pool.query("update feedback set lease_until = lease_until - interval '61 s'")
                #expect(try await Self.claim(ledger).map(\.isResend) == [true])
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
                try await ledger.finishFeedback([FeedbackResult(claim: first, end: .refused(content))])
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
