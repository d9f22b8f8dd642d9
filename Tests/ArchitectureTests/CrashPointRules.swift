import CrashPoints
import Foundation

/// Crash points: each name of the table is passed at one place of the product, and nothing else is passed.
enum CrashPointRules {
    static func violations(in files: [SourceFile]) -> [String] {
        let passed = files.filter { $0.target != "CrashPoints" }.flatMap(passings)
        let known = CrashPoint.names + CrashPoint.namesOfOrders
        let count = Dictionary(passed.map { ($0.name, 1) }, uniquingKeysWith: +)
        return passed.filter { !known.contains($0.name) }.map { "\($0.place): \($0.name) is not in the table" }
            + known.filter { count[$0] != 1 }.map { "\($0) is passed at \(count[$0] ?? 0) places" }
    }

    /// The calls of a file by their names and places.
    private static func passings(_ file: SourceFile) -> [(name: String, place: String)] {
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false)
        return file.swift.codeLines.enumerated().compactMap { index, code in
            guard code.contains("crashPoint("), !code.contains("func ") else { return nil }
            let name = lines[index].components(separatedBy: "crashPoint(\"").dropFirst().first?
                .split(separator: "\"").first.map(String.init)
            return (name ?? "a name that is no literal", "\(file.path):\(index + 1)")
        }
    }
}
