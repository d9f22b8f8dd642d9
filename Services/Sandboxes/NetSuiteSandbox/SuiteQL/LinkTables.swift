import FoundationEssentials

/// How one document follows from another, line by line or as a whole.
final class LinkRecord: QueryRecord {
    let previous: (document: String, line: Int, type: TransactionKind)
    let next: (document: String, line: Int, type: TransactionKind)
    let type: String
    /// Of an invoice's payment what is applied, above zero; else of the line, where it has one.
    let amount: Decimal?

    init(
        _ type: String, from previous: (String, Int, TransactionKind), to next: (String, Int, TransactionKind),
        amount: Decimal?
    ) {
        self.previous = previous
        self.next = next
        self.type = type
        self.amount = amount
    }
}

/// A tracking number of a fulfilment's package.
final class TrackingNumberRecord: QueryRecord {
    let id: String
    let fulfilment: String
    let number: String

    private init(id: String, fulfilment: String, number: String) {
        self.id = id
        self.fulfilment = fulfilment
        self.number = number
    }

    private static let packagesOfOne = 1_000

    static func all(of fulfilment: Fulfilment) -> [TrackingNumberRecord] {
        guard let first = Int(fulfilment.id) else { return [] }
        return fulfilment.trackingNumbers.prefix(packagesOfOne - 1).enumerated().map { index, number in
            TrackingNumberRecord(
                id: String(first * packagesOfOne + index + 1), fulfilment: fulfilment.id, number: number)
        }
    }

    /// The fulfilment that the number with this id belongs to.
    static func fulfilment(of id: String) -> String? { Int(id).map { String($0 / packagesOfOne) } }
}

extension QueryContext {
    /// A fulfilment that is not shipped hangs on its order by `PickPack`, a shipped one by `ShipRcpt`.
    private func links(to fulfilment: Fulfilment) -> [LinkRecord] {
        guard shows(fulfilment.head.created) else { return [] }
        let type = fulfilment.status == .shipped ? "ShipRcpt" : "PickPack"
        return fulfilment.lines.compactMap { line in
            line.sourceLine.map { source in
                LinkRecord(
                    type, from: (fulfilment.orderId, source, .salesOrder),
                    to: (fulfilment.id, line.line, .itemFulfillment), amount: nil)
            }
        }
    }

    private func links(to invoice: Invoice) -> [LinkRecord] {
        guard let order = invoice.orderId, shows(invoice.head.created) else { return [] }
        return invoice.lines.compactMap { line in
            line.sourceLine.map { source in
                LinkRecord(
                    "OrdBill", from: (order, source, .salesOrder), to: (invoice.id, line.line, .invoice),
                    amount: line.amount)
            }
        }
    }

    private func links(to payer: any PayingDocument, ofInvoice invoice: String? = nil) -> [LinkRecord] {
        guard shows(payer.head.created) else { return [] }
        return payer.apply.filter { invoice == nil || $0.invoiceId == invoice }.map { application in
            LinkRecord(
                "Payment", from: (application.invoiceId, 0, .invoice), to: (payer.id, 0, payer.head.kind),
                amount: application.amount)
        }
    }

    private func links(from document: String, _ types: Set<String>?) -> [LinkRecord] {
        func isWanted(_ names: String...) -> Bool { types.map { !$0.isDisjoint(with: names) } ?? true }
        let documents = account.documents
        switch account.transactions.kind(of: document) {
        case .salesOrder:
            let shipped =
                isWanted("PickPack", "ShipRcpt")
                ? documents.fulfilments(ofOrder: document).flatMap { links(to: $0) } : []
            return shipped
                + (isWanted("OrdBill") ? documents.invoices(ofOrder: document).flatMap { links(to: $0) } : [])
        case .invoice:
            guard isWanted("Payment") else { return [] }
            return documents.payers(ofInvoice: document).flatMap { links(to: $0, ofInvoice: document) }
        default: return []
        }
    }

    private func links(into document: String) -> [LinkRecord] {
        let documents = account.documents
        switch account.transactions.kind(of: document) {
        case .itemFulfillment: return documents.fulfilments[document].map { links(to: $0) } ?? []
        case .invoice: return documents.invoices[document].map { links(to: $0) } ?? []
        case .customerPayment, .creditMemo: return documents.payer(document).map { links(to: $0) } ?? []
        default: return []
        }
    }

