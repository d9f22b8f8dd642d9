public import FoundationEssentials

/// A statement whose interpolated values are bound as `$1`, `$2`, … and never become part of its text.
///
///     let rows = try await pool.query("select version from orders where order_id = \(id)")
///
/// Arrays are bound as PostgreSQL arrays, for `unnest` and `= any(…)`. Values travel in binary form.
public struct SQL: Sendable, ExpressibleByStringInterpolation {
    /// The text with its numbered parameters.
    public let text: String
    let parameters: [SQLParameter]
    /// Called each time when the whole statement has left and its answer is outstanding.
    private(set) var whenSent: (@Sendable () -> Void)?

    /// A statement without parameters.
    public init(stringLiteral text: String) {
        self.text = text
        parameters = []
    }

    /// A statement from a literal with values.
    public init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
        parameters = stringInterpolation.parameters
    }

    /// The same statement, which also calls this each time when it has left whole and its answer is outstanding.
    public func whenSent(_ body: @escaping @Sendable () -> Void) -> SQL {
        var statement = self
        statement.whenSent = body
        return statement
    }

    /// Collects text and values of one literal.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var text = ""
        var parameters: [SQLParameter] = []

        /// Starts with room for the literal.
        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 4 * interpolationCount)
        }

        /// Text of the program.
        public mutating func appendLiteral(_ literal: String) { text += literal }

        /// Puts text of the program, such as a table's name, into the statement as it is. Never for data.
        public mutating func appendInterpolation(unsafe identifier: String) { text += identifier }

        /// Binds one value.
        public mutating func appendInterpolation(_ value: some SQLValue) { bind(value.sqlParameter) }

        /// Binds a value or NULL.
        public mutating func appendInterpolation<Value: SQLValue>(_ value: Value?) {
            bind(value?.sqlParameter ?? SQLParameter(type: Value.sqlType, bytes: nil))
        }

        /// Binds an array without NULLs.
        public mutating func appendInterpolation(_ values: [some SQLElement]) {
            appendInterpolation(values.map(Optional.some))
        }

        /// Binds an array in which elements may be NULL.
        public mutating func appendInterpolation<Element: SQLElement>(_ values: [Element?]) {
            bind(.array(values))
        }

        private mutating func bind(_ parameter: SQLParameter) {
            parameters.append(parameter)
            text += "$\(parameters.count)"
        }
    }
}

/// A value that a statement can carry.
public protocol SQLValue: Sendable {
    /// PostgreSQL's number of the type.
    static var sqlType: UInt32 { get }
    /// The value in PostgreSQL's binary form.
    var sqlParameter: SQLParameter { get }
}

/// A value that may also be an element of an array.
public protocol SQLElement: SQLValue {
    /// PostgreSQL's number of the array type.
    static var sqlArrayType: UInt32 { get }
    /// Appends the value in PostgreSQL's binary form.
    func appendBinary(to bytes: inout [UInt8])
}

extension SQLElement {
    /// Appends the value in PostgreSQL's binary form.
    public func appendBinary(to bytes: inout [UInt8]) { bytes += sqlParameter.bytes ?? [] }
}

/// One bound value: its type and its binary form, without bytes when NULL.
public struct SQLParameter: Sendable {
    let type: UInt32
    let bytes: [UInt8]?

    /// Layout: dimensions, a flag for NULLs, element type, length, lower bound; then length and bytes of each element.
    static func array<Element: SQLElement>(_ elements: [Element?]) -> SQLParameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + 40 * elements.count)
        bytes.appendBigEndian(Int32(elements.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(elements.contains { $0 == nil } ? 1 : 0))
        bytes.appendBigEndian(Element.sqlType)
        guard !elements.isEmpty else { return SQLParameter(type: Element.sqlArrayType, bytes: bytes) }
        bytes.appendBigEndian(Int32(clamping: elements.count))
        bytes.appendBigEndian(Int32(1))
        for element in elements {
            guard let element else {
                bytes.appendBigEndian(Int32(-1))
                continue
            }
            let start = bytes.count
            bytes.appendBigEndian(Int32(0))
            element.appendBinary(to: &bytes)
            let length = UInt32(truncatingIfNeeded: bytes.count - start - 4)
            for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * place)) }
        }
        return SQLParameter(type: Element.sqlArrayType, bytes: bytes)
    }
}

extension String: SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 25 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1009 }
    /// The binary form.
    public var sqlParameter: SQLParameter { SQLParameter(type: Self.sqlType, bytes: Array(utf8)) }
    /// Appends the binary form.
    public func appendBinary(to bytes: inout [UInt8]) {
        var text = self
        text.withUTF8 { bytes.append(contentsOf: $0) }
    }
}

extension Int64: SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 20 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1016 }
    /// The binary form.
    public var sqlParameter: SQLParameter { .bigEndian(self, type: Self.sqlType) }
    /// Appends the binary form.
    public func appendBinary(to bytes: inout [UInt8]) { bytes.appendBigEndian(self) }
}

extension Int: SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 20 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1016 }
    /// The binary form.
    public var sqlParameter: SQLParameter { Int64(self).sqlParameter }
}

extension Int32: SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 23 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1007 }
    /// The binary form.
    public var sqlParameter: SQLParameter { .bigEndian(self, type: Self.sqlType) }
}

extension Bool: SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 16 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1000 }
    /// The binary form.
    public var sqlParameter: SQLParameter { SQLParameter(type: Self.sqlType, bytes: [self ? 1 : 0]) }
}

/// Bytes are bound as `bytea`; more precisely any array of `UInt8` is one value, not an array of numbers.
extension [UInt8]: SQLValue, SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 17 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1001 }
    /// The binary form.
    public var sqlParameter: SQLParameter { SQLParameter(type: Self.sqlType, bytes: self) }
}

extension Date: SQLElement {
    /// The type's number in `pg_type`.
    public static var sqlType: UInt32 { 1184 }
    /// The array type's number in `pg_type`.
    public static var sqlArrayType: UInt32 { 1185 }
    /// The binary form.
    public var sqlParameter: SQLParameter { .bigEndian(microsecondsSince2000, type: Self.sqlType) }

    /// What `timestamptz` holds.
    var microsecondsSince2000: Int64 {
        Int64(((timeIntervalSinceReferenceDate + Self.referenceOffset) * 1_000_000).rounded())
    }

    init(microsecondsSince2000: Int64) {
        self.init(
            timeIntervalSinceReferenceDate: Double(microsecondsSince2000) / 1_000_000 - Self.referenceOffset)
    }

    /// Seconds from 2000-01-01 (PostgreSQL) to 2001-01-01 (Foundation).
    private static var referenceOffset: Double { 366 * 86_400 }
}

extension SQLParameter {
    static func bigEndian(_ value: some FixedWidthInteger, type: UInt32) -> SQLParameter {
        var bytes: [UInt8] = []
        bytes.appendBigEndian(value)
        return SQLParameter(type: type, bytes: bytes)
    }
}

extension [UInt8] {
    mutating func appendBigEndian(_ value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
