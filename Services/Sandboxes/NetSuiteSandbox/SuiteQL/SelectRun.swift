/// Joins, filters and groups the rows of one `SELECT`: table after table, each looked into by what is already known.
struct SelectRun {
    private let select: QuerySelect
    private let sources: [QuerySource]
    private let compiler: SuiteQLCompiler
    private let steps: [Step]

    /// What is done when a table is added.
    private struct Step {
        /// What every row of the table must have.
        var wanted = QueryWanted()
        /// Columns that must equal something computed from the tables before.
        var known: [(column: String, read: SuiteQLCompiler.Read)] = []
        /// The join's condition.
        var joins: [SuiteQLCompiler.Test] = []
        /// Those conditions of `WHERE` that can be decided once this table is there.
        var filters: [SuiteQLCompiler.Test] = []
    }

    init(_ select: QuerySelect, _ sources: [QuerySource], _ now: Int64) throws(Refusal) {
        self.select = select
        self.sources = sources
        compiler = SuiteQLCompiler(sources: sources, now: now)
        var steps: [Step] = []
        for index in sources.indices {
            var step = Step()
            let join = index > 0 ? select.joins[index - 1] : nil
            for condition in join?.condition.conjuncts ?? [] {
                step.joins.append(try compiler.test(condition))
                try SelectRun.lookUp(condition, table: index, in: &step, compiler)
            }
            for condition in select.filter?.conjuncts ?? [] {
                if join?.isOuter != true { try SelectRun.lookUp(condition, table: index, in: &step, compiler) }
                if SelectRun.lastTable(of: condition, count: sources.count) == index {
                    step.filters.append(try compiler.test(condition))
                }
            }
            steps.append(step)
        }
        self.steps = steps
    }

    /// The table with which a condition can be decided: `rownum` counts rows that are whole.
    private static func lastTable(of expression: QueryExpression, count: Int) -> Int {
        switch expression {
        case .bound(let table, _): table
        case .rowNumber: count - 1
        default: expression.parts.reduce(0) { max($0, lastTable(of: $1, count: count)) }
        }
    }

    // MARK: What a condition says about a table's columns

    private static func lookUp(
        _ condition: QueryExpression, table: Int, in step: inout Step, _ compiler: SuiteQLCompiler
    ) throws(Refusal) {
        switch condition {
        case .isInSet(.bound(table, let name), let values):
            step.wanted.demand(Set(values.compactMap(\.text)), of: name)
        case .compare(let comparison, .bound(table, let name), let other) where isKnown(other, before: table):
            try lookUp(name, comparison, other, in: &step, compiler)
        case .compare(let comparison, let other, .bound(table, let name)) where isKnown(other, before: table):
            try lookUp(name, comparison.mirrored, other, in: &step, compiler)
        case .between(.bound(table, let name), let low, let high)
        where low.isConstant && high.isConstant:
            try lookUp(name, .greaterOrEqual, low, in: &step, compiler)
            try lookUp(name, .lessOrEqual, high, in: &step, compiler)
        default: break
        }
    }

    private static func isKnown(_ expression: QueryExpression, before table: Int) -> Bool {
        !expression.contains {
            switch $0 {
            case .bound(let other, _): other >= table
            case .rowNumber, .aggregate: true
            default: false
            }
        }
    }

    private static func lookUp(
        _ column: String, _ comparison: QueryExpression.Comparison, _ other: QueryExpression, in step: inout Step,
        _ compiler: SuiteQLCompiler
    ) throws(Refusal) {
        let read = try compiler.read(other)
        guard other.isConstant else {
            if comparison == .equal { step.known.append((column, read)) }
            return
        }
        let value = try read(QueryScope(row: []))
        if case .time(let seconds) = value {
            switch comparison {
            case .equal: step.wanted.demand(seconds...seconds, of: column)
            case .less, .lessOrEqual: step.wanted.demand(Int64.min...seconds, of: column)
            case .greater, .greaterOrEqual: step.wanted.demand(seconds...Int64.max, of: column)
            case .notEqual: break
            }
        } else if comparison == .equal {
            step.wanted.demand(Set([value.text].compactMap { $0 }), of: column)
        }
    }

