import Contracts
import JSONText

/// The rows of one reading of orders, as they came.
struct OrderRows: Sendable {
    var orders: [SuiteQLRow] = []
    var lines: [SuiteQLRow] = []
    var documents: [SuiteQLRow] = []
    var documentLines: [SuiteQLRow] = []
    var trackingNumbers: [SuiteQLRow] = []
    var applied: [SuiteQLRow] = []
    var creditMemos: [SuiteQLRow] = []
}

/// Puts the rows of many orders together. What cannot be read in one row is told of that row's order alone.
struct OrderFactsAssembly {
    private var reading = OrderFactsReading()
    private let asked: Set<Int64>
    /// Orders by the document that belongs to them; an invoice can belong to several.
    private var ordersOfDocument: [Int64: Set<Int64>] = [:]
    private var documentLines: [Pair: [OrderFacts.Quantity]] = [:]
    private var trackingNumbers: [Int64: [String]] = [:]
    private var memos: [Pair: OrderFacts.Credit] = [:]
    private var payments: [Pair: OrderFacts.Payment] = [:]

    /// An order and one of its documents.
    private struct Pair: Hashable {
        let order: Int64
        let document: Int64
    }

    /// Assembles what was read of the orders that were asked for.
    static func assemble(_ asked: [Int64], _ rows: OrderRows) -> OrderFactsReading {
        var assembly = OrderFactsAssembly(asked: Set(asked))
        assembly.takeOrders(rows.orders)
        assembly.takeLines(rows.lines)
        assembly.takeDocumentLines(rows.documentLines)
        assembly.takeTrackingNumbers(rows.trackingNumbers)
        assembly.takeDocuments(rows.documents)
        assembly.takeApplied(rows.applied)
        assembly.takeCreditMemos(rows.creditMemos)
        return assembly.finish()
    }

    private init(asked: Set<Int64>) {
        self.asked = asked
    }

    // MARK: Attribution

    /// Reads one row of an order; what is wrong with it is the order's.
    private mutating func attribute(
        to orders: Set<Int64>, _ body: (inout OrderFactsAssembly) throws(UnreadableColumn) -> Void
    ) {
        do {
            try body(&self)
        } catch {
            for order in orders where reading.unreadable[order] == nil { reading.unreadable[order] = error.description }
        }
    }

    /// The order that a row names; one that names none could be about any of them.
    private mutating func order(_ row: SuiteQLRow, _ column: String, _ what: String) -> Int64? {
        guard let id = row.wholeNumber(column), asked.contains(id) else {
            noteStray("a row of \(what) names no order that was asked for")
            return nil
        }
        return id
    }

    /// The orders of the document that a row names.
    private mutating func owners(_ row: SuiteQLRow, _ column: String, _ what: String) -> Set<Int64>? {
        guard let id = row.wholeNumber(column) else {
            noteStray("a row of \(what) names no document")
            return nil
        }
        if asked.contains(id) { return [id] }
        return ordersOfDocument[id] ?? []
    }

    private mutating func noteStray(_ reason: String) {
        reading.strayRows += 1
        reading.strayReason = reason
    }

    // MARK: Orders and lines

    private mutating func takeOrders(_ rows: [SuiteQLRow]) {
        for row in rows {
            guard let id = order(row, "id", "orders") else { continue }
            attribute(to: [id]) { (assembly) throws(UnreadableColumn) in
                var facts = OrderFacts(id: id, letter: try row.letter("status", of: "the order"))
                facts.number = try row.shown("tranid", of: "the order")
                facts.externalId = row.text("externalid")
                facts.total = try row.amount("foreigntotal", of: "the order")
                facts.currencyId = row.text("currency")
                assembly.reading.facts[id] = facts
            }
        }
    }

    private mutating func takeLines(_ rows: [SuiteQLRow]) {
        for row in rows {
            guard let id = order(row, "transaction", "lines") else { continue }
            attribute(to: [id]) { (assembly) throws(UnreadableColumn) in
                let itemType = row.text("itemtype")
                let isGoods = itemType.map { !OrderFacts.Line.typesWithoutQuantity.contains($0) } ?? true
                let quantity = try row.amount("quantity", of: "a line")
                // Descriptions and subtotals have no quantity; a line of ours always has one.
                guard isGoods, quantity != nil || itemType != nil else { return }
                guard let quantity else { throw UnreadableColumn(column: "quantity", of: "a line") }
                guard let closed = row.columns["isclosed"]?.flag else {
                    throw UnreadableColumn(column: "isclosed", of: "a line")
                }
                guard let line = row.wholeNumber("id") else { throw UnreadableColumn(column: "id", of: "a line") }
                guard assembly.reading.facts[id]?.lines.contains(where: { $0.line == line }) == false else { return }
                assembly.reading.facts[id]?.lines.append(
                    OrderFacts.Line(
                        line: line, mark: row.text("mark"), itemType: itemType, ordered: quantity.magnitude,
                        shipped: try row.amount("quantityshiprecv", of: "a line")?.magnitude ?? .zero,
                        invoiced: try row.amount("quantitybilled", of: "a line")?.magnitude ?? .zero, isClosed: closed))
            }
        }
    }

