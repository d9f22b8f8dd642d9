import CommandLineGrammar
import EventLoop
import Ledger
import ServiceRuntime

/// What replay, discard and reopen have in common: which letters, whether it is meant, what became of each.
enum LetterWork {
    /// - Parameter events: Kafka; nil in a dry run, which needs none.
    typealias Body =
        @Loop @Sendable (_ ledger: Ledger, _ events: OperatorEvents?, _ ids: [String]) async throws -> [LetterResult]

    static func run(
        _ arguments: ParsedArguments, states: Set<DeadLetterState>, verb: String, _ body: @escaping Body
    ) async -> Int32 {
        let selection: LetterSelection
        switch LetterSelection.of(arguments, states: states) {
        case .success(let found): selection = found
        case .failure(let problem): return OperatorSession.refuse([problem.sentence], ExitCode.usage)
        }
        let (isConfirmed, isDryRun) = (arguments.flag("yes"), arguments.flag("dry-run"))
        let asJSON = arguments.flag("json")
        return await OperatorSession.withEvents(isNeeded: !isDryRun) { ledger, events in
            let ids = try await selection.letters(in: ledger)
            switch Consent.needed(
                count: ids.count, isConfirmed: isConfirmed, isDryRun: isDryRun, hasTerminal: Terminal.canAsk)
            {
            case .given: break
            case .ask:
                guard await Terminal.confirms("\(verb) \(ids.count) dead letters?") else {
                    return OperatorSession.refuse(["nothing was changed"], ExitCode.failure)
                }
            case .missing:
                return OperatorSession.refuse(
                    ["these are \(ids.count) letters: give --yes if all are meant, or look first with --dry-run"],
                    ExitCode.usage)
            }
            let results = try await body(ledger, events, ids)
            return try await LetterReport.finish(results, in: ledger, asJSON: asJSON, isDryRun: isDryRun)
        }
    }
}
