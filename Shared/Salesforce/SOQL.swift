public import Contracts

/// A query in Salesforce's language; values put in by interpolation are escaped, so that data cannot become query.
///
/// `"SELECT Id FROM Order WHERE OrderNumber = \(number) AND Id IN \(ids)"`
public struct SOQL: Sendable, Equatable, ExpressibleByStringInterpolation {
    /// The query's text.
    public let text: String

    /// A query without values.
    public init(stringLiteral value: String) {
        text = value
    }

    /// A query with values.
    public init(stringInterpolation: StringInterpolation) {
        text = stringInterpolation.text
    }

    /// A text between single quotes, with what ends or escapes it escaped.
    static func quoted(_ value: String) -> String {
        var text = "'"
        for scalar in value.unicodeScalars {
            switch scalar {
            case "'": text += "\\'"
            case "\\": text += "\\\\"
            case "\n": text += "\\n"
            case "\r": text += "\\r"
            case "\t": text += "\\t"
            default: text.unicodeScalars.append(scalar)
            }
        }
        return text + "'"
    }

    /// Collects a query's pieces.
    public struct StringInterpolation: StringInterpolationProtocol, Sendable {
        var text = ""

        /// Begins an empty query.
        public init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + 24 * interpolationCount)
        }

        /// Query text of the program.
        public mutating func appendLiteral(_ literal: String) { text += literal }
        /// A text value, quoted.
        public mutating func appendInterpolation(_ value: String) { text += SOQL.quoted(value) }
        /// An id, quoted.
        public mutating func appendInterpolation(_ value: SalesforceId) { text += "'\(value.text)'" }
        /// A list of ids, such as `IN` takes; it must not be empty.
        public mutating func appendInterpolation(_ values: [SalesforceId]) {
            text += "(" + values.map { "'\($0.text)'" }.joined(separator: ",") + ")"
        }
        /// A list of texts, such as `IN` takes; it must not be empty.
        public mutating func appendInterpolation(_ values: [String]) {
            text += "(" + values.map(SOQL.quoted).joined(separator: ",") + ")"
        }
        /// An instant; datetime literals are not quoted.
        public mutating func appendInterpolation(_ value: UTCInstant) { text += value.soqlText }
        /// A day; date literals are not quoted.
        public mutating func appendInterpolation(_ value: CalendarDate) { text += value.text }
        /// A whole number.
        public mutating func appendInterpolation(_ value: Int) { text += String(value) }
        /// Query text from elsewhere, such as names of fields that were checked; never data.
        public mutating func appendInterpolation(unsafe value: String) { text += value }
    }
}
