import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("Claiming orders (T0)")
struct ClaimTests {
    @Test("a new order is claimed, and a second claim finds it busy until the lease ends")
    func claimsOnce() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let claim = try await ledger.claimed(Fixture.request())
                #expect(claim.fence == 1)
                #expect(claim.netSuiteId == nil)
                #expect(claim.previousUnknown == nil)
                #expect(claim.starts == 1)
                let second = try await ledger.claim(
                    [Fixture.request()], holder: "writer-b", lease: Fixture.lease)
                guard case .busy(let remaining) = try #require(second.first) else {
                    throw ConditionUnmet(description: "\(second)")
                }
                #expect(remaining > .seconds(50) && remaining <= .seconds(60))
                let own = try await ledger.claim([Fixture.request()], holder: Fixture.holder, lease: Fixture.lease)
                guard case .busy = try #require(own.first) else { throw ConditionUnmet(description: "\(own)") }
            }
        }
    }

    @Test("the same request again, after its commit's answer was lost, gives the same claim")
    func repeatedRequest() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let request = Fixture.request()
                let first = try await ledger.claimed(request)
                #expect(try await ledger.claimed(request) == first)
                let rows = try await pool.query("select count(*) as n from attempts")
                #expect(try rows.first?.int64("n") == 1)
            }
        }
    }

    @Test("after the lease another holder claims, learns of the unknown, and the first one is fenced")
    func leaseEnds() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let answers = try await ledger.claim([Fixture.request()], holder: "writer-a", lease: .milliseconds(30))
                guard case .claimed(let lost) = try #require(answers.first) else {
                    throw ConditionUnmet(description: "\(answers)")
                }
                var taken: Claim?
                try await eventually("the lease ends") {
                    let again = try await ledger.claim([Fixture.request()], holder: "writer-b", lease: Fixture.lease)
                    if case .claimed(let claim)? = again.first { taken = claim }
                    return taken != nil
                }
                let claim = try #require(taken)
                #expect(claim.fence == 2)
                #expect(claim.starts == 2)
                let unknown = try #require(claim.previousUnknown)
                #expect(unknown.elapsed < .seconds(5))
                #expect(try await ledger.renew([lost, claim], lease: Fixture.lease) == [false, true])
                let record = AttemptRecord(
                    claim: lost, outcome: .written(WrittenOrder(netSuiteId: 9)), settlementEventId: Fixture.eventId())
                guard case .fenced = try #require(try await ledger.record([record]).first) else {
                    throw ConditionUnmet(description: "the lost claim stored something")
                }
                let settlement = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 10)))
                #expect(settlement.netSuiteId == 10)
            }
        }
    }

    @Test("a claim given back is free at once; one marked unknown tells the next claim since when")
    func givenBack() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let first = try await ledger.claimed(Fixture.request())
                try await ledger.giveBack([first], reason: "paused")
                let second = try await ledger.claimed(Fixture.request(), holder: "writer-b")
                #expect(second.previousUnknown == nil)
                #expect(second.starts == 1)
                try await ledger.giveBack([first], reason: "late")
                #expect(try await ledger.renew([second], lease: Fixture.lease) == [true])
                try await ledger.markUnknown([second], reason: "no answer")
                let third = try await ledger.claimed(Fixture.request())
                #expect(third.previousUnknown != nil)
                try await ledger.giveBack([third], reason: "shutdown")
                let fourth = try await ledger.claimed(Fixture.request())
                #expect(fourth.previousUnknown?.since == third.previousUnknown?.since)
                _ = try await ledger.recorded(fourth, .unchanged(WrittenOrder(netSuiteId: 5)))
                let newer = try await ledger.claimed(Fixture.request(version: 1_001))
                #expect(newer.previousUnknown == nil)
            }
        }
    }

    @Test("a version settled before answers with its settlement; a lower one never settled is superseded")
    func redelivery() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let claim = try await ledger.claimed(Fixture.request(version: 2_000))
                let settled = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 77)))
                #expect(settled.sequence == 1)
                let again = try await ledger.claim(
                    [Fixture.request(version: 2_000)], holder: "writer-b", lease: Fixture.lease)
                guard case .settledBefore(let before) = try #require(again.first) else {
                    throw ConditionUnmet(description: "\(again)")
                }
                #expect(before == settled)
                #expect(before.value == nil)
                let older = try await ledger.claim(
                    [Fixture.request(version: 1_500)], holder: "writer-b", lease: Fixture.lease)
                guard case .superseded(let superseded) = try #require(older.first) else {
                    throw ConditionUnmet(description: "\(older)")
                }
                #expect(superseded.sequence == 2)
                #expect(superseded.outcome == .superseded)
                #expect(superseded.netSuiteId == 77)
                let olderAgain = try await ledger.claim(
                    [Fixture.request(version: 1_500)], holder: "writer-b", lease: Fixture.lease)
                guard case .settledBefore(superseded) = try #require(olderAgain.first) else {
                    throw ConditionUnmet(description: "\(olderAgain)")
                }
            }
        }
    }

    @Test("the written version with other bytes conflicts, and a version far ahead of the clock is refused")
    func conflicting() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let claim = try await ledger.claimed(Fixture.request(version: 2_000, body: 1))
                _ = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 77)))
                let answers = try await ledger.claim(
                    [
                        Fixture.request(version: 2_000, body: 2),
                        Fixture.request(2, version: Int64(Date().timeIntervalSince1970 * 1_000) + 2 * 86_400_000),
                    ], holder: Fixture.holder, lease: Fixture.lease)
                guard case .conflictingBody = answers[0], case .aheadOfClock = answers[1] else {
                    throw ConditionUnmet(description: "\(answers)")
                }
                let rows = try await pool.query("select count(*) as n from attempts where state = 'sent'")
                #expect(try rows.first?.int64("n") == 0)
            }
        }
    }

    @Test("sixty-four orders go in one call, each answer in its place, whoever else claims them at the same time")
    func manyAtOnce() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let numbers = Array(1...64)
                let calls = (0..<8).map { caller in
                    EventLoop.shared.start {
                        let order = numbers.shuffled()
                        let answers = try await ledger.claim(
                            order.map { Fixture.request($0) }, holder: "writer-\(caller)", lease: Fixture.lease)
                        return zip(order, answers).compactMap { number, answer -> Claim? in
                            guard case .claimed(let claim) = answer else { return nil }
                            return claim.orderId == Fixture.orderId(number) ? claim : nil
                        }
                    }
                }
                var claims: [Claim] = []
                for call in calls { claims += try await call.value }
                #expect(claims.count == 64)
                #expect(Set(claims.map(\.orderId)).count == 64)
                let records = claims.map {
                    AttemptRecord(
                        claim: $0, outcome: .written(WrittenOrder(netSuiteId: $0.attemptId)),
                        settlementEventId: Fixture.eventId())
                }
                let answers = try await ledger.record(records)
                for (claim, answer) in zip(claims, answers) {
                    guard case .recorded(let settlement) = answer else {
                        throw ConditionUnmet(description: "\(answer)")
                    }
                    #expect(settlement.orderId == claim.orderId)
                    #expect(settlement.netSuiteId == claim.attemptId)
                }
            }
        }
    }
}
