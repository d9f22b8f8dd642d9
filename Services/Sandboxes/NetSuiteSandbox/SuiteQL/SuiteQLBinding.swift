/// Finds every column that a statement names, so that a wrong name is refused even where no row is.
struct SuiteQLBinding {
    let context: QueryContext
    /// The account's local time, in seconds.
    let now: Int64
    private var tables: [QueryTable] = []
    private var sources: [QuerySource] = []

    init(context: QueryContext, now: Int64) {
        self.context = context
        self.now = now
    }

    /// A statement whose names are found, with the tables of each of its parts.
    static func bind(_ statement: QueryStatement, in context: QueryContext, now: Int64) throws(Refusal) -> (
        statement: QueryStatement, sources: [[QuerySource]]
    ) {
        var bound = statement
        var sources: [[QuerySource]] = []
        for index in bound.selects.indices {
            var binding = SuiteQLBinding(context: context, now: now)
            for table in bound.selects[index].tables {
                binding.sources.append(try context.source(named: table.name))
                binding.tables.append(table)
            }
            try binding.bind(&bound.selects[index])
            sources.append(binding.sources)
            guard bound.selects[index].columns.count == bound.selects[0].columns.count else {
                throw .unsupportedSearch
            }
            if bound.selects.count == 1 { try binding.bindOrderings(of: &bound) }
        }
        return (bound, sources)
    }

    private func bind(_ select: inout QuerySelect) throws(Refusal) {
        if select.selectsAll {
            select.columns = sources.enumerated().flatMap { index, source in
                source.columns.keys.sorted().map { .init(expression: .bound(table: index, name: $0), key: $0) }
            }
        }
        for index in select.columns.indices {
            select.columns[index].expression = try bind(select.columns[index].expression)
        }
        for index in select.joins.indices {
            // A condition sees the tables up to its own.
            var visible = SuiteQLBinding(context: context, now: now)
            visible.tables = Array(tables.prefix(index + 2))
            visible.sources = Array(sources.prefix(index + 2))
            select.joins[index].condition = try visible.bind(select.joins[index].condition)
        }
        if let filter = select.filter { select.filter = try bind(filter) }
        select.groupings = try bindAll(select.groupings)
        if let filter = select.groupFilter { select.groupFilter = try bind(filter) }
    }

    /// ORDER BY may name a column of the answer, or its number.
    private func bindOrderings(of statement: inout QueryStatement) throws(Refusal) {
        let columns = statement.selects[0].columns
        for index in statement.orderings.indices {
            switch statement.orderings[index].expression {
            case .column(nil, let name):
                if let named = columns.first(where: { $0.key == name }) {
                    statement.orderings[index].expression = named.expression
                } else {
                    statement.orderings[index].expression = try column(nil, name)
                }
            case .literal(.integer(let number)):
                guard columns.indices.contains(Int(number) - 1) else { throw .unsupportedSearch }
                statement.orderings[index].expression = columns[Int(number) - 1].expression
            case let expression: statement.orderings[index].expression = try bind(expression)
            }
        }
    }

    private func bind(_ expression: QueryExpression) throws(Refusal) -> QueryExpression {
        switch expression {
        case .column(let qualifier, let name): return try column(qualifier, name)
        case .call(let function, let arguments): return .call(function, try bindAll(arguments))
        case .aggregate(let function, let isDistinct, let argument):
            guard let argument else { return expression }
            return .aggregate(function, isDistinct: isDistinct, try bind(argument))
        case .joined(let left, let right): return .joined(try bind(left), try bind(right))
        case .arithmetic(let sign, let left, let right): return .arithmetic(sign, try bind(left), try bind(right))
        case .negative(let inner): return .negative(try bind(inner))
        case .choice(let cases, let otherwise):
            var bound: [QueryExpression.Case] = []
            for one in cases { bound.append(.init(condition: try bind(one.condition), value: try bind(one.value))) }
            return .choice(bound, otherwise: try bind(otherwise))
        case .compare(let comparison, let left, let right): return .compare(comparison, try bind(left), try bind(right))
        case .isIn(let left, let members):
            let bound = try bindAll(members)
            let literals = bound.compactMap { if case .literal(let value) = $0 { value } else { nil } }
            return literals.count == bound.count
                ? .isInSet(try bind(left), Set(literals)) : .isIn(try bind(left), bound)
        case .isInQuery(let left, let query):
            return .isInSet(try bind(left), try SuiteQLEvaluation.values(of: query, in: context, now: now))
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
            if sources[index].columns[name] != nil { return .bound(table: index, name: name) }
            if sources[index].unexposed.contains(name) {
                throw .search(
                    "Field '\(name)' for record '\(table.name)' was not found. "
                        + "Reason: NOT_EXPOSED - Field is not exposed.")
            }
        }
        if qualifier == nil, ["sysdate", "current_date", "current_timestamp"].contains(name) {
            return .call(name.uppercased(), [])
        }
        let known = tables.map { "\($0.alias)=\($0.name)" }.joined(separator: ", ")
        throw .search("Unknown identifier '\(name)'. Available identifiers are: {\(known)}")
    }
}
