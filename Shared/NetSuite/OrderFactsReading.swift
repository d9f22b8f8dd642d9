import Contracts
import JSONText

/// A value that is missing where it must not be, or that is no number, date or letter; the value itself is not quoted.
struct UnreadableColumn: Error, CustomStringConvertible {
    let column: String
    let of: String

    init(column: String, of what: String) {
        self.column = column
        of = what
    }

    var description: String { "\(of) has no readable \(column)" }
}

extension SuiteQLRow {
    private func value(_ column: String) -> JSONValue? {
        guard let value = columns[column], value != .null, value.string != "" else { return Optional.none }
        return value
    }

    /// An amount or a quantity; nil where the column is null. NetSuite's database writes a half as `.5`.
    func amount(_ column: String, of what: String) throws(UnreadableColumn) -> ExactDecimal? {
        guard let value = value(column) else { return nil }
        if let decimal = value.decimal { return decimal }
        guard let text = value.string?.trimmed else { throw UnreadableColumn(column: column, of: what) }
        let isNegative = text.hasPrefix("-")
        let digits = isNegative ? String(text.dropFirst()) : text
        let whole = (isNegative ? "-" : "") + (digits.hasPrefix(".") ? "0" : "") + digits
        do {
            return try ExactDecimal(whole)
        } catch {
            throw UnreadableColumn(column: column, of: what)
        }
    }

    /// A day, as `TO_CHAR` was asked to write it; nil where the column is null.
    func day(_ column: String, of what: String) throws(UnreadableColumn) -> CalendarDate? {
        guard let value = value(column) else { return nil }
        guard let text = value.string, let day = try? CalendarDate(text) else {
            throw UnreadableColumn(column: column, of: what)
        }
        return day
    }

    /// A short text for people; nil where the column is null.
    func shown(_ column: String, of what: String) throws(UnreadableColumn) -> String? {
        guard let value = value(column) else { return nil }
        guard let text = value.shownText else { throw UnreadableColumn(column: column, of: what) }
        return text.trimmed
    }

    /// A status letter, whatever stands before a colon; one that is not known is a letter all the same.
    func letter(_ column: String, of what: String) throws(UnreadableColumn) -> String {
        guard let letter = value(column)?.statusLetter, (1...10).contains(letter.utf8.count),
            letter.utf8.allSatisfy({ (0x41...0x5A).contains($0 & 0xDF) })
        else { throw UnreadableColumn(column: column, of: what) }
        return letter
    }
}

extension String {
    /// Without blanks at both ends.
    var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\n" || $0 == "\r\n" }
        let front = drop(while: isBlank)
        return String(front[..<(front.lastIndex { !isBlank($0) }.map(front.index(after:)) ?? front.startIndex)])
    }
}

extension ExactDecimal {
    /// The value without its sign.
    var magnitude: ExactDecimal { isNegative ? (try? .zero - self) ?? self : self }

    func plus(_ other: ExactDecimal, of what: String) throws(UnreadableColumn) -> ExactDecimal {
        do { return try self + other } catch { throw UnreadableColumn(column: "sum", of: what) }
    }

    func minus(_ other: ExactDecimal, of what: String) throws(UnreadableColumn) -> ExactDecimal {
        do { return try self - other } catch { throw UnreadableColumn(column: "difference", of: what) }
    }
}

extension OrderFacts.Line {
    /// Kinds of lines that count nothing: what a price is made of, headings, tax and shipping cost.
    static let typesWithoutQuantity: Set<String> = [
        "Discount", "Markup", "Subtotal", "Description", "TaxItem", "TaxGroup", "ShipItem", "Payment", "Group",
        "EndGroup",
    ]

    /// Kinds of items that nobody ships.
    static let typesNeverShipped: Set<String> = ["Service", "OthCharge", "DwnLdItem", "GiftCert"]

    /// Whether the line's item is of a kind that nobody ships, such as a service.
    public var isNeverShipped: Bool { itemType.map(Self.typesNeverShipped.contains) ?? false }
}

extension OrderFacts {
    /// Says of each line what its documents say: shipped, the larger of NetSuite's total and of the sum of shipped
    /// fulfilments (a drop shipment has none of ours); invoiced, the sum of the invoices that count (a voided one stays in
    /// NetSuite's total).
    mutating func settleQuantities() throws(UnreadableColumn) {
        var shipped: [Int64: ExactDecimal] = [:]
        for fulfilment in fulfilments where fulfilment.letter == "C" {
            for part in fulfilment.quantities {
                shipped[part.line] = try (shipped[part.line] ?? .zero).plus(part.quantity, of: "a fulfilment")
            }
        }
        var invoiced: [Int64: ExactDecimal] = [:]
        for invoice in invoices where invoice.counts {
            for part in invoice.quantities {
                invoiced[part.line] = try (invoiced[part.line] ?? .zero).plus(part.quantity, of: "an invoice")
            }
        }
        for index in lines.indices {
            let line = lines[index].line
            lines[index].shipped = max(lines[index].shipped, shipped[line] ?? .zero)
            if !invoices.isEmpty { lines[index].invoiced = invoiced[line] ?? .zero }
        }
    }

    /// Lines by their key; documents by date, and those of one day by number, since ids do not rise with time.
    mutating func sort() {
        func age(_ date: CalendarDate?, _ number: String, _ id: Int64) -> (String, Int, String, Int64) {
            (date?.text ?? "", number.utf8.count, number, id)
        }
        lines.sort { $0.line < $1.line }
        fulfilments.sort { age($0.date, $0.number, $0.id) < age($1.date, $1.number, $1.id) }
        invoices.sort { age($0.date, $0.number, $0.id) < age($1.date, $1.number, $1.id) }
        payments.sort { age($0.date, $0.number, $0.id) < age($1.date, $1.number, $1.id) }
        credits.sort { age($0.date, $0.number, $0.id) < age($1.date, $1.number, $1.id) }
    }
}
