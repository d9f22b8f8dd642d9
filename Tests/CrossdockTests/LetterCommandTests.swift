import CommandLineGrammar
import EventLoop
import Foundation
import JSONText
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Crossdock

/// What the commands decide by themselves.
@Suite("Decisions about dead letters")
struct LetterDecisionTests {
    @Test(
        "letters are named by their numbers or by what they have in common, never by both or by nothing",
        arguments: [
            ("replay 1 2 1", "1,2"), ("replay 007", "007"), ("replay --class missing-item", ""),
            ("replay --fingerprint a|b --class refused", ""), ("replay", "say which letters"),
            ("replay 1 --class refused", "not both"), ("replay x", "\"x\" is no letter's number"),
            ("replay 0", "\"0\" is no letter's number"), ("replay -- -1", "\"-1\" is no letter's number"),
            ("replay 99999999999999999999", "is no letter's number"),
        ])
    func selections(words: String, expected: String) throws {
        let parsed = DeadLettersCommand.declaration.parse(words.split(separator: " ").map(String.init))
        guard case .run(_, let arguments) = parsed else {
            Issue.record("\(words) is not parsed: \(parsed)")
            return
        }
        switch LetterSelection.of(arguments, states: [.open]) {
        case .success(let selection): #expect(selection.ids.joined(separator: ",") == expected)
        case .failure(let problem): #expect(problem.sentence.contains(expected), "\(problem.sentence)")
        }
    }

    @Test(
        "several letters need a yes: asked for at a terminal, given elsewhere",
        arguments: [
            (0, false, false, false, Consent.given), (1, false, false, false, .given), (2, false, false, true, .ask),
            (2, false, false, false, .missing), (2, true, false, false, .given), (2, false, true, false, .given),
        ])
    func consents(count: Int, isConfirmed: Bool, isDryRun: Bool, hasTerminal: Bool, expected: Consent) {
        let consent = Consent.needed(
            count: count, isConfirmed: isConfirmed, isDryRun: isDryRun, hasTerminal: hasTerminal)
        #expect(consent == expected)
    }

    @Test("each word of --state stands for states that there are")
    func states() {
        for word in LetterSelection.stateWords { #expect(!LetterSelection.states(word).isEmpty, "\(word)") }
        #expect(LetterSelection.states("unsettled") == [.open, .replaying])
        #expect(LetterSelection.states("all").count == 5)
    }

    @Test("each refusal is a word and a sentence that says what to do")
    func refusals() {
        let refusals: [LetterRefusal] =
            [.unknown, .notWhole, .stale(newerVersion: 7), .occupied, .nothingDue]
            + DeadLetterState.allCases.map { .closed($0) }
        for refusal in refusals {
            #expect(!refusal.word.contains(" "))
            #expect(refusal.sentence(of: "17").count > 30, "\(refusal)")
        }
    }

    @Test("headers of the contract are shown, others and long ones only by their size")
    func redaction() {
        #expect(LetterPages.shown(.init(name: "ce_id", value: Array("x".utf8))) == "x")
        #expect(LetterPages.shown(.init(name: "x-customer", value: Array("Ann".utf8))) == "3 bytes, not shown")
        #expect(LetterPages.shown(.init(name: "ce_id", value: nil)) == "none")
        #expect(LetterPages.shown(.init(name: "ce_id", value: [0xFF])) == "1 bytes")
        #expect(LetterPages.legible([UInt8](repeating: 65, count: 201)) == "201 bytes")
    }

    @Test(
        "an age is told in its greatest unit",
        arguments: [
            (0, "0 s"), (59, "59 s"), (60, "1 min"), (7_199, "119 min"), (7_200, "2 h"), (172_799, "47 h"),
            (172_800, "2 days"), (-5, "0 s"),
        ])
    func ages(seconds: Int, expected: String) {
        #expect(ReadableTime.age(.seconds(seconds)) == expected)
    }

    @Test("results are counted by their word, and a dry run says so")
    func report() throws {
        let results = [
            LetterResult(id: "1", order: "00001", result: "resolved", verdict: .done, sentence: ""),
            LetterResult(id: "2", order: nil, result: "stale", verdict: .failed, sentence: "Newer."),
        ]
        let text = LetterReport.text(results, isDryRun: true, TerminalStyle(isColoured: false))
        #expect(text.contains("WOULD BE") && text.contains("2 letters: 1 resolved, 1 stale"), "\(text)")
        let json = LetterReport.json(results, isDryRun: false)
        #expect(json["counts"] == ["resolved": 1, "stale": 1])
        #expect(json["results"]?[1]?["isDone"] == false && json["dryRun"] == false)
        #expect(LetterReport.text([], isDryRun: false, TerminalStyle(isColoured: false)) == "No dead letters.\n")
    }
}

/// The commands that need no Kafka, as processes over a ledger that a writer has filled.
@Suite("crossdock dead-letters as a process")
struct LetterProcessTests {
    @Test("letters and held orders are listed, grouped, shown, noted and written to files, each with its exit status")
    func commands() async throws {
        let environment = try await onLoop { try await Self.ledgerWithLetters() }
        func run(_ words: String...) throws -> ForeignProgram.Ending {
            try ForeignProgram.run(BuiltProduct.path("crossdock"), words, environment: environment)
        }
        let groups = try run("dead-letters", "groups")
        #expect(groups.status == 0 && groups.output.contains("2        0 s"), "\(groups.output)")
        #expect(groups.output.contains("99.00 USD + 1 not readable"), "\(groups.output)")
        #expect(groups.output.contains("missing-item|SKU-X"))
        #expect(try run("dead-letters", "list", "--fingerprint", "other").output == "No dead letters.\n")
        #expect(try run("dead-letters", "list", "--state", "unsettld").output.contains("did you mean unsettled?"))

        let shown = try run("dead-letters", "show", "1")
        #expect(shown.status == 0 && shown.output.contains("customers' data, shown with --raw"), "\(shown.output)")
        #expect(!shown.output.contains("Ann") && !shown.output.contains("currency"), "\(shown.output)")
        #expect(try run("dead-letters", "show", "4711").status == 1)
        let detail = try JSONValue.parse(try run("dead-letters", "show", "1", "--json").output)
        #expect(detail["message"]?["isWhole"] == true && detail["message"]?["value"] == nil)
        #expect(detail["message"]?["headers"]?[0]?["value"] == "4 bytes, not shown")

        let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        defer { try? FileManager.default.removeItem(atPath: file) }
        #expect(try run("dead-letters", "show", "1", "--raw", file).status == 0)
        #expect(try String(contentsOfFile: file, encoding: .utf8) == Self.snapshot)
        let mode = try FileManager.default.attributesOfItem(atPath: file)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        let again = try run("dead-letters", "show", "1", "--raw", file)
        #expect(again.status == 1 && again.output.contains("File exists"), "\(again.output)")

        #expect(try run("dead-letters", "note", "1", "Asked them.", "--by", "ann").status == 0)
        #expect(try run("dead-letters", "show", "1").output.contains("Asked them."))
        #expect(try run("dead-letters", "note", "1", "").status == 64)
        #expect(try run("dead-letters", "note", "9", "x").status == 1)

        let held = try run("orders", "list", "--held")
        #expect(held.status == 0 && held.output.contains("Locked by a workflow. · 500"), "\(held.output)")
        let json = try JSONValue.parse(try run("orders", "list", "--held", "--json").output)
        #expect(json["heldOrders"]?[0]?["tries"] == 1)
        let order = try run("orders", "show", "00003")
        #expect(order.output.contains("Held              since") && order.output.contains("waiting"), "\(order.output)")
        #expect(try run("orders", "show", "00001").output.contains("crossdock dead-letters show 1"))

        let kafka = try run("dead-letters", "discard", "1")
        #expect(kafka.status == 78 && kafka.output.contains("KAFKA_BOOTSTRAP_SERVERS is not set"), "\(kafka.output)")
        let dry = try run("dead-letters", "discard", "1", "2", "77", "--dry-run")
        #expect(dry.status == 1 && dry.output.contains("3 letters: 2 discarded, 1 unknown"), "\(dry.output)")
        #expect(try run("dead-letters", "replay").status == 64)
    }

