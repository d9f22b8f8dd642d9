import FoundationEssentials

/// A transaction of any kind, as a row.
final class TransactionRecord: QueryRecord {
    enum Body {
        case order(SalesOrder)
        case fulfilment(Fulfilment)
        case invoice(Invoice)
        case payment(CustomerPayment)
        case memo(CreditMemo)
    }

    let context: QueryContext
    let body: Body

    let id: String
    let kind: TransactionKind
    let created: Stamp
    let modified: Stamp

    init(_ order: SalesOrder, in context: QueryContext) {
        body = .order(order)
        (id, kind, created, modified) = (order.id, .salesOrder, order.created, order.modified)
        self.context = context
    }

    init(_ body: Body, _ head: DocumentHead, in context: QueryContext) {
        self.body = body
        (id, kind, created, modified) = (head.id, head.kind, head.created, head.modified)
        self.context = context
    }

    var order: SalesOrder? { if case .order(let order) = body { order } else { nil } }
    var fulfilment: Fulfilment? { if case .fulfilment(let fulfilment) = body { fulfilment } else { nil } }
    var invoice: Invoice? { if case .invoice(let invoice) = body { invoice } else { nil } }

    /// Of everything but an order.
    var head: DocumentHead? {
        switch body {
        case .order: nil
        case .fulfilment(let fulfilment): fulfilment.head
        case .invoice(let invoice): invoice.head
        case .payment(let payment): payment.head
        case .memo(let memo): memo.head
        }
    }

    var tranId: String { order?.tranId ?? head?.tranId ?? "" }
    var values: [String: FieldValue] { order?.values ?? head?.values ?? [:] }
    var entity: Reference? { order?.values.reference("entity") ?? head?.customer }
    var currency: Reference? { order?.values.reference("currency") ?? head?.currency }

    /// The document that it was made from.
    var source: String? {
        switch body {
        case .order, .payment: nil
        case .fulfilment(let fulfilment): fulfilment.orderId
        case .invoice(let invoice): invoice.orderId
        case .memo(let memo): memo.invoiceId
        }
    }

    private(set) lazy var state: String =
        switch body {
        case .order(let order): order.state
        case .fulfilment(let fulfilment): fulfilment.status.rawValue
        case .invoice(let invoice): context.account.documents.state(of: invoice)
        case .payment(let payment): payment.state
        case .memo(let memo): memo.state
        }

    /// A credit memo's is below zero, since it lowers what is owed; a fulfilment has none.
    var total: Decimal? {
        switch body {
        case .order(let order): order.total
        case .fulfilment: nil
        case .invoice(let invoice): invoice.total
        case .payment(let payment): payment.total
        case .memo(let memo): 0 - memo.total
        }
    }

    /// Of an order those of all its fulfilments.
    var trackingNumbers: [TrackingNumberRecord] {
        switch body {
        case .order(let order):
            context.account.documents.fulfilments(ofOrder: order.id).flatMap(TrackingNumberRecord.all)
        case .fulfilment(let fulfilment): TrackingNumberRecord.all(of: fulfilment)
        case .invoice, .payment, .memo: []
        }
    }
}

extension QueryContext {
    func transaction(_ id: String) -> TransactionRecord? {
        guard let kind = account.transactions.kind(of: id) else { return nil }
        let record: TransactionRecord? =
            switch kind {
            case .salesOrder: account.salesOrders[id].map { TransactionRecord($0, in: self) }
            case .itemFulfillment:
                account.documents.fulfilments[id].map { TransactionRecord(.fulfilment($0), $0.head, in: self) }
            case .invoice: account.documents.invoices[id].map { TransactionRecord(.invoice($0), $0.head, in: self) }
            case .customerPayment:
                account.documents.payments[id].map { TransactionRecord(.payment($0), $0.head, in: self) }
            case .creditMemo: account.documents.creditMemos[id].map { TransactionRecord(.memo($0), $0.head, in: self) }
            }
        guard let record, shows(record.created) else { return nil }
        return record
    }

    func transactions(_ ids: some Sequence<String>) -> [TransactionRecord] { ids.compactMap { transaction($0) } }

