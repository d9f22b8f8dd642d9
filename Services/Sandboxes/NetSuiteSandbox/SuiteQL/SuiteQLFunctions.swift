import FoundationEssentials

/// The functions of SuiteQL that the sandbox knows.
enum SuiteQLFunctions {
    typealias Apply = ([QueryValue]) throws(Refusal) -> QueryValue

    /// The function of this name for these arguments; a mask that is written out is read once.
    static func function(_ name: String, _ arguments: [QueryExpression]) throws(Refusal) -> Apply {
        switch (name, arguments.count) {
        case ("NVL", 2), ("COALESCE", 1...):
            return { (values) throws(Refusal) in values.first { !$0.isNull } ?? .null }
        case ("NULLIF", 2):
            return { (values) throws(Refusal) in
                try SuiteQLValues.compare(.equal, values[0], values[1]) == true ? .null : values[0]
            }
        case ("TO_CHAR", 1): return { (values) throws(Refusal) in values[0].text.map(QueryValue.text) ?? .null }
        case ("TO_CHAR", 2):
            let mask = try mask(arguments[1])
            return { (values) throws(Refusal) in
                switch values[0] {
                case .time(let seconds): return .text(mask.format(ClockTime(secondsSinceEpoch: seconds)))
                case .null: return .null
                default: throw .unsupportedSearch
                }
            }
        case ("TO_DATE", 2), ("TO_TIMESTAMP", 2):
            let mask = try mask(arguments[1])
            return { (values) throws(Refusal) in
                guard let text = values[0].text else { return .null }
                return .time(try mask.parse(text).secondsSinceEpoch)
            }
        default: return try simple(name, arguments.count)
        }
    }

    private static func simple(_ name: String, _ count: Int) throws(Refusal) -> Apply {
        switch (name, count) {
        case ("TO_NUMBER", 1):
            return { (values) throws(Refusal) in
                if values[0].isNull { return .null }
                guard let number = values[0].decimal else { throw .unsupportedSearch }
                return .exact(number)
            }
        case ("ABS", 1):
            return { (values) throws(Refusal) in
                if values[0].isNull { return .null }
                guard let number = values[0].decimal else { throw .unsupportedSearch }
                return .exact(number.magnitude)
            }
        case ("ROUND", 1), ("ROUND", 2):
            return { (values) throws(Refusal) in
                if values[0].isNull { return .null }
                guard let number = values[0].decimal,
                    case .integer(let scale) = values.dropFirst().first ?? .integer(0),
                    (0...20).contains(scale)
                else { throw .unsupportedSearch }
                return .exact(number.rounded(toScale: Int(scale)))
            }
        case ("UPPER", 1):
            return { (values) throws(Refusal) in values[0].text.map { .text($0.uppercased()) } ?? .null }
        case ("LOWER", 1):
            return { (values) throws(Refusal) in values[0].text.map { .text($0.lowercased()) } ?? .null }
        case ("TRIM", 1): return { (values) throws(Refusal) in values[0].text.map { .text($0.trimmed) } ?? .null }
        case ("LENGTH", 1):
            return { (values) throws(Refusal) in values[0].text.map { .integer(Int64($0.count)) } ?? .null }
        default: throw .unsupportedSearch
        }
    }

    private static func mask(_ expression: QueryExpression) throws(Refusal) -> TimeMask {
        guard case .literal(.text(let text)) = expression else { throw .unsupportedSearch }
        return try TimeMask(text)
    }
}
