/// Finds every column that a statement names, so that a wrong name is refused even where no row is.
struct SuiteQLBinding {
    let tables: [QueryTable]
    let sources: [QuerySource]

    static func bind(_ statement: QueryStatement, in account: Account) throws(Refusal) -> (
        statement: QueryStatement, sources: [QuerySource]
    ) {
        var sources: [QuerySource] = []
        for table in statement.tables {
            guard let source = QuerySource.named(table.name, in: account) else { throw .unknownTable(table.name) }
            sources.append(source)
        }
        let binding = SuiteQLBinding(tables: statement.tables, sources: sources)
        var bound = statement
        if bound.selectsAll {
            bound.columns = sources[0].columns.sorted().map { .init(expression: .bound(table: 0, name: $0), key: $0) }
        }
        for index in bound.columns.indices {
            bound.columns[index].expression = try binding.bind(bound.columns[index].expression)
        }
        for index in bound.joins.indices {
            bound.joins[index].condition = try binding.bind(bound.joins[index].condition)
        }
        if let filter = bound.filter { bound.filter = try binding.bind(filter) }
        for index in bound.orderings.indices {
            // ORDER BY may name a column of the answer, or its number.
            let expression = bound.orderings[index].expression
            if case .column(nil, let name) = expression, let column = bound.columns.first(where: { $0.key == name }) {
                bound.orderings[index].expression = column.expression
            } else {
                bound.orderings[index].expression = try binding.bind(expression)
            }
        }
        return (bound, sources)
    }

    private func bind(_ expression: QueryExpression) throws(Refusal) -> QueryExpression {
        switch expression {
        case .column(let qualifier, let name): return try column(qualifier, name)
        case .call(let function, let arguments): return .call(function, try bindAll(arguments))
        case .joined(let left, let right): return .joined(try bind(left), try bind(right))
        case .negative(let inner): return .negative(try bind(inner))
        case .compare(let comparison, let left, let right): return .compare(comparison, try bind(left), try bind(right))
        case .isIn(let left, let members):
            let bound = try bindAll(members)
            let literals = bound.compactMap { if case .literal(let value) = $0 { value } else { nil } }
            return literals.count == bound.count
                ? .isInSet(try bind(left), Set(literals)) : .isIn(try bind(left), bound)
        case .between(let value, let low, let high): return .between(try bind(value), try bind(low), try bind(high))
        case .like(let left, let pattern): return .like(try bind(left), try bind(pattern))
        case .isNull(let inner): return .isNull(try bind(inner))
        case .and(let left, let right): return .and(try bind(left), try bind(right))
        case .or(let left, let right): return .or(try bind(left), try bind(right))
        case .not(let inner): return .not(try bind(inner))
        case .literal, .bound, .rowNumber, .isInSet: return expression
        }
    }

    private func bindAll(_ expressions: [QueryExpression]) throws(Refusal) -> [QueryExpression] {
        var bound: [QueryExpression] = []
        for expression in expressions { bound.append(try bind(expression)) }
        return bound
    }

    private func column(_ qualifier: String?, _ name: String) throws(Refusal) -> QueryExpression {
        for (index, table) in tables.enumerated() where qualifier.map({ $0 == table.alias }) ?? true {
            if sources[index].columns.contains(name) { return .bound(table: index, name: name) }
            if sources[index].unexposed.contains(name) {
                throw .search(
                    "Field '\(name)' for record '\(table.name)' was not found. "
                        + "Reason: NOT_EXPOSED - Field is not exposed.")
            }
        }
        if qualifier == nil, name == "sysdate" || name == "current_date" { return .call(name.uppercased(), []) }
        let known = tables.map { "\($0.alias)=\($0.name)" }.joined(separator: ", ")
        throw .search("Unknown identifier '\(name)'. Available identifiers are: {\(known)}")
    }
}
