import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("What Salesforce shows of progress and stock")
struct FeedbackStateTests {
    private static func settled(_ sequence: Int64, _ number: Int = 1) -> ArrivedSettlement {
        ArrivedSettlement(
            orderId: Fixture.orderId(number), sequence: sequence, value: [UInt8(sequence)], traceParent: "00-s")
    }

    private static func progress(_ asOf: Int64, _ number: Int = 1) -> ArrivedState {
        ArrivedState(
            key: Fixture.orderId(number), asOfMilliseconds: asOf, value: [UInt8(asOf)], traceParent: "00-p")
    }

    private static func stock(_ asOf: Int64, _ sku: String = "SKU-RED", value: UInt8 = 1) -> ArrivedState {
        ArrivedState(key: sku, asOfMilliseconds: asOf, value: [value], traceParent: "00-c")
    }

    @Loop
    private static func claim(_ ledger: Ledger, by holder: String = "f1") async throws -> [FeedbackClaim] {
        try await ledger.claimFeedback(holder: holder, lease: .seconds(30), resendAfter: .seconds(60))
    }

    @Loop
    private static func finish(_ ledger: Ledger, _ claims: [FeedbackClaim], _ end: FeedbackResult.End) async throws {
        try await ledger.finishFeedback(claims.map { FeedbackResult(claim: $0, end: end) })
    }

