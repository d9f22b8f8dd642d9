/// A query as written, before its names are looked up.
struct SOQLStatement: Sendable {
    var items: [SOQLSelectItem] = []
    var object = SOQLName(text: "", position: 0)
    var condition: SOQLCondition?
    var ordering: [SOQLOrdering] = []
    var limit: Int?
    var offset: Int?
    /// `SELECT count()`: a number and no records.
    var isCount = false
}

/// A name and where it stands.
struct SOQLName: Sendable, Equatable {
    let text: String
    let position: Int

    /// `Account.Name` in its parts.
    var path: [String] { text.split(separator: ".", omittingEmptySubsequences: false).map(String.init) }
}

/// What stands between `SELECT` and `FROM`.
enum SOQLSelectItem: Sendable {
    case field(SOQLName)
    case children(SOQLStatement)
}

/// One key of `ORDER BY`.
struct SOQLOrdering: Sendable {
    let field: SOQLName
    var descending = false
    var nullsLast = false
}

/// How two values are compared.
enum SOQLOperator: String, Sendable {
    case equal = "="
    case notEqual = "!="
    case less = "<"
    case lessOrEqual = "<="
    case greater = ">"
    case greaterOrEqual = ">="
}

/// What stands behind `WHERE`.
indirect enum SOQLCondition: Sendable {
    case and([SOQLCondition])
    case or([SOQLCondition])
    case not(SOQLCondition)
    case comparison(SOQLName, SOQLOperator, SOQLLiteral)
    case like(SOQLName, SOQLLiteral)
    case list(SOQLName, [SOQLLiteral], negated: Bool)
    case subquery(SOQLName, SOQLStatement, negated: Bool)
}

/// A value as written.
enum SOQLLiteral: Sendable, Equatable {
    case string(String)
    case number(String)
    case boolean(Bool)
    case null
    /// Seconds since 1970.
    case instant(Int64)
    case day(String)
}

/// Why a query is refused, as the REST API words it.
struct SOQLError: Error, Equatable {
    let code: String
    let message: String

    /// A refusal that shows the place: the text around it, a caret below, row and column.
    static func at(_ position: Int, of text: String, code: String, _ reason: String) -> SOQLError {
        let characters = Array(text)
        let start = max(0, min(position, characters.count) - 30)
        let end = min(characters.count, position + 30)
        let excerpt = String(characters[start..<max(start, end)])
        let caret = String(repeating: " ", count: max(0, min(position, characters.count) - start)) + "^"
        return SOQLError(
            code: code, message: "\n\(excerpt)\n\(caret)\nERROR at Row:1:Column:\(position + 1)\n\(reason)")
    }

    /// The error array of the answer.
    var recordError: RecordError { RecordError(code: code, message: message) }
}
