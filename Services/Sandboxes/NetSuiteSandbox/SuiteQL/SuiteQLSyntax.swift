import FoundationEssentials

/// A value of a query.
enum QueryValue: Hashable, Sendable {
    case null
    case text(String)
    case number(Decimal)
    case time(ClockTime)
    case truth(Bool)

    /// As the answer shows it: always text; nil where the member is left out.
    var text: String? {
        switch self {
        case .null: nil
        case .text(let text): text.isEmpty ? nil : text
        case .number(let number): number.description
        // A bare date comes in the user's display format.
        case .time(let time): time.date.displayText
        case .truth(let truth): truth ? "T" : "F"
        }
    }
}

/// An expression of a SuiteQL statement.
indirect enum QueryExpression: Hashable, Sendable {
    enum Comparison: String, Sendable {
        case equal = "="
        case notEqual = "<>"
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
    }

    case literal(QueryValue)
    case column(qualifier: String?, name: String)
    /// A column found: the position of its table in the statement, and its name.
    case bound(table: Int, name: String)
    case rowNumber
    case call(String, [QueryExpression])
    case joined(QueryExpression, QueryExpression)
    case negative(QueryExpression)
    case compare(Comparison, QueryExpression, QueryExpression)
    case isIn(QueryExpression, [QueryExpression])
    /// `IN` over literals, prepared.
    case isInSet(QueryExpression, Set<QueryValue>)
    case between(QueryExpression, QueryExpression, QueryExpression)
    case like(QueryExpression, QueryExpression)
    case isNull(QueryExpression)
    case and(QueryExpression, QueryExpression)
    case or(QueryExpression, QueryExpression)
    case not(QueryExpression)
}

/// A table with the name by which the statement calls it.
struct QueryTable: Sendable {
    let name: String
    let alias: String
}

/// A parsed `SELECT`.
struct QueryStatement: Sendable {
    struct Column: Sendable {
        var expression: QueryExpression
        let key: String
    }

    struct Join: Sendable {
        let isOuter: Bool
        var condition: QueryExpression
    }

    struct Ordering: Sendable {
        var expression: QueryExpression
        let isDescending: Bool
    }

    var isDistinct = false
    /// `*` stands for all columns of the first table.
    var selectsAll = false
    var columns: [Column] = []
    var tables: [QueryTable] = []
    /// Of every table but the first.
    var joins: [Join] = []
    var filter: QueryExpression?
    var orderings: [Ordering] = []
}

/// Errors of the query service, each worded as NetSuite does.
extension Refusal {
    private static let queryPrefix = "Invalid search query. Detailed unprocessed description follows. "

    static func unknownTable(_ name: String) -> Refusal {
        .parameter("q", queryPrefix + "Invalid search type: \(name).")
    }

    static func search(_ text: String) -> Refusal {
        .parameter("q", queryPrefix + "Search error occurred: " + text)
    }

    static let unsupportedSearch = search("Invalid or unsupported search.")
}
