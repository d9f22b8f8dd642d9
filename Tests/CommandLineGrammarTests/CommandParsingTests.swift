import Testing

@testable import CommandLineGrammar

@Suite("Command line")
struct CommandParsingTests {
    static let root = Command(
        name: "crossdock", summary: "Looks after orders", options: [.flag("json", help: "JSON output")],
        subcommands: [
            Command(
                name: "orders", summary: "Orders",
                subcommands: [
                    Command(
                        name: "list", summary: "Lists orders",
                        options: [
                            .integer("limit", short: "n", in: 1...100, help: "How many", default: 20),
                            .choice("state", of: ["open", "closed"], help: "Which"),
                            .text("tag", short: "t", placeholder: "TAG", help: "Tag", isRepeatable: true),
                            .flag("verbose", short: "v", help: "More"),
                        ]
                    ) { _ in 0 },
                    Command(
                        name: "show", summary: "Shows an order",
                        arguments: [
                            Argument("ORDER", help: "Its number"),
                            Argument("MORE", help: "Others", isRequired: false, isRepeating: true),
                        ]
                    ) { _ in 0 },
                ]),
            Command(
                name: "serve", summary: "Serves",
                options: [.text("key", placeholder: "FILE", help: "Key", isRequired: true)]
            ) { _ in 0 },
        ])

    static func parsed(_ words: String) -> ParsedArguments? {
        if case .run(_, let arguments) = root.parse(words.split(separator: " ").map(String.init)) { return arguments }
        return nil
    }

    static func refusal(_ words: String) -> String? {
        if case .refused(let text) = root.parse(words.split(separator: " ").map(String.init)) { return text }
        return nil
    }

    @Test("options and arguments reach the command")
    func values() throws {
        let list = try #require(Self.parsed("orders list --limit=5 --json -vt a --tag b"))
        #expect(list.integer("limit") == 5)
        #expect(list.flag("json") && list.flag("verbose"))
        #expect(list.values("tag") == ["a", "b"])
        #expect(list.value("state") == nil)
        #expect(list.commandPath == ["crossdock", "orders", "list"])
        let defaults = try #require(Self.parsed("--json orders list"))
        #expect(defaults.integer("limit") == 20 && defaults.flag("json") && !defaults.flag("verbose"))
        #expect(try #require(Self.parsed("orders list -n7")).integer("limit") == 7)
        let show = try #require(Self.parsed("orders show -- --odd a b"))
        #expect(show.argument("ORDER") == "--odd")
        #expect(show.arguments("MORE") == ["a", "b"])
    }

    @Test(
        "a wrong command line is named and points to help",
        arguments: [
            ("orders lsit", "there is no command \"lsit\"; did you mean list?"),
            ("orders list --limt 5", "unknown option --limt; did you mean --limit?"),
            ("orders list --colour", "unknown option --colour"),
            ("orders list -x", "unknown option -x"), ("orders list --limit", "--limit needs a value"),
            ("orders list --limit 0", "--limit must be a whole number from 1 to 100"),
            ("orders list --limit x", "--limit must be a whole number"),
            ("orders list --limit 1 --limit 2", "--limit is given twice"),
            ("orders list --state half", "--state must be one of: open, closed"),
            ("orders list --json=yes", "--json takes no value"), ("orders show", "ORDER is missing"),
            ("orders list extra", "unexpected argument \"extra\""),
            ("orders", "a command is missing; one of: list, show"),
            ("serve", "--key FILE is missing"),
        ])
    func refusals(words: String, sentence: String) throws {
        let text = try #require(Self.refusal(words))
        #expect(text.contains(sentence))
        #expect(text.contains("--help"))
    }

    @Test(
        "help is given at each level",
        arguments: [
            ("", "orders"), ("--help", "Looks after orders."), ("orders --help", "Shows an order"),
            ("orders help", "Lists orders"), ("orders list -h", "-n, --limit NUMBER"),
            ("orders list --help", "(default: 20)"), ("orders list --help", "--json"),
            ("orders show --help", "Usage: crossdock orders show ORDER [MORE…] [options]"),
            ("serve --help", "--key FILE"),
        ])
    func help(words: String, part: String) {
        guard case .help(let text) = Self.root.parse(words.split(separator: " ").map(String.init)) else {
            Issue.record("no help for \(words)")
            return
        }
        #expect(text.contains(part))
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 120 })
    }

    @Test("colour only where it is wanted")
    func colour() {
        #expect(TerminalStyle(isColoured: false).paint("x", .bad) == "x")
        #expect(TerminalStyle(isColoured: true).paint("x", .bad) == "\u{1b}[31mx\u{1b}[0m")
        #expect(!TerminalStyle.forDescriptor(-1).isColoured)
    }
}
