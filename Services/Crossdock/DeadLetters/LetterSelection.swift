import CommandLineGrammar
import Contracts
import EventLoop
import Ledger

/// Which letters a command is about: by number, or by what they have in common.
struct LetterSelection: Sendable {
    /// More than this many at once are several commands.
    static let maximumCount = 10_000

    static let classOption = Option.choice(
        "class", of: DeadLetterClass.allCases.map(\.rawValue), help: "Only letters of this class")
    static let fingerprintOption = Option.text(
        "fingerprint", placeholder: "TEXT", help: "Only letters of this group, as groups shows it")
    static let stateWords = ["unsettled"] + DeadLetterState.allCases.map(\.rawValue) + ["all"]
    static let ids = Argument(
        "LETTER", help: "Its number, as list shows it", isRequired: false, isRepeating: true)

    /// Numbers as given, each once; empty when a filter says which.
    let ids: [String]
    let filter: LetterFilter

    /// What was asked for, or why it cannot be.
    static func of(
        _ arguments: ParsedArguments, states: Set<DeadLetterState>
    ) -> Result<LetterSelection, LetterSelectionProblem> {
        var ids: [String] = []
        for id in arguments.arguments("LETTER") where !ids.contains(id) { ids.append(id) }
        let filter = LetterFilter(
            states, letterClass: arguments.value("class"), fingerprint: arguments.value("fingerprint"))
        let isFiltered = filter.letterClass != nil || filter.fingerprint != nil
        if ids.isEmpty, !isFiltered { return .failure(.nothing) }
        if !ids.isEmpty, isFiltered { return .failure(.both) }
        if let wrong = ids.first(where: { Int64($0).map { $0 > 0 } != true }) { return .failure(.noNumber(wrong)) }
        return .success(LetterSelection(ids: ids, filter: filter))
    }

    /// The filter of a list.
    static func filter(_ arguments: ParsedArguments) -> LetterFilter {
        LetterFilter(
            states(arguments.value("state") ?? "unsettled"), letterClass: arguments.value("class"),
            fingerprint: arguments.value("fingerprint"))
    }

    /// The states that a word stands for.
    static func states(_ word: String) -> Set<DeadLetterState> {
        switch word {
        case "all": LetterFilter.all.states
        case "unsettled": LetterFilter.unsettled.states
        default: DeadLetterState(rawValue: word).map { [$0] } ?? []
        }
    }

    /// The letters' numbers, oldest first where a filter found them: so the oldest order goes first.
    @Loop
    func letters(in ledger: Ledger) async throws -> [String] {
        if !ids.isEmpty { return ids }
        return try await ledger.deadLetters(filter, limit: Self.maximumCount).map(\.id).reversed()
    }
}

/// Why it is not clear which letters are meant.
enum LetterSelectionProblem: Error, Equatable {
    case nothing, both
    case noNumber(String)

    var sentence: String {
        switch self {
        case .nothing: "say which letters: their numbers, or --class, or --fingerprint"
        case .both: "give numbers, or --class and --fingerprint, not both"
        case .noNumber(let text): "\"\(text)\" is no letter's number; see: crossdock dead-letters list"
        }
    }
}

/// Whether a command may go on with so many letters.
enum Consent: Equatable {
    case given
    /// Ask whoever sits at the terminal.
    case ask
    /// Nobody can be asked.
    case missing

    static func needed(count: Int, isConfirmed: Bool, isDryRun: Bool, hasTerminal: Bool) -> Consent {
        if count <= 1 || isConfirmed || isDryRun { return .given }
        return hasTerminal ? .ask : .missing
    }
}
