/// One word, literal or mark of a query.
struct SOQLToken: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        case word, string, number, instant, day, mark, end
    }

    let kind: Kind
    /// The text; of a string, what it means without quotes and escapes.
    let text: String
    let position: Int

    /// True for this keyword in any letter case.
    func isWord(_ keyword: String) -> Bool {
        kind == .word && text.lowercased() == keyword.lowercased()
    }
}

/// Cuts a query into tokens.
struct SOQLLexer {
    private let text: String
    private let characters: [Character]
    private var index = 0

    init(_ text: String) {
        self.text = text
        characters = Array(text)
    }

    /// All tokens, with one that marks the end.
    mutating func tokens() throws(SOQLError) -> [SOQLToken] {
        var result: [SOQLToken] = []
        while true {
            while index < characters.count, characters[index].isWhitespace { index += 1 }
            guard index < characters.count else { break }
            result.append(try next(characters[index]))
        }
        result.append(SOQLToken(kind: .end, text: "<EOF>", position: characters.count))
        return result
    }

    private mutating func next(_ first: Character) throws(SOQLError) -> SOQLToken {
        let start = index
        if first.isASCII, first.isLetter {
            let word = take { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "_" || $0 == ".") }
            return SOQLToken(kind: .word, text: word, position: start)
        }
        if first == "'" { return try string() }
        if first.isASCII, first.isNumber || first == "-" || first == "+" {
            return try literal(
                take { $0.isASCII && ($0.isLetter || $0.isNumber || "+-.:".contains($0)) }, start)
        }
        for mark in ["!=", "<>", "<=", ">="] where matches(mark) {
            index += 2
            return SOQLToken(kind: .mark, text: mark == "<>" ? "!=" : mark, position: start)
        }
        guard "(),=<>".contains(first) else {
            throw .at(
                start, of: text, code: "MALFORMED_QUERY",
                "line 1:\(start) no viable alternative at character "
                    + "'\(first)'")
        }
        index += 1
        return SOQLToken(kind: .mark, text: String(first), position: start)
    }

    private mutating func take(_ belongs: (Character) -> Bool) -> String {
        let start = index
        while index < characters.count, belongs(characters[index]) { index += 1 }
        return String(characters[start..<index])
    }

    private func matches(_ mark: String) -> Bool {
        index + 1 < characters.count && String(characters[index...(index + 1)]) == mark
    }

    private func literal(_ word: String, _ start: Int) throws(SOQLError) -> SOQLToken {
        if CalendarText.instant(word) != nil { return SOQLToken(kind: .instant, text: word, position: start) }
        if CalendarText.isDate(word) { return SOQLToken(kind: .day, text: word, position: start) }
        let unsigned = word.hasPrefix("+") ? String(word.dropFirst()) : word
        if DecimalText.read(unsigned) != nil { return SOQLToken(kind: .number, text: unsigned, position: start) }
        throw .at(start, of: text, code: "MALFORMED_QUERY", "unexpected token: '\(word)'")
    }

    private mutating func string() throws(SOQLError) -> SOQLToken {
        let start = index
        var value = ""
        index += 1
        while index < characters.count, characters[index] != "'" {
            let character = characters[index]
            index += 1
            if character == "\\" { value += try escape(start) } else { value.append(character) }
        }
        guard index < characters.count else {
            throw .at(
                start, of: text, code: "MALFORMED_QUERY",
                "line 1:\(characters.count) mismatched character '<EOF>' "
                    + "expecting '''")
        }
        index += 1
        guard value.count <= 4_000 else {
            throw SOQLError(code: "MALFORMED_QUERY", message: "a string literal is longer than 4000 characters")
        }
        return SOQLToken(kind: .string, text: value, position: start)
    }

    private mutating func escape(_ start: Int) throws(SOQLError) -> String {
        guard index < characters.count else { return "" }
        let mark = characters[index]
        index += 1
        switch mark {
        case "'", "\"", "\\", "_", "%": return String(mark)
        case "n", "N": return "\n"
        case "r", "R": return "\r"
        case "t", "T": return "\t"
        case "b", "B": return "\u{8}"
        case "f", "F": return "\u{c}"
        case "u":
            let digits = String(characters[index..<min(index + 4, characters.count)])
            guard digits.count == 4, let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) else {
                break
            }
            index += 4
            return String(Character(scalar))
        default: break
        }
        throw .at(
            start, of: text, code: "MALFORMED_QUERY",
            "Invalid string literal. Illegal character sequence '\\\(mark)' in string literal.")
    }
}
