import FoundationEssentials

extension SuiteQLEvaluation {
    /// The value of an operand in one row.
    func value(_ expression: QueryExpression, _ row: Rows) throws(Refusal) -> QueryValue {
        switch expression {
        case .literal(let value): return value
        case .bound(let table, let name): return row[table]?.cell(name).value ?? .null
        case .negative(let inner):
            guard case .number(let number) = try value(inner, row) else { throw .unsupportedSearch }
            return .number(0 - number)
        case .joined(let left, let right):
            return .text((try value(left, row).text ?? "") + (try value(right, row).text ?? ""))
        case .call(let function, let arguments): return try call(function, arguments, row)
        default: throw .unsupportedSearch
        }
    }

    private func call(_ function: String, _ arguments: [QueryExpression], _ row: Rows) throws(Refusal) -> QueryValue {
        if function == "BUILTIN.DF" {
            guard arguments.count == 1, case .bound(let table, let name) = arguments[0] else {
                throw .unsupportedSearch
            }
            guard let cell = row[table]?.cell(name) else { return .null }
            return (cell.display ?? cell.value.text).map(QueryValue.text) ?? .null
        }
        var values: [QueryValue] = []
        for argument in arguments { values.append(try value(argument, row)) }
        switch (function, values.count) {
        case ("SYSDATE", 0), ("CURRENT_DATE", 0): return .time(now)
        case ("NVL", 2): return values[0] == .null ? values[1] : values[0]
        case ("COALESCE", 1...): return values.first { $0 != .null } ?? .null
        case ("TO_CHAR", 1), ("TO_CHAR", 2): return try toCharacters(values)
        case ("TO_DATE", 2), ("TO_TIMESTAMP", 2): return try toTime(values)
        case ("TO_NUMBER", 1):
            guard let text = values[0].text else { return .null }
            guard let number = Decimal(exactly: text) else { throw .unsupportedSearch }
            return .number(number)
        case ("UPPER", 1): return values[0].text.map { .text($0.uppercased()) } ?? .null
        case ("LOWER", 1): return values[0].text.map { .text($0.lowercased()) } ?? .null
        case ("ABS", 1):
            guard case .number(let number) = values[0] else { return .null }
            return .number(number.magnitude)
        default: throw .unsupportedSearch
        }
    }

    private func toCharacters(_ values: [QueryValue]) throws(Refusal) -> QueryValue {
        guard case .time(let time) = values[0] else {
            guard values.count == 1 || values[0] == .null else { throw .unsupportedSearch }
            return values[0].text.map(QueryValue.text) ?? .null
        }
        guard values.count == 2 else { return values[0].text.map(QueryValue.text) ?? .null }
        guard case .text(let mask) = values[1] else { throw .unsupportedSearch }
        return .text(try TimeMask(mask).format(time))
    }

    private func toTime(_ values: [QueryValue]) throws(Refusal) -> QueryValue {
        if values[0] == .null { return .null }
        guard case .text(let text) = values[0], case .text(let mask) = values[1] else { throw .unsupportedSearch }
        return .time(try TimeMask(mask).parse(text))
    }
}
