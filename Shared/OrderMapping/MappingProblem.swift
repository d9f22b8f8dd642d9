/// Why a snapshot cannot be rendered; the writer makes it a dead letter of class `mapping-failed`.
public struct MappingProblem: Error, Sendable, Equatable, CustomStringConvertible {
    /// A word for machines, one of a closed list.
    public enum Code: String, Sendable, CaseIterable {
        /// A value has no entry in its look-up table.
        case notInTable = "not-in-table"
        /// NetSuite takes shorter texts in this field.
        case tooLong = "too-long"
        /// The value is of another type than the NetSuite field.
        case wrongType = "wrong-type"
        /// A date or number is outside what NetSuite takes.
        case outOfRange = "out-of-range"
        /// More lines than one request may carry.
        case tooManyLines = "too-many-lines"
        /// No NetSuite item is known for a line's SKU.
        case missingItem = "missing-item"
        /// A required field has no value.
        case missingValue = "missing-value"
        /// The order's currency is not the one that the mapping is made for.
        case otherCurrency = "other-currency"
    }

    /// What kind of problem.
    public let code: Code
    /// The path in the snapshot, such as `lines[2].custom.Color__c`.
    public let field: String
    /// What is wrong, short, for logs: holds no value of the order.
    public let reason: String
    /// What is wrong and what to do, for the operator: one or two plain sentences.
    public let sentence: String

    init(_ code: Code, field: String, reason: String, sentence: String) {
        self.code = code
        self.field = field
        self.reason = reason
        self.sentence = sentence
    }

    /// The path and the reason.
    public var description: String { "\(field): \(reason)" }
}

/// A mapping file that cannot work, with everything that is wrong in it.
public struct MappingFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// One thing that is wrong.
    public struct Problem: Sendable, Equatable, CustomStringConvertible {
        /// From 1; 0 when the whole file is meant.
        public let line: Int
        /// From 1; 0 when the whole file is meant.
        public let column: Int
        /// What is wrong.
        public let reason: String
        /// What would be right.
        public let mend: String

        /// `12:9: reason; mend`.
        public var description: String {
            let place = line > 0 ? "\(line):\(column): " : ""
            return mend.isEmpty ? place + reason : "\(place)\(reason); \(mend)"
        }
    }

    /// The file, as it was named.
    public let file: String
    /// In the order of the file; never empty.
    public let problems: [Problem]

    /// One line a problem: `mapping.yaml:12:9: reason; mend`.
    public var description: String {
        problems.map { "\(file):\($0.line > 0 ? "" : " ")\($0)" }.joined(separator: "\n")
    }
}
