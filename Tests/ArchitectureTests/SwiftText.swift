/// A Swift source taken apart as far as the rules need: code without comments and literals, and the literals by line.
struct SwiftText {
    /// The source with comments and the text of string literals blanked out; lines stay where they were.
    let code: String
    /// String literals with the line (from 1) on which each begins; interpolations are left out of them.
    let literals: [(line: Int, text: String)]
    /// Lines (from 1) that lie wholly inside a multi-line string literal, such as SQL text.
    let literalLines: Set<Int>

    init(_ source: String) {
        var scanner = Scanner(bytes: Array(source.utf8))
        scanner.scanCode(untilClosingParenthesis: false)
        code = String(decoding: scanner.code, as: UTF8.self)
        literals = scanner.literals
        literalLines = scanner.literalLines
    }

    /// The code by line, the first being line 1.
    var codeLines: [Substring] { code.split(separator: "\n", omittingEmptySubsequences: false) }
}

private struct Scanner {
    let bytes: [UInt8]
    var position = 0
    var line = 1
    var code: [UInt8] = []
    var literals: [(line: Int, text: String)] = []
    var literalLines: Set<Int> = []

    init(bytes: [UInt8]) { self.bytes = bytes }

    func at(_ offset: Int) -> UInt8 {
        position + offset < bytes.count ? bytes[position + offset] : 0
    }

    func starts(with text: StaticString, at offset: Int = 0) -> Bool {
        text.withUTF8Buffer { buffer in
            buffer.indices.allSatisfy { at(offset + $0) == buffer[$0] }
        }
    }

    mutating func take(_ count: Int = 1, blank: Bool) {
        for _ in 0..<count where position < bytes.count {
            let byte = bytes[position]
            if byte == UInt8(ascii: "\n") { line += 1 }
            code.append(blank && byte != UInt8(ascii: "\n") ? UInt8(ascii: " ") : byte)
            position += 1
        }
    }

    mutating func scanCode(untilClosingParenthesis: Bool) {
        var depth = 0
        while position < bytes.count {
            if starts(with: "//") {
                while position < bytes.count, at(0) != UInt8(ascii: "\n") { take(blank: true) }
            } else if starts(with: "/*") {
                scanBlockComment()
            } else if let hashes = hashesBeforeQuote() {
                scanLiteral(hashes: hashes)
            } else {
                let byte = at(0)
                if byte == UInt8(ascii: "(") { depth += 1 }
                if byte == UInt8(ascii: ")") { depth -= 1 }
                take(blank: false)
                if untilClosingParenthesis, depth == 0 { return }
            }
        }
    }

    mutating func scanBlockComment() {
        var depth = 0
        repeat {
            if starts(with: "/*") {
                depth += 1
                take(2, blank: true)
            } else if starts(with: "*/") {
                depth -= 1
                take(2, blank: true)
            } else {
                take(blank: true)
            }
        } while depth > 0 && position < bytes.count
    }

    /// How many `#` stand before the quote of a literal that begins here; nil where none begins.
    func hashesBeforeQuote() -> Int? {
        var hashes = 0
        while at(hashes) == UInt8(ascii: "#") { hashes += 1 }
        return at(hashes) == UInt8(ascii: "\"") ? hashes : nil
    }

    func hashesFollow(_ count: Int, at offset: Int) -> Bool {
        (0..<count).allSatisfy { at(offset + $0) == UInt8(ascii: "#") }
    }

    mutating func scanLiteral(hashes: Int) {
        let firstLine = line
        let quotes = starts(with: "\"\"\"", at: hashes) ? 3 : 1
        take(hashes + quotes, blank: true)
        var text: [UInt8] = []
        while position < bytes.count {
            if at(0) == UInt8(ascii: "\\"), hashesFollow(hashes, at: 1) {
                if at(1 + hashes) == UInt8(ascii: "(") {
                    take(1 + hashes, blank: true)
                    scanCode(untilClosingParenthesis: true)
                } else {
                    take(2 + hashes, blank: true)
                }
                continue
            }
            let closes =
                quotes == 3 ? starts(with: "\"\"\"") : at(0) == UInt8(ascii: "\"") || at(0) == UInt8(ascii: "\n")
            if closes, hashesFollow(hashes, at: quotes) {
                take(quotes + hashes, blank: true)
                break
            }
            text.append(at(0))
            take(blank: true)
        }
        literals.append((firstLine, String(decoding: text, as: UTF8.self)))
        if line - firstLine > 1 { literalLines.formUnion(firstLine + 1..<line) }
    }
}
