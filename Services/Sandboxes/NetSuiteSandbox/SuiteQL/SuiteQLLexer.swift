import FoundationEssentials

/// A token of SuiteQL text.
enum QueryToken: Equatable, Sendable {
    case word(String)
    case quotedName(String)
    case text(String)
    case number(Decimal)
    case symbol(String)
    case end

    /// A key word, in any case.
    func isWord(_ word: String) -> Bool {
        if case .word(let own) = self { own.uppercased() == word } else { false }
    }
}

/// Cuts SuiteQL text into tokens.
enum SuiteQLLexer {
    private static let symbols = ["<>", "!=", "<=", ">=", "||", "=", "<", ">", "(", ")", ",", ".", "*", "-", "+", "/"]

    static func tokens(of text: String) throws(Refusal) -> [QueryToken] {
        let characters = Array(text)
        var tokens: [QueryToken] = []
        var position = 0
        while position < characters.count {
            let character = characters[position]
            if character.isWhitespace {
                position += 1
            } else if character == "'" || character == "\"" {
                let value = try quoted(characters, &position)
                tokens.append(character == "'" ? .text(value) : .quotedName(value))
            } else if character.isASCII, character.isLetter || character == "_" {
                tokens.append(
                    .word(run(characters, &position) { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "$" }))
            } else if character.isASCII, character.isNumber {
                let digits = run(characters, &position) { $0.isNumber || $0 == "." }
                guard let number = Decimal(exactly: digits) else { throw .unsupportedSearch }
                tokens.append(.number(number))
            } else {
                let rest = String(characters[position..<min(position + 2, characters.count)])
                // A `?` binds only inside scripts.
                guard let symbol = symbols.first(where: rest.hasPrefix) else { throw .unsupportedSearch }
                tokens.append(.symbol(symbol))
                position += symbol.count
            }
        }
        return tokens + [.end]
    }

    private static func run(
        _ characters: [Character], _ position: inout Int, while belongs: (Character) -> Bool
    ) -> String {
        let start = position
        while position < characters.count, characters[position].isASCII, belongs(characters[position]) { position += 1 }
        return String(characters[start..<position])
    }

    /// Between two quotes of the same kind; a doubled one stands for itself.
    private static func quoted(_ characters: [Character], _ position: inout Int) throws(Refusal) -> String {
        let quote = characters[position]
        var value = ""
        position += 1
        while position < characters.count {
            if characters[position] == quote {
                position += 1
                guard position < characters.count, characters[position] == quote else { return value }
            }
            value.append(characters[position])
            position += 1
        }
        throw .unsupportedSearch
    }
}
