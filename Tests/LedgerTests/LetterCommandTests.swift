import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

/// Every command in every circumstance.
@Suite("What an operator does with dead letters")
struct LetterCommandTests {
    struct Row: Sendable, CustomStringConvertible {
        let circumstance: LetterBench.Circumstance
        /// What the command says, the letter's state afterwards, the settlement that it led to.
        let replay: (String, DeadLetterState?)
        let discard: (String, DeadLetterState?, String?)
        let reopen: (String, DeadLetterState?, String?)

        var description: String { circumstance.rawValue }
    }

    static let rows: [Row] = [
        Row(
            circumstance: .open, replay: ("produce", .replaying), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .replaying, replay: ("repeated", .replaying), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .replaying, nil)),
        Row(
            circumstance: .resolved, replay: ("closed resolved", .resolved),
            discard: ("closed resolved", .resolved, nil),
            reopen: ("done", .open, "reopened")),
        Row(
            circumstance: .superseded, replay: ("closed superseded", .superseded),
            discard: ("closed superseded", .superseded, nil), reopen: ("done", .open, "reopened")),
        Row(
            circumstance: .discarded, replay: ("closed discarded", .discarded), discard: ("already", .discarded, nil),
            reopen: ("done", .open, "reopened")),
        Row(
            circumstance: .reopened, replay: ("produce", .replaying), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .overtakenByWritten, replay: ("stale 1001", .open),
            discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .overtakenByDead, replay: ("stale 1001", .open), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .overtakenByHeld, replay: ("stale 1001", .open), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .tooLarge, replay: ("not whole", .open), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .undecodable, replay: ("produce", .replaying), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .nameless, replay: ("produce", .replaying), discard: ("done", .discarded, nil),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .unreadable, replay: ("requested", .replaying), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .requested, replay: ("requested", .replaying), discard: ("done", .discarded, "discarded"),
            reopen: ("already", .replaying, nil)),
        Row(
            circumstance: .refusedBySalesforce, replay: ("due", .replaying), discard: ("done", .discarded, nil),
            reopen: ("already", .open, nil)),
        Row(
            circumstance: .unknown, replay: ("unknown", nil), discard: ("unknown", nil, nil),
            reopen: ("unknown", nil, nil)),
    ]

    @Test("replay does in each circumstance what it says, and a dry run says the same and does nothing")
    func replays() async throws {
        try await onLoop {
            try await withLetters { bench in
                #expect(Set(Self.rows.map(\.circumstance)) == Set(LetterBench.Circumstance.allCases))
                for row in Self.rows {
                    let (id, order) = try await bench.make(row.circumstance)
                    let before = (try await bench.state(id), try await bench.outcomes(order))
                    let dry = try await bench.ledger.replayLetters([id], bench.command(isDryRun: true))
                    #expect(dry.map(Self.word) == [row.replay.0], "\(row), dry")
                    #expect(try await bench.state(id) == before.0, "\(row), dry")
                    let answers = try await bench.ledger.replayLetters([id], bench.command())
                    #expect(answers.map(Self.word) == [row.replay.0], "\(row)")
                    #expect(try await bench.state(id) == row.replay.1, "\(row)")
                    // A replay settles nothing: the order is as dead as before.
                    #expect(try await bench.outcomes(order) == before.1, "\(row)")
                }
            }
        }
    }

    @Test("discard and reopen settle the order in each circumstance as they must, and a dry run changes nothing")
    func closes() async throws {
        try await onLoop {
            try await withLetters { bench in
                for row in Self.rows {
                    for isDiscard in [true, false] {
                        let (id, order) = try await bench.make(row.circumstance)
                        let before = (try await bench.state(id), try await bench.outcomes(order))
                        let expected = isDiscard ? row.discard : row.reopen
                        let run = { (isDryRun: Bool) async throws -> [LetterAnswer] in
                            let command = bench.command(isDryRun: isDryRun)
                            return isDiscard
                                ? try await bench.ledger.discardLetters([id], command)
                                : try await bench.ledger.reopenLetters([id], command)
                        }
                        #expect(try await run(true).map(Self.word) == [expected.0], "\(row) \(isDiscard), dry")
                        #expect(try await bench.state(id) == before.0, "\(row) \(isDiscard), dry")
                        let answer = try #require(try await run(false).first)
                        #expect(Self.word(answer) == expected.0, "\(row) \(isDiscard)")
                        #expect(try await bench.state(id) == expected.1, "\(row) \(isDiscard)")
                        let outcomes = try await bench.outcomes(order)
                        #expect(outcomes == before.1 + (expected.2.map { [$0] } ?? []), "\(row) \(isDiscard)")
                        if case .done(let settlement) = answer {
                            #expect(settlement?.outcome.rawValue == expected.2, "\(row) \(isDiscard)")
                            #expect(settlement?.isPublished != true && settlement?.value == nil)
                        }
                    }
                }
            }
        }
    }

    static func word(_ answer: ReplayAnswer) -> String {
        switch answer {
        case .produce(_, let isRepeated): isRepeated ? "repeated" : "produce"
        case .requested: "requested"
        case .due: "due"
        case .refused(let refusal): word(refusal)
        }
    }

    static func word(_ answer: LetterAnswer) -> String {
        switch answer {
        case .done: "done"
        case .already: "already"
        case .refused(let refusal): word(refusal)
        }
    }

    private static func word(_ refusal: LetterRefusal) -> String {
        switch refusal {
        case .unknown: "unknown"
        case .closed(let state): "closed \(state)"
        case .notWhole: "not whole"
        case .stale(let newer): "stale \(newer)"
        case .occupied: "occupied"
        case .nothingDue: "nothing due"
        }
    }

    @Test("asked again, a replay is the same event; two operators at once get one, and the trail names both")
    func sameEvent() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, _) = try await bench.make(.open)
                let tasks = ["ann", "bob"].map { name in
                    EventLoop.shared.start { try await bench.ledger.replayLetters([id], bench.command(by: name)) }
                }
                var events: Set<String> = []
                var words: [String] = []
                for task in tasks {
                    let answer = try #require(try await task.value.first)
                    words.append(Self.word(answer))
                    if case .produce(let message, _) = answer { events.insert(message.eventId) }
                }
                #expect(events.count == 1)
                #expect(words.sorted() == ["produce", "repeated"])
                let trail = try #require(try await bench.ledger.deadLetter(id)).trail
                #expect(trail.map(\.kind) == [.opened, .replayed, .replayRepeated])
                #expect(Set(trail.dropFirst().map(\.by)) == ["ann", "bob"])
                #expect(Set(trail.compactMap(\.eventId)) == events)
            }
        }
    }

    @Test("a replay carries the message as it came, under a new id and the letter's number")
    func message() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                let message = try #require(try await bench.replayed(id))
                let original = Fixture.message(offset: bench.offset(order))
                #expect(message.topic == original.topic && message.key == original.key)
                #expect(message.value == original.value)
                #expect(message.headers.map(\.name) == ["empty", "ce_id", "ce_replayof"])
                #expect(message.headers[1].value == Array(message.eventId.utf8))
                #expect(message.headers[2].value == Array(id.utf8))
            }
        }
    }

    @Test("a replay that never reached its topic is withdrawn: open again, and only under its own event")
    func withdrawn() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, _) = try await bench.make(.open)
                let message = try #require(try await bench.replayed(id))
                try await bench.ledger.withdrawReplay(of: id, eventId: "other", by: "ann", because: "no")
                #expect(try await bench.state(id) == .replaying)
                try await bench.ledger.withdrawReplay(of: id, eventId: message.eventId, by: "ann", because: "too large")
                #expect(try await bench.state(id) == .open)
                let last = try #require(try await bench.ledger.deadLetter(id)?.trail.last)
                #expect(last.kind == .replayFailed && last.by == "ann" && last.note == "too large")
            }
        }
    }

    @Test("notes are kept with who and when, in the trail and in the order's history")
    func notes() async throws {
        try await onLoop {
            try await withLetters { bench in
                let (id, order) = try await bench.make(.open)
                #expect(try await bench.ledger.noteLetter(id, note: "Asked the \0 customer.", by: "ann"))
                #expect(try await bench.ledger.noteLetter("4711", note: "x", by: "ann") == false)
                #expect(try await bench.ledger.noteLetter("no number", note: "x", by: "ann") == false)
                _ = try await bench.ledger.discardLetters([id], LetterCommand(by: "bob", note: "Entered by hand."))
                let trail = try #require(try await bench.ledger.deadLetter(id)).trail
                #expect(trail.map(\.kind) == [.opened, .noted, .discarded])
                #expect(trail.map(\.by) == ["netsuite-writer", "ann", "bob"])
                #expect(trail.map(\.note).dropFirst() == ["Asked the \u{FFFD} customer.", "Entered by hand."])
                let history = try #require(try await bench.ledger.history(of: Fixture.orderId(order)))
                let kinds = history.events.map(\.kind)
                for kind in [OrderEvent.Kind.letterOpened, .letterNoted, .letterClosed] {
                    #expect(kinds.contains(kind), "\(kinds)")
                }
            }
        }
    }
}