    private mutating func takeDocumentLines(_ rows: [SuiteQLRow]) {
        var seen: Set<[Int64]> = []
        for row in rows {
            guard let id = order(row, "previousdoc", "documents' lines") else { continue }
            attribute(to: [id]) { (assembly) throws(UnreadableColumn) in
                guard let document = row.wholeNumber("nextdoc"), let line = row.wholeNumber("previousline"),
                    let own = row.wholeNumber("nextline")
                else { throw UnreadableColumn(column: "nextdoc", of: "a document's line") }
                guard seen.insert([id, document, line, own]).inserted,
                    let quantity = try row.amount("quantity", of: "a document's line")
                else { return }
                assembly.documentLines[Pair(order: id, document: document), default: []].append(
                    OrderFacts.Quantity(line: line, quantity: quantity.magnitude))
            }
        }
    }

    private mutating func takeTrackingNumbers(_ rows: [SuiteQLRow]) {
        for row in rows {
            guard let fulfilment = row.wholeNumber("transaction") else {
                noteStray("a row of tracking numbers names no fulfilment")
                continue
            }
            guard let number = row.columns["trackingnumber"]?.shownText?.trimmed, !number.isEmpty else { continue }
            if trackingNumbers[fulfilment]?.contains(number) != true {
                trackingNumbers[fulfilment, default: []].append(number)
            }
        }
    }

    // MARK: Documents

    private mutating func takeDocuments(_ rows: [SuiteQLRow]) {
        for row in rows {
            guard let id = order(row, "previousdoc", "documents") else { continue }
            attribute(to: [id]) { (assembly) throws(UnreadableColumn) in
                guard let document = row.wholeNumber("id") else {
                    throw UnreadableColumn(column: "id", of: "a document")
                }
                guard assembly.ordersOfDocument[document, default: []].insert(id).inserted else { return }
                assembly.reading.facts[id]?.documents.insert(document)
                switch row.text("type") {
                case "ItemShip":
                    let fulfilment = try assembly.fulfilment(document, row, of: id)
                    assembly.reading.facts[id]?.fulfilments.append(fulfilment)
                case "CustInvc", "CashSale":
                    let invoice = try assembly.invoice(document, row, of: id)
                    assembly.reading.facts[id]?.invoices.append(invoice)
                case "RtnAuth": break
                default: throw UnreadableColumn(column: "type", of: "a document")
                }
            }
        }
    }

    private func fulfilment(
        _ id: Int64, _ row: SuiteQLRow, of order: Int64
    ) throws(UnreadableColumn) -> OrderFacts.Fulfilment {
        guard let number = try row.shown("tranid", of: "a fulfilment") else {
            throw UnreadableColumn(column: "tranid", of: "a fulfilment")
        }
        return OrderFacts.Fulfilment(
            id: id, number: number, date: try row.day("trandate", of: "a fulfilment"),
            letter: try row.letter("status", of: "a fulfilment"), carrier: try row.shown("carrier", of: "a fulfilment"),
            trackingNumbers: trackingNumbers[id] ?? [], quantities: try quantities(of: id, of: order))
    }

    private func invoice(
        _ id: Int64, _ row: SuiteQLRow, of order: Int64
    ) throws(UnreadableColumn) -> OrderFacts.Invoice {
        let what = "an invoice"
        guard let number = try row.shown("tranid", of: what) else {
            throw UnreadableColumn(column: "tranid", of: what)
        }
        let isCashSale = row.text("type") == "CashSale"
        let letter = isCashSale ? row.columns["status"]?.statusLetter ?? "" : try row.letter("status", of: what)
        let isVoided = letter == "V" || row.columns["voided"]?.flag == true
        guard let total = try row.amount("foreigntotal", of: what) ?? (isVoided ? .zero : nil) else {
            throw UnreadableColumn(column: "foreigntotal", of: what)
        }
        let paid = try row.amount("foreignamountpaid", of: what)
        let unpaid = try row.amount("foreignamountunpaid", of: what)
        let covered: (paid: ExactDecimal, unpaid: ExactDecimal)
        switch (paid, unpaid) {
        case (_, _) where isCashSale: covered = (total, .zero)
        case (let paid?, let unpaid?): covered = (paid, unpaid)
        case (let paid?, nil): covered = (paid, try total.minus(paid, of: what))
        case (nil, let unpaid?): covered = (try total.minus(unpaid, of: what), unpaid)
        case (nil, nil) where isVoided || total.isZero: covered = (.zero, .zero)
        case (nil, nil): throw UnreadableColumn(column: "foreignamountunpaid", of: what)
        }
        return OrderFacts.Invoice(
            id: id, number: number, date: try row.day("trandate", of: what), letter: letter, isVoided: isVoided,
            isCashSale: isCashSale, total: total, paid: covered.paid, unpaid: covered.unpaid,
            quantities: try quantities(of: id, of: order))
    }

