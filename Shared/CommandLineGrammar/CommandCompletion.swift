/// A word that may come next on a command line, with a line that explains it.
public struct CompletionCandidate: Sendable, Equatable {
    /// The word, as it is typed.
    public let word: String
    /// What it is, on one line.
    public let summary: String
}

extension Command {
    /// What may stand where the last word is: words that begin with it, in the order in which help shows them.
    ///
    /// - Parameter words: what was typed after the program's name; the last one, perhaps empty, is being typed.
    /// - Returns: nothing where any text may stand, such as an id or a file's name.
    public func completionCandidates(after words: [String]) -> [CompletionCandidate] {
        var place = CompletionPlace(command: self)
        for word in words.dropLast() { place.pass(word) }
        let typed = words.last ?? ""
        return place.candidates(typed).filter { $0.word.hasPrefix(typed) }
    }

    /// `completion`: scripts for shells, which ask the program itself what may come next, so they never fall behind it.
    ///
    /// - Parameter root: the whole program, asked when it runs.
    public static func completion(of root: @escaping @Sendable () -> Command) -> Command {
        Command(
            name: "completion", summary: "Complete commands, options and their words in a shell",
            discussion: """
                bash, in ~/.bashrc:   source <(PROGRAM completion bash)
                zsh, in ~/.zshrc:     source <(PROGRAM completion zsh)    (after compinit)
                """,
            subcommands: CompletionShell.allCases.map { shell in
                Command(name: shell.rawValue, summary: "Print the script for \(shell.rawValue)") { _ in
                    TerminalOutput.standardOutput(shell.script(program: root().name))
                    return ExitCode.success
                }
            } + [
                Command(
                    name: "words", summary: "Print what may come next, as the scripts ask for it",
                    arguments: [
                        Argument("WORD", help: "What was typed so far, after --", isRequired: false, isRepeating: true)
                    ]
                ) { arguments in
                    let candidates = root().completionCandidates(after: arguments.arguments("WORD"))
                    TerminalOutput.standardOutput(candidates.map { "\($0.word)\t\($0.summary)\n" }.joined())
                    return ExitCode.success
                }
            ])
    }
}

/// How far the words before the one being typed have led; a wrong word among them is passed over.
private struct CompletionPlace {
    private var command: Command
    private var options: [Option]
    private var pending: Option?
    private var hasArguments = false
    private var optionsAreOver = false

    init(command: Command) {
        self.command = command
        options = command.options
    }

    mutating func pass(_ word: String) {
        if pending != nil {
            pending = nil
        } else if optionsAreOver || word == "-" || !word.hasPrefix("-") {
            pass(place: word)
        } else if word == "--" {
            optionsAreOver = true
        } else if let option = options.first(where: { word == "--\($0.name)" || word == $0.shortName.map { "-\($0)" } })
        {
            pending = option.kind == .flag ? nil : option
        }
    }

    private mutating func pass(place word: String) {
        guard !hasArguments, let next = command.subcommands.first(where: { $0.name == word }) else {
            hasArguments = true
            return
        }
        command = next
        options = next.options + options.filter { known in !next.options.contains { $0.name == known.name } }
    }

    func candidates(_ typed: String) -> [CompletionCandidate] {
        if let pending { return Self.words(of: pending) }
        if typed.hasPrefix("-"), !optionsAreOver {
            if let option = options.first(where: { typed.hasPrefix("--\($0.name)=") }) {
                return Self.words(of: option, prefix: "--\(option.name)=")
            }
            let long = options.map { CompletionCandidate(word: "--\($0.name)", summary: $0.help) }
            return long + [CompletionCandidate(word: "--help", summary: "Show help")]
        }
        if hasArguments { return [] }
        return command.subcommands.map { CompletionCandidate(word: $0.name, summary: $0.summary) }
    }

    private static func words(of option: Option, prefix: String = "") -> [CompletionCandidate] {
        guard case .choice(let words) = option.kind else { return [] }
        return words.map { CompletionCandidate(word: prefix + $0, summary: option.help) }
    }
}

/// The shells that have a script.
enum CompletionShell: String, CaseIterable {
    case bash, zsh

    /// The script; it calls the program by the path that was typed, so several versions do not mix.
    func script(program: String) -> String {
        let function = "_" + program.map { $0.isLetter || $0.isNumber ? String($0) : "_" }.joined()
        return switch self {
        case .bash: Self.bashScript(program, function)
        case .zsh: Self.zshScript(program, function)
        }
    }

    private static func bashScript(_ program: String, _ function: String) -> String {
        """
        \(function)() {
            local word
            COMPREPLY=()
            while IFS=$'\\t' read -r word _; do
                COMPREPLY+=("$word")
            done < <("${COMP_WORDS[0]}" completion words -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
        }
        complete -o default -F \(function) \(program)

        """
    }

    private static func zshScript(_ program: String, _ function: String) -> String {
        """
        #compdef \(program)
        \(function)() {
            local -a lines
            lines=("${(@f)$("${words[1]}" completion words -- "${(@)words[2,CURRENT]}" 2>/dev/null)}")
            lines=("${(@)lines:#}")
            lines=("${(@)lines/$'\\t'/:}")
            if (( ${#lines} )); then
                _describe '\(program)' lines
            else
                _files
            fi
        }
        compdef \(function) \(program)

        """
    }
}
