/// What a command line came to.
public enum CommandLineResult: Sendable {
    /// Run this command with these arguments.
    case run(Command, ParsedArguments)
    /// Print this help on standard output; exit status 0.
    case help(String)
    /// Print this on standard error; exit status ``ExitCode/usage``.
    case refused(String)
}

/// A command line that does not fit the declaration.
struct UsageError: Error {
    let sentence: String
    let commandPath: [String]

    /// The sentence and where help is.
    var text: String {
        "\(commandPath.joined(separator: " ")): \(sentence)\nTry: \(commandPath.joined(separator: " ")) --help"
    }
}

extension Command {
    /// Parses the words after the program's name. Never prints and never exits.
    public func parse(_ words: [String]) -> CommandLineResult {
        var parser = CommandLineParser(root: self, words: words)
        do throws(UsageError) {
            return try parser.parse()
        } catch {
            return .refused(error.text)
        }
    }
}

/// Walks over the words once, from the root command downwards.
struct CommandLineParser {
    private var command: Command
    private var path: [String]
    private var knownOptions: [Option]
    private var words: ArraySlice<String>
    private var optionValues: [String: [String]] = [:]
    private var places: [String] = []
    private var wantsHelp = false

    init(root: Command, words: [String]) {
        command = root
        path = [root.name]
        knownOptions = root.options
        self.words = words[...]
    }

    mutating func parse() throws(UsageError) -> CommandLineResult {
        var optionsAreOver = false
        while let word = words.popFirst() {
            if optionsAreOver || word == "-" || !word.hasPrefix("-") {
                try take(place: word)
            } else if word == "--" {
                optionsAreOver = true
            } else if word.hasPrefix("--") {
                try takeLong(String(word.dropFirst(2)))
            } else {
                try takeShort(String(word.dropFirst()))
            }
        }
        if wantsHelp { return .help(command.helpText(path: path, inherited: inheritedOptions)) }
        guard command.run != nil else {
            if path.count == 1 && optionValues.isEmpty {
                return .help(command.helpText(path: path, inherited: inheritedOptions))
            }
            throw refuse("a command is missing; one of: \(command.subcommands.map(\.name).joined(separator: ", "))")
        }
        return .run(command, try arguments())
    }

    private var inheritedOptions: [Option] {
        knownOptions.filter { option in !command.options.contains { $0.name == option.name } }
    }

    private mutating func take(place word: String) throws(UsageError) {
        if let next = command.subcommands.first(where: { $0.name == word }), places.isEmpty {
            command = next
            path.append(next.name)
            // The nearer declaration of a name wins.
            knownOptions =
                next.options + knownOptions.filter { known in !next.options.contains { $0.name == known.name } }
        } else if !command.subcommands.isEmpty && command.arguments.isEmpty {
            if word == "help" && places.isEmpty {
                wantsHelp = true
            } else {
                let nearest = NearestName.among(command.subcommands.map(\.name), to: word)
                throw refuse("there is no command \"\(word)\"\(NearestName.question(nearest))")
            }
        } else {
            places.append(word)
        }
    }

    private mutating func takeLong(_ text: String) throws(UsageError) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = parts.first.map(String.init) ?? ""
        let attached = parts.count == 2 ? String(parts[1]) : nil
        if name == "help" && attached == nil {
            wantsHelp = true
            return
        }
        guard let option = knownOptions.first(where: { $0.name == name }) else {
            let nearest = NearestName.among(knownOptions.map(\.name) + ["help"], to: name)
            throw refuse("unknown option --\(name)\(NearestName.question(nearest.map { "--" + $0 }))")
        }
        try take(option, attached: attached)
    }

    private mutating func takeShort(_ text: String) throws(UsageError) {
        var rest = text[...]
        while let letter = rest.popFirst() {
            guard let option = knownOptions.first(where: { $0.shortName == letter }) else {
                if letter == "h" {
                    wantsHelp = true
                    continue
                }
                throw refuse("unknown option -\(letter)")
            }
            guard option.kind == .flag else {
                return try take(option, attached: rest.isEmpty ? nil : String(rest))
            }
            try take(option, attached: nil)
        }
    }

    private mutating func take(_ option: Option, attached: String?) throws(UsageError) {
        if optionValues[option.name] != nil && !option.isRepeatable && option.kind != .flag {
            throw refuse("--\(option.name) is given twice")
        }
        if option.kind == .flag {
            guard attached == nil else { throw refuse("--\(option.name) takes no value") }
            optionValues[option.name] = []
            return
        }
        guard let value = attached ?? words.popFirst() else {
            throw refuse("--\(option.name) needs a value: --\(option.name) \(option.placeholder)")
        }
        try check(value, for: option)
        optionValues[option.name, default: []].append(value)
    }

    private func check(_ value: String, for option: Option) throws(UsageError) {
        switch option.kind {
        case .integer(_, let range):
            guard let number = Int(value), range.contains(number) else {
                throw refuse("--\(option.name) must be a whole number from \(range.lowerBound) to \(range.upperBound)")
            }
        case .choice(let words):
            guard words.contains(value) else {
                let nearest = NearestName.question(NearestName.among(words, to: value))
                throw refuse("--\(option.name) must be one of: \(words.joined(separator: ", "))\(nearest)")
            }
        case .flag, .text:
            return
        }
    }

    private func arguments() throws(UsageError) -> ParsedArguments {
        var remaining = places[...]
        var values: [String: [String]] = [:]
        for argument in command.arguments {
            let taken = argument.isRepeating ? Array(remaining) : remaining.first.map { [$0] } ?? []
            remaining = remaining.dropFirst(taken.count)
            guard !taken.isEmpty || !argument.isRequired else { throw refuse("\(argument.name) is missing") }
            values[argument.name] = taken.isEmpty ? nil : taken
        }
        if let surplus = remaining.first { throw refuse("unexpected argument \"\(surplus)\"") }
        for option in knownOptions where option.isRequired && optionValues[option.name] == nil {
            throw refuse("--\(option.name) \(option.placeholder) is missing")
        }
        var defaults: [String: String] = [:]
        for option in knownOptions { defaults[option.name] = option.defaultValue }
        return ParsedArguments(
            commandPath: path, optionValues: optionValues, argumentValues: values, defaults: defaults)
    }

    private func refuse(_ sentence: String) -> UsageError {
        UsageError(sentence: sentence, commandPath: path)
    }
}

/// Finds what somebody probably meant.
enum NearestName {
    /// The name that needs the fewest edits, if few enough to be a slip of the hand.
    static func among(_ names: [String], to word: String) -> String? {
        let ranked = names.map { (name: $0, distance: distance(Array($0.lowercased()), Array(word.lowercased()))) }
        guard let best = ranked.min(by: { $0.distance < $1.distance }) else { return nil }
        return best.distance <= (word.count < 4 ? 1 : max(2, word.count / 3)) ? best.name : nil
    }

    static func question(_ name: String?) -> String {
        name.map { "; did you mean \($0)?" } ?? ""
    }

    /// Levenshtein's edit distance.
    private static func distance(_ left: [Character], _ right: [Character]) -> Int {
        var row = Array(0...right.count)
        for (leftIndex, leftCharacter) in left.enumerated() {
            var diagonal = row[0]
            row[0] = leftIndex + 1
            for (rightIndex, rightCharacter) in right.enumerated() {
                let replaced = diagonal + (leftCharacter == rightCharacter ? 0 : 1)
                diagonal = row[rightIndex + 1]
                row[rightIndex + 1] = min(replaced, diagonal + 1, row[rightIndex] + 1)
            }
        }
        return row[right.count]
    }
}
