import FoundationEssentials

/// The part of the grammar below statements: conditions and operands.
extension SuiteQLParser {
    // MARK: Conditions

    mutating func condition() throws(Refusal) -> QueryExpression {
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
        if current.isWord("SELECT") {
            let query = try statement()
            try expect(symbol: ")")
            guard query.orderings.isEmpty else { throw .unsupportedSearch }
            return .isInQuery(left, query)
        }
        var members: [QueryExpression] = []
        repeat { members.append(try operand()) } while take(symbol: ",")
        try expect(symbol: ")")
        // Oracle's limit for a list.
        guard members.count <= 1000 else { throw .unsupportedSearch }
        return .isIn(left, members)
    }

    // MARK: Operands

    mutating func operand() throws(Refusal) -> QueryExpression {
        var left = try sum()
        while take(symbol: "||") { left = .joined(left, try sum()) }
        return left
    }

    private mutating func sum() throws(Refusal) -> QueryExpression {
        var left = try product()
        while true {
            if take(symbol: "+") {
                left = .arithmetic("+", left, try product())
            } else if take(symbol: "-") {
                left = .arithmetic("-", left, try product())
            } else {
                return left
            }
        }
    }

    private mutating func product() throws(Refusal) -> QueryExpression {
        var left = try primary()
        while true {
            if take(symbol: "*") {
                left = .arithmetic("*", left, try primary())
            } else if take(symbol: "/") {
                left = .arithmetic("/", left, try primary())
            } else {
                return left
            }
        }
    }

    private mutating func primary() throws(Refusal) -> QueryExpression {
        switch current {
        case .text(let text):
            advance()
            // To Oracle an empty text is null.
            return .literal(text.isEmpty ? .null : .text(text))
        case .number(let number):
            advance()
            return .literal(.exact(number))
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
        if take(word: "CASE") { return try choice() }
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
        if let aggregate = QueryExpression.Aggregate(rawValue: function) { return try aggregated(aggregate) }
        var arguments: [QueryExpression] = []
        if !take(symbol: ")") {
            repeat { arguments.append(try operand()) } while take(symbol: ",")
            try expect(symbol: ")")
        }
        return .call(function, arguments)
    }

    private mutating func aggregated(_ aggregate: QueryExpression.Aggregate) throws(Refusal) -> QueryExpression {
        if aggregate == .count, take(symbol: "*") {
            try expect(symbol: ")")
            return .aggregate(.count, isDistinct: false, nil)
        }
        let isDistinct = take(word: "DISTINCT")
        let argument = try operand()
        try expect(symbol: ")")
        guard !argument.hasAggregate else { throw .unsupportedSearch }
        return .aggregate(aggregate, isDistinct: isDistinct, argument)
    }

    /// `CASE WHEN condition THEN value … END`, or `CASE operand WHEN value THEN value … END`.
    private mutating func choice() throws(Refusal) -> QueryExpression {
        let subject = current.isWord("WHEN") ? nil : try operand()
        var cases: [QueryExpression.Case] = []
        while take(word: "WHEN") {
            let condition: QueryExpression =
                if let subject { .compare(.equal, subject, try operand()) } else { try self.condition() }
            try expect(word: "THEN")
            cases.append(.init(condition: condition, value: try operand()))
        }
        guard !cases.isEmpty else { throw .unsupportedSearch }
        let otherwise = take(word: "ELSE") ? try operand() : .literal(.null)
        try expect(word: "END")
        return .choice(cases, otherwise: otherwise)
    }
}
