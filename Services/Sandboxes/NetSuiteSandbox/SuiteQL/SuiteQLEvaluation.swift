import FoundationEssentials

/// Computes a statement's rows over an account.
struct SuiteQLEvaluation {
    typealias Rows = [QueryRow?]
    typealias Answer = [(key: String, text: String)]

    let statement: QueryStatement
    let sources: [QuerySource]
    let now: ClockTime

    static func run(_ text: String, on account: Account, now: Stamp) throws(Refusal) -> [Answer] {
        let (statement, sources) = try SuiteQLBinding.bind(try SuiteQLParser.parse(text), in: account)
        let time = account.settings.zone.local(now)
        return try SuiteQLEvaluation(statement: statement, sources: sources, now: time).answers()
    }

    private func answers() throws(Refusal) -> [Answer] {
        let rows = try order(try filtered())
        if statement.columns.contains(where: { $0.expression == .call("COUNT", []) }) {
            guard statement.columns.count == 1 else { throw .unsupportedSearch }
            return [[(statement.columns[0].key, String(rows.count))]]
        }
        var answers: [Answer] = []
        var seen: Set<String> = []
        for row in rows {
            var answer: Answer = []
            for column in statement.columns {
                if let text = try value(column.expression, row).text { answer.append((column.key, text)) }
            }
            let print = answer.map { "\($0.key)\u{0}\($0.text)" }.joined(separator: "\u{0}")
            if statement.isDistinct, !seen.insert(print).inserted { continue }
            answers.append(answer)
        }
        return answers
    }

    private func filtered() throws(Refusal) -> [Rows] {
        let wanted = statement.filter.map { equalities($0, of: 0, given: nil) } ?? [:]
        var rows: [Rows] = sources[0].rows(wanted).map { [$0] }
        for (index, join) in statement.joins.enumerated() { rows = try joined(rows, join, table: index + 1) }
        guard let filter = statement.filter else { return rows }
        var kept: [Rows] = []
        for row in rows where try isTrue(filter, row, number: kept.count + 1) { kept.append(row) }
        return kept
    }

    private func joined(_ rows: [Rows], _ join: QueryStatement.Join, table: Int) throws(Refusal) -> [Rows] {
        var result: [Rows] = []
        for row in rows {
            var matched = false
            for candidate in sources[table].rows(equalities(join.condition, of: table, given: row)) {
                let combined = row + [candidate]
                guard try isTrue(join.condition, combined) else { continue }
                matched = true
                result.append(combined)
            }
            if join.isOuter, !matched { result.append(row + [nil]) }
        }
        return result
    }

    /// The values that a condition demands of columns of one table, so that not every row must be looked at.
    private func equalities(_ condition: QueryExpression, of table: Int, given row: Rows?) -> [String: Set<String>] {
        switch condition {
        case .and(let left, let right):
            return equalities(left, of: table, given: row).merging(equalities(right, of: table, given: row)) {
                $0.intersection($1)
            }
        case .isInSet(.bound(table, let name), let values):
            return [name: Set(values.compactMap(\.text))]
        case .compare(.equal, .bound(table, let name), let other), .compare(.equal, let other, .bound(table, let name)):
            return known(other, row, before: table).map { [name: [$0]] } ?? [:]
        default: return [:]
        }
    }

    private func known(_ expression: QueryExpression, _ row: Rows?, before table: Int) -> String? {
        switch expression {
        case .literal(let value): value.text
        case .bound(let other, let name) where other < table: row?[other]?.cell(name).value.text
        default: nil
        }
    }

    private func order(_ rows: [Rows]) throws(Refusal) -> [Rows] {
        guard !statement.orderings.isEmpty else { return rows }
        var keyed: [(keys: [QueryValue], row: Rows)] = []
        for row in rows {
            var keys: [QueryValue] = []
            for ordering in statement.orderings { keys.append(try value(ordering.expression, row)) }
            keyed.append((keys, row))
        }
        keyed.sort { left, right in
            for (index, ordering) in statement.orderings.enumerated() where left.keys[index] != right.keys[index] {
                let isLess = SuiteQLEvaluation.isLess(left.keys[index], right.keys[index])
                return ordering.isDescending ? !isLess : isLess
            }
            return false
        }
        return keyed.map(\.row)
    }

    private static func isLess(_ left: QueryValue, _ right: QueryValue) -> Bool {
        switch (left, right) {
        case (.number(let left), .number(let right)): left < right
        case (.time(let left), .time(let right)): left < right
        // Oracle puts nulls last.
        case (.null, _): false
        case (_, .null): true
        default: (left.text ?? "") < (right.text ?? "")
        }
    }

