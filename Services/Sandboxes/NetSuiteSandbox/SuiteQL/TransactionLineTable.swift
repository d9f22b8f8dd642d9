import FoundationEssentials

/// A line of a transaction, as a row. The transaction itself is a line too: number 0, `mainline` T.
final class LineRecord: QueryRecord {
    enum Body {
        case header
        case order(OrderLine)
        case document(DocumentLine)
        /// What a fulfilment's line costs: it stands beside the line, under a number of its own.
        case cost(DocumentLine, line: Int)
    }

    let transaction: TransactionRecord
    let body: Body
    /// Its place among the lines.
    let sequence: Int

    init(_ body: Body, of transaction: TransactionRecord, at sequence: Int) {
        self.body = body
        self.transaction = transaction
        self.sequence = sequence
    }

    var line: Int {
        switch body {
        case .header: 0
        case .order(let line): line.line
        case .document(let line): line.line
        case .cost(_, let line): line
        }
    }

    var isHeader: Bool { if case .header = body { true } else { false } }
    var isCost: Bool { if case .cost = body { true } else { false } }
    var orderLine: OrderLine? { if case .order(let line) = body { line } else { nil } }
    var documentLine: DocumentLine? { if case .document(let line) = body { line } else { nil } }

    var itemId: String? {
        switch body {
        case .header: nil
        case .order(let line): line.values.reference("item")?.id
        case .document(let line), .cost(let line, _): line.item.id
        }
    }

    var item: Item? { itemId.flatMap { transaction.context.account.item(id: $0) } }

    var location: Reference? {
        switch body {
        case .header: transaction.values.reference("location")
        case .order(let line): line.values.reference("location")
        case .document(let line), .cost(let line, _): line.location
        }
    }

    /// Quantities and amounts of sales lines are negative, those of a credit memo and of a cost line are not.
    var quantity: Decimal? {
        switch body {
        case .header: nil
        case .order(let line): 0 - line.quantity
        case .document(let line): transaction.kind == .creditMemo ? line.quantity : 0 - line.quantity
        case .cost(let line, _): line.quantity
        }
    }

    var amount: Decimal? {
        switch body {
        case .header: transaction.total
        case .order(let line): 0 - line.amount
        case .document(let line):
            switch transaction.kind {
            case .itemFulfillment: nil
            case .creditMemo: line.amount
            default: 0 - line.amount
            }
        case .cost: nil
        }
    }

    var isInventoryAffecting: Bool {
        guard documentLine != nil, transaction.kind == .itemFulfillment else { return false }
        return item?.kind == .inventory
    }
}

extension TransactionRecord {
    /// Header, lines and cost lines; only those with one of these numbers, where some are given.
    func lines(numbered wanted: Set<String>? = nil) -> [LineRecord] {
        func isWanted(_ line: Int) -> Bool { wanted?.contains(String(line)) ?? true }
        var records = isWanted(0) ? [LineRecord(.header, of: self, at: 0)] : []
        switch body {
        case .order(let order):
            for (index, line) in order.lines.enumerated() where isWanted(line.line) {
                records.append(LineRecord(.order(line), of: self, at: index + 1))
            }
        case .payment: break
        case .fulfilment(let fulfilment):
            let lines = fulfilment.lines
            for (index, line) in lines.enumerated() where isWanted(line.line) {
                records.append(LineRecord(.document(line), of: self, at: index + 1))
            }
            let last = lines.map(\.line).max() ?? 0
            for (index, line) in lines.enumerated() where isWanted(last + index + 1) {
                guard context.account.item(id: line.item.id)?.kind == .inventory else { continue }
                records.append(
                    LineRecord(.cost(line, line: last + index + 1), of: self, at: lines.count + index + 1))
            }
        case .invoice(let invoice): records += lines(invoice.lines, isWanted)
        case .memo(let memo): records += lines(memo.lines, isWanted)
        }
        return records
    }

    private func lines(_ lines: [DocumentLine], _ isWanted: (Int) -> Bool) -> [LineRecord] {
        lines.enumerated().filter { isWanted($0.element.line) }.map { index, line in
            LineRecord(.document(line), of: self, at: index + 1)
        }
    }
}

