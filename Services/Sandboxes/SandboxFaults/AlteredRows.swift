import HTTPServer
import JSONText

/// How the rows of a query's answer are altered on their way out.
public struct AlteredRows: Sendable {
    /// What becomes of a column, or of the page.
    enum Change: String, Sendable, CaseIterable {
        /// The column is left out.
        case drop
        /// The column is JSON's null.
        case null
        /// The column is a JSON number: the given one, else that which its text shows.
        case number
        /// The column has the given text.
        case text
        /// Rows from `row` on are not there, whatever count and total say.
        case cut
        /// `totalResults` is the given value.
        case total
        /// `hasMore` is the given value.
        case more

        /// Whether it is about a column; else about the page.
        var isOfColumn: Bool { [.drop, .null, .number, .text].contains(self) }
    }

    let change: Change
    /// Empty where the page is changed.
    var column = ""
    /// The only row that is changed, from 0; nil for all.
    var row: Int?
    var value: JSONValue?

    /// The answer with its rows altered; any other answer as it is.
    func alter(_ response: HTTPResponse) -> HTTPResponse {
        guard var page = (try? JSONValue.parse(response.body, limits: .answer))?.object,
            let items = page["items"]?.array
        else { return response }
        switch change {
        case .cut: page["items"] = .array(Array(items.prefix(row ?? 0)))
        case .total: page["totalResults"] = value ?? .null
        case .more: page["hasMore"] = value ?? .null
        case .drop, .null, .number, .text:
            page["items"] = .array(
                items.enumerated().map { index, item in row.map { $0 == index } ?? true ? alter(item) : item })
        }
        return HTTPResponse(
            status: response.status, headers: response.headers, body: JSONValue.object(page).bytes(),
            delivery: response.delivery)
    }

    private func alter(_ item: JSONValue) -> JSONValue {
        guard var object = item.object else { return item }
        switch change {
        case .drop: object[column] = Optional.none
        case .null: object[column] = .some(.null)
        case .number:
            let text = value?.number?.text ?? value?.string ?? object[column]?.string
            if let number = text.flatMap(JSONNumber.init(text:)) { object[column] = .number(number) }
        case .text: object[column] = value
        case .cut, .total, .more: break
        }
        return .object(object)
    }
}

extension FaultReading {
    func alteredRows() throws(FaultRefusal) -> AlteredRows {
        let known = AlteredRows.Change.allCases.map(\.rawValue).joined(separator: ", ")
        guard let name = try text("change"), let change = AlteredRows.Change(rawValue: name) else {
            throw FaultRefusal("altered-rows needs change: \(known)")
        }
        var rows = AlteredRows(change: change, value: object["value"])
        rows.column = try text("column") ?? ""
        rows.row = try whole("row", 0...1_000)
        guard change.isOfColumn != rows.column.isEmpty else {
            throw FaultRefusal(
                change.isOfColumn ? "\(name) needs a column" : "\(name) is about the page and has no column")
        }
        guard rows.row == nil || change.isOfColumn || change == .cut else {
            throw FaultRefusal("\(name) is about the page and has no row")
        }
        switch (change, rows.value) {
        case (.text, .string), (.number, nil), (.number, .number), (.number, .string), (.total, .number),
            (.total, .string), (.more, .bool), (.more, .string), (.drop, nil), (.null, nil), (.cut, nil):
            return rows
        default:
            throw FaultRefusal(
                "value is a text for text, a number for number (or absent) and total, true or false for more, and absent "
                    + "else")
        }
    }
}