    // MARK: Rows

    /// The rows that fulfil all conditions, or the groups of such rows.
    func scopes() throws(Refusal) -> [QueryScope] {
        var rows = try filtered(sources[0].rows(steps[0].wanted).map { [$0] }, 0)
        for index in sources.indices.dropFirst() { rows = try filtered(try joined(rows, index), index) }
        let isGrouped =
            !select.groupings.isEmpty || select.groupFilter != nil
            || select.columns.contains { $0.expression.hasAggregate }
        return isGrouped ? try groups(rows) : rows.map { QueryScope(row: $0) }
    }

    private func filtered(_ rows: [QueryScope.Row], _ table: Int) throws(Refusal) -> [QueryScope.Row] {
        let filters = steps[table].filters
        guard !filters.isEmpty else { return rows }
        var kept: [QueryScope.Row] = []
        rows: for row in rows {
            let scope = QueryScope(row: row, number: kept.count + 1)
            for filter in filters where try filter(scope) != true { continue rows }
            kept.append(row)
        }
        return kept
    }

    private func joined(_ rows: [QueryScope.Row], _ table: Int) throws(Refusal) -> [QueryScope.Row] {
        let step = steps[table]
        let isOuter = select.joins[table - 1].isOuter
        // Without anything to look up by, the table is read once.
        let whole = step.known.isEmpty ? sources[table].rows(step.wanted) : []
        // Many rows look for the same.
        var found: [[QueryValue]: [any QueryRecord]] = [:]
        var result: [QueryScope.Row] = []
        for row in rows {
            var candidates = whole
            if !step.known.isEmpty {
                var key: [QueryValue] = []
                for known in step.known { key.append(try known.read(QueryScope(row: row))) }
                if let known = found[key] {
                    candidates = known
                } else {
                    candidates = lookedUp(key, step, sources[table])
                    found[key] = candidates
                }
            }
            var matched = false
            candidates: for candidate in candidates {
                let combined = row + [candidate]
                let scope = QueryScope(row: combined)
                for join in step.joins where try join(scope) != true { continue candidates }
                matched = true
                result.append(combined)
            }
            if isOuter, !matched { result.append(row + [nil]) }
        }
        return result
    }

    private func lookedUp(_ key: [QueryValue], _ step: Step, _ source: QuerySource) -> [any QueryRecord] {
        var wanted = step.wanted
        for (known, value) in zip(step.known, key) {
            wanted.demand(value.text.map { [$0] } ?? [], of: known.column)
        }
        return source.rows(wanted)
    }

    // MARK: Groups

    private func groups(_ rows: [QueryScope.Row]) throws(Refusal) -> [QueryScope] {
        for column in select.columns where !isOfTheGroup(column.expression) { throw .unsupportedSearch }
        var reads: [SuiteQLCompiler.Read] = []
        for grouping in select.groupings { reads.append(try compiler.read(grouping)) }
        var positions: [[QueryValue]: Int] = [:]
        var groups: [QueryScope] = []
        // Without GROUP BY all rows are one group, even where there are none.
        if reads.isEmpty { groups = [QueryScope(row: rows.first ?? [], group: rows)] }
        for row in rows where !reads.isEmpty {
            var key: [QueryValue] = []
            for read in reads { key.append(try read(QueryScope(row: row))) }
            if let position = positions[key] {
                groups[position].group.append(row)
            } else {
                positions[key] = groups.count
                groups.append(QueryScope(row: row, group: [row]))
            }
        }
        guard let filter = select.groupFilter else { return groups }
        let test = try compiler.test(filter)
        var kept: [QueryScope] = []
        for group in groups where try test(group) == true { kept.append(group) }
        return kept
    }

    /// Whether an expression has one value for all rows of a group.
    private func isOfTheGroup(_ expression: QueryExpression) -> Bool {
        if select.groupings.contains(expression) { return true }
        switch expression {
        case .bound, .rowNumber: return false
        case .aggregate: return true
        default: return expression.parts.allSatisfy(isOfTheGroup)
        }
    }
}
