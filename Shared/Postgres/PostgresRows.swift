public import FoundationEssentials

/// The rows of one answer, decoded from libpq's memory before it is freed.
public struct PostgresRows: Sendable, RandomAccessCollection {
    struct Column: Sendable {
        let name: String
        let type: UInt32
    }

    let columns: [Column]
    /// The values of all cells, one behind the other: an answer costs few allocations however many cells it has.
    let bytes: [UInt8]
    /// Where each cell's value lies, row by row; nil is NULL.
    let cells: [Range<Int>?]
    /// How many rows an `insert`, `update` or `delete` touched, or a `select` gave.
    public let affected: Int

    /// Always 0.
    public var startIndex: Int { 0 }
    /// How many rows there are.
    public var endIndex: Int { columns.isEmpty ? 0 : cells.count / columns.count }

    /// One row.
    public subscript(position: Int) -> PostgresRow { PostgresRow(rows: self, index: position) }
}

/// One row of an answer. Columns are read by name; a wrong name, type or an unexpected NULL is an error of the program.
public struct PostgresRow: Sendable {
    let rows: PostgresRows
    let index: Int

    /// A `text` that is not NULL.
    public func string(_ column: String) throws(PostgresError) -> String {
        try required(column, optionalString(column))
    }

    /// A `text`, `varchar`, `name` or `json`, or nil for NULL.
    public func optionalString(_ column: String) throws(PostgresError) -> String? {
        guard let (type, bytes) = try cell(column) else { return nil }
        guard Self.isText(type), let text = String(validating: bytes, as: UTF8.self)
        else { throw mismatch(column, "text") }
        return text
    }

    /// A whole number that is not NULL.
    public func int64(_ column: String) throws(PostgresError) -> Int64 {
        try required(column, optionalInt64(column))
    }

    /// A `smallint`, `integer` or `bigint`, or nil for NULL.
    public func optionalInt64(_ column: String) throws(PostgresError) -> Int64? {
        guard let (type, bytes) = try cell(column) else { return nil }
        switch (type, bytes.count) {
        case (21, 2): return Int64(Int16(truncatingIfNeeded: Self.bigEndian(bytes)))
        case (23, 4): return Int64(Int32(truncatingIfNeeded: Self.bigEndian(bytes)))
        case (20, 8): return Self.bigEndian(bytes)
        default: throw mismatch(column, "a whole number")
        }
    }

    /// A `boolean` that is not NULL.
    public func bool(_ column: String) throws(PostgresError) -> Bool {
        guard let (type, bytes) = try cell(column), type == 16, bytes.count == 1 else {
            throw mismatch(column, "a boolean that is not NULL")
        }
        return bytes.first != 0
    }

    /// A `bytea` that is not NULL.
    public func bytes(_ column: String) throws(PostgresError) -> [UInt8] {
        try required(column, optionalBytes(column))
    }

    /// A `bytea`, or nil for NULL.
    public func optionalBytes(_ column: String) throws(PostgresError) -> [UInt8]? {
        guard let (type, bytes) = try cell(column) else { return nil }
        guard type == 17 else { throw mismatch(column, "bytea") }
        return Array(bytes)
    }

    /// A `timestamptz` that is not NULL.
    public func instant(_ column: String) throws(PostgresError) -> Date {
        try required(column, optionalInstant(column))
    }

    /// A `timestamptz` (microseconds), or nil for NULL; infinity becomes the distant past or future.
    public func optionalInstant(_ column: String) throws(PostgresError) -> Date? {
        guard let (type, bytes) = try cell(column) else { return nil }
        guard type == 1184, bytes.count == 8 else { throw mismatch(column, "timestamptz") }
        switch Self.bigEndian(bytes) {
        case .min: return .distantPast
        case .max: return .distantFuture
        case let microseconds: return Date(microsecondsSince2000: microseconds)
        }
    }

    private func cell(_ column: String) throws(PostgresError) -> (type: UInt32, bytes: ArraySlice<UInt8>)? {
        guard let position = rows.columns.firstIndex(where: { $0.name == column }) else {
            throw PostgresError(.refused, "the answer has no column \(column)")
        }
        guard let range = rows.cells[index * rows.columns.count + position] else { return nil }
        return (rows.columns[position].type, rows.bytes[range])
    }

    private func required<Value>(_ column: String, _ value: Value?) throws(PostgresError) -> Value {
        guard let value else { throw PostgresError(.refused, "column \(column) is NULL") }
        return value
    }

    private func mismatch(_ column: String, _ wanted: String) -> PostgresError {
        PostgresError(.refused, "column \(column) is not \(wanted)")
    }

    private static func isText(_ type: UInt32) -> Bool {
        switch type {
        case 18, 19, 25, 114, 705, 1042, 1043: true
        default: false
        }
    }

    private static func bigEndian(_ bytes: ArraySlice<UInt8>) -> Int64 {
        bytes.reduce(0) { $0 << 8 | Int64($1) }
    }
}