    @Test("progress may come before any settlement, and both stay when the other arrives")
    func progressFirst() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeProgress([Self.progress(5)])
                let first = try #require(try await Self.claim(ledger).first)
                #expect(first.object == .order && first.key == Fixture.orderId(1))
                #expect(first.sequence == nil && first.settlement == nil && first.state == [5])
                try await Self.finish(ledger, [first], .sent(shown: [1]))
                try await ledger.takeSettlements([Self.settled(1)])
                let second = try #require(try await Self.claim(ledger).first)
                #expect(second.settlement == [1] && second.state == [5] && second.shown == [1])
                try await Self.finish(ledger, [second], .sent(shown: [2]))
                try await ledger.takeProgress([Self.progress(6)])
                let third = try #require(try await Self.claim(ledger).first)
                #expect(third.settlement == [1] && third.sequence == 1 && third.state == [6])
                #expect(third.traceParent == "00-p")
            }
        }
    }

    @Test(
        "an older progress, and one as old, change nothing, alone or in one batch", arguments: [[4, 5], [5, 3], [5]])
    func olderProgress(_ late: [Int64]) async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeProgress([Self.progress(4), Self.progress(5), Self.progress(3)])
                try await Self.finish(ledger, try await Self.claim(ledger), .sent(shown: [1]))
                try await ledger.takeProgress(
                    late.map {
                        ArrivedState(key: Fixture.orderId(1), asOfMilliseconds: $0, value: [9], traceParent: "t")
                    })
                #expect(try await Self.claim(ledger).isEmpty)
                #expect(try await ledger.nextFeedbackDue() == nil)
            }
        }
    }

    @Test("settlement and progress that cross, one of them during a call, both go out")
    func crossing() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeSettlements([Self.settled(2)])
                let first = try await Self.claim(ledger)
                // A letter opens (a settlement of its own) while progress moves on and an old settlement comes late.
                try await ledger.takeProgress([Self.progress(7)])
                try await ledger.takeSettlements([Self.settled(3)])
                try await ledger.takeSettlements([Self.settled(1)])
                #expect(try await Self.claim(ledger, by: "f2").isEmpty, "one claim at a time")
                try await Self.finish(ledger, first, .sent(shown: [1]))
                let second = try #require(try await Self.claim(ledger).first)
                #expect(second.sequence == 3 && second.settlement == [3] && second.state == [7])
                try await ledger.takeProgress([Self.progress(8)])
                try await Self.finish(ledger, [second], .unknown(sendAgainAfter: .seconds(60)))
                let third = try #require(try await Self.claim(ledger).first)
                #expect(third.settlement == [3] && third.state == [8] && third.shown == nil)
            }
        }
    }

    @Test("what only some records took is kept, so that a state that comes back is sent again")
    func partlyTaken() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeProgress([Self.progress(1)])
                let first = try #require(try await Self.claim(ledger).first)
                let letter = Fixture.letter("salesforce-refused")
                try await ledger.finishFeedback([
                    FeedbackResult(claim: first, end: .refused(letter, tryAgainAfter: nil), shownInPart: [7])
                ])
                try await ledger.takeProgress([Self.progress(2)])
                let second = try #require(try await Self.claim(ledger).first)
                #expect(second.shown == [7])
                try await Self.finish(ledger, [second], .locked(tryAgainAfter: .zero))
                #expect(try await Self.claim(ledger).map(\.shown) == [[7]])
            }
        }
    }

    @Test("published states are taken key by key in chunks, under the rule of messages")
    func publishedStates() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                for (key, asOf) in [("A", 1), ("A", 3), ("B", 2), ("C", 2)] as [(String, Int64)] {
                    _ = try await pool.query(
                        """
                        insert into published_states (topic, key, as_of_ms, digest, event_id, trace_parent, fence, value)
                        values ('t', \(key), \(asOf), ''::bytea, \(key + String(asOf)), 't', 1, \([UInt8(asOf)]))
                        """)
                }
                // B is known newer, C as new.
                try await ledger.takeStock([Self.stock(9, "B"), Self.stock(2, "C")], staleAfter: .seconds(9e9))
                try await Self.finish(ledger, try await Self.claim(ledger), .sent(shown: []))
                var keys: [String?] = []
                var count = 0
                repeat {
                    let taken = try await ledger.takePublishedStates(
                        topic: "t", as: .product, overdueAfter: .seconds(9e9), after: keys.last ?? nil, limit: 2)
                    keys.append(taken.last)
                    count += taken.count
                } while keys.last != .some(nil)
                #expect(keys == ["B", "C", nil] && count == 1)
                let news = try await Self.claim(ledger)
                #expect(news.map(\.key) == ["A"] && news.map(\.state) == [[3]] && news.map(\.isOverdue) == [false])
            }
        }
    }

    @Test("a count is stale by time alone, once, until a newer one comes")
    func stale() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let now = Int64(Date().timeIntervalSince1970 * 1000)
                try await ledger.takeStock(
                    [Self.stock(now), Self.stock(now, "SKU-BLUE")], staleAfter: .seconds(3600))
                let fresh = try await Self.claim(ledger)
                #expect(fresh.map(\.key) == ["SKU-BLUE", "SKU-RED"] || fresh.map(\.key) == ["SKU-RED", "SKU-BLUE"])
                #expect(fresh.allSatisfy { $0.object == .product && !$0.isOverdue && $0.accountId == nil })
                try await Self.finish(ledger, fresh, .sent(shown: []))
                let due = try #require(try await ledger.nextFeedbackDue())
                #expect(due > .seconds(3500) && due <= .seconds(3601))
                #expect(try await Self.claim(ledger).isEmpty)
                _ = try await pool.query(
                    "update feedback set due_at = clock_timestamp() - interval '1 s' where key = 'SKU-RED'")
                #expect(try await ledger.nextFeedbackDue() == .zero)
                let overdue = try await Self.claim(ledger)
                #expect(overdue.map(\.key) == ["SKU-RED"] && overdue.allSatisfy(\.isOverdue))
                // Salesforce was away: still to be said, and said as stale.
                try await Self.finish(ledger, overdue, .notSent(tryAgainAfter: .zero))
                let again = try await Self.claim(ledger)
                #expect(again.map(\.isOverdue) == [true])
                try await Self.finish(ledger, again, .sent(shown: []))
                #expect(try await Self.claim(ledger).isEmpty, "said once")
                try await ledger.takeStock([Self.stock(now, value: 2)], staleAfter: .seconds(3600))
                #expect(try await Self.claim(ledger).isEmpty, "a count as old is no newer one")
                try await ledger.takeStock([Self.stock(now + 1, value: 3)], staleAfter: .seconds(3600))
                let newer = try await Self.claim(ledger)
                #expect(newer.map(\.isOverdue) == [false] && newer.map(\.state) == [[3]])
                // A count that is too old when it arrives is shown as stale at once.
                try await Self.finish(ledger, newer, .sent(shown: []))
                try await ledger.takeStock([Self.stock(now - 7_200_000, "SKU-OLD")], staleAfter: .seconds(3600))
                #expect(try await Self.claim(ledger).map(\.isOverdue) == [true])
            }
        }
    }

    @Test("a count of all items keeps no order waiting, and a product's letter is its own")
    func productsBesideOrders() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                try await ledger.takeStock((1...30).map { Self.stock(1, "SKU-\($0)") }, staleAfter: .seconds(9e9))
                try await ledger.takeSettlements([Self.settled(1)])
                let batch = try await ledger.claimFeedback(
                    limit: 10, holder: "f1", lease: .seconds(30), resendAfter: .seconds(60))
                #expect(batch.count == 11 && batch.first?.object == .order)
                #expect(batch.dropFirst().allSatisfy { $0.object == .product && $0.settlement == nil })
                let product = try #require(batch.last)
                try await ledger.finishFeedback([
                    FeedbackResult(
                        claim: product, end: .refused(Fixture.letter("salesforce-refused"), tryAgainAfter: nil))
                ])
                try await Self.finish(ledger, batch.dropLast(), .sent(shown: []))
                let letter = try #require(try await ledger.deadLetters().first)
                #expect(letter.orderId == nil)
                // An operator asks for it again, and it is taken.
                _ = try await ledger.replayLetters([letter.id], LetterCommand(by: "operator"))
                let rest = try await ledger.claimFeedback(holder: "f1", lease: .seconds(30), resendAfter: .seconds(60))
                #expect(rest.contains { $0.key == product.key })
                try await Self.finish(ledger, rest, .sent(shown: []))
                #expect(try await ledger.deadLetters().isEmpty)
            }
        }
    }
}