    // MARK: Conditions

    private func isTrue(_ expression: QueryExpression, _ row: Rows, number: Int = 1) throws(Refusal) -> Bool {
        switch expression {
        case .and(let left, let right):
            guard try isTrue(left, row, number: number) else { return false }
            return try isTrue(right, row, number: number)
        case .or(let left, let right):
            if try isTrue(left, row, number: number) { return true }
            return try isTrue(right, row, number: number)
        case .not(.isNull(let inner)): return try value(inner, row) != .null
        case .not(let inner):
            if try isTrue(inner, row, number: number) { return false }
            return try !hasNull(inner, row)
        case .isNull(let inner): return try value(inner, row) == .null
        case .compare(let comparison, .rowNumber, let right):
            return try compare(comparison, .number(Decimal(number)), value(right, row))
        case .compare(let comparison, let left, let right):
            return try compare(comparison, value(left, row), value(right, row))
        case .isInSet(let left, let values): return try isMember(try value(left, row), values)
        case .isIn(let left, let members):
            let wanted = try value(left, row)
            for member in members where try compare(.equal, wanted, value(member, row)) { return true }
            return false
        case .between(let middle, let low, let high):
            let middle = try value(middle, row)
            guard try compare(.greaterOrEqual, middle, value(low, row)) else { return false }
            return try compare(.lessOrEqual, middle, value(high, row))
        case .like(let left, let pattern):
            guard let text = try value(left, row).text, let pattern = try value(pattern, row).text else { return false }
            return SuiteQLEvaluation.matches(Substring(text), Substring(pattern))
        default: throw .unsupportedSearch
        }
    }

    private func hasNull(_ expression: QueryExpression, _ row: Rows) throws(Refusal) -> Bool {
        switch expression {
        case .compare(_, let left, let right):
            if try value(left, row) == .null { return true }
            return try value(right, row) == .null
        case .isIn(let left, _), .isInSet(let left, _), .like(let left, _), .between(let left, _, _):
            return try value(left, row) == .null
        default: return false
        }
    }

    private func isMember(_ value: QueryValue, _ values: Set<QueryValue>) throws(Refusal) -> Bool {
        if value == .null { return false }
        if values.contains(value) { return true }
        // Numbers may be written as text, and the reverse.
        switch value {
        case .number(let number): return values.contains(.text(number.description))
        case .text:
            guard values.contains(where: { if case .number = $0 { true } else { false } }) else { return false }
            return try other(value, values)
        default: return try other(value, values)
        }
    }

    private func other(_ value: QueryValue, _ values: Set<QueryValue>) throws(Refusal) -> Bool {
        for member in values where try compare(.equal, value, member) { return true }
        return false
    }

    private func compare(
        _ comparison: QueryExpression.Comparison, _ left: QueryValue, _ right: QueryValue
    ) throws(Refusal) -> Bool {
        switch (left, right) {
        case (.null, _), (_, .null): return false
        case (.number(let left), .number(let right)): return holds(comparison, left, right)
        case (.number(let left), .text(let right)): return holds(comparison, left, try number(right))
        case (.text(let left), .number(let right)): return holds(comparison, try number(left), right)
        case (.time(let left), .time(let right)): return holds(comparison, left, right)
        case (.time(let left), .text(let right)): return holds(comparison, left, try TimeMask.account(right))
        case (.text(let left), .time(let right)): return holds(comparison, try TimeMask.account(left), right)
        case (.text(let left), .text(let right)): return holds(comparison, left, right)
        default: throw .unsupportedSearch
        }
    }

    private func holds<Value: Comparable>(
        _ comparison: QueryExpression.Comparison, _ left: Value, _ right: Value
    ) -> Bool {
        switch comparison {
        case .equal: left == right
        case .notEqual: left != right
        case .less: left < right
        case .lessOrEqual: left <= right
        case .greater: left > right
        case .greaterOrEqual: left >= right
        }
    }

    private func number(_ text: String) throws(Refusal) -> Decimal {
        guard let number = Decimal(exactly: text) else { throw .unsupportedSearch }
        return number
    }

    private static func matches(_ text: Substring, _ pattern: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "%" {
            return matches(text, rest) || (!text.isEmpty && matches(text.dropFirst(), pattern))
        }
        guard let character = text.first, first == "_" || first == character else { return false }
        return matches(text.dropFirst(), rest)
    }
}
