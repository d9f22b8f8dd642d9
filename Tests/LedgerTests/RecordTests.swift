import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("Recording outcomes (T1, T2)")
struct RecordTests {
    @Test("what was written is remembered: ids, customer, lines, version, and the settlement when it is whole")
    func happyPath() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let claim = try await ledger.claimed(Fixture.request())
                let account = Fixture.request().accountId
                let lines = [LineReference(lineId: "802000000000001AAA", netSuiteLine: 1)]
                let settlement = try await ledger.recorded(
                    claim, .written(WrittenOrder(netSuiteId: 4_711, lines: lines)),
                    customer: CustomerReference(accountId: account, netSuiteId: 99))
                #expect(settlement.sequence == 1)
                #expect(settlement.outcome == .written)
                #expect(settlement.customerId == 99)
                #expect(settlement.value == nil)
                #expect(try await ledger.lines(of: claim.orderId) == lines)
                #expect(try await ledger.customers(of: [account, "unknown"]) == [account: 99])

                let value = SettlementValue(
                    orderId: claim.orderId, sequence: 1, value: [1, 2, 3], netSuiteNumber: "SO123",
                    netSuiteState: "pending fulfillment")
                #expect(try await ledger.storeSettlements([value]) == [[1, 2, 3]])
                var other = value
                other.value = [9]
                #expect(try await ledger.storeSettlements([other]) == [[1, 2, 3]])

                let waiting = try await ledger.takeUnpublishedSettlements(olderThan: .zero)
                #expect(waiting.map(\.value) == [[1, 2, 3]])
                #expect(waiting.first?.netSuiteNumber == "SO123")
                #expect(try await ledger.takeUnpublishedSettlements(olderThan: .seconds(60)).isEmpty)
                try await ledger.settlementsPublished([SettlementKey(orderId: claim.orderId, sequence: 1)])
                #expect(try await ledger.takeUnpublishedSettlements(olderThan: .zero).isEmpty)

