import FoundationEssentials

/// Reads the part of SuiteQL that the sandbox answers; anything beyond it is refused as an unsupported search.
struct SuiteQLParser {
    private var tokens: [QueryToken]
    private var position = 0

    static func parse(_ text: String) throws(Refusal) -> QueryStatement {
        var parser = SuiteQLParser(tokens: try SuiteQLLexer.tokens(of: text))
        let statement = try parser.statement()
        guard parser.current == .end else { throw .unsupportedSearch }
        return statement
    }

    private init(tokens: [QueryToken]) { self.tokens = tokens }

    private var current: QueryToken { tokens[position] }

    private mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    private mutating func take(word: String) -> Bool {
        guard current.isWord(word) else { return false }
        advance()
        return true
    }

    private mutating func take(symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        advance()
        return true
    }

    private mutating func expect(word: String) throws(Refusal) {
        guard take(word: word) else { throw .unsupportedSearch }
    }

    private mutating func expect(symbol: String) throws(Refusal) {
        guard take(symbol: symbol) else { throw .unsupportedSearch }
    }

    private static let reserved: Set<String> = [
        "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "BETWEEN", "ORDER", "BY", "JOIN",
        "INNER",
        "LEFT", "OUTER", "ON", "AS", "ASC", "DESC", "DISTINCT", "GROUP", "HAVING", "UNION", "FETCH", "RIGHT", "FULL",
        "CROSS",
    ]

    private mutating func name() -> String? {
        if case .quotedName(let name) = current {
            advance()
            return name
        }
        guard case .word(let name) = current, !SuiteQLParser.reserved.contains(name.uppercased()) else { return nil }
        advance()
        return name
    }

    // MARK: Statement

    private mutating func statement() throws(Refusal) -> QueryStatement {
        var statement = QueryStatement()
        try expect(word: "SELECT")
        statement.isDistinct = take(word: "DISTINCT")
        try columns(of: &statement)
        try expect(word: "FROM")
        statement.tables.append(try table())
        while let join = try join(into: &statement) { statement.joins.append(join) }
        if take(word: "WHERE") { statement.filter = try condition() }
        if take(word: "ORDER") {
            try expect(word: "BY")
            repeat {
                let expression = try operand()
                let isDescending = take(word: "DESC")
                if !isDescending { _ = take(word: "ASC") }
                statement.orderings.append(.init(expression: expression, isDescending: isDescending))
            } while take(symbol: ",")
        }
        return statement
    }

    private mutating func columns(of statement: inout QueryStatement) throws(Refusal) {
        if take(symbol: "*") {
            statement.selectsAll = true
            return
        }
        repeat {
            let expression = try operand()
            var key = "expr\(statement.columns.count + 1)"
            if case .column(_, let name) = expression { key = name }
            if take(word: "AS") {
                guard let alias = name() else { throw .unsupportedSearch }
                key = alias
            } else if let alias = name() {
                key = alias
            }
            statement.columns.append(.init(expression: expression, key: key.lowercased()))
        } while take(symbol: ",")
    }

    private mutating func table() throws(Refusal) -> QueryTable {
        guard let table = name() else { throw .unsupportedSearch }
        _ = take(word: "AS")
        return QueryTable(name: table.lowercased(), alias: (name() ?? table).lowercased())
    }

    private mutating func join(into statement: inout QueryStatement) throws(Refusal) -> QueryStatement.Join? {
        let isOuter = take(word: "LEFT")
        if isOuter {
            _ = take(word: "OUTER")
        } else if take(word: "INNER") {
            guard current.isWord("JOIN") else { throw .unsupportedSearch }
        }
        guard take(word: "JOIN") else {
            if isOuter { throw .unsupportedSearch }
            return nil
        }
        statement.tables.append(try table())
        try expect(word: "ON")
        return .init(isOuter: isOuter, condition: try condition())
    }

    // MARK: Conditions

    private mutating func condition() throws(Refusal) -> QueryExpression {
        var left = try conjunction()
        while take(word: "OR") { left = .or(left, try conjunction()) }
        return left
    }

    private mutating func conjunction() throws(Refusal) -> QueryExpression {
        var left = try negation()
        while take(word: "AND") { left = .and(left, try negation()) }
        return left
    }

    private mutating func negation() throws(Refusal) -> QueryExpression {
        if take(word: "NOT") { return .not(try negation()) }
        if current == .symbol("(") {
            let start = position
            advance()
            if let inner = try? condition(), take(symbol: ")") { return inner }
            position = start
        }
        return try predicate()
    }

    private mutating func predicate() throws(Refusal) -> QueryExpression {
        let left = try operand()
        if take(word: "IS") {
            let negated = take(word: "NOT")
            try expect(word: "NULL")
            return negated ? .not(.isNull(left)) : .isNull(left)
        }
        let negated = take(word: "NOT")
        let test: QueryExpression
        if take(word: "IN") {
            test = try membership(of: left)
        } else if take(word: "LIKE") {
            test = .like(left, try operand())
        } else if take(word: "BETWEEN") {
            let low = try operand()
            try expect(word: "AND")
            test = .between(left, low, try operand())
        } else if !negated, case .symbol(let symbol) = current,
            let comparison = QueryExpression.Comparison(rawValue: symbol == "!=" ? "<>" : symbol)
        {
            advance()
            test = .compare(comparison, left, try operand())
        } else {
            throw .unsupportedSearch
        }
        return negated ? .not(test) : test
    }

    private mutating func membership(of left: QueryExpression) throws(Refusal) -> QueryExpression {
        try expect(symbol: "(")
        var members: [QueryExpression] = []
        repeat { members.append(try operand()) } while take(symbol: ",")
        try expect(symbol: ")")
        // Oracle's limit for a list.
        guard members.count <= 1000 else { throw .unsupportedSearch }
        return .isIn(left, members)
    }

    // MARK: Operands

    private mutating func operand() throws(Refusal) -> QueryExpression {
        var left = try primary()
        while take(symbol: "||") { left = .joined(left, try primary()) }
        return left
    }

    private mutating func primary() throws(Refusal) -> QueryExpression {
        switch current {
        case .text(let text):
            advance()
            return .literal(.text(text))
        case .number(let number):
            advance()
            return .literal(.number(number))
        case .symbol("-"):
            advance()
            return .negative(try primary())
        case .symbol("("):
            advance()
            let inner = try operand()
            try expect(symbol: ")")
            return inner
        default: return try nameOrCall()
        }
    }

    private mutating func nameOrCall() throws(Refusal) -> QueryExpression {
        if take(word: "NULL") { return .literal(.null) }
        guard let first = name() else { throw .unsupportedSearch }
        if first.uppercased() == "ROWNUM" { return .rowNumber }
        var full = first
        var qualifier: String?
        if take(symbol: ".") {
            guard let second = name() else { throw .unsupportedSearch }
            qualifier = first.lowercased()
            full = second
        }
        guard take(symbol: "(") else { return .column(qualifier: qualifier, name: full.lowercased()) }
        let function = (qualifier.map { $0 + "." } ?? "").uppercased() + full.uppercased()
        if function == "COUNT", take(symbol: "*") {
            try expect(symbol: ")")
            return .call("COUNT", [])
        }
        var arguments: [QueryExpression] = []
        if !take(symbol: ")") {
            repeat { arguments.append(try operand()) } while take(symbol: ",")
            try expect(symbol: ")")
        }
        return .call(function, arguments)
    }
}
