import CommandLineGrammar
import EventLoop
import JSONText
import Ledger

/// `crossdock dead-letters …`: what a person must decide.
enum DeadLettersCommand {
    private static let states = ["open", "replaying", "resolved", "superseded", "discarded", "all"]

    static let declaration = Command(
        name: "dead-letters", summary: "Orders that cannot go on until somebody decides",
        subcommands: [
            Command(
                name: "list", summary: "List dead letters, newest first",
                options: [
                    .choice("state", of: states, help: "Which letters", default: "open"),
                    .integer("limit", short: "n", in: 1...10_000, help: "How many at most", default: 50),
                ],
                run: { arguments in
                    let state = arguments.value("state") ?? "open"
                    let limit = arguments.integer("limit") ?? 50
                    let asJSON = arguments.flag("json")
                    return await OperatorSession.withLedger { ledger in
                        let letters = try await ledger.deadLetters(state: state == "all" ? nil : state, limit: limit)
                        print(letters, asJSON: asJSON)
                        return ExitCode.success
                    }
                })
        ])

    private static func print(_ letters: [DeadLetter], asJSON: Bool) {
        if asJSON {
            let list = JSONValue.object(["deadLetters": .array(letters.map(LedgerJSON.letter))])
            TerminalOutput.standardOutput(list.text(pretty: true) + "\n")
        } else {
            TerminalOutput.standardOutput(text(letters, .forDescriptor()))
        }
    }

    static func text(_ letters: [DeadLetter], _ style: TerminalStyle) -> String {
        guard !letters.isEmpty else { return "No dead letters.\n" }
        var table = OutputTable("LETTER", "ORDER", "STATE", "CLASS", "OPENED (UTC)", "SEEN", "WHAT IS WRONG")
        for letter in letters {
            table.add(
                .init(letter.id), .init(letter.orderNumber ?? letter.orderId ?? letter.source),
                .init(letter.state, StateColour.role(of: letter.state)), .init(letter.letterClass),
                .init(ReadableTime.seconds(letter.openedAt)), .init(String(letter.seenCount)),
                .init(letter.sentence))
        }
        return table.text(style)
    }
}
