/// The exit statuses of every program of the product.
public enum ExitCode {
    /// All went well.
    public static let success: Int32 = 0
    /// The program ran and what it did or checked failed.
    public static let failure: Int32 = 1
    /// The command line was wrong (`EX_USAGE` of sysexits).
    public static let usage: Int32 = 64
    /// The configuration cannot work (`EX_CONFIG` of sysexits).
    public static let configuration: Int32 = 78
}

/// A command or subcommand, declared as a value; the grammar parses, checks and explains it.
public struct Command: Sendable {
    /// What a command does with what was given; the result is the exit status.
    public typealias Run = @Sendable (ParsedArguments) async -> Int32

    /// The word that is typed; a program's root carries the program's name.
    public let name: String
    /// One line, without a full stop, for the list of commands.
    public let summary: String
    /// Further help, shown below the summary; line breaks are kept.
    public let discussion: String
    /// Options, also valid below this command.
    public let options: [Option]
    /// Arguments by place.
    public let arguments: [Argument]
    /// Commands below this one.
    public let subcommands: [Command]
    /// What runs; `nil` when only subcommands do.
    public let run: Run?

    /// Declares a command.
    public init(
        name: String, summary: String, discussion: String = "", options: [Option] = [], arguments: [Argument] = [],
        subcommands: [Command] = [], run: Run? = nil
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.options = options
        self.arguments = arguments
        self.subcommands = subcommands
        self.run = run
    }
}

/// A named option: `--json`, `--limit 20`, `--limit=20`, `-n 20`.
public struct Option: Sendable {
    /// What may follow the option's name.
    public enum Kind: Sendable, Equatable {
        /// Nothing: given or not.
        case flag
        /// Any text.
        case text(placeholder: String)
        /// A whole number of a range.
        case integer(placeholder: String, range: ClosedRange<Int>)
        /// One word of a list.
        case choice([String])
    }

    /// The name, without the two hyphens.
    public let name: String
    /// One character for the short form, without the hyphen.
    public let shortName: Character?
    /// What follows the name.
    public let kind: Kind
    /// One line of help.
    public let help: String
    /// The value when it is not given.
    public let defaultValue: String?
    /// Whether it may be given several times.
    public let isRepeatable: Bool
    /// Whether the command cannot do without it.
    public let isRequired: Bool

    private init(
        _ name: String, _ shortName: Character?, _ kind: Kind, _ help: String, defaultValue: String? = nil,
        isRepeatable: Bool = false, isRequired: Bool = false
    ) {
        self.name = name
        self.shortName = shortName
        self.kind = kind
        self.help = help
        self.defaultValue = defaultValue
        self.isRepeatable = isRepeatable
        self.isRequired = isRequired
    }

    /// An option without a value.
    public static func flag(_ name: String, short: Character? = nil, help: String) -> Option {
        Option(name, short, .flag, help)
    }

    /// An option with a text, such as a file's path.
    public static func text(
        _ name: String, short: Character? = nil, placeholder: String, help: String, default defaultValue: String? = nil,
        isRepeatable: Bool = false, isRequired: Bool = false
    ) -> Option {
        Option(
            name, short, .text(placeholder: placeholder), help, defaultValue: defaultValue, isRepeatable: isRepeatable,
            isRequired: isRequired)
    }

    /// An option with a whole number.
    public static func integer(
        _ name: String, short: Character? = nil, placeholder: String = "NUMBER", in range: ClosedRange<Int>,
        help: String, default defaultValue: Int? = nil
    ) -> Option {
        Option(
            name, short, .integer(placeholder: placeholder, range: range), help,
            defaultValue: defaultValue.map(String.init))
    }

    /// An option with one of several words.
    public static func choice(
        _ name: String, short: Character? = nil, of words: [String], help: String, default defaultValue: String? = nil
    ) -> Option {
        Option(name, short, .choice(words), help, defaultValue: defaultValue)
    }
}

/// An argument by place.
public struct Argument: Sendable {
    /// The name, in capitals, as help shows it.
    public let name: String
    /// One line of help.
    public let help: String
    /// Whether the command cannot do without it.
    public let isRequired: Bool
    /// Whether it takes all that follow; only the last one may.
    public let isRepeating: Bool

    /// Declares an argument.
    public init(_ name: String, help: String, isRequired: Bool = true, isRepeating: Bool = false) {
        self.name = name
        self.help = help
        self.isRequired = isRequired
        self.isRepeating = isRepeating
    }
}

/// What was given to a command, checked against its declaration.
public struct ParsedArguments: Sendable {
    /// The words that led to the command, the program's name first.
    public let commandPath: [String]
    let optionValues: [String: [String]]
    let argumentValues: [String: [String]]
    let defaults: [String: String]

    /// Whether the flag was given.
    public func flag(_ name: String) -> Bool {
        optionValues[name] != nil
    }

    /// The option's value, the last one if given several times, else its default.
    public func value(_ name: String) -> String? {
        optionValues[name]?.last ?? defaults[name]
    }

    /// All values of a repeatable option, or its default alone.
    public func values(_ name: String) -> [String] {
        optionValues[name] ?? defaults[name].map { [$0] } ?? []
    }

    /// The value of an integer option.
    public func integer(_ name: String) -> Int? {
        value(name).flatMap { Int($0) }
    }

    /// The argument's value.
    public func argument(_ name: String) -> String? {
        argumentValues[name]?.first
    }

    /// All values of a repeating argument.
    public func arguments(_ name: String) -> [String] {
        argumentValues[name] ?? []
    }
}
