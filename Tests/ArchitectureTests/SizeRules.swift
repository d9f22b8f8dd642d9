/// How long files and functions may be. Lines inside multi-line literals (SQL, fixtures) are not counted.
enum SizeRules {
    static let maximumFileLines = 400
    static let maximumFunctionLines = 70

    static func violations(in file: SourceFile) -> [String] {
        let text = file.swift
        var found: [String] = []
        let lines = file.text.split(separator: "\n", omittingEmptySubsequences: false).count - 1
        let counted = lines - text.literalLines.count
        if counted > maximumFileLines {
            found.append("\(file.path): \(counted) lines; at most \(maximumFileLines)")
        }
        for function in functions(in: text) {
            let length = (function.first...function.last).count { !text.literalLines.contains($0) }
            if length > maximumFunctionLines {
                found.append(
                    "\(file.path):\(function.first): \(function.name) has \(length) lines; at most \(maximumFunctionLines)"
                )
            }
        }
        return found
    }

    /// Every `func`, `init` and `deinit` with a body, from its keyword's line to its closing brace's.
    static func functions(in text: SwiftText) -> [(name: String, first: Int, last: Int)] {
        let bytes = Array(text.code.utf8)
        var line = 1
        var index = 0
        var found: [(name: String, first: Int, last: Int)] = []
        while index < bytes.count {
            if bytes[index] == UInt8(ascii: "\n") { line += 1 }
            if isWordStart(bytes, index), let name = functionName(bytes, index) {
                if let end = bodyEnd(bytes, from: index) {
                    let lines = bytes[index...end].count { $0 == UInt8(ascii: "\n") }
                    found.append((name, line, line + lines))
                }
            }
            index += 1
        }
        return found
    }

    private static func isWordStart(_ bytes: [UInt8], _ index: Int) -> Bool {
        index == 0 || !(isWord(bytes[index - 1]) || bytes[index - 1] == UInt8(ascii: "."))
    }

    private static func isWord(_ byte: UInt8) -> Bool {
        (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 95 || byte > 127
    }

    private static func word(_ bytes: [UInt8], _ index: Int) -> String {
        String(decoding: bytes[index...].prefix { isWord($0) }, as: UTF8.self)
    }

    private static func functionName(_ bytes: [UInt8], _ index: Int) -> String? {
        guard
            bytes[index] == UInt8(ascii: "f") || bytes[index] == UInt8(ascii: "i") || bytes[index] == UInt8(ascii: "d")
        else { return nil }
        switch word(bytes, index) {
        case "func": return word(bytes, index + 5)
        case "init": return "init"
        case "deinit": return "deinit"
        default: return nil
        }
    }

    /// The index of the brace that closes the body; nil for a requirement without one.
    private static func bodyEnd(_ bytes: [UInt8], from start: Int) -> Int? {
        let next: Set = [
            "func", "var", "let", "init", "deinit", "public", "static", "case", "mutating", "associatedtype",
        ]
        var parentheses = 0
        var index = start
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "("), UInt8(ascii: "["): parentheses += 1
            case UInt8(ascii: ")"), UInt8(ascii: "]"): parentheses -= 1
            case UInt8(ascii: "}") where parentheses == 0: return nil
            case UInt8(ascii: "{") where parentheses == 0: return closingBrace(bytes, from: index)
            case UInt8(ascii: "\n") where parentheses == 0:
                let following = bytes[index...].firstIndex { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: " ") }
                guard let following else { return nil }
                if bytes[following] == UInt8(ascii: "@") || next.contains(word(bytes, following)) { return nil }
            default: break
            }
            index += 1
        }
        return nil
    }

    private static func closingBrace(_ bytes: [UInt8], from start: Int) -> Int? {
        var depth = 0
        for index in start..<bytes.count {
            if bytes[index] == UInt8(ascii: "{") { depth += 1 }
            if bytes[index] == UInt8(ascii: "}") {
                depth -= 1
                if depth == 0 { return index }
            }
        }
        return nil
    }
}
