import Glibc

extension Option {
    /// The word that stands for the value in help.
    var placeholder: String {
        switch kind {
        case .flag: ""
        case .text(let placeholder), .integer(let placeholder, _): placeholder
        case .choice(let words): words.joined(separator: "|")
        }
    }

    /// `-n, --limit NUMBER`.
    var heading: String {
        let short = shortName.map { "-\($0), " } ?? ""
        return short + "--\(name)" + (kind == .flag ? "" : " \(placeholder)")
    }
}

extension Command {
    /// The help of this command; `path` is how it was reached, `inherited` the options of the commands above.
    public func helpText(path: [String]? = nil, inherited: [Option] = []) -> String {
        let typed = (path ?? [name]).joined(separator: " ")
        var sections = [summary + "."]
        sections.append("Usage: " + usage(typed))
        if !discussion.isEmpty { sections.append(discussion) }
        if !subcommands.isEmpty {
            sections.append(Self.table("Commands", subcommands.map { ($0.name, $0.summary) }))
        }
        if !arguments.isEmpty {
            sections.append(Self.table("Arguments", arguments.map { ($0.name, $0.help) }))
        }
        let allOptions = options + inherited
        let rows = allOptions.map { ($0.heading, Self.explain($0)) } + [("-h, --help", "Show this help")]
        sections.append(Self.table("Options", rows))
        return sections.joined(separator: "\n\n") + "\n"
    }

    private func usage(_ typed: String) -> String {
        var parts = [typed]
        if run == nil || !subcommands.isEmpty { parts.append(run == nil ? "<command>" : "[command]") }
        for argument in arguments {
            let shown = argument.isRepeating ? "\(argument.name)…" : argument.name
            parts.append(argument.isRequired ? shown : "[\(shown)]")
        }
        for option in options where option.isRequired { parts.append(option.heading) }
        parts.append("[options]")
        return parts.joined(separator: " ")
    }

    private static func explain(_ option: Option) -> String {
        var text = option.help
        if let value = option.defaultValue { text += " (default: \(value))" }
        if option.isRepeatable { text += "; may be given several times" }
        if option.isRequired { text += "; required" }
        return text
    }

    private static func table(_ title: String, _ rows: [(String, String)]) -> String {
        let width = min(36, rows.map(\.0.count).max() ?? 0)
        let lines = rows.map { name, help in
            if name.count > width { return "  \(name)\n  \(String(repeating: " ", count: width))  \(help)" }
            return "  \(name)\(String(repeating: " ", count: width - name.count))  \(help)"
        }
        return "\(title):\n" + lines.joined(separator: "\n")
    }
}

extension Command {
    /// Parses the process' words, runs what they name, prints help or the mistake; returns the exit status.
    public func main(_ words: [String] = Array(CommandLine.arguments.dropFirst())) async -> Int32 {
        switch parse(words) {
        case .run(let command, let arguments):
            guard let run = command.run else { return ExitCode.usage }
            return await run(arguments)
        case .help(let text):
            TerminalOutput.standardOutput(text)
            return ExitCode.success
        case .refused(let text):
            TerminalOutput.standardError(text + "\n")
            return ExitCode.usage
        }
    }
}

/// Writes whole texts to the process' two outputs.
public enum TerminalOutput {
    /// Writes the text as it is to standard output.
    public static func standardOutput(_ text: String) { write(text, to: STDOUT_FILENO) }

    /// Writes the text as it is to standard error.
    public static func standardError(_ text: String) { write(text, to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        let bytes = Array(text.utf8)
        var written = 0
        while written < bytes.count {
            let count = bytes[written...].withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { return }
            written += count
        }
    }
}

/// Colours for a terminal, and nothing for a file, a pipe or a user who asked for none.
public struct TerminalStyle: Sendable {
    /// What a text means; the colour follows from it.
    public enum Role: String, Sendable {
        /// Green.
        case good = "32"
        /// Yellow.
        case attention = "33"
        /// Red.
        case bad = "31"
        /// Bold.
        case heading = "1"
        /// Dimmed.
        case quiet = "2"
    }

    /// Whether escape sequences are written.
    public let isColoured: Bool

    /// Fixes whether colours are used.
    public init(isColoured: Bool) {
        self.isColoured = isColoured
    }

    /// Colours if the descriptor is a terminal, `NO_COLOR` is unset or empty, and `TERM` is not `dumb`.
    public static func forDescriptor(_ descriptor: Int32 = 1) -> TerminalStyle {
        let refused = getenv("NO_COLOR").map { $0.pointee != 0 } ?? false
        let isDumb = getenv("TERM").map { String(cString: $0) == "dumb" } ?? false
        return TerminalStyle(isColoured: isatty(descriptor) == 1 && !refused && !isDumb)
    }

    /// The text in the role's colour.
    public func paint(_ text: String, _ role: Role) -> String {
        isColoured ? "\u{1b}[\(role.rawValue)m\(text)\u{1b}[0m" : text
    }
}
