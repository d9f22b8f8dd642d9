/// One numbered step of a schema. Once released its text never changes: its checksum is kept in the database.
public struct Migration: Sendable {
    /// From 1, without gaps.
    public let number: Int64
    /// A few words, such as `orders-and-attempts`.
    public let name: String
    /// Statements that run in one transaction.
    public let sql: String

    /// A step.
    public init(number: Int64, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }
}

/// Why a schema cannot be brought up to date.
public struct MigrationError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What does not fit, and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
