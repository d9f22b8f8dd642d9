import FoundationEssentials

/// What somebody wants of one invoice when he pays or credits.
struct ApplyWish: Equatable, Sendable {
    let invoiceId: String
    /// False takes back what was applied.
    var isApplied = true
    /// nil: as much as is due and there.
    var amount: Decimal?
    /// Where the request says it, such as `apply.items[0]`.
    var path = "apply"
}

/// The payment that somebody wants to enter.
struct PaymentWish: Equatable, Sendable {
    let customer: Reference
    let currency: Reference
    /// nil: what is applied.
    var amount: Decimal?
    var date: CivilDate?
    var externalId: String?
    /// The letter of its status; nil: deposited where an account is named, else not deposited.
    var state: String?
    var apply: [ApplyWish] = []
    var appliesRest = false
    var values: [String: FieldValue] = [:]
}

/// How invoices are paid.
extension Account {
    mutating func enterPayment(_ wish: PaymentWish, now: Stamp) throws(Refusal) -> CustomerPayment {
        let fund = Fund(payer: nil, total: wish.amount, customer: wish.customer.id, currency: wish.currency.id)
        var apply = try applications(wish.apply, over: [], from: fund)
        if wish.appliesRest { apply = applyingRest(apply, from: fund) }
        let applied = apply.reduce(Decimal(0)) { $0 + $1.amount }
        guard let amount = wish.amount ?? (applied > 0 ? applied : nil), amount >= 0 else {
            throw .missing(["Payment Amount"])
        }
        try refuseTaken(wish.externalId)
        let (id, tranId) = transactions.next(.customerPayment)
        let head = DocumentHead(
            id: id, kind: .customerPayment, tranId: tranId, externalId: wish.externalId,
            date: wish.date ?? settings.zone.local(now).date, customer: wish.customer, currency: wish.currency,
            values: wish.values, created: now, modified: now)
        let payment = CustomerPayment(
            head: head, amount: amount, state: wish.state ?? (wish.values.reference("account") == nil ? "B" : "C"),
            apply: apply)
        keep(payment, now: now)
        return payment
    }

    /// Applies a stored payment elsewhere, or takes it back; the payment's time stamp moves, not the invoices'.
    mutating func reapply(
        payment id: String, _ wishes: [ApplyWish], now: Stamp
    ) throws(Refusal) -> CustomerPayment {
        guard var payment = documents.payments[id] else { throw .noSuchRecord }
        payment.apply = try applications(wishes, over: payment.apply, from: fund(of: payment))
        payment.head.modified = now
        keep(payment, now: now)
        return payment
    }

    /// A rejected payment pays nothing.
    mutating func setState(ofPayment id: String, to state: String, now: Stamp) throws(Refusal) -> CustomerPayment {
        guard var payment = documents.payments[id] else { throw .noSuchRecord }
        payment.state = state
        if state == "R" { payment.apply = [] }
        payment.head.modified = now
        keep(payment, now: now)
        return payment
    }

    mutating func deletePayment(_ id: String, now: Stamp) throws(Refusal) {
        guard let payment = documents.payments[id] else { throw .noSuchRecord }
        documents.removePayment(id)
        touchInvoices(of: payment.apply, now: now)
        forget(payment.head, now: now)
    }

    mutating func keep(_ payment: CustomerPayment, now: Stamp) {
        let old = documents.payments[payment.id]
        documents.store(payment)
        note(payment.head, formerly: old?.head)
        touchInvoices(of: (old?.apply ?? []) + payment.apply, now: now)
    }

    /// Invoices get a new time stamp for what is applied to them only by setting.
    mutating func touchInvoices(of applications: [Application], now: Stamp) {
        guard settings.childTouchesOrder else { return }
        for application in applications {
            guard var invoice = documents.invoices[application.invoiceId] else { continue }
            invoice.head.modified = max(invoice.head.modified, now)
            documents.store(invoice)
        }
    }

    // MARK: Applying

    /// What a payment or credit memo has to give, and to whom.
    struct Fund {
        /// nil while the document is new.
        let payer: String?
        /// nil: as much as is wanted.
        let total: Decimal?
        let customer: String
        let currency: String
    }

    func fund(of document: some PayingDocument) -> Fund {
        Fund(
            payer: document.id, total: document.total, customer: document.head.customer.id,
            currency: document.head.currency.id)
    }

    /// What is applied to what, once the wishes are granted.
    func applications(
        _ wishes: [ApplyWish], over existing: [Application], from fund: Fund
    ) throws(Refusal) -> [Application] {
        var result = existing
        for wish in wishes {
            result.removeAll { $0.invoiceId == wish.invoiceId }
            guard wish.isApplied else { continue }
            guard let invoice = documents.invoices[wish.invoiceId], canApply(to: invoice, fund) else {
                throw .invalidFieldValue(wish.invoiceId, field: "doc", at: "\(wish.path).doc")
            }
            let due = due(of: invoice, beside: fund.payer)
            let free = fund.total.map { total in result.reduce(total) { $0 - $1.amount } }
            let amount = wish.amount ?? min(due, free ?? due)
            guard amount > 0, amount <= due, amount <= free ?? amount else {
                throw .invalidFieldValue(amount.description, field: "amount", at: "\(wish.path).amount")
            }
            result.append(Application(invoiceId: invoice.id, amount: amount))
        }
        return result
    }

    /// What is left goes to the customer's other open invoices, the oldest first.
    func applyingRest(_ applications: [Application], from fund: Fund) -> [Application] {
        guard let total = fund.total else { return applications }
        var result = applications
        var free = result.reduce(total) { $0 - $1.amount }
        for invoice in documents.invoices.all where free > 0 {
            guard canApply(to: invoice, fund), !result.contains(where: { $0.invoiceId == invoice.id }) else { continue }
            let amount = min(free, due(of: invoice, beside: fund.payer))
            result.append(Application(invoiceId: invoice.id, amount: amount))
            free -= amount
        }
        return result
    }

    private func canApply(to invoice: Invoice, _ fund: Fund) -> Bool {
        invoice.head.customer.id == fund.customer && invoice.head.currency.id == fund.currency && !invoice.isVoided
            && invoice.approval == .approved && due(of: invoice, beside: fund.payer) > 0
    }

    /// What is owed on an invoice when one payer is left out of account.
    private func due(of invoice: Invoice, beside payer: String?) -> Decimal {
        let own = payer.flatMap { documents.payer($0) }?.apply.first { $0.invoiceId == invoice.id }?.amount ?? 0
        return documents.amountRemaining(of: invoice) + own
    }
}
