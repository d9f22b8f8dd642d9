import CommandLineGrammar
import EventLoop
import JSONText
import Ledger

/// What a command did to one letter, as the operator is told.
struct LetterResult: Sendable, Equatable {
    /// How good the news is.
    enum Verdict: Sendable, Equatable {
        case done, pending, failed
    }

    let id: String
    var order: String?
    /// One word of the output's contract.
    var result: String
    var verdict: Verdict
    /// Why, or what to do; empty where the word says it all.
    var sentence: String
}

extension LetterResult {
    init(_ id: String, refused refusal: LetterRefusal) {
        self.init(id: id, result: refusal.word, verdict: .failed, sentence: refusal.sentence(of: id))
    }
}

extension LetterRefusal {
    var word: String {
        switch self {
        case .unknown: "unknown"
        case .closed: "closed"
        case .notWhole: "not-whole"
        case .stale: "stale"
        case .occupied: "occupied"
        case .nothingDue: "nothing-due"
        }
    }

    func sentence(of id: String) -> String {
        switch self {
        case .unknown: "there is no such letter; see: crossdock dead-letters list --state all"
        case .closed(.resolved): "its replay was written, nothing is left to do; open it again first: reopen \(id)"
        case .closed(let state): "it is \(state.rawValue); open it again first: reopen \(id)"
        case .notWhole:
            "only the beginning of its message is kept (it has more than 1 MiB), so it cannot be sent again; "
                + "have the order sent afresh: crossdock orders publish ORDER, then discard \(id)"
        case .stale(let newer):
            "version \(newer) of the order has been settled since, and an older one never overwrites it; "
                + "look at the newer one's letter if it has one, and discard \(id)"
        case .occupied: "another letter of the same record is open; decide about that one"
        case .nothingDue: "nothing waits to be shown in Salesforce for its order; discard \(id)"
        }
    }
}

/// Prints what became of letters, and says it in the exit status.
enum LetterReport {
    /// - Returns: 0 when all that was asked for is done or was before.
    @Loop
    static func finish(
        _ results: [LetterResult], in ledger: Ledger, asJSON: Bool, isDryRun: Bool
    ) async throws -> Int32 {
        var letters: [String: DeadLetter] = [:]
        for start in stride(from: 0, to: results.count, by: 1_000) {
            let ids = results[start..<min(start + 1_000, results.count)].map(\.id)
            for letter in try await ledger.deadLetters(ids: ids) { letters[letter.id] = letter }
        }
        let named = results.map { result in
            var result = result
            result.order = letters[result.id].map { $0.orderNumber ?? $0.orderId ?? $0.source }
            return result
        }
        LetterPages.print(
            asJSON, json(named, isDryRun: isDryRun), text(named, isDryRun: isDryRun, .forDescriptor()))
        return named.allSatisfy { $0.verdict == .done } ? ExitCode.success : ExitCode.failure
    }

    static func json(_ results: [LetterResult], isDryRun: Bool) -> JSONValue {
        let counts = Dictionary(grouping: results, by: \.result).mapValues(\.count)
        return [
            "dryRun": .bool(isDryRun),
            "results": .array(
                results.map { result in
                    [
                        "id": .string(result.id), "order": result.order.map { .string($0) } ?? .null,
                        "result": .string(result.result), "isDone": .bool(result.verdict == .done),
                        "sentence": .string(result.sentence),
                    ]
                }),
            "counts": .object(
                JSONObject(counts.sorted { $0.key < $1.key }.map { ($0.key, .number(JSONNumber(Int64($0.value)))) })),
        ]
    }

    static func text(_ results: [LetterResult], isDryRun: Bool, _ style: TerminalStyle) -> String {
        guard !results.isEmpty else { return "No dead letters.\n" }
        var table = OutputTable("LETTER", "ORDER", isDryRun ? "WOULD BE" : "RESULT", "WHY")
        for result in results {
            let role: TerminalStyle.Role =
                switch result.verdict {
                case .done: .good
                case .pending: .attention
                case .failed: .bad
                }
            table.add(.init(result.id), .init(result.order), .init(result.result, role), .init(result.sentence))
        }
        guard results.count > 1 else { return table.text(style) }
        let counts = Dictionary(grouping: results, by: \.result).mapValues(\.count).sorted { $0.key < $1.key }
        return table.text(style) + "\n\(results.count) letters: "
            + counts.map { "\($0.value) \($0.key)" }.joined(separator: ", ") + "\n"
    }
}
