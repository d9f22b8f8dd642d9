import CommandLineGrammar
import EventLoop
import Ledger
import ServiceRuntime

/// `crossdock dead-letters replay`: has letters tried again, and follows them until they settle.
enum ReplayCommand {
    static let declaration = Command(
        name: "replay", summary: "Try dead letters again, and follow them until they settle",
        discussion: """
            The message goes through its topic once more, with its key, so the versions of an order keep their order; one
            that a newer version has followed is refused. A letter without a message is replayed by having its order read
            afresh, or shown again in Salesforce. Killed half way, the command is repeated: it sends the same events.
            Exit status 0: each was written, or a newer version took its place.
            """,
        options: [
            LetterSelection.classOption, LetterSelection.fingerprintOption,
            .flag("yes", short: "y", help: "Do not ask before several letters are replayed"),
            .flag("dry-run", help: "Only say what would become of each"),
            .flag("no-wait", help: "Only send; do not follow"),
            .integer("within", placeholder: "SECONDS", in: 1...3600, help: "How long to follow at most", default: 60),
            OperatorName.option,
        ],
        arguments: [LetterSelection.ids],
        run: { arguments in
            let isDryRun = arguments.flag("dry-run")
            let command = LetterCommand(by: OperatorName.of(arguments), isDryRun: isDryRun)
            let limit: Duration? = arguments.flag("no-wait") ? nil : .seconds(arguments.integer("within") ?? 60)
            return await LetterWork.run(arguments, states: [.open, .replaying], verb: "Replay") { ledger, events, ids in
                var replay = Replay(ledger: ledger, events: events, command: command)
                try await replay.send(ids)
                if let limit, !isDryRun { try await replay.follow(within: limit) }
                return replay.results
            }
        })
}

/// One run of the command, letter by letter.
@Loop
struct Replay {
    let ledger: Ledger
    let events: OperatorEvents?
    let command: LetterCommand
    private(set) var results: [LetterResult] = []

    /// Each letter may hold a MiB.
    private static let batchSize = 20

    init(ledger: Ledger, events: OperatorEvents?, command: LetterCommand) {
        self.ledger = ledger
        self.events = events
        self.command = command
    }

    /// Marks and sends, a few at a time. Brokers that do not answer end it: the rest stays as it is.
    mutating func send(_ ids: [String]) async throws {
        let progress = ProgressLine("replayed", of: ids.count)
        defer { progress.end() }
        for start in stride(from: 0, to: ids.count, by: Self.batchSize) {
            if results.contains(where: { $0.result == "unconfirmed" }) {
                results += ids[start...].map {
                    LetterResult(
                        id: $0, result: "not-tried", verdict: .failed,
                        sentence: "Kafka did not confirm those before; repeat the command")
                }
                return
            }
            let batch = Array(ids[start..<min(start + Self.batchSize, ids.count)])
            results += try await sendBatch(batch, try await ledger.replayLetters(batch, command))
            progress.show(results.count)
        }
    }

    /// Different keys at once, one key's messages one after the other.
    private func sendBatch(_ ids: [String], _ answers: [ReplayAnswer]) async throws -> [LetterResult] {
        var sendings: [[UInt8]: Task<Void, any Error>] = [:]
        var tasks: [Task<LetterResult, any Error>] = []
        for (id, answer) in zip(ids, answers) {
            guard case .produce(let message, _) = answer, let events, !command.isDryRun else {
                tasks.append(EventLoop.shared.start { Self.result(id, answer) })
                continue
            }
            let earlier = message.key.flatMap { sendings[$0] }
            let task = EventLoop.shared.start {
                _ = await earlier?.result
                return try await send(id, answer, message, events)
            }
            tasks.append(task)
            if let key = message.key { sendings[key] = EventLoop.shared.start { _ = await task.result } }
        }
        var results: [LetterResult] = []
        for task in tasks { results.append(try await task.value) }
        return results
    }

    private func send(
        _ id: String, _ answer: ReplayAnswer, _ message: ReplayMessage, _ events: OperatorEvents
    ) async throws -> LetterResult {
        do throws(ReplayTrouble) {
            try await events.send(message)
            return Self.result(id, answer)
        } catch {
            guard error.isRefused else {
                return LetterResult(
                    id: id, result: "unconfirmed", verdict: .failed,
                    sentence: "Kafka did not confirm it (\(error.reason)); repeat the command, it sends the same event")
            }
            let reason = "Kafka refuses the message: \(error.reason)"
            try await ledger.withdrawReplay(of: id, eventId: message.eventId, by: command.by, because: reason)
            return LetterResult(id: id, result: "not-sent", verdict: .failed, sentence: "\(reason); it is open again")
        }
    }

    private static func result(_ id: String, _ answer: ReplayAnswer) -> LetterResult {
        switch answer {
        case .produce(_, let isRepeated):
            LetterResult(
                id: id, result: "replayed", verdict: .done,
                sentence: isRepeated ? "its replay was under way: the same event again" : "")
        case .requested:
            LetterResult(
                id: id, result: "replayed", verdict: .done,
                sentence: "order-publisher is asked to read the order afresh")
        case .due:
            LetterResult(
                id: id, result: "replayed", verdict: .done, sentence: "status-feedback is asked to show it again"
            )
        case .refused(let refusal): LetterResult(id, refused: refusal)
        }
    }

    /// Looks at the letters until none is replaying any more.
    mutating func follow(within limit: Duration) async throws {
        let begin = MonotonicInstant.now
        var waiting = results.indices.filter { results[$0].result == "replayed" }
        let progress = ProgressLine("settled", of: waiting.count)
        defer { progress.end() }
        let count = waiting.count
        while !waiting.isEmpty {
            let letters = try await letters(at: waiting)
            waiting.removeAll { place in
                guard let letter = letters[results[place].id], letter.state != .replaying else { return false }
                settle(letter, at: place)
                return true
            }
            progress.show(count - waiting.count)
            if waiting.isEmpty || MonotonicInstant.now - begin > limit { break }
            try await LoopTime.shared.sleep(for: waiting.count > 100 ? .seconds(1) : .milliseconds(200))
        }
        let letters = try await letters(at: waiting)
        for place in waiting {
            var sentence = "not settled within \(limit.components.seconds) seconds; it goes on by itself"
            if let order = letters[results[place].id]?.orderId, let hold = try await ledger.heldOrders(of: order).first
            {
                sentence = "it waits and goes on by itself: \(hold.sentence)"
            }
            note("replaying", .pending, sentence, at: place)
        }
    }

    private func letters(at places: [Int]) async throws -> [String: DeadLetter] {
        let letters = try await ledger.deadLetters(ids: places.map { results[$0].id })
        return Dictionary(letters.map { ($0.id, $0) }) { first, _ in first }
    }

    private mutating func settle(_ letter: DeadLetter, at place: Int) {
        switch letter.state {
        case .resolved: note("resolved", .done, "", at: place)
        case .superseded: note("superseded", .done, "a newer version of the order took its place", at: place)
        case .discarded: note("discarded", .failed, "somebody gave it up meanwhile", at: place)
        case .open, .replaying: note("open", .failed, "it failed again: \(letter.sentence)", at: place)
        }
    }

    private mutating func note(
        _ word: String, _ verdict: LetterResult.Verdict, _ sentence: String, at place: Int
    ) {
        results[place].result = word
        results[place].verdict = verdict
        results[place].sentence = sentence
    }
}
