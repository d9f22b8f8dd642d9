import CommandLineGrammar
import EventLoop
import JSONText
import Ledger
import ServiceRuntime

/// `crossdock dead-letters …`: what a person must decide, and what they decide.
enum DeadLettersCommand {
    static let declaration = Command(
        name: "dead-letters", summary: "Orders that cannot go on until somebody decides",
        discussion: """
            A letter is open until its replay is written (resolved), a newer version of the order takes its place
            (superseded), or somebody gives it up (discarded). Each closed one can be opened again.
            replay, discard and reopen speak to Kafka too, and read:
            """ + "\n" + SettingsTable.text(CommonSettings.kafka),
        subcommands: [
            list, groups, show, ReplayCommand.declaration, CloseCommand.discard, CloseCommand.reopen, note,
        ])

    private static let list = Command(
        name: "list", summary: "List dead letters, newest first",
        options: [
            .choice("state", of: LetterSelection.stateWords, help: "Which letters", default: "unsettled"),
            LetterSelection.classOption, LetterSelection.fingerprintOption,
            .integer("limit", short: "n", in: 1...10_000, help: "How many at most", default: 50),
        ],
        run: { arguments in
            let filter = LetterSelection.filter(arguments)
            let limit = arguments.integer("limit") ?? 50
            let asJSON = arguments.flag("json")
            return await OperatorSession.withLedger { ledger in
                let letters = try await ledger.deadLetters(filter, limit: limit)
                LetterPages.print(
                    asJSON, ["deadLetters": .array(letters.map(LedgerJSON.letter))],
                    LetterPages.list(letters, .forDescriptor()))
                return ExitCode.success
            }
        })

    private static let groups = Command(
        name: "groups", summary: "Count dead letters that have the same cause, with their age and what they are worth",
        discussion: """
            What is worth is the sum of the lines of the orders as their messages have them, exact, by currency; letters
            whose message cannot be read are counted apart. Decide about a group with --fingerprint.
            """,
        options: [
            .choice("state", of: LetterSelection.stateWords, help: "Which letters", default: "unsettled"),
            LetterSelection.classOption,
            .integer("limit", short: "n", in: 1...10_000, help: "How many groups at most", default: 50),
        ],
        run: { arguments in
            let filter = LetterSelection.filter(arguments)
            let limit = arguments.integer("limit") ?? 50
            let asJSON = arguments.flag("json")
            return await OperatorSession.withLedger { ledger in
                let groups = try await ledger.letterGroups(filter, limit: limit)
                LetterPages.print(
                    asJSON, ["groups": .array(groups.map(LedgerJSON.group))],
                    LetterPages.groups(groups, .forDescriptor()))
                return ExitCode.success
            }
        })

    private static let show = Command(
        name: "show", summary: "Show a dead letter: why, what to do, its message, and who did what",
        discussion: "The message's bytes are customers' data: they are shown only with --raw.",
        options: [
            .text(
                "raw", placeholder: "FILE",
                help: "Write the message's bytes as they came to a new file, - for standard output")
        ],
        arguments: [Argument("LETTER", help: "Its number, as list shows it")],
        run: { arguments in
            let id = arguments.argument("LETTER") ?? ""
            let raw = arguments.value("raw")
            let asJSON = arguments.flag("json")
            return await OperatorSession.withLedger { ledger in
                guard let detail = try await ledger.deadLetter(id) else { return unknown(id) }
                if let raw { return RawBytes.write(detail, to: raw) }
                LetterPages.print(
                    asJSON, LedgerJSON.letterDetail(detail), LetterPages.detail(detail, .forDescriptor()))
                return ExitCode.success
            }
        })

    private static let note = Command(
        name: "note", summary: "Write something down beside a dead letter",
        options: [OperatorName.option],
        arguments: [
            Argument("LETTER", help: "Its number, as list shows it"),
            Argument("TEXT", help: "What is to be remembered, up to 2,000 characters"),
        ],
        run: { arguments in
            let id = arguments.argument("LETTER") ?? ""
            let text = arguments.argument("TEXT") ?? ""
            let operatorName = OperatorName.of(arguments)
            let asJSON = arguments.flag("json")
            guard !text.isEmpty, text.count <= 2_000 else {
                return OperatorSession.refuse(["a note has 1 to 2,000 characters"], ExitCode.usage)
            }
            return await OperatorSession.withLedger { ledger in
                guard try await ledger.noteLetter(id, note: text, by: operatorName),
                    let detail = try await ledger.deadLetter(id)
                else { return unknown(id) }
                LetterPages.print(
                    asJSON, LedgerJSON.letterDetail(detail), "Noted at dead letter \(detail.letter.id).\n")
                return ExitCode.success
            }
        })

    private static func unknown(_ id: String) -> Int32 {
        OperatorSession.refuse(
            ["there is no dead letter \"\(id)\"; see: crossdock dead-letters list --state all"], ExitCode.failure)
    }
}
