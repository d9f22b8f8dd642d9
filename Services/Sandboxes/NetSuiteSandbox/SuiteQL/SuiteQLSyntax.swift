import FoundationEssentials

/// A value of a query.
enum QueryValue: Hashable, Sendable {
    case null
    case text(String)
    case integer(Int64)
    case number(Decimal)
    /// Seconds of the account's local time since 1970-01-01, as if that were of no zone.
    case time(Int64)

    /// As the answer shows it: always text; nil where the member is left out.
    var text: String? {
        switch self {
        case .null: nil
        case .text(let text): text.isEmpty ? nil : text
        case .integer(let number): String(number)
        case .number(let number): number.description
        // A bare date comes in the user's display format.
        case .time(let seconds): ClockTime(secondsSinceEpoch: seconds).date.displayText
        }
    }

    /// As a number; nil for text that is none, for times and for null.
    var decimal: Decimal? {
        switch self {
        case .integer(let number): Decimal(number)
        case .number(let number): number
        case .text(let text): Decimal(exactly: text)
        case .null, .time: nil
        }
    }

    var isNull: Bool {
        switch self {
        case .null: true
        case .text(let text): text.isEmpty
        case .integer, .number, .time: false
        }
    }

    /// Of a number, the whole one where it is whole.
    static func exact(_ number: Decimal) -> QueryValue {
        Int64(number.description).map(QueryValue.integer) ?? .number(number)
    }
}

/// An expression of a SuiteQL statement: an operand or a condition.
indirect enum QueryExpression: Hashable, Sendable {
    enum Comparison: String, Sendable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="

        /// With both sides exchanged.
        var mirrored: Comparison {
            switch self {
            case .equal, .notEqual: self
            case .less: .greater
            case .lessOrEqual: .greaterOrEqual
            case .greater: .less
            case .greaterOrEqual: .lessOrEqual
            }
        }
    }

    enum Aggregate: String, Sendable {
        case sum = "SUM"
        case minimum = "MIN"
        case maximum = "MAX"
        case average = "AVG"
        case count = "COUNT"
    }

    struct Case: Hashable, Sendable {
        let condition: QueryExpression
        let value: QueryExpression
    }

    case literal(QueryValue)
    case column(qualifier: String?, name: String)
    /// A column found: the position of its table in the statement, and its name.
    case bound(table: Int, name: String)
    case rowNumber
    case call(String, [QueryExpression])
    /// Over the rows of a group; without an argument `COUNT(*)`.
    case aggregate(Aggregate, isDistinct: Bool, QueryExpression?)
    case joined(QueryExpression, QueryExpression)
    case arithmetic(String, QueryExpression, QueryExpression)
    case negative(QueryExpression)
    case choice([Case], otherwise: QueryExpression)
    case compare(Comparison, QueryExpression, QueryExpression)
    case isIn(QueryExpression, [QueryExpression])
    case isInQuery(QueryExpression, QueryStatement)
    /// `IN` over literals or over the rows of a query, which are known before the first row is looked at.
    case isInSet(QueryExpression, Set<QueryValue>)
    case between(QueryExpression, QueryExpression, QueryExpression)
    case like(QueryExpression, QueryExpression)
    case isNull(QueryExpression)
    case and(QueryExpression, QueryExpression)
    case or(QueryExpression, QueryExpression)
    case not(QueryExpression)

    /// The expressions directly inside.
    var parts: [QueryExpression] {
        switch self {
        case .literal, .column, .bound, .rowNumber: []
        case .call(_, let arguments): arguments
        case .aggregate(_, _, let argument): argument.map { [$0] } ?? []
        case .joined(let left, let right), .arithmetic(_, let left, let right), .compare(_, let left, let right),
            .like(let left, let right), .and(let left, let right), .or(let left, let right):
            [left, right]
        case .negative(let inner), .isNull(let inner), .not(let inner), .isInSet(let inner, _),
            .isInQuery(let inner, _):
            [inner]
        case .choice(let cases, let otherwise): cases.flatMap { [$0.condition, $0.value] } + [otherwise]
        case .isIn(let left, let members): [left] + members
        case .between(let middle, let low, let high): [middle, low, high]
        }
    }

    /// Whether this or anything inside is so.
    func contains(where isSo: (QueryExpression) -> Bool) -> Bool {
        isSo(self) || parts.contains { $0.contains(where: isSo) }
    }

    var hasAggregate: Bool { contains { if case .aggregate = $0 { true } else { false } } }

    /// Whether it has the same value for every row.
    var isConstant: Bool {
        !contains {
            switch $0 {
            case .column, .bound, .rowNumber, .aggregate: true
            default: false
            }
        }
    }

    /// The conditions that must all hold.
    var conjuncts: [QueryExpression] {
        if case .and(let left, let right) = self { left.conjuncts + right.conjuncts } else { [self] }
    }
}

/// A table with the name by which the statement calls it.
struct QueryTable: Hashable, Sendable {
    let name: String
    let alias: String
}

/// One `SELECT`.
struct QuerySelect: Hashable, Sendable {
    struct Column: Hashable, Sendable {
        var expression: QueryExpression
        let key: String
    }

    struct Join: Hashable, Sendable {
        let isOuter: Bool
        var condition: QueryExpression
    }

    var isDistinct = false
    /// `*` stands for all columns of all tables.
    var selectsAll = false
    var columns: [Column] = []
    var tables: [QueryTable] = []
    /// Of every table but the first.
    var joins: [Join] = []
    var filter: QueryExpression?
    var groupings: [QueryExpression] = []
    var groupFilter: QueryExpression?
}

/// A parsed statement: one `SELECT`, or a union of several.
struct QueryStatement: Hashable, Sendable {
    struct Ordering: Hashable, Sendable {
        var expression: QueryExpression
        let isDescending: Bool
    }

    var selects: [QuerySelect] = []
    /// For each but the first, whether rows that are there already come again.
    var keepsDoubles: [Bool] = []
    var orderings: [Ordering] = []
}

/// Errors of the query service, each worded as NetSuite does.
extension Refusal {
    private static let queryPrefix = "Invalid search query. Detailed unprocessed description follows. "

    static func unknownTable(_ name: String) -> Refusal {
        .parameter("q", queryPrefix + "Invalid search type: \(name).")
    }

    /// What a role without the permission gets, and an account without the feature.
    static func hiddenTable(_ name: String) -> Refusal { search("Record '\(name)' was not found.") }

    static func search(_ text: String) -> Refusal {
        .parameter("q", queryPrefix + "Search error occurred: " + text)
    }

    static let unsupportedSearch = search("Invalid or unsupported search.")
}