                let change = try await ledger.claimed(Fixture.request(version: 1_001))
                #expect(change.netSuiteId == 4_711)
                #expect(change.netSuiteNumber == "SO123")
                #expect(change.writtenVersion == 1_000)
                #expect(change.customerId == 99)
            }
        }
    }

    @Test("the same record again says that it is there, with the first event id")
    func repeatedRecord() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let claim = try await ledger.claimed(Fixture.request())
                let first = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 1)))
                let again = AttemptRecord(
                    claim: claim, outcome: .written(WrittenOrder(netSuiteId: 1)), settlementEventId: Fixture.eventId())
                guard case .alreadyRecorded(first) = try #require(try await ledger.record([again]).first) else {
                    throw ConditionUnmet(description: "stored twice")
                }
                let rows = try await pool.query("select count(*) as n from settlements")
                #expect(try rows.first?.int64("n") == 1)
            }
        }
    }

    @Test("an order that must die leaves a letter with its bytes, and the newer version that is written closes it")
    func deadAndSuperseded() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let claim = try await ledger.claimed(Fixture.request())
                let dead = try await ledger.recorded(claim, .dead(Fixture.letter()))
                let letter = try #require(dead.letter)
                #expect(dead.outcome == .dead)
                #expect(letter.letterClass == "missing-item")
                #expect(letter.sentence == "There is no item. Make it.\u{FFFD}")
                let rows = try await pool.query("select key, value, headers, is_whole from dead_letter_messages")
                let row = try #require(rows.first)
                #expect(try row.bytes("value") == [0, 255, 123])
                #expect(try row.string("headers") == "ce_id=a%3Db%25%00\nempty")
                #expect(try row.bool("is_whole"))

                let again = try await ledger.claim([Fixture.request()], holder: "b", lease: Fixture.lease)
                guard case .settledBefore(let before) = try #require(again.first) else {
                    throw ConditionUnmet(description: "\(again)")
                }
                #expect(before.outcome == .dead)
                #expect(before.letter == letter)

                let newer = try await ledger.claimed(Fixture.request(version: 1_001))
                #expect(newer.netSuiteId == nil)
                let diesToo = try await ledger.recorded(newer, .dead(Fixture.letter("mapping-failed", offset: 8)))
                #expect(diesToo.letter?.letterClass == "mapping-failed")
                #expect(try await ledger.deadLetters().map(\.letterClass) == ["mapping-failed"])
                let last = try await ledger.claimed(Fixture.request(version: 1_002))
                let written = try await ledger.recorded(last, .written(WrittenOrder(netSuiteId: 5)))
                #expect(written.letter == nil)
                #expect(written.sequence == 3)
                #expect(try await ledger.deadLetters().isEmpty)
                #expect(try await ledger.deadLetters(.all).map(\.state) == [.superseded, .superseded])
                #expect(try await ledger.deadLetterCounts().isEmpty)
            }
        }
    }

    @Test("a valid replay is tried again: it resolves its letter, or opens the same one again")
    func replay() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let claim = try await ledger.claimed(Fixture.request())
                let dead = try await ledger.recorded(claim, .dead(Fixture.letter()))
                let id = try #require(dead.letter?.id)
                let event = Fixture.eventId()
                let notYet = Fixture.request(replayOf: id, eventId: event)
                let refused = try await ledger.claim([notYet], holder: Fixture.holder, lease: Fixture.lease)
                guard case .settledBefore = try #require(refused.first) else {
                    throw ConditionUnmet(description: "\(refused)")
                }
                let mark: SQL =
                    "update dead_letters set state = 'replaying', replay_event_id = \(event) where state = 'open'"
                _ = try await pool.query(mark)
                let failing = try await ledger.claimed(Fixture.request(replayOf: id, eventId: event))
                let failed = try await ledger.recorded(failing, .dead(Fixture.letter("refused", offset: 99)))
                #expect(failed.letter?.id == id)
                #expect(failed.letter?.letterClass == "refused")
                _ = try await pool.query(mark)
                let going = try await ledger.claimed(Fixture.request(replayOf: id, eventId: event))
                let done = try await ledger.recorded(going, .written(WrittenOrder(netSuiteId: 6)))
                #expect(done.letter == nil)
                #expect(try await ledger.deadLetters(.all).map(\.state) == [.resolved])
            }
        }
    }

    @Test("a held order keeps its message, is not claimed by a redelivery, and goes on by its own retry")
    func held() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let claim = try await ledger.claimed(Fixture.request())
                let hold = HoldContent(
                    sentence: "Locked by a workflow.", code: "500", retryAfter: .seconds(60), message: Fixture.message()
                )
                let held = try await ledger.recorded(claim, .held(hold))
                #expect(held.outcome == .held)
                #expect(held.hold?.sentence == "Locked by a workflow.")
                let again = try await ledger.claim([Fixture.request()], holder: "b", lease: Fixture.lease)
                guard case .settledBefore = try #require(again.first) else {
                    throw ConditionUnmet(description: "\(again)")
                }
                #expect(try await ledger.orders(.waiting).map(\.sentence) == ["Locked by a workflow."])
                #expect(try await ledger.heldOrdersDue().isEmpty)
                _ = try await pool.query("update held_orders set next_try_at = clock_timestamp()")
                let due = try #require(try await ledger.heldOrdersDue().first)
                #expect(due.message == Fixture.message())
                #expect(due.tries == 1)
                let retry = try await ledger.claimed(Fixture.request(retriesHeld: true))
                #expect(retry.previousUnknown == nil)
                _ = try await ledger.recorded(retry, .written(WrittenOrder(netSuiteId: 6)))
                let rows = try await pool.query("select count(*) as n from held_orders")
                #expect(try rows.first?.int64("n") == 0)
            }
        }
    }

    @Test(
        "a held order whose request may still land tells its next try, also when held again; a try that is not due waits"
    )
    func heldWhileUnknown() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                func hold(_ retryAfter: Duration, isUnknown: Bool) -> AttemptOutcome {
                    .held(
                        HoldContent(
                            sentence: "No answer.", retryAfter: retryAfter, isUnknown: isUnknown,
                            message: Fixture.message()))
                }
                _ = try await ledger.recorded(
                    try await ledger.claimed(Fixture.request()), hold(.seconds(60), isUnknown: true))
                let early = try await ledger.claim(
                    [Fixture.request(retriesHeld: true)], holder: "b", lease: Fixture.lease)
                guard case .settledBefore = try #require(early.first) else {
                    throw ConditionUnmet(description: "\(early)")
                }
                _ = try await pool.query("update held_orders set next_try_at = clock_timestamp()")
                let retry = try await ledger.claimed(Fixture.request(retriesHeld: true))
                #expect(retry.previousUnknown != nil)
                _ = try await ledger.recorded(retry, hold(.zero, isUnknown: false))
                let next = try await ledger.claimed(Fixture.request(retriesHeld: true))
                #expect(next.previousUnknown?.since == retry.previousUnknown?.since)
                _ = try await ledger.recorded(next, .written(WrittenOrder(netSuiteId: 6)))
                let newer = try await ledger.claimed(Fixture.request(version: 1_001))
                #expect(newer.previousUnknown == nil)
            }
        }
    }

    @Test("a newer version replaces a held one, which is then tried no more; a late older one does not")
    func heldReplaced() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let hold = HoldContent(sentence: "Locked.", retryAfter: .zero, message: Fixture.message())
                _ = try await ledger.recorded(
                    try await ledger.claimed(Fixture.request(version: 1_001)), .held(hold))
                let older = try await ledger.claimed(Fixture.request(version: 1_000))
                let written = try await ledger.recorded(older, .written(WrittenOrder(netSuiteId: 6)))
                #expect(written.hold?.sentence == "Locked.", "the order still waits for its newer version")
                let newer = try await ledger.claimed(Fixture.request(version: 1_002))
                let settled = try await ledger.recorded(newer, .written(WrittenOrder(netSuiteId: 6)))
                #expect(settled.hold == nil)
                let late = try await ledger.claim(
                    [Fixture.request(version: 1_001, retriesHeld: true)], holder: "b", lease: Fixture.lease)
                guard case .settledBefore(let held) = try #require(late.first) else {
                    throw ConditionUnmet(description: "\(late)")
                }
                #expect(held.outcome == .held)
                #expect(try await ledger.heldOrdersDue().isEmpty)
            }
        }
    }

    @Test("a replay that is held is not tried again by its redelivery, and resolves its letter when it comes through")
    func heldReplay() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let dead = try await ledger.recorded(
                    try await ledger.claimed(Fixture.request()), .dead(Fixture.letter()))
                let id = try #require(dead.letter?.id)
                let event = UUID().uuidString
                _ = try await pool.query("update dead_letters set state = 'replaying', replay_event_id = \(event)")
                let replay = Fixture.request(replayOf: id, eventId: event)
                let hold = HoldContent(sentence: "Locked.", retryAfter: .zero, message: Fixture.message(offset: 8))
                _ = try await ledger.recorded(try await ledger.claimed(replay), .held(hold))
                let again = try await ledger.claim(
                    [Fixture.request(replayOf: id, eventId: event)], holder: "b", lease: Fixture.lease)
                guard case .settledBefore = try #require(again.first) else {
                    throw ConditionUnmet(description: "\(again)")
                }
                let resumed = try await ledger.claimed(
                    Fixture.request(replayOf: id, eventId: event, retriesHeld: true))
                _ = try await ledger.recorded(resumed, .written(WrittenOrder(netSuiteId: 6)))
                #expect(try await ledger.deadLetters(.all).map(\.state) == [.resolved])
            }
        }
    }

    @Test("an undecodable message becomes one letter however often it comes, and is settled when its key is an order")
    func undecodable() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let named = UnclaimedLetter(
                    orderId: Fixture.orderId(1), traceParent: "00-t", content: Fixture.letter("undecodable", offset: 1),
                    settlementEventId: Fixture.eventId())
                let nameless = UnclaimedLetter(
                    orderId: nil, traceParent: "00-t", content: Fixture.letter("undecodable", offset: 2),
                    settlementEventId: Fixture.eventId())
                let first = try await ledger.recordUndecodable([nameless, named])
                #expect(first[0] == nil)
                #expect(first[1]?.sequence == 1)
                #expect(first[1]?.letter?.letterClass == "undecodable")
                let again = try await ledger.recordUndecodable([named, nameless])
                #expect(again[0] == first[1])
                #expect(again[1] == nil)
                #expect(try await ledger.deadLetters().map(\.seenCount) == [2, 2])
                #expect(try await ledger.deadLetterCounts().map(\.count) == [2])
                let claim = try await ledger.claimed(Fixture.request())
                let written = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 1)))
                #expect(written.letter == nil)
            }
        }
    }

    @Test("of a message beyond a mebibyte the first 64 KiB are kept, with length and digest, and the letter says so")
    func tooLarge() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                var content = Fixture.letter("undecodable")
                content.message = Fixture.message(value: [UInt8](repeating: 65, count: 1_048_577))
                let settled = try await ledger.recordUndecodable([
                    UnclaimedLetter(
                        orderId: Fixture.orderId(1), traceParent: "00-t", content: content,
                        settlementEventId: Fixture.eventId())
                ])
                #expect(settled[0]?.letter?.sentence.contains("64 KiB") == true)
                let rows = try await pool.query(
                    """
                    select length(value)::bigint as kept, value_length, is_whole,
                        value_sha256 = sha256(convert_to(repeat('A', 1048577), 'UTF8')) as same from dead_letter_messages
                    """)
                let row = try #require(rows.first)
                #expect(try row.int64("kept") == 65_536)
                #expect(try row.int64("value_length") == 1_048_577)
                #expect(try row.bool("is_whole") == false)
                #expect(try row.bool("same"))
            }
        }
    }
}