    @Test("at a terminal several letters are asked about, and no is no")
    func asks() async throws {
        var environment = try await onLoop { try await Self.ledgerWithLetters() }
        environment["KAFKA_BOOTSTRAP_SERVERS"] = "127.0.0.1:1"
        environment["PROGRAM"] = try BuiltProduct.path("crossdock")
        // A terminal of its own for the program; the answer is typed once the question stands there.
        let script = """
            import os, pty, sys
            child, terminal = pty.fork()
            if child == 0:
                os.execv(os.environ["PROGRAM"], ["crossdock", "dead-letters", "discard", "1", "2"])
            seen = b""
            while True:
                try:
                    data = os.read(terminal, 4096)
                except OSError:
                    break
                if not data:
                    break
                seen += data
                if seen.endswith(b"[y/N] "):
                    os.write(terminal, b"n\\n")
            sys.stdout.write(seen.decode())
            sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
            """
        let ending = try ForeignProgram.run("/usr/bin/python3", ["-c", script], environment: environment)
        #expect(ending.output.contains("Discard 2 dead letters? [y/N]"), "\(ending.output)")
        #expect(ending.output.contains("nothing was changed") && ending.status == 1, "\(ending.output)")
        let list = try ForeignProgram.run(
            BuiltProduct.path("crossdock"), ["dead-letters", "list", "--json"], environment: environment)
        #expect(try JSONValue.parse(list.output)["deadLetters"]?.array?.count == 2)
    }

    private static let snapshot = #"{"currency":"USD","name":"Ann","lines":[{"quantity":"2","unitPrice":"49.50"}]}"#

    /// Letters 1 and 2, of which one can be read, and a held order.
    @Loop
    private static func ledgerWithLetters() async throws -> [String: String] {
        let database = try await PostgresCluster.shared().newLedgerDatabase()
        let logger = Logger(label: "test", level: .error)
        let pool = PostgresPool(configuration: database, logger: logger)
        let ledger = Ledger(pool: pool, logger: logger)
        for (number, value) in [(1, snapshot), (2, "{"), (3, "")] {
            let request = ClaimRequest(
                orderId: "80100000000000\(number)AAA", orderNumber: "0000\(number)", accountId: "001000000000001AAA",
                version: 1_000, bodyDigest: [1], eventId: UUID().uuidString, traceParent: "00-trace")
            guard case .claimed(let claim) = try await ledger.claim([request], holder: "w", lease: .seconds(60)).first
            else { continue }
            let message = SourceMessage(
                clusterId: "c", topic: "t", partition: 1, offset: Int64(number), key: [1], value: Array(value.utf8),
                headers: [.init(name: "x-who", value: Array("Anna".utf8))])
            let letter = DeadLetterContent(
                letterClass: "missing-item", sentence: "NetSuite has no item SKU-X.", fingerprint: "missing-item|SKU-X",
                message: message)
            let hold = HoldContent(
                sentence: "Locked by a workflow.", code: "500", retryAfter: .seconds(60), message: message)
            _ = try await ledger.record([
                AttemptRecord(
                    claim: claim, outcome: number == 3 ? .held(hold) : .dead(letter),
                    settlementEventId: UUID().uuidString)
            ])
        }
        await pool.close()
        return CommandTests.environment(database)
    }
}
