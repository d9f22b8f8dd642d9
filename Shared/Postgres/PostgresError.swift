/// What PostgreSQL, the connection to it or our own deadline refused.
///
/// Holds SQLSTATE and names of the schema only: the server's message and detail carry data and are never read.
public struct PostgresError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What a caller decides by.
    public enum Kind: String, Sendable, Equatable {
        /// The database cannot be reached, is going, coming or out of room. Nothing was changed.
        case unavailable
        /// Our deadline passed before anything could be committed. Nothing was changed.
        case deadline
        /// The connection ended, or our deadline passed, after a commit was sent: it may have happened.
        case outcomeUnknown
        /// Another transaction was in the way: the whole transaction may be run again at once.
        case contention
        /// A unique constraint was violated, which mostly means "already done".
        case alreadyExists
        /// The statement, its data or the configuration is wrong; repeating it gives the same.
        case refused
        /// The task was cancelled or the pool closed.
        case cancelled
    }

    /// What a caller decides by.
    public let kind: Kind
    /// Five characters, where the server gave them.
    public let sqlState: String?
    /// The constraint's name, where one was violated.
    public let constraint: String?
    /// The table's name, where the server named it.
    public let table: String?
    /// What happened, in words of ours.
    public let reason: String

    init(
        _ kind: Kind, _ reason: String, sqlState: String? = nil, constraint: String? = nil, table: String? = nil
    ) {
        self.kind = kind
        self.reason = reason
        self.sqlState = sqlState
        self.constraint = constraint
        self.table = table
    }

    /// The error of a caller that was cancelled between two statements.
    public static let cancelled = PostgresError(.cancelled, "cancelled between two statements")

    /// The error of a caller that finds rows it cannot understand.
    ///
    /// - Parameter reason: In words, without data.
    public static func broken(_ reason: String) -> PostgresError { PostgresError(.refused, reason) }

    /// Whether the same work may succeed later without anybody changing anything.
    public var isRetriable: Bool {
        switch kind {
        case .unavailable, .deadline, .outcomeUnknown, .contention: true
        case .alreadyExists, .refused, .cancelled: false
        }
    }

    /// Kind, SQLSTATE and names, without data.
    public var description: String {
        let names = [
            sqlState.map { "SQLSTATE \($0)" }, constraint.map { "constraint \($0)" }, table.map { "table \($0)" },
        ].compactMap { $0 }
        return names.isEmpty ? "PostgreSQL: \(reason)" : "PostgreSQL: \(reason) (\(names.joined(separator: ", ")))"
    }
}

extension PostgresError {
    /// The server's refusal by its SQLSTATE (PostgreSQL documentation, appendix A).
    static func refusal(sqlState: String, constraint: String?, table: String?) -> PostgresError {
        let (kind, reason) = classify(sqlState)
        return PostgresError(kind, reason, sqlState: sqlState, constraint: constraint, table: table)
    }

    /// What libpq's text on a connection that did not come about means. Whatever it is, nothing was changed, and it may
    /// be put right without us.
    static func connecting(failedWith text: String) -> PostgresError {
        let lines = text.split(separator: "\n").map(String.init)
        let line = lines.last { $0.contains("failed: ") } ?? lines.last ?? "no answer"
        // Of the server's refusal libpq was asked to give the SQLSTATE only.
        let lastWord = line.split(separator: " ").last.map(String.init) ?? ""
        let sqlState = line.contains("FATAL: ") && lastWord.utf8.count == 5 ? lastWord : nil
        var reason = "cannot connect: \(line.prefix(300))"
        if let sqlState { reason += ", \(classify(sqlState).1)" }
        // OpenSSL's words leave out what to look at.
        if line.hasSuffix("certificate verify failed") {
            reason += ": the server's has expired, or no authority in the root certificate file has signed it"
        }
        return PostgresError(.unavailable, reason, sqlState: sqlState)
    }

    private static func classify(_ sqlState: String) -> (Kind, String) {
        switch sqlState {
        case "40001", "40P01": (.contention, "another transaction was in the way")
        case "55P03": (.contention, "a lock was not to be had in time")
        case "57014": (.unavailable, "the server cancelled the statement, which took too long")
        case "25006": (.unavailable, "the server accepts no writes: a standby, or a failover is going on")
        case "25P03", "57P05": (.unavailable, "the server ended an idle session")
        case "23505": (.alreadyExists, "a row with this key exists")
        case "58030", "XX001", "XX002": (.unavailable, "the server cannot read or write its files: stop and look")
        case "42501": (.refused, "the role may not do this")
        default: classifyByClass(sqlState)
        }
    }

    private static func classifyByClass(_ sqlState: String) -> (Kind, String) {
        switch sqlState.prefix(2) {
        case "08", "57": (.unavailable, "the server is going, gone or coming")
        case "53": (.unavailable, "the server is out of connections, disk or memory")
        case "22": (.refused, "a value is not acceptable")
        case "23": (.refused, "a constraint was violated")
        case "28": (.refused, "the server refuses user or password")
        case "3D": (.refused, "there is no such database")
        case "42": (.refused, "the statement does not fit the schema")
        default: (.refused, "the server refused the statement")
        }
    }
}
