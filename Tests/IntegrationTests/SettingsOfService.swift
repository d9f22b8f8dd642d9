import Foundation
import TestSupport

/// A program's own table of settings, as its `--help` prints it.
struct SettingsOfService: Sendable {
    struct Row: Sendable, Equatable {
        let name: String
        /// Whether it may also be read from the file that `<name>_FILE` names.
        let isSecret: Bool
        let isRequired: Bool
    }

    let rows: [Row]

    init(ofHelp words: [String]) throws {
        let help = try ForeignProgram.run(try BuiltProduct.path(words[0]), words.dropFirst() + ["--help"])
        guard help.status == 0 else { throw StackFailure(description: "\(words): \(help.output)") }
        rows = help.output.split(separator: "\n").compactMap { line in
            guard line.hasPrefix("  "), let word = line.split(separator: " ").first, word.contains("_"),
                word.allSatisfy({ $0.isUppercase || $0.isNumber || "_[]".contains($0) })
            else { return nil }
            let name = word.replacingOccurrences(of: "[_FILE]", with: "")
            return Row(name: name, isSecret: name != word, isRequired: line.hasSuffix(" (required)"))
        }
    }

    private init(rows: [Row]) { self.rows = rows }

    /// Every setting of several programs, each once.
    static func union(_ tables: [SettingsOfService]) -> SettingsOfService {
        var known: Set<String> = []
        return SettingsOfService(rows: tables.flatMap(\.rows).filter { known.insert($0.name).inserted })
    }

    subscript(name: String) -> Row? { rows.first { $0.name == name } }
}
