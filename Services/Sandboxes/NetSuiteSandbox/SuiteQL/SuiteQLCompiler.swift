import FoundationEssentials

/// What an expression is computed from: a row of the joined tables, or a group of rows.
struct QueryScope {
    typealias Row = [(any QueryRecord)?]

    let row: Row
    /// The rows of the group; the first is also the row.
    var group: [Row] = []
    /// What `rownum` is for the row.
    var number = 1
}

/// Turns expressions into closures once, so that rows are computed without looking at the statement again.
struct SuiteQLCompiler {
    typealias Read = (QueryScope) throws(Refusal) -> QueryValue
    /// Nil: unknown, as where a null is compared.
    typealias Test = (QueryScope) throws(Refusal) -> Bool?

    let sources: [QuerySource]
    /// The account's local time, in seconds.
    let now: Int64

    // MARK: Operands

    func read(_ expression: QueryExpression) throws(Refusal) -> Read {
        let read = try rowRead(expression)
        let isLiteral = if case .literal = expression { true } else { false }
        guard !isLiteral, expression.isConstant else { return read }
        // Computed once and not for every row, such as the instant that a scan begins at.
        let value = try read(QueryScope(row: []))
        return { (_) throws(Refusal) in value }
    }

    private func rowRead(_ expression: QueryExpression) throws(Refusal) -> Read {
        switch expression {
        case .literal(let value): return { (_) throws(Refusal) in value }
        case .bound(let table, let name):
            guard let reader = sources[table].columns[name] else { throw .unsupportedSearch }
            return { (scope) throws(Refusal) in
                guard table < scope.row.count, let record = scope.row[table] else { return .null }
                return reader(record).value
            }
        case .rowNumber: return { (scope) throws(Refusal) in .integer(Int64(scope.number)) }
        case .negative(let inner):
            let read = try read(inner)
            return { (scope) throws(Refusal) in try SuiteQLValues.negative(try read(scope)) }
        case .joined(let left, let right):
            let (left, right) = (try read(left), try read(right))
            return { (scope) throws(Refusal) in
                .text((try left(scope).text ?? "") + (try right(scope).text ?? ""))
            }
        case .arithmetic(let sign, let left, let right):
            let (left, right) = (try read(left), try read(right))
            return { (scope) throws(Refusal) in
                try SuiteQLValues.arithmetic(sign, try left(scope), try right(scope))
            }
        case .choice(let cases, let otherwise): return try choice(cases, otherwise)
        case .aggregate(let function, let isDistinct, let argument):
            return try aggregate(function, isDistinct: isDistinct, argument)
        case .call(let function, let arguments): return try call(function, arguments)
        default: throw .unsupportedSearch
        }
    }

    private func choice(_ cases: [QueryExpression.Case], _ otherwise: QueryExpression) throws(Refusal) -> Read {
        var branches: [(test: Test, read: Read)] = []
        for one in cases { branches.append((try test(one.condition), try read(one.value))) }
        let rest = try read(otherwise)
        return { (scope) throws(Refusal) in
            for branch in branches where try branch.test(scope) == true { return try branch.read(scope) }
            return try rest(scope)
        }
    }

    private func aggregate(
        _ function: QueryExpression.Aggregate, isDistinct: Bool, _ argument: QueryExpression?
    ) throws(Refusal) -> Read {
        guard let argument else { return { (scope) throws(Refusal) in .integer(Int64(scope.group.count)) } }
        let read = try read(argument)
        return { (scope) throws(Refusal) in
            var values: [QueryValue] = []
            var seen: Set<QueryValue> = []
            for row in scope.group {
                let value = try read(QueryScope(row: row))
                if value.isNull || (isDistinct && !seen.insert(value).inserted) { continue }
                values.append(value)
            }
            return try SuiteQLValues.aggregate(function, values)
        }
    }

    private func call(_ function: String, _ arguments: [QueryExpression]) throws(Refusal) -> Read {
        if function == "BUILTIN.DF" || function == "BUILTIN.CF" {
            guard arguments.count == 1, case .bound(let table, let name) = arguments[0],
                let reader = sources[table].columns[name]
            else { throw .unsupportedSearch }
            return { (scope) throws(Refusal) in
                guard table < scope.row.count, let record = scope.row[table] else { return .null }
                let cell = reader(record)
                let text = function == "BUILTIN.DF" ? cell.display() : cell.code()
                return (text ?? cell.value.text).map(QueryValue.text) ?? .null
            }
        }
        if arguments.isEmpty, ["SYSDATE", "CURRENT_DATE", "CURRENT_TIMESTAMP"].contains(function) {
            let now = now
            return { (_) throws(Refusal) in .time(now) }
        }
        var reads: [Read] = []
        for argument in arguments { reads.append(try read(argument)) }
        let apply = try SuiteQLFunctions.function(function, arguments)
        return { (scope) throws(Refusal) in
            var values: [QueryValue] = []
            for read in reads { values.append(try read(scope)) }
            return try apply(values)
        }
    }

    // MARK: Conditions

    func test(_ expression: QueryExpression) throws(Refusal) -> Test {
        switch expression {
        case .and(let left, let right):
            let (left, right) = (try test(left), try test(right))
            return { (scope) throws(Refusal) in
                let first = try left(scope)
                if first == false { return false }
                let second = try right(scope)
                return second == false ? false : (first == nil || second == nil ? nil : true)
            }
        case .or(let left, let right):
            let (left, right) = (try test(left), try test(right))
            return { (scope) throws(Refusal) in
                let first = try left(scope)
                if first == true { return true }
                let second = try right(scope)
                return second == true ? true : (first == nil || second == nil ? nil : false)
            }
        case .not(let inner):
            let inner = try test(inner)
            return { (scope) throws(Refusal) in try inner(scope).map { !$0 } }
        case .isNull(let inner):
            let inner = try read(inner)
            return { (scope) throws(Refusal) in try inner(scope).isNull }
        case .compare(let comparison, let left, let right):
            let (left, right) = (try read(left), try read(right))
            return { (scope) throws(Refusal) in
                try SuiteQLValues.compare(comparison, try left(scope), try right(scope))
            }
        case .isInSet(let left, let members):
            let left = try read(left)
            let set = QueryValueSet(members)
            return { (scope) throws(Refusal) in try set.contains(try left(scope)) }
        case .isIn(let left, let members): return try isIn(left, members)
        case .between(let middle, let low, let high):
            return try test(
                .and(.compare(.greaterOrEqual, middle, low), .compare(.lessOrEqual, middle, high)))
        case .like(let left, let pattern):
            let (left, pattern) = (try read(left), try read(pattern))
            return { (scope) throws(Refusal) in
                guard let text = try left(scope).text, let pattern = try pattern(scope).text else { return nil }
                return SuiteQLValues.matches(Substring(text), Substring(pattern))
            }
        default: throw .unsupportedSearch
        }
    }

    private func isIn(_ left: QueryExpression, _ members: [QueryExpression]) throws(Refusal) -> Test {
        let left = try read(left)
        var reads: [Read] = []
        for member in members { reads.append(try read(member)) }
        return { (scope) throws(Refusal) in
            let wanted = try left(scope)
            var result: Bool? = false
            for read in reads {
                let isSame = try SuiteQLValues.compare(.equal, wanted, try read(scope))
                if isSame == true { return true }
                if isSame == nil { result = nil }
            }
            return result
        }
    }
}
