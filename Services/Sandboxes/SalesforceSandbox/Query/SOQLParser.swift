/// Reads the part of SOQL that an integration uses; what it does not know, it refuses as malformed.
struct SOQLParser {
    private let text: String
    private let tokens: [SOQLToken]
    private var index = 0

    private static let reserved: Set<String> = [
        "select", "from", "where", "order", "limit", "offset", "group", "having",
    ]

    /// Reads a whole query.
    static func parse(_ text: String) throws(SOQLError) -> SOQLStatement {
        guard text.count <= 100_000 else {
            throw SOQLError(code: "MALFORMED_QUERY", message: "SOQL statements cannot be longer than 100000 characters")
        }
        var lexer = SOQLLexer(text)
        var parser = SOQLParser(text: text, tokens: try lexer.tokens())
        let statement = try parser.statement(isNested: false)
        guard parser.current.kind == .end else { throw parser.unexpected() }
        return statement
    }

    private init(text: String, tokens: [SOQLToken]) {
        self.text = text
        self.tokens = tokens
    }

    private var current: SOQLToken { tokens[min(index, tokens.count - 1)] }

    private mutating func advance() -> SOQLToken {
        let token = current
        index += 1
        return token
    }

    private func unexpected() -> SOQLError {
        .at(current.position, of: text, code: "MALFORMED_QUERY", "unexpected token: '\(current.text)'")
    }

    private mutating func accept(word: String) -> Bool {
        guard current.isWord(word) else { return false }
        index += 1
        return true
    }

    private mutating func accept(mark: String) -> Bool {
        guard current.kind == .mark, current.text == mark else { return false }
        index += 1
        return true
    }

    private mutating func expect(word: String) throws(SOQLError) {
        guard accept(word: word) else { throw unexpected() }
    }

    private mutating func expect(mark: String) throws(SOQLError) {
        guard accept(mark: mark) else { throw unexpected() }
    }

    private mutating func name() throws(SOQLError) -> SOQLName {
        guard current.kind == .word, !Self.reserved.contains(current.text.lowercased()) else { throw unexpected() }
        let token = advance()
        return SOQLName(text: token.text, position: token.position)
    }

    // MARK: Statement

    private mutating func statement(isNested: Bool) throws(SOQLError) -> SOQLStatement {
        var result = SOQLStatement()
        try expect(word: "select")
        if current.isWord("count"), index + 1 < tokens.count, tokens[index + 1].text == "(" {
            _ = advance()
            try expect(mark: "(")
            try expect(mark: ")")
            result.isCount = true
        } else {
            repeat { result.items.append(try selectItem(isNested: isNested)) } while accept(mark: ",")
        }
        try expect(word: "from")
        // `Order` is an object here, although a keyword elsewhere.
        guard current.kind == .word else { throw unexpected() }
        let object = advance()
        result.object = SOQLName(text: object.text, position: object.position)
        if accept(word: "where") { result.condition = try condition() }
        if accept(word: "order") {
            try expect(word: "by")
            repeat { result.ordering.append(try ordering()) } while accept(mark: ",")
        }
        if accept(word: "limit") { result.limit = try count() }
        if accept(word: "offset") { result.offset = try count() }
        return result
    }

    private mutating func selectItem(isNested: Bool) throws(SOQLError) -> SOQLSelectItem {
        guard current.kind == .mark, current.text == "(" else { return .field(try name()) }
        guard !isNested else { throw unexpected() }
        _ = advance()
        let children = try statement(isNested: true)
        try expect(mark: ")")
        return .children(children)
    }

    private mutating func ordering() throws(SOQLError) -> SOQLOrdering {
        var result = SOQLOrdering(field: try name())
        if accept(word: "desc") { result.descending = true } else { _ = accept(word: "asc") }
        if accept(word: "nulls") {
            result.nullsLast = accept(word: "last")
            if !result.nullsLast { try expect(word: "first") }
        }
        return result
    }

    private mutating func count() throws(SOQLError) -> Int {
        guard current.kind == .number, let number = Int(current.text), number >= 0 else { throw unexpected() }
        _ = advance()
        return number
    }

    // MARK: Condition

    /// One level of a condition: `AND` and `OR` do not mix without parentheses.
    private mutating func condition() throws(SOQLError) -> SOQLCondition {
        let first = try operand()
        guard current.isWord("and") || current.isWord("or") else { return first }
        let word = current.text.lowercased()
        var parts = [first]
        while accept(word: word) { parts.append(try operand()) }
        if current.isWord("and") || current.isWord("or") {
            throw .at(current.position, of: text, code: "MALFORMED_QUERY", "unexpected token: '\(current.text)'")
        }
        return word == "and" ? .and(parts) : .or(parts)
    }

    private mutating func operand() throws(SOQLError) -> SOQLCondition {
        if accept(word: "not") { return .not(try operand()) }
        if accept(mark: "(") {
            let inner = try condition()
            try expect(mark: ")")
            return inner
        }
        return try comparison(try name())
    }

    private mutating func comparison(_ field: SOQLName) throws(SOQLError) -> SOQLCondition {
        if accept(word: "in") { return try list(field, negated: false) }
        if accept(word: "not") {
            try expect(word: "in")
            return try list(field, negated: true)
        }
        if accept(word: "like") { return .like(field, try literal()) }
        guard current.kind == .mark, let comparison = SOQLOperator(rawValue: current.text) else { throw unexpected() }
        _ = advance()
        return .comparison(field, comparison, try literal())
    }

    private mutating func list(_ field: SOQLName, negated: Bool) throws(SOQLError) -> SOQLCondition {
        try expect(mark: "(")
        if current.isWord("select") {
            let inner = try statement(isNested: true)
            try expect(mark: ")")
            return .subquery(field, inner, negated: negated)
        }
        var values: [SOQLLiteral] = []
        repeat { values.append(try literal()) } while accept(mark: ",")
        try expect(mark: ")")
        return .list(field, values, negated: negated)
    }

    private mutating func literal() throws(SOQLError) -> SOQLLiteral {
        let token = current
        let value: SOQLLiteral
        switch token.kind {
        case .string: value = .string(token.text)
        case .number: value = .number(token.text)
        case .instant: value = CalendarText.instant(token.text).map(SOQLLiteral.instant) ?? .null
        case .day: value = .day(token.text)
        case .word where token.isWord("null"): value = .null
        case .word where token.isWord("true"): value = .boolean(true)
        case .word where token.isWord("false"): value = .boolean(false)
        default: throw unexpected()
        }
        _ = advance()
        return value
    }
}
