/// One page of a statement's rows.
struct QueryPage {
    /// Rows of all pages.
    let total: Int
    /// Keys and texts, without those that are null.
    let rows: [[(key: String, text: String)]]
}

/// Computes a statement's rows over an account.
struct SuiteQLEvaluation {
    private let statement: QueryStatement
    private let sources: [[QuerySource]]
    private let now: Int64

    static func run(
        _ text: String, in context: QueryContext, now: Stamp, limit: Int = .max, offset: Int = 0
    ) throws(Refusal) -> QueryPage {
        let time = context.account.settings.zone.localSeconds(now)
        return try SuiteQLEvaluation(try SuiteQLParser.parse(text), in: context, now: time).page(limit, offset)
    }

    /// The one column of a query that stands inside another.
    static func values(
        of statement: QueryStatement, in context: QueryContext, now: Int64
    ) throws(Refusal) -> Set<QueryValue> {
        let evaluation = try SuiteQLEvaluation(statement, in: context, now: now)
        guard evaluation.statement.selects[0].columns.count == 1 else { throw .unsupportedSearch }
        return Set(try evaluation.united().map { $0[0] })
    }

    private init(_ statement: QueryStatement, in context: QueryContext, now: Int64) throws(Refusal) {
        (self.statement, sources) = try SuiteQLBinding.bind(statement, in: context, now: now)
        self.now = now
    }

    private func page(_ limit: Int, _ offset: Int) throws(Refusal) -> QueryPage {
        let keys = statement.selects[0].columns.map(\.key)
        let rows: [[QueryValue]]
        let total: Int
        if statement.selects.count == 1, !statement.selects[0].isDistinct {
            // Only the rows of the page are put together.
            let scopes = try ordered(try SelectRun(statement.selects[0], sources[0], now).scopes())
            total = scopes.count
            rows = try project(scopes.dropFirst(offset).prefix(limit), statement.selects[0], sources[0])
        } else {
            let all = statement.selects.count == 1 ? try distinct() : try sorted(try united())
            total = all.count
            rows = Array(all.dropFirst(offset).prefix(limit))
        }
        let texts = rows.map { row in
            zip(keys, row).compactMap { key, value in value.text.map { (key: key, text: $0) } }
        }
        return QueryPage(total: total, rows: texts)
    }

    // MARK: Rows of one SELECT

    private func project(
        _ scopes: some Sequence<QueryScope>, _ select: QuerySelect, _ sources: [QuerySource]
    ) throws(Refusal) -> [[QueryValue]] {
        let compiler = SuiteQLCompiler(sources: sources, now: now)
        var reads: [SuiteQLCompiler.Read] = []
        for column in select.columns { reads.append(try compiler.read(column.expression)) }
        var rows: [[QueryValue]] = []
        for scope in scopes {
            var row: [QueryValue] = []
            row.reserveCapacity(reads.count)
            for read in reads { row.append(try read(scope)) }
            rows.append(row)
        }
        return rows
    }

    private func ordered(_ scopes: [QueryScope]) throws(Refusal) -> [QueryScope] {
        guard !statement.orderings.isEmpty else { return scopes }
        let compiler = SuiteQLCompiler(sources: sources[0], now: now)
        var reads: [SuiteQLCompiler.Read] = []
        for ordering in statement.orderings { reads.append(try compiler.read(ordering.expression)) }
        var keyed: [(keys: [QueryValue], scope: QueryScope)] = []
        keyed.reserveCapacity(scopes.count)
        for scope in scopes {
            var keys: [QueryValue] = []
            for read in reads { keys.append(try read(scope)) }
            keyed.append((keys, scope))
        }
        let descending = statement.orderings.map(\.isDescending)
        let positions = Array(descending.indices)
        keyed.sort { SuiteQLEvaluation.isBefore($0.keys, $1.keys, positions, descending) }
        return keyed.map(\.scope)
    }

    /// Rows that are there only once, which can be ordered only by what they show.
    private func distinct() throws(Refusal) -> [[QueryValue]] {
        let columns = statement.selects[0].columns
        var positions: [Int] = []
        for ordering in statement.orderings {
            guard let position = columns.firstIndex(where: { $0.expression == ordering.expression }) else {
                throw .unsupportedSearch
            }
            positions.append(position)
        }
        return sort(try united(), by: positions)
    }

    // MARK: Unions

    /// The rows of all parts, one after the other, without doubles unless they are to stay.
    private func united() throws(Refusal) -> [[QueryValue]] {
        var rows: [[QueryValue]] = []
        for (index, select) in statement.selects.enumerated() {
            let scopes = try SelectRun(select, sources[index], now).scopes()
            let added = try project(scopes, select, sources[index])
            rows += select.isDistinct ? SuiteQLEvaluation.once(added) : added
            if index > 0, !statement.keepsDoubles[index - 1] { rows = SuiteQLEvaluation.once(rows) }
        }
        return rows
    }

    private static func once(_ rows: [[QueryValue]]) -> [[QueryValue]] {
        var seen: Set<[QueryValue]> = []
        return rows.filter { seen.insert($0).inserted }
    }

    /// A union is ordered by the names or numbers of its columns.
    private func sorted(_ rows: [[QueryValue]]) throws(Refusal) -> [[QueryValue]] {
        let keys = statement.selects[0].columns.map(\.key)
        var positions: [Int] = []
        for ordering in statement.orderings {
            switch ordering.expression {
            case .column(nil, let name):
                guard let position = keys.firstIndex(of: name) else { throw .unsupportedSearch }
                positions.append(position)
            case .literal(.integer(let number)):
                guard keys.indices.contains(Int(number) - 1) else { throw .unsupportedSearch }
                positions.append(Int(number) - 1)
            default: throw .unsupportedSearch
            }
        }
        return sort(rows, by: positions)
    }

    private func sort(_ rows: [[QueryValue]], by positions: [Int]) -> [[QueryValue]] {
        guard !positions.isEmpty else { return rows }
        let descending = statement.orderings.map(\.isDescending)
        return rows.sorted { SuiteQLEvaluation.isBefore($0, $1, positions, descending) }
    }

    private static func isBefore(
        _ left: [QueryValue], _ right: [QueryValue], _ positions: [Int], _ descending: [Bool]
    ) -> Bool {
        var index = 0
        while index < positions.count {
            let place = SuiteQLValues.place(left[positions[index]], right[positions[index]])
            if place != 0 { return descending[index] ? place > 0 : place < 0 }
            index += 1
        }
        return false
    }
}
