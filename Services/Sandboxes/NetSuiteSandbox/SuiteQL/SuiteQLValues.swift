import FoundationEssentials

/// How values are compared and computed with.
enum SuiteQLValues {
    /// Below zero, zero or above, as the left value stands to the right one; nil where one is null.
    static func order(_ left: QueryValue, _ right: QueryValue) throws(Refusal) -> Int? {
        switch (left, right) {
        case (.integer(let left), .integer(let right)), (.time(let left), .time(let right)): return sign(left, right)
        case (.text(let left), .text(let right)):
            return left.isEmpty || right.isEmpty ? nil : sign(left, right)
        case (.null, _), (_, .null): return nil
        case (.time(let left), .text(let right)): return sign(left, try TimeMask.account(right).secondsSinceEpoch)
        case (.text(let left), .time(let right)): return sign(try TimeMask.account(left).secondsSinceEpoch, right)
        case (.time, _), (_, .time): throw .unsupportedSearch
        default:
            // Numbers may be written as text, and the reverse.
            guard let left = left.decimal, let right = right.decimal else { throw .unsupportedSearch }
            return sign(left, right)
        }
    }

    private static func sign<Value: Comparable>(_ left: Value, _ right: Value) -> Int {
        left < right ? -1 : (left == right ? 0 : 1)
    }

    static func compare(
        _ comparison: QueryExpression.Comparison, _ left: QueryValue, _ right: QueryValue
    ) throws(Refusal) -> Bool? {
        guard let order = try order(left, right) else { return nil }
        return switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .less: order < 0
        case .lessOrEqual: order <= 0
        case .greater: order > 0
        case .greaterOrEqual: order >= 0
        }
    }

    static func negative(_ value: QueryValue) throws(Refusal) -> QueryValue {
        try arithmetic("-", .integer(0), value)
    }

    /// Sums, differences, products and quotients of numbers; of times, so many days later or earlier.
    static func arithmetic(_ sign: String, _ left: QueryValue, _ right: QueryValue) throws(Refusal) -> QueryValue {
        if left.isNull || right.isNull { return .null }
        if case .time(let seconds) = left {
            guard let days = right.decimal, sign == "+" || sign == "-",
                days.magnitude < 4_000_000, let change = Int64((days * 86_400).rounded(toScale: 0).description)
            else { throw .unsupportedSearch }
            return .time(sign == "+" ? seconds + change : seconds - change)
        }
        guard let left = left.decimal, let right = right.decimal else { throw .unsupportedSearch }
        switch sign {
        case "+": return .exact(left + right)
        case "-": return .exact(left - right)
        case "*": return .exact(left * right)
        default:
            guard right != 0 else { throw .unsupportedSearch }
            return .exact(left / right)
        }
    }

    /// - Parameter values: without nulls.
    static func aggregate(
        _ function: QueryExpression.Aggregate, _ values: [QueryValue]
    ) throws(Refusal) -> QueryValue {
        if function == .count { return .integer(Int64(values.count)) }
        guard var result = values.first else { return .null }
        for value in values.dropFirst() {
            switch function {
            case .sum, .average: result = try arithmetic("+", result, value)
            case .minimum: if let order = try order(value, result), order < 0 { result = value }
            case .maximum: if let order = try order(value, result), order > 0 { result = value }
            case .count: break
            }
        }
        if function == .sum, result.decimal == nil { throw .unsupportedSearch }
        return function == .average ? try arithmetic("/", result, .integer(Int64(values.count))) : result
    }

    /// Whether a text has the form of a `LIKE` pattern.
    static func matches(_ text: Substring, _ pattern: Substring) -> Bool {
        guard let first = pattern.first else { return text.isEmpty }
        let rest = pattern.dropFirst()
        if first == "%" {
            return matches(text, rest) || (!text.isEmpty && matches(text.dropFirst(), pattern))
        }
        guard let character = text.first, first == "_" || first == character else { return false }
        return matches(text.dropFirst(), rest)
    }

    /// The order of sorted rows, below zero, zero or above: nulls come last, as Oracle puts them.
    static func place(_ left: QueryValue, _ right: QueryValue) -> Int {
        switch (left, right) {
        case (.integer(let left), .integer(let right)), (.time(let left), .time(let right)): sign(left, right)
        case (.null, .null): 0
        case (.null, _): 1
        case (_, .null): -1
        case (.text(let left), .text(let right)): sign(left, right)
        default:
            if let left = left.decimal, let right = right.decimal {
                sign(left, right)
            } else {
                sign(left.text ?? "", right.text ?? "")
            }
        }
    }
}

/// Values of an `IN`, prepared for a quick answer.
struct QueryValueSet {
    private var integers: Set<Int64> = []
    /// Those of them that were written as numbers, to which a text is compared as a number.
    private var writtenAsNumbers: Set<Int64> = []
    private var texts: Set<String> = []
    private var others: [QueryValue] = []
    private var hasNull = false

    init(_ values: Set<QueryValue>) {
        for value in values {
            switch value {
            case .null: hasNull = true
            case .integer(let number):
                integers.insert(number)
                writtenAsNumbers.insert(number)
            case .text(let text):
                texts.insert(text)
                if let number = Int64(text) { integers.insert(number) }
            case .number, .time: others.append(value)
            }
        }
    }

    func contains(_ value: QueryValue) throws(Refusal) -> Bool? {
        let isMember: Bool
        switch value {
        case .null: return nil
        case .integer(let number): isMember = integers.contains(number)
        case .text(let text):
            if text.isEmpty { return nil }
            isMember =
                texts.contains(text)
                || (!writtenAsNumbers.isEmpty && Int64(text).map(writtenAsNumbers.contains) ?? false)
        case .number(let number): isMember = Int64(number.description).map(integers.contains) ?? false
        case .time: isMember = false
        }
        if isMember { return true }
        for other in others where try SuiteQLValues.compare(.equal, value, other) == true { return true }
        if case .time = value {
            for text in texts where try SuiteQLValues.compare(.equal, value, .text(text)) == true { return true }
        }
        return hasNull ? nil : false
    }
}
