import Foundation

/// A file of the corpus that breaks the format, or a name in it that nobody knows.
public struct CorpusError: Error, CustomStringConvertible {
    /// File, place and what is wrong.
    public let description: String
}

/// A file under `Tests/Corpus`: directives, then perhaps a body. `Tests/Corpus/README.md` describes the format.
public struct CorpusFile: Sendable {
    /// One line of the head, such as `set lines[0].quantity: "-2"`.
    public struct Directive: Sendable {
        /// What is to be done: `set`.
        public let word: String
        /// To what: `lines[0].quantity`; empty where there is nothing to name.
        public let argument: String
        /// The text behind the colon, with its placeholders.
        public let value: String
    }

    /// The file's name without its ending: a sentence in kebab-case.
    public let name: String
    /// The head, in order.
    public let directives: [Directive]
    /// The text below `body:`, with its placeholders; nil where there is no such line.
    public let body: String?

    /// The folder of the corpus.
    private static var folder: URL { ForeignProgram.packageFolder.appendingPathComponent("Tests/Corpus") }

    /// All files of a folder of the corpus with this ending, by name.
    public static func all(in subfolder: String, ending: String) throws -> [CorpusFile] {
        let folder = folder.appendingPathComponent(subfolder)
        return try FileManager.default.contentsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".\(ending)") }.sorted()
            .map { name in
                let text = try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8)
                return try CorpusFile(name: String(name.dropLast(ending.count + 1)), text: text)
            }
    }

    init(name: String, text: String) throws {
        self.name = name
        var directives: [Directive] = []
        var rest = text[...]
        var body: String?
        while !rest.isEmpty {
            let line = rest.prefix { $0 != "\n" }
            rest = rest.dropFirst(line.count + 1)
            if line == "body:" {
                body = String(rest.hasSuffix("\n") ? rest.dropLast() : rest)
                break
            }
            if line.isEmpty || line.hasPrefix("#") { continue }
            directives.append(Directive(line))
        }
        self.directives = directives
        self.body = body
        guard name.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") }) else {
            throw error("the name is no sentence in kebab-case")
        }
    }

    /// An error of this file.
    public func error(_ reason: String) -> CorpusError { CorpusError(description: "\(name): \(reason)") }

    /// The value of a directive that stands at most once; nil where it does not.
    public func value(_ word: String) -> String? { directives.last { $0.word == word }?.value }

    /// Whether a directive is there.
    public func has(_ word: String) -> Bool { directives.contains { $0.word == word } }

    /// Refuses directives of other words.
    public func allow(_ words: Set<String>) throws {
        if let unknown = directives.first(where: { !words.contains($0.word) }) {
            throw error("the directive \(unknown.word) is not known; known are \(words.sorted())")
        }
    }
}

extension CorpusFile.Directive {
    fileprivate init(_ line: Substring) {
        let colon = line.range(of: ": ") ?? line.range(of: ":", options: [.backwards, .anchored])
        let head = line[..<(colon?.lowerBound ?? line.endIndex)].split(separator: " ", maxSplits: 1)
        word = head.first.map(String.init) ?? ""
        argument = head.count > 1 ? String(head[1]) : ""
        value = colon.map { String(line[$0.upperBound...]) } ?? ""
    }
}
