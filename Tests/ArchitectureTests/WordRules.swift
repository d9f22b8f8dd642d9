import Foundation

/// Names that are public and therefore written once, calls that nothing here makes, and paths that belong to no reader.
enum WordRules {
    struct Banned: Sendable {
        let text: String
        let reason: String
        var exceptIn: [String] = []
    }

    static let bannedInProduct: [Banned] = [
        Banned(text: "Task.sleep", reason: "wait through TimeSource, so that a test can move the clock"),
        Banned(text: "Task {", reason: "start work with EventLoop.shared.start, so that it stays on the loop"),
        Banned(text: "Task.detached", reason: "start work with EventLoop.shared.start, so that it stays on the loop"),
        Banned(text: "@MainActor", reason: "everything lives on @Loop"),
        Banned(text: "DispatchQueue", reason: "everything lives on @Loop"),
        Banned(text: "usleep(", reason: "nothing blocks the loop"),
        Banned(text: "try!", reason: "a failure is thrown or handled"),
        Banned(text: "as!", reason: "a failure is thrown or handled"),
        Banned(text: "String(format:", reason: "needs Foundation; format by hand"),
        Banned(text: "NSRegularExpression", reason: "needs Foundation"),
        Banned(
            text: "print(", reason: "services write records through Logger",
            exceptIn: ["Services/Crossdock/", "Services/Sandboxes/", "Shared/CommandLineGrammar/"]),
    ]

    static let bannedInTests: [Banned] = [
        Banned(text: "Task.sleep", reason: "wait for a condition with a deadline"),
        Banned(text: "Thread.sleep", reason: "wait for a condition with a deadline"),
        Banned(text: ".disabled(", reason: "a test runs, or is enabled under a printed condition"),
    ]

    static func bannedCalls(in file: SourceFile) -> [String] {
        let banned = file.isTest ? bannedInTests : bannedInProduct
        return file.swift.codeLines.enumerated().flatMap { index, line in
            banned.filter { occurs($0.text, in: line) && !$0.exceptIn.contains { file.path.hasPrefix($0) } }
                .map { "\(file.path):\(index + 1): \($0.text): \($0.reason)" }
        }
    }

    /// Whether the text stands in the line as a word of its own: `fingerprint(` is no `print(`.
    private static func occurs(_ text: String, in line: Substring) -> Bool {
        var rest = line
        while let range = rest.range(of: text) {
            let before = rest[..<range.lowerBound].last
            if text.first?.isLetter != true || before.map({ !$0.isLetter && !$0.isNumber && $0 != "_" }) ?? true {
                return true
            }
            rest = rest[range.upperBound...]
        }
        return false
    }

    /// Topic names, external-id prefixes and custom fields are spelled in Contracts only. The sandboxes are the other
    /// side of the wire and spell them for themselves; tests state what they expect.
    static func misplacedNames(in file: SourceFile) -> [String] {
        if file.isTest || file.isSandbox || file.target == "Contracts" { return [] }
        return file.swift.literals.flatMap { line, text in
            publicNames(in: text).map { "\(file.path):\(line): \"\($0)\" is spelled in Contracts only" }
        }
    }

    static func publicNames(in text: String) -> [String] {
        [
            #"\b(salesforce|netsuite)\.[a-z]+\.[a-z]+\.v[0-9]+\b"#, #"\bSF(ACC)?-"#, #"\bNetSuite_[A-Za-z_]+__c\b"#,
            #"\bcust(body|col)_crossdock_[a-z_]+\b"#,
        ].flatMap { pattern in
            var found: [String] = []
            var rest = text[...]
            while let range = rest.range(of: pattern, options: .regularExpression) {
                found.append(String(rest[range]))
                rest = rest[range.upperBound...]
            }
            return found
        }
    }

    /// Paths of a developer's machine. Put together here, so that this file does not hold them.
    static let foreignPaths = ["/wo" + "rk/", "/fa" + "rm/", "bash_" + "jobs", "../sha" + "red", "/tmp/w" + "/"]

    static func foreignPaths(in file: SourceFile) -> [String] {
        if file.path == ".ci/run" { return [] }
        return file.text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            foreignPaths.filter { line.contains($0) }.map { "\(file.path):\(index + 1): names \($0)" }
        }
    }
}
