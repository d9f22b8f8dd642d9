import FoundationEssentials

/// A token of SuiteQL text.
enum QueryToken: Equatable, Sendable {
    /// `key` is the word in capital letters.
    case word(String, key: String)
    case quotedName(String)
    case text(String)
    case number(Decimal)
    case symbol(String)
    case end

    /// A key word, in any case.
    func isWord(_ word: String) -> Bool {
        if case .word(_, let key) = self { key == word } else { false }
    }
}

/// Cuts SuiteQL text into tokens.
enum SuiteQLLexer {
    private static let symbols = ["<>", "!=", "<=", ">=", "||", "=", "<", ">", "(", ")", ",", ".", "*", "-", "+", "/"]
    private static let quotes: Set<UInt8> = [UInt8(ascii: "'"), UInt8(ascii: "\"")]

    static func tokens(of text: String) throws(Refusal) -> [QueryToken] {
        let bytes = Array(text.utf8)
        var tokens: [QueryToken] = []
        var position = 0
        while position < bytes.count {
            let byte = bytes[position]
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                position += 1
            } else if quotes.contains(byte) {
                let value = try quoted(bytes, &position)
                tokens.append(byte == UInt8(ascii: "'") ? .text(value) : .quotedName(value))
            } else if isLetter(byte) {
                let word = run(bytes, &position) { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "$") }
                tokens.append(.word(word, key: word.uppercased()))
            } else if isDigit(byte) {
                let digits = run(bytes, &position) { isDigit($0) || $0 == UInt8(ascii: ".") }
                guard let number = Decimal(exactly: digits) else { throw .unsupportedSearch }
                tokens.append(.number(number))
            } else {
                let rest = String(decoding: bytes[position..<min(position + 2, bytes.count)], as: UTF8.self)
                // A `?` binds only inside scripts.
                guard let symbol = symbols.first(where: rest.hasPrefix) else { throw .unsupportedSearch }
                tokens.append(.symbol(symbol))
                position += symbol.utf8.count
            }
        }
        return tokens + [.end]
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || byte == UInt8(ascii: "_")
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func run(_ bytes: [UInt8], _ position: inout Int, while belongs: (UInt8) -> Bool) -> String {
        let start = position
        while position < bytes.count, belongs(bytes[position]) { position += 1 }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    /// Between two quotes of the same kind; a doubled one stands for itself.
    private static func quoted(_ bytes: [UInt8], _ position: inout Int) throws(Refusal) -> String {
        let quote = bytes[position]
        var value: [UInt8] = []
        position += 1
        while position < bytes.count {
            if bytes[position] == quote {
                position += 1
                guard position < bytes.count, bytes[position] == quote else {
                    return String(decoding: value, as: UTF8.self)
                }
            }
            value.append(bytes[position])
            position += 1
        }
        throw .unsupportedSearch
    }
}
