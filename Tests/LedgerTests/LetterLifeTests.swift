import Contracts
import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// What the services make of letters that an operator has moved.
@Suite("The life of a dead letter")
struct LetterLifeTests {
    @Test("a replay that fails opens the same letter, one that is written resolves it, and each is in the trail")
    func failsThenResolves() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let failing = try await bench.claimReplay(of: id, order)
                let failed = try await bench.ledger.recorded(failing, .dead(Fixture.letter("refused", offset: 99)))
                #expect(failed.letter?.id == id && failed.outcome == .dead)
                let going = try await bench.claimReplay(of: id, order)
                let done = try await bench.ledger.recorded(going, .written(WrittenOrder(netSuiteId: 6)))
                #expect(done.letter == nil)
                #expect(
                    try await bench.acts(id) == [.opened, .replayed, .replayFailed, .replayed, .resolved])
                #expect(try await bench.letters(of: order).count == 1)
            }
        }
    }

    @Test("a newer version that settles while the letter is replaying closes it, and the late replay is refused")
    func overtaken() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let message = try #require(try await bench.replayed(id))
                // The newer one is being worked on: the replay waits, and is overtaken.
                let newer = try await bench.ledger.claimed(Fixture.request(order, version: 1_001))
                let replay = Fixture.request(order, replayOf: id, eventId: message.eventId)
                let busy = try await bench.ledger.claim([replay], holder: "b", lease: Fixture.lease)
                guard case .busy = try #require(busy.first) else { throw ConditionUnmet(description: "\(busy)") }
                _ = try await bench.ledger.recorded(newer, .written(WrittenOrder(netSuiteId: 6)))
                #expect(try await bench.state(id) == .superseded)
                let late = try await bench.ledger.claim([replay], holder: "b", lease: Fixture.lease)
                guard case .settledBefore(let settled) = try #require(late.first) else {
                    throw ConditionUnmet(description: "\(late)")
                }
                #expect(settled.outcome == .dead && settled.version == 1_000)
                #expect(try await bench.outcomes(order) == ["dead", "written"])
            }
        }
    }

    @Test("the writer refuses a replay that a held newer version has followed, and the letter closes")
    func overtakenByHold() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let message = try #require(try await bench.replayed(id))
                let newer = try await bench.ledger.claimed(Fixture.request(order, version: 1_001))
                _ = try await bench.ledger.recorded(newer, .held(bench.hold(order)))
                let replay = Fixture.request(order, replayOf: id, eventId: message.eventId)
                let answer = try await bench.ledger.claim([replay], holder: "b", lease: Fixture.lease)
                guard case .superseded = try #require(answer.first) else {
                    throw ConditionUnmet(description: "\(answer)")
                }
                #expect(try await bench.state(id) == .superseded)
                // The hold is untouched, and the same message again changes nothing.
                #expect(try await bench.ledger.heldOrders(of: Fixture.orderId(order)).count == 1)
                _ = try await bench.ledger.claim([replay], holder: "b", lease: Fixture.lease)
                #expect(try await bench.outcomes(order) == ["dead", "held", "superseded"])
            }
        }
    }

    @Test("what was discarded stays so: a redelivery, a late replay and a failing attempt open nothing")
    func discardStays() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let running = try await bench.claimReplay(of: id, order)
                _ = try await bench.ledger.discardLetters([id], bench.command())
                let died = try await bench.ledger.recorded(running, .dead(Fixture.letter("refused", offset: 99)))
                #expect(died.outcome == .discarded && died.letter == nil)
                #expect(try await bench.state(id) == .discarded)
                let again = try await bench.ledger.claim([Fixture.request(order)], holder: "b", lease: Fixture.lease)
                guard case .settledBefore(let settled) = try #require(again.first) else {
                    throw ConditionUnmet(description: "\(again)")
                }
                #expect(settled.outcome == .discarded)
                #expect(try await bench.outcomes(order) == ["dead", "discarded", "discarded"])
                #expect(try await bench.letters(of: order).map(\.state) == [.discarded])
            }
        }
    }

    @Test("a discarded replay that is written after all is written")
    func discardedAndWritten() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let running = try await bench.claimReplay(of: id, order)
                _ = try await bench.ledger.discardLetters([id], bench.command())
                let written = try await bench.ledger.recorded(running, .written(WrittenOrder(netSuiteId: 6)))
                #expect(written.outcome == .written && written.letter == nil)
                #expect(try await bench.state(id) == .discarded)
            }
        }
    }

    @Test("a replay that is held goes on by itself and resolves its letter; discarded, it does not go on")
    func heldReplay() async throws {
        try await onLoop {
            try await withLetters { bench in
                for isDiscarded in [false, true] {
                    let (id, order) = try await bench.make(.open)
                    let event = try #require(try await bench.replayed(id)).eventId
                    let first = Fixture.request(order, replayOf: id, eventId: event)
                    let held = try await bench.ledger.recorded(
                        try await bench.ledger.claimed(first), .held(bench.hold(order)))
                    #expect(held.outcome == .held && held.letter == nil)
                    if isDiscarded { _ = try await bench.ledger.discardLetters([id], bench.command()) }
                    let due = try await bench.ledger.heldOrdersDue().filter { $0.orderId == Fixture.orderId(order) }
                    #expect(due.isEmpty == isDiscarded)
                    let retry = Fixture.request(order, replayOf: id, eventId: event, retriesHeld: true)
                    let answer = try await bench.ledger.claim([retry], holder: Fixture.holder, lease: Fixture.lease)
                    if isDiscarded {
                        guard case .settledBefore = try #require(answer.first) else {
                            throw ConditionUnmet(description: "\(answer)")
                        }
                        continue
                    }
                    guard case .claimed(let claim) = try #require(answer.first) else {
                        throw ConditionUnmet(description: "\(answer)")
                    }
                    _ = try await bench.ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 6)))
                    #expect(try await bench.state(id) == .resolved)
                }
            }
        }
    }

    @Test("an undecodable message that is replayed and fails opens its own letter, however often the replay comes")
    func undecodableReplay() async throws {
        try await onLoop {
            try await withLetters { bench in
                for circumstance in [LetterBench.Circumstance.undecodable, .nameless] {
                    let (id, order) = try await bench.make(circumstance)
                    let event = try #require(try await bench.replayed(id)).eventId
                    let replay = { (offset: Int64) in
                        bench.unclaimedLetter(
                            order, circumstance, offset: bench.offset(order) + offset, replayOf: id, eventId: event)
                    }
                    _ = try await bench.ledger.recordUndecodable([replay(5)])
                    #expect(try await bench.state(id) == .open)
                    // Delivered again, and produced twice: two offsets of one event.
                    _ = try await bench.ledger.recordUndecodable([replay(5)])
                    _ = try await bench.ledger.recordUndecodable([replay(6)])
                    #expect(try await bench.state(id) == .open)
                    _ = try await bench.ledger.discardLetters([id], bench.command())
                    _ = try await bench.ledger.recordUndecodable([replay(5)])
                    #expect(try await bench.state(id) == .discarded)
                    let count = try await bench.ledger.deadLetters(.all, limit: 1_000).count
                    #expect(count == (circumstance == .undecodable ? 1 : 2), "no second letter")
                    if circumstance == .undecodable {
                        #expect(try await bench.outcomes(order) == ["dead", "dead", "discarded"])
                    }
                }
            }
        }
    }

    @Test("an event that no command made replays nothing: its letter is one of its own")
    func foreignReplay() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.undecodable)
                let forged = bench.unclaimedLetter(
                    order, offset: bench.offset(order) + 5, replayOf: id, eventId: Fixture.eventId())
                _ = try await bench.ledger.recordUndecodable([forged])
                #expect(try await bench.letters(of: order).count == 2)
            }
        }
    }

    @Test("two replays of one letter by one event: the second finds it settled")
    func producedTwice() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let event = try #require(try await bench.replayed(id)).eventId
                let request = Fixture.request(order, replayOf: id, eventId: event)
                let claim = try await bench.ledger.claimed(request)
                _ = try await bench.ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 6)))
                let again = Fixture.request(order, replayOf: id, eventId: event)
                let answer = try await bench.ledger.claim([again], holder: "b", lease: Fixture.lease)
                guard case .settledBefore(let settled) = try #require(answer.first) else {
                    throw ConditionUnmet(description: "\(answer)")
                }
                #expect(settled.outcome == .written)
            }
        }
    }

    @Test("a letter of the publisher is replayed by a request, and ends by a publication, the same fault or an answer")
    func publisherLetter() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.requested)
                let request = try #require(try await bench.ledger.publishRequests().first)
                #expect(request.orderId == Fixture.orderId(order) && request.requestedBy == "ann")
                try await bench.ledger.closePublishRequests([request.id], answer: "the order is not active")
                #expect(try await bench.state(id) == .open)
                #expect(try await bench.ledger.deadLetter(id)?.trail.last?.note == "the order is not active")

                _ = try await bench.ledger.replayLetters([id], bench.command())
                _ = try await bench.unreadable(order)
                #expect(try await bench.state(id) == .open)
                #expect(try await bench.outcomes(order) == ["dead"], "the same fault is no news")
                _ = try await bench.unreadable(order, sentence: "Another line has no SKU.")
                #expect(try await bench.outcomes(order) == ["dead", "dead"])
                #expect(try await bench.letters(of: order).count == 1)

                _ = try await bench.ledger.discardLetters([id], bench.command())
                _ = try await bench.unreadable(order, sentence: "Another line has no SKU.")
                #expect(try await bench.state(id) == .discarded, "the same fault opens nothing again")
                #expect(try await bench.unreadable(order, sentence: "A third fault.") != id)
                #expect(try await bench.outcomes(order) == ["dead", "dead", "discarded", "dead"])
                // The first one cannot be opened beside it.
                #expect(
                    try await bench.ledger.reopenLetters([id], bench.command()) == [.refused(.occupied)])
            }
        }
    }

    @Test("a discarded letter's open request is closed with it, and nothing is published")
    func discardedRequest() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, _) = try await bench.make(.requested)
                _ = try await bench.ledger.discardLetters([id], bench.command())
                #expect(try await bench.ledger.publishRequests().isEmpty)
            }
        }
    }

    @Test("a state that Salesforce refused is shown again: taken, it resolves the letter; refused, it opens it")
    func feedbackLetter() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.refusedBySalesforce)
                // Tried again by itself, until somebody gives it up.
                #expect(try await bench.ledger.nextFeedbackDue() != nil)
                _ = try await bench.ledger.discardLetters([id], bench.command())
                #expect(try await bench.ledger.nextFeedbackDue() == nil)
                _ = try await bench.ledger.reopenLetters([id], bench.command())
                _ = try await bench.ledger.replayLetters([id], bench.command())
                try await bench.endFeedback(order) {
                    .refused(
                        DeadLetterContent(letterClass: "salesforce-refused", sentence: "Still no.", message: nil),
                        tryAgainAfter: nil)
                }
                #expect(try await bench.state(id) == .open)
                _ = try await bench.ledger.replayLetters([id], bench.command())
                try await bench.endFeedback(order) { .sent(shown: [1]) }
                #expect(try await bench.state(id) == .resolved)
                #expect(
                    try await bench.acts(id)
                        == [.opened, .discarded, .reopened, .replayed, .replayFailed, .replayed, .resolved])
                // What Salesforce refuses is no reason that Salesforce can show.
                let claim = try await bench.ledger.claimed(Fixture.request(order, version: 1_001))
                _ = try await bench.ledger.reopenLetters([id], bench.command())
                let written = try await bench.ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 6)))
                #expect(written.letter == nil)
            }
        }
    }

    @Test("what was settled and never published is taken by one process at a time until somebody publishes it")
    func relay() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (_, order) = try await bench.make(.discarded)
                let first = try await bench.ledger.takeUnpublishedSettlements(olderThan: .zero)
                #expect(first.map(\.outcome) == [.dead, .discarded])
                #expect(try await bench.ledger.takeUnpublishedSettlements(olderThan: .seconds(60)).isEmpty)
                let message = try #require(first.last).message()
                #expect(message.outcome == .discarded && message.letter == nil && message.sequence == 2)
                try await bench.ledger.settlementsPublished(
                    (1...2).map { SettlementKey(orderId: Fixture.orderId(order), sequence: $0) })
                #expect(try await bench.ledger.takeUnpublishedSettlements(olderThan: .zero).isEmpty)
            }
        }
    }
}