extension QueryContext {
    /// By transaction, or by what the transaction was made from; else all.
    private func lines(_ wanted: QueryWanted) -> [LineRecord] {
        let ids: [String]
        if let transactions = wanted.values(of: "transaction") {
            ids = transactions
        } else if let sources = wanted.values(of: "createdfrom") {
            let documents = account.documents
            ids = sources.flatMap { source in
                documents.fulfilments(ofOrder: source).map(\.id) + documents.invoices(ofOrder: source).map(\.id)
                    + documents.creditMemos(ofInvoice: source).map(\.id)
            }
        } else {
            let documents = account.documents
            ids =
                account.salesOrderIds + documents.fulfilments.ids + documents.invoices.ids + documents.payments.ids
                + documents.creditMemos.ids
        }
        return transactions(ids).flatMap { $0.lines(numbered: wanted.values["id"]) }
    }

    var transactionLineTable: QuerySource {
        var columns = QueryContext.lineColumns.merging(QueryContext.lineProgressColumns) { first, _ in first }
        for name in account.settings.visibleCustomFields where name.hasPrefix("custcol_") {
            columns[name] = { QueryCell($0.orderLine?.values.text(name)) }
        }
        return QuerySource(columns, rows: lines)
    }

    private static let lineColumns: [String: @Sendable (LineRecord) -> QueryCell] = [
        "transaction": { line in
            QueryCell(id: line.transaction.id, display: "\(line.transaction.kind.words) #\(line.transaction.tranId)")
        },
        "id": { QueryCell($0.line) },
        "linesequencenumber": { QueryCell($0.sequence) },
        "uniquekey": { line in
            switch line.body {
            case .header: .null
            case .order(let line): QueryCell(line.uniqueKey)
            case .document(let line): QueryCell(line.uniqueKey)
            // Above those of all other lines, which are counted from 20,001.
            case .cost(let line, _): QueryCell(line.uniqueKey + 1_000_000_000)
            }
        },
        "item": { QueryCell(id: $0.itemId, display: $0.item?.sku) },
        "itemtype": { QueryCell($0.item.map { .text($0.kind.queryType) } ?? .null, display: $0.item?.kind.words) },
        "quantity": { QueryCell(number: $0.quantity) },
        "rate": { QueryCell(number: $0.orderLine?.values.number("rate") ?? $0.documentLine?.rate) },
        "foreignamount": { QueryCell(number: $0.amount) },
        "netamount": { QueryCell(number: $0.amount) },
        "rateamount": { QueryCell(number: $0.orderLine?.values.number("rate") ?? $0.documentLine?.rate) },
        "location": { QueryCell($0.location) },
        "price": { QueryCell($0.orderLine?.values.reference("price")) },
        "class": { _ in .null },
        "entity": { QueryCell($0.transaction.entity) },
        "mainline": { QueryCell(flag: $0.isHeader) },
        "taxline": { _ in QueryCell(flag: false) },
        "donotdisplayline": { QueryCell(flag: $0.isCost) },
        "iscogs": { QueryCell(flag: $0.isCost) },
        "isinventoryaffecting": { QueryCell(flag: $0.isInventoryAffecting) },
        "kitmemberof": { _ in .null },
        "memo": { QueryCell($0.orderLine?.values.text("description") ?? $0.documentLine?.description) },
        "createdfrom": { line in
            let source = line.transaction.source
            return QueryCell(
                id: source,
                display: source.flatMap { line.transaction.context.transaction($0) }.map {
                    "\($0.kind.words) #\($0.tranId)"
                })
        },
        "linelastmodifieddate": { $0.transaction.context.time($0.transaction.modified) },
    ]

    /// How far an order's line is.
    private static let lineProgressColumns: [String: @Sendable (LineRecord) -> QueryCell] = [
        "quantityshiprecv": { QueryCell(number: $0.orderLine?.fulfilled) },
        "quantitypicked": { QueryCell(number: $0.orderLine?.picked) },
        "quantitypacked": { QueryCell(number: $0.orderLine?.packed) },
        "quantitybilled": { QueryCell(number: $0.orderLine?.billed) },
        "isfullyshipped": {
            QueryCell(flag: $0.orderLine.map { $0.isFulfillable && $0.fulfilled >= $0.quantity } ?? false)
        },
        "isclosed": { QueryCell(flag: $0.orderLine?.isClosed ?? false) },
        "shipmethod": { $0.isHeader ? .null : QueryCell($0.transaction.values.reference("shipMethod")) },
        "actualshipdate": { line in
            guard let fulfilment = line.transaction.fulfilment, fulfilment.status == .shipped else { return .null }
            return QueryCell(fulfilment.head.date)
        },
    ]
}