    /// By id, external id or number; else those of the wanted types that changed in the wanted span.
    private func transactions(_ wanted: QueryWanted) -> [TransactionRecord] {
        if let ids = wanted.values(of: "id") { return transactions(ids) }
        if let ids = wanted.values(of: "externalid") {
            return transactions(ids.compactMap { account.transactions.id(externalId: $0) })
        }
        if let numbers = wanted.values(of: "tranid") {
            return transactions(numbers.compactMap { account.transactions.id(number: $0) })
        }
        let kinds = TransactionKind.allCases.filter { wanted.values["type"]?.contains($0.queryType) ?? true }
        let span = wanted.times["lastmodifieddate"].map(account.settings.zone.instants)
        return kinds.flatMap { transactions(ids(of: $0, changedIn: span)) }
    }

    private func ids(of kind: TransactionKind, changedIn span: ClosedRange<Int64>?) -> [String] {
        let documents = account.documents
        return switch kind {
        case .salesOrder: span.map(account.salesOrderStamps.ids) ?? account.salesOrderIds
        case .itemFulfillment: span.map(documents.fulfilments.stamps.ids) ?? documents.fulfilments.ids
        case .invoice: span.map(documents.invoices.stamps.ids) ?? documents.invoices.ids
        case .customerPayment: span.map(documents.payments.stamps.ids) ?? documents.payments.ids
        case .creditMemo: span.map(documents.creditMemos.stamps.ids) ?? documents.creditMemos.ids
        }
    }

    var transactionTable: QuerySource {
        var columns = QueryContext.transactionColumns
        for name in account.settings.visibleCustomFields where name.hasPrefix("custbody_") {
            columns[name] = { QueryCell($0.values.text(name)) }
        }
        return QuerySource(
            columns, unexposed: ["createdfrom", "total", "subtotal", "linkedtrackingnumbers"], rows: transactions)
    }

    private static let transactionColumns: [String: @Sendable (TransactionRecord) -> QueryCell] = [
        "id": { QueryCell(id: $0.id, display: "\($0.kind.words) #\($0.tranId)") },
        "tranid": { QueryCell($0.tranId) },
        "number": { QueryCell(id: String($0.tranId.drop { $0.isLetter })) },
        "type": { QueryCell(.text($0.kind.queryType), display: $0.kind.words) },
        "recordtype": { QueryCell($0.kind.recordName.lowercased()) },
        "status": { transaction in
            let state = transaction.state
            return QueryCell(
                .text(state),
                display: "\(transaction.kind.words) : \(transaction.kind.states[state] ?? "Undefined")",
                code: "\(transaction.kind.queryType):\(state)")
        },
        "externalid": { QueryCell($0.order?.externalId ?? $0.head?.externalId) },
        "otherrefnum": { QueryCell($0.values.text("otherRefNum")) },
        "memo": { QueryCell($0.values.text("memo")) },
        "trandate": { QueryCell($0.order?.values.date("tranDate") ?? $0.head?.date) },
        "shipdate": { QueryCell($0.order?.values.date("shipDate")) },
        "duedate": { QueryCell($0.invoice?.dueDate) },
        "createddate": { $0.context.time($0.created) },
        "lastmodifieddate": { $0.context.time($0.modified) },
        "entity": { transaction in
            let id = transaction.entity?.id
            return QueryCell(id: id, display: id.flatMap { transaction.context.account.customers[$0]?.displayName })
        },
        "currency": { QueryCell($0.currency) },
        "terms": { QueryCell($0.values.reference("terms")) },
        "exchangerate": { transaction in
            let today = transaction.currency.flatMap { Catalogue.currency($0.id)?.exchangeRate }
            return QueryCell(number: transaction.order?.values.number("exchangeRate") ?? today)
        },
        "foreigntotal": { QueryCell(number: $0.total) },
        "foreignamountpaid": { transaction in
            QueryCell(
                number: transaction.invoice.map { transaction.context.account.documents.amountPaid(ofInvoice: $0.id) })
        },
        "foreignamountunpaid": { transaction in
            QueryCell(number: transaction.invoice.map { transaction.context.account.documents.amountRemaining(of: $0) })
        },
        "voided": { QueryCell(flag: $0.state == "V") },
        "shipcarrier": { QueryCell($0.fulfilment?.carrier) },
        "trackingnumberlist": { transaction in
            let numbers = transaction.trackingNumbers
            guard !numbers.isEmpty else { return .null }
            return QueryCell(
                .text(numbers.map(\.id).joined(separator: ", ")),
                display: numbers.map(\.number).joined(separator: ", "))
        },
    ]
}
