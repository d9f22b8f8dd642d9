import FoundationEssentials

/// Reads the part of SuiteQL that the sandbox answers; anything beyond it is refused as an unsupported search.
struct SuiteQLParser {
    var tokens: [QueryToken]
    var position = 0

    static func parse(_ text: String) throws(Refusal) -> QueryStatement {
        var parser = SuiteQLParser(tokens: try SuiteQLLexer.tokens(of: text))
        let statement = try parser.statement()
        guard parser.current == .end else { throw .unsupportedSearch }
        return statement
    }

    private init(tokens: [QueryToken]) { self.tokens = tokens }

    var current: QueryToken { tokens[position] }

    mutating func advance() { if position < tokens.count - 1 { position += 1 } }

    mutating func take(word: String) -> Bool {
        guard current.isWord(word) else { return false }
        advance()
        return true
    }

    mutating func take(symbol: String) -> Bool {
        guard current == .symbol(symbol) else { return false }
        advance()
        return true
    }

    mutating func expect(word: String) throws(Refusal) {
        guard take(word: word) else { throw .unsupportedSearch }
    }

    mutating func expect(symbol: String) throws(Refusal) {
        guard take(symbol: symbol) else { throw .unsupportedSearch }
    }

    private static let reserved: Set<String> = [
        "SELECT", "FROM", "WHERE", "AND", "OR", "NOT", "IN", "IS", "NULL", "LIKE", "BETWEEN", "ORDER", "BY", "JOIN",
        "INNER",
        "LEFT", "OUTER", "ON", "AS", "ASC", "DESC", "DISTINCT", "GROUP", "HAVING", "UNION", "FETCH", "RIGHT", "FULL",
        "CROSS", "CASE", "WHEN", "THEN", "ELSE", "END", "ALL",
    ]

    mutating func name() -> String? {
        if case .quotedName(let name) = current {
            advance()
            return name
        }
        guard case .word(let name, let key) = current, !SuiteQLParser.reserved.contains(key) else { return nil }
        advance()
        return name
    }

    // MARK: Statement

    mutating func statement() throws(Refusal) -> QueryStatement {
        var statement = QueryStatement(selects: [try select()])
        while take(word: "UNION") {
            statement.keepsDoubles.append(take(word: "ALL"))
            statement.selects.append(try select())
        }
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

    private mutating func select() throws(Refusal) -> QuerySelect {
        var select = QuerySelect()
        try expect(word: "SELECT")
        select.isDistinct = take(word: "DISTINCT")
        try columns(of: &select)
        try expect(word: "FROM")
        select.tables.append(try table())
        while let join = try join(into: &select) { select.joins.append(join) }
        if take(word: "WHERE") { select.filter = try condition() }
        if take(word: "GROUP") {
            try expect(word: "BY")
            repeat { select.groupings.append(try operand()) } while take(symbol: ",")
        }
        if take(word: "HAVING") { select.groupFilter = try condition() }
        return select
    }

    private mutating func columns(of statement: inout QuerySelect) throws(Refusal) {
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

    private mutating func join(into statement: inout QuerySelect) throws(Refusal) -> QuerySelect.Join? {
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
}