    /// By the document before or behind; else all.
    private func links(_ wanted: QueryWanted) -> [LinkRecord] {
        let types = wanted.values["linktype"]
        if let documents = wanted.values(of: "nextdoc") { return documents.flatMap { links(into: $0) } }
        let previous = wanted.values(of: "previousdoc") ?? (account.salesOrderIds + account.documents.invoices.ids)
        return previous.flatMap { links(from: $0, types) }
    }

    /// The same per document: lines that hang together are one row.
    private func documentLinks(_ wanted: QueryWanted) -> [LinkRecord] {
        struct Key: Hashable {
            let previous: String
            let next: String
            let type: String
        }
        var sums: [Key: Decimal] = [:]
        var order: [(key: Key, link: LinkRecord)] = []
        for link in links(wanted) {
            let key = Key(previous: link.previous.document, next: link.next.document, type: link.type)
            if sums[key] == nil { order.append((key, link)) }
            sums[key, default: 0] += link.amount ?? 0
        }
        return order.map { key, link in
            LinkRecord(
                link.type, from: (link.previous.document, 0, link.previous.type),
                to: (link.next.document, 0, link.next.type), amount: link.amount == nil ? nil : sums[key])
        }
    }

    private static let linkColumns: [String: @Sendable (LinkRecord) -> QueryCell] = [
        "previousdoc": { QueryCell(id: $0.previous.document) },
        "previoustype": { QueryCell(.text($0.previous.type.queryType), display: $0.previous.type.words) },
        "nextdoc": { QueryCell(id: $0.next.document) },
        "nexttype": { QueryCell(.text($0.next.type.queryType), display: $0.next.type.words) },
        "linktype": { QueryCell($0.type) },
        "foreignamount": { QueryCell(number: $0.amount) },
    ]

    var lineLinkTable: QuerySource {
        var columns = QueryContext.linkColumns
        columns["previousline"] = { QueryCell($0.previous.line) }
        columns["nextline"] = { QueryCell($0.next.line) }
        return QuerySource(columns, rows: links)
    }

    var linkTable: QuerySource { QuerySource(QueryContext.linkColumns, rows: documentLinks) }

    // MARK: Packages

    private func trackingNumbers(ofFulfilments ids: [String]?) -> [TrackingNumberRecord] {
        (ids ?? account.documents.fulfilments.ids).compactMap { account.documents.fulfilments[$0] }
            .filter { shows($0.head.created) }.flatMap(TrackingNumberRecord.all)
    }

    var trackingNumberMapTable: QuerySource {
        QuerySource(
            [
                "transaction": { QueryCell(id: $0.fulfilment) },
                "trackingnumber": { QueryCell(id: $0.id, display: $0.number) },
            ] as [String: @Sendable (TrackingNumberRecord) -> QueryCell],
            rows: { [self] in trackingNumbers(ofFulfilments: $0.values(of: "transaction")) })
    }

    var trackingNumberTable: QuerySource {
        QuerySource(
            [
                "id": { QueryCell(id: $0.id, display: $0.number) },
                "trackingnumber": { QueryCell($0.number) },
            ] as [String: @Sendable (TrackingNumberRecord) -> QueryCell],
            rows: { [self] wanted in
                let ids = wanted.values(of: "id")
                return trackingNumbers(
                    ofFulfilments: ids.map { Set($0.compactMap(TrackingNumberRecord.fulfilment)).sorted() })
            })
    }

    /// Packages, those without a tracking number too.
    var packageTable: QuerySource {
        QuerySource(
            ["itemfulfillment", "packagetrackingnumber"], named: "itemfulfillment",
            rows: { [self] ids in
                (ids ?? account.documents.fulfilments.ids).compactMap { account.documents.fulfilments[$0] }
                    .filter { shows($0.head.created) }.flatMap { fulfilment in
                        fulfilment.packages.map { package in
                            [
                                "itemfulfillment": QueryCell(id: fulfilment.id),
                                "packagetrackingnumber": QueryCell(package.trackingNumber),
                            ]
                        }
                    }
            })
    }
}
