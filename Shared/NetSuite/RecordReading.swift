import Contracts
import JSONText

/// Reads single values of NetSuite's JSON, in all the forms that it uses for them.
extension JSONValue {
    /// Text, or a number's digits: SuiteQL gives numbers as text, REST as numbers.
    var textOrDigits: String? { string ?? number?.text }

    /// A short text that people read, such as an order's number; nil where it could not stand in a message of ours.
    var shownText: String? {
        textOrDigits.flatMap { text in
            let isPlain = text.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F }
            return (1...255).contains(text.utf8.count) && isPlain && text.contains { !$0.isWhitespace } ? text : nil
        }
    }

    /// An internal id: digits, as text or number.
    var internalId: String? { textOrDigits.flatMap { AnswerInterpretation.isInternalId($0) ? $0 : nil } }

    /// The id of a reference, `{"id":"42"}` or bare.
    var referenceId: String? { object == nil ? textOrDigits : self["id"]?.textOrDigits }

    /// An exact decimal from a number or its text.
    var decimal: ExactDecimal? {
        if let number { return try? ExactDecimal(number) }
        return string.flatMap { try? ExactDecimal($0) }
    }

    /// A boolean, also in SuiteQL's form `'T'`/`'F'`.
    var flag: Bool? { bool ?? string.flatMap { $0 == "T" ? true : $0 == "F" ? false : nil } }

    /// A status letter; `SalesOrd:B` gives `B`.
    var statusLetter: String? { referenceId?.split(separator: ":").last.map(String.init) }
}
