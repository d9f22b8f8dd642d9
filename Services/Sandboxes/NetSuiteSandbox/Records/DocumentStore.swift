import FoundationEssentials

/// The fulfilments, invoices, payments and credit memos, and how they hang together.
struct DocumentStore: Sendable {
    private(set) var fulfilments = DocumentShelf<Fulfilment>()
    private(set) var invoices = DocumentShelf<Invoice>()
    private(set) var payments = DocumentShelf<CustomerPayment>()
    private(set) var creditMemos = DocumentShelf<CreditMemo>()
    private var fulfilmentsByOrder: [String: [String]] = [:]
    private var invoicesByOrder: [String: [String]] = [:]
    private var creditMemosByInvoice: [String: [String]] = [:]
    /// Payments and credit memos by the invoice that they are applied to.
    private var payersByInvoice: [String: [String]] = [:]

    // MARK: What follows from what, oldest first

    func fulfilments(ofOrder id: String) -> [Fulfilment] {
        fulfilmentsByOrder[id, default: []].compactMap { fulfilments[$0] }
    }

    func invoices(ofOrder id: String) -> [Invoice] {
        invoicesByOrder[id, default: []].compactMap { invoices[$0] }
    }

    /// The credit memos that were made from an invoice, wherever they are applied.
    func creditMemos(ofInvoice id: String) -> [CreditMemo] {
        creditMemosByInvoice[id, default: []].compactMap { creditMemos[$0] }
    }

    /// What pays for an invoice.
    func payers(ofInvoice id: String) -> [any PayingDocument] {
        payersByInvoice[id, default: []].compactMap { payer($0) }
    }

    func payer(_ id: String) -> (any PayingDocument)? {
        if let payment = payments[id] { return payment }
        return creditMemos[id]
    }

    func amountPaid(ofInvoice id: String) -> Decimal {
        payers(ofInvoice: id).reduce(0) { sum, payer in
            payer.apply.reduce(sum) { $1.invoiceId == id ? $0 + $1.amount : $0 }
        }
    }

    func amountRemaining(of invoice: Invoice) -> Decimal { invoice.total - amountPaid(ofInvoice: invoice.id) }

    /// A open, B paid in full, D pending approval, E rejected, V voided.
    func state(of invoice: Invoice) -> String {
        if invoice.isVoided { return "V" }
        switch invoice.approval {
        case .pending: return "D"
        case .rejected: return "E"
        case .approved: return amountRemaining(of: invoice) <= 0 ? "B" : "A"
        }
    }

    // MARK: Keeping

    mutating func store(_ fulfilment: Fulfilment) {
        if fulfilments.store(fulfilment) { fulfilmentsByOrder[fulfilment.orderId, default: []].append(fulfilment.id) }
    }

    mutating func store(_ invoice: Invoice) {
        if invoices.store(invoice), let order = invoice.orderId {
            invoicesByOrder[order, default: []].append(invoice.id)
        }
    }

    mutating func store(_ payment: CustomerPayment) {
        move(payment.id, from: payments[payment.id]?.apply ?? [], to: payment.apply)
        payments.store(payment)
    }

    mutating func store(_ memo: CreditMemo) {
        move(memo.id, from: creditMemos[memo.id]?.apply ?? [], to: memo.apply)
        if creditMemos.store(memo), let invoice = memo.invoiceId {
            creditMemosByInvoice[invoice, default: []].append(memo.id)
        }
    }

    mutating func removeFulfilment(_ id: String) {
        guard let fulfilment = fulfilments.remove(id) else { return }
        fulfilmentsByOrder[fulfilment.orderId]?.removeAll { $0 == id }
    }

    mutating func removeInvoice(_ id: String) {
        guard let order = invoices.remove(id)?.orderId else { return }
        invoicesByOrder[order]?.removeAll { $0 == id }
    }

    mutating func removePayment(_ id: String) {
        guard let payment = payments.remove(id) else { return }
        move(id, from: payment.apply, to: [])
    }

    mutating func removeCreditMemo(_ id: String) {
        guard let memo = creditMemos.remove(id) else { return }
        move(id, from: memo.apply, to: [])
        if let invoice = memo.invoiceId { creditMemosByInvoice[invoice]?.removeAll { $0 == id } }
    }

    private mutating func move(_ payer: String, from old: [Application], to new: [Application]) {
        for gone in old where !new.contains(where: { $0.invoiceId == gone.invoiceId }) {
            payersByInvoice[gone.invoiceId]?.removeAll { $0 == payer }
        }
        for added in new where !old.contains(where: { $0.invoiceId == added.invoiceId }) {
            payersByInvoice[added.invoiceId, default: []].append(payer)
        }
    }
}

/// Documents of one kind, by id and in the order of creation.
struct DocumentShelf<Document: TransactionDocument>: Sendable {
    private var documents: [String: Document] = [:]
    private(set) var ids: [String] = []
    /// By their last change.
    private(set) var stamps = StampIndex()

    subscript(id: String) -> Document? { documents[id] }
    var count: Int { ids.count }
    var all: [Document] { ids.compactMap { documents[$0] } }

    /// True when the document is new.
    @discardableResult
    fileprivate mutating func store(_ document: Document) -> Bool {
        let old = documents.updateValue(document, forKey: document.id)
        if old == nil { ids.append(document.id) }
        stamps.move(document.id, from: old?.head.modified, to: document.head.modified)
        return old == nil
    }

    fileprivate mutating func remove(_ id: String) -> Document? {
        guard let document = documents.removeValue(forKey: id) else { return nil }
        ids.removeAll { $0 == id }
        stamps.move(id, from: document.head.modified, to: nil)
        return document
    }
}
