import CommandLineGrammar
import Contracts
import EventLoop
import Ledger
import ServiceRuntime

/// `crossdock dead-letters discard` and `reopen`: decisions that settle an order, and are told to Salesforce.
enum CloseCommand {
    private static let shared = [
        LetterSelection.classOption, LetterSelection.fingerprintOption,
        .text("note", placeholder: "TEXT", help: "Why, as it is kept"),
        .flag("yes", short: "y", help: "Do not ask before several letters are changed"),
        .flag("dry-run", help: "Only say what would become of each"), OperatorName.option,
    ]

    static let discard = Command(
        name: "discard", summary: "Give dead letters up: the order stays as it is in NetSuite",
        discussion: """
            For an order that was entered by hand, or is wanted no more. Salesforce shows the order as it stands again. A replay
            that NetSuite works on at this moment may still be written.
            """,
        options: shared, arguments: [LetterSelection.ids],
        run: { arguments in
            let command = command(arguments)
            return await LetterWork.run(arguments, states: [.open, .replaying], verb: "Discard") {
                ledger, events, ids in
                try await Closing(ledger: ledger, events: events, done: "discarded", already: "it was before") {
                    try await ledger.discardLetters($0, command)
                }.results(of: ids)
            }
        })

    static let reopen = Command(
        name: "reopen", summary: "Open closed dead letters again",
        options: shared + [
            .choice(
                "state", of: DeadLetterState.allCases.map(\.rawValue).filter { $0 != "open" && $0 != "replaying" },
                help: "With --class or --fingerprint: which closed ones", default: "discarded")
        ], arguments: [LetterSelection.ids],
        run: { arguments in
            let command = command(arguments)
            let states = LetterSelection.states(arguments.value("state") ?? "discarded")
            return await LetterWork.run(arguments, states: states, verb: "Reopen") { ledger, events, ids in
                try await Closing(ledger: ledger, events: events, done: "reopened", already: "it is open") {
                    try await ledger.reopenLetters($0, command)
                }.results(of: ids)
            }
        })

    private static func command(_ arguments: ParsedArguments) -> LetterCommand {
        LetterCommand(
            by: OperatorName.of(arguments), note: arguments.value("note"), isDryRun: arguments.flag("dry-run"))
    }
}

/// One run of such a command: the decision is durable first, then its settlement is published.
@Loop
struct Closing {
    let ledger: Ledger
    let events: OperatorEvents?
    let done: String
    let already: String
    let decide: @Loop ([String]) async throws -> [LetterAnswer]

    private static let batchSize = 100

    func results(of ids: [String]) async throws -> [LetterResult] {
        let progress = ProgressLine(done, of: ids.count)
        defer { progress.end() }
        var results: [LetterResult] = []
        var events = events
        for start in stride(from: 0, to: ids.count, by: Self.batchSize) {
            let batch = Array(ids[start..<min(start + Self.batchSize, ids.count)])
            let answers = try await decide(batch)
            if let sender = events {
                do throws(Trouble) {
                    try await publish(answers.compactMap(\.unpublished), with: sender)
                } catch {
                    // It is settled: netsuite-writer publishes what nobody has.
                    events = nil
                    _ = OperatorSession.refuse(
                        ["Kafka gives no answer (\(error.reason)); netsuite-writer will tell Salesforce"], 0)
                }
            }
            results += zip(batch, answers).map(result)
            progress.show(results.count)
        }
        return results
    }

    private func result(_ id: String, _ answer: LetterAnswer) -> LetterResult {
        switch answer {
        case .done: LetterResult(id: id, result: done, verdict: .done, sentence: "")
        case .already: LetterResult(id: id, result: done, verdict: .done, sentence: already)
        case .refused(let refusal): LetterResult(id, refused: refusal)
        }
    }

    /// Settlements of one order in their sequence, those of different orders at once.
    private func publish(_ settlements: [StoredSettlement], with events: OperatorEvents) async throws(Trouble) {
        let sendings = Dictionary(grouping: settlements, by: \.orderId).values.map { settlements in
            EventLoop.shared.start { [ledger] in
                for settlement in settlements { try await Self.publish(settlement, with: events, ledger) }
            }
        }
        var trouble: Trouble?
        for sending in sendings {
            if case .failure(let error) = await sending.result {
                trouble = error as? Trouble ?? Trouble(.database, "\(error)")
            }
        }
        if let trouble { throw trouble }
    }

    private static func publish(
        _ settlement: StoredSettlement, with events: OperatorEvents, _ ledger: Ledger
    ) async throws {
        var bytes = settlement.value
        if bytes == nil {
            let whole = SettlementValue(
                orderId: settlement.orderId, sequence: settlement.sequence, value: try settlement.message().encode())
            bytes = try await ledger.storeSettlements([whole]).first
        }
        guard let bytes else { return }
        try await events.send(
            .orderSettled, value: bytes, headers: try settlement.headers(at: LoopTime.shared.wallClock))
        try await ledger.settlementsPublished([
            SettlementKey(orderId: settlement.orderId, sequence: settlement.sequence)
        ])
    }
}

extension LetterAnswer {
    /// The settlement that is still to be published.
    fileprivate var unpublished: StoredSettlement? {
        switch self {
        case .done(let settlement), .already(let settlement): settlement.flatMap { $0.isPublished ? nil : $0 }
        case .refused: nil
        }
    }
}