    /// Quantities by line, several lines of a document for one of the order added.
    private func quantities(of document: Int64, of order: Int64) throws(UnreadableColumn) -> [OrderFacts.Quantity] {
        var sums: [Int64: ExactDecimal] = [:]
        for part in documentLines[Pair(order: order, document: document)] ?? [] {
            sums[part.line] = try (sums[part.line] ?? .zero).plus(part.quantity, of: "a document's line")
        }
        return sums.sorted { $0.key < $1.key }.filter { !$0.value.isZero }
            .map { OrderFacts.Quantity(line: $0.key, quantity: $0.value) }
    }

    // MARK: Payments and credits

    private mutating func takeApplied(_ rows: [SuiteQLRow]) {
        for row in rows {
            guard let orders = owners(row, "previousdoc", "what was applied") else { continue }
            attribute(to: orders) { (assembly) throws(UnreadableColumn) in
                let what = "what was applied to an invoice"
                guard let id = row.wholeNumber("id"), let type = row.text("type") else {
                    throw UnreadableColumn(column: "id", of: what)
                }
                for order in orders {
                    assembly.reading.facts[order]?.documents.insert(id)
                    assembly.ordersOfDocument[id, default: []].insert(order)
                }
                if type == "RtnAuth" { return }
                guard let applied = try row.amount("applied", of: what) else {
                    throw UnreadableColumn(column: "applied", of: what)
                }
                let letter = row.columns["status"]?.statusLetter ?? ""
                let isVoided = letter == "V" || row.columns["voided"]?.flag == true
                let counts = !isVoided && !(type == "CustPymt" && letter == "R")
                for order in orders {
                    let pair = Pair(order: order, document: id)
                    let before = assembly.payments[pair]?.applied ?? .zero
                    assembly.payments[pair] = OrderFacts.Payment(
                        id: id, number: try row.shown("tranid", of: what) ?? String(id),
                        date: try row.day("trandate", of: what), type: type,
                        letter: letter, isVoided: isVoided,
                        applied: counts ? try before.plus(applied.magnitude, of: what) : before)
                }
            }
        }
    }

    private mutating func takeCreditMemos(_ rows: [SuiteQLRow]) {
        for row in rows {
            guard let orders = owners(row, "createdfrom", "credit memos") else { continue }
            attribute(to: orders) { (assembly) throws(UnreadableColumn) in
                let what = "a credit memo"
                guard let id = row.wholeNumber("id") else { throw UnreadableColumn(column: "id", of: what) }
                let letter = try row.letter("status", of: what)
                let isVoided = letter == "V" || row.columns["voided"]?.flag == true
                guard let total = try row.amount("foreigntotal", of: what) ?? (isVoided ? .zero : nil) else {
                    throw UnreadableColumn(column: "foreigntotal", of: what)
                }
                for order in orders {
                    assembly.reading.facts[order]?.documents.insert(id)
                    let pair = Pair(order: order, document: id)
                    assembly.memos[pair] = OrderFacts.Credit(
                        id: id, number: try row.shown("tranid", of: what) ?? String(id),
                        date: try row.day("trandate", of: what), letter: letter, isVoided: isVoided,
                        // SuiteQL shows a memo's total as it lowers what is owed: below zero.
                        total: total.magnitude, applied: assembly.payments[pair]?.applied ?? .zero)
                }
            }
        }
    }

    // MARK: The end

    private mutating func finish() -> OrderFactsReading {
        for (pair, payment) in payments where memos[pair] == nil {
            reading.facts[pair.order]?.payments.append(payment)
        }
        for (pair, memo) in memos { reading.facts[pair.order]?.credits.append(memo) }
        for id in Array(reading.facts.keys) {
            attribute(to: [id]) { (assembly) throws(UnreadableColumn) in
                try assembly.reading.facts[id]?.settleQuantities()
            }
            reading.facts[id]?.sort()
        }
        for id in reading.unreadable.keys { reading.facts[id] = nil }
        return reading
    }
}
