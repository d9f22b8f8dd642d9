import FoundationEssentials

/// The invoice that somebody wants of an order.
struct InvoiceWish: Equatable, Sendable {
    var lines: [LineWish] = []
    /// Whether lines that are not mentioned are billed with all that is left.
    var takesOtherLines = true
    var date: CivilDate?
    var dueDate: CivilDate?
    var externalId: String?
    var values: [String: FieldValue] = [:]
}

/// How orders are billed.
extension Account {
    mutating func bill(_ orderId: String, _ wish: InvoiceWish, now: Stamp) throws(Refusal) -> Invoice {
        guard let order = salesOrders[orderId], let (customer, currency) = parties(of: order) else {
            throw .noSuchRecord
        }
        guard ["B", "D", "E", "F"].contains(order.state), order.lines.contains(where: { $0.leftToBill > 0 }) else {
            throw .cannotTransform(order.id, to: .invoice)
        }
        let lines = try invoiceLines(of: order, wish)
        var values = wish.values
        for name in ["terms", "otherRefNum", "location", "subsidiary", "exchangeRate", "memo"] where values[name] == nil
        {
            values[name] = order.values[name]
        }
        var invoice = try newInvoice(
            customer: customer, currency: currency, values: values, wish, orderId: order.id, lines, now: now)
        if !documents.invoices(ofOrder: order.id).contains(where: { $0.charges > 0 }) {
            invoice.charges = order.total - order.subtotal
        }
        keep(invoice, now: now)
        return invoice
    }

    /// `POST /invoice`: one that bills no order.
    mutating func createInvoice(_ input: EntryInput, now: Stamp) throws(Refusal) -> Invoice {
        let (customer, currency) = try parties(input, customer: "entity")
        guard let entries = input.entries("item"), !entries.isEmpty else { throw Account.noLines }
        let lines = try enteredLines(entries)
        var wish = InvoiceWish(externalId: input.text("externalId"))
        wish.date = input.date("tranDate")
        wish.dueDate = input.date("dueDate")
        wish.values = input.plainValues(except: DocumentHead.handledFields)
        if wish.values["terms"] == nil { wish.values["terms"] = customers[customer.id]?.values["terms"] }
        let invoice = try newInvoice(
            customer: customer, currency: currency, values: wish.values, wish, orderId: nil, lines, now: now)
        keep(invoice, now: now)
        return invoice
    }

    private mutating func newInvoice(
        customer: Reference, currency: Reference, values: [String: FieldValue], _ wish: InvoiceWish, orderId: String?,
        _ lines: [DocumentLine], now: Stamp
    ) throws(Refusal) -> Invoice {
        try refuseTaken(wish.externalId)
        let date = wish.date ?? settings.zone.local(now).date
        let days = Catalogue.days(ofTerms: values.reference("terms")?.id)
        let (id, tranId) = transactions.next(.invoice)
        let head = DocumentHead(
            id: id, kind: .invoice, tranId: tranId, externalId: wish.externalId, date: date, customer: customer,
            currency: currency, values: values, created: now, modified: now)
        return Invoice(
            head: head, orderId: orderId,
            dueDate: wish.dueDate ?? CivilDate(daysSinceEpoch: date.daysSinceEpoch + days),
            approval: settings.invoicesNeedApproval ? .pending : .approved, lines: lines)
    }

    private mutating func invoiceLines(of order: SalesOrder, _ wish: InvoiceWish) throws(Refusal) -> [DocumentLine] {
        let wishes = try byLine(wish.lines, known: order.lines.map(\.line))
        var lines: [DocumentLine] = []
        for line in order.lines {
            guard let item = line.values.reference("item"),
                let quantity = try quantity(
                    wishes[line.line], left: line.leftToBill, takesOthers: wish.takesOtherLines)
            else { continue }
            lines.append(
                DocumentLine(
                    line: lines.count + 1, uniqueKey: nextLineKey(), sourceLine: line.line, item: item,
                    quantity: quantity, rate: line.values.number("rate"),
                    amount: Account.amount(
                        of: quantity, from: line.quantity, amount: line.amount, rate: line.values.number("rate")),
                    location: line.values.reference("location"), description: line.values.text("description")))
        }
        guard !lines.isEmpty else { throw Account.noLines }
        return lines
    }

    /// The whole quantity has the line's own amount; a part has quantity × rate, rounded, so that parts need not add up
    /// to the whole.
    static func amount(of quantity: Decimal, from whole: Decimal, amount: Decimal, rate: Decimal?) -> Decimal {
        if quantity == whole || whole == 0 { return amount }
        return (quantity * (rate ?? amount / whole)).rounded(toScale: 2)
    }

    /// Lines that somebody enters, of a document that comes from no other.
    mutating func enteredLines(_ entries: [EntryInput]) throws(Refusal) -> [DocumentLine] {
        var lines: [DocumentLine] = []
        for entry in entries {
            guard let item = entry.reference("item") else { throw .missing(["Item"]) }
            let quantity = entry.number("quantity") ?? 1
            guard quantity >= 0 else {
                throw .invalidFieldValue(quantity.description, field: "quantity", at: entry.path(of: "quantity"))
            }
            let rate = entry.number("rate") ?? (entry.isGiven("amount") ? nil : self.item(id: item.id)?.listPrice)
            guard let amount = entry.number("amount") ?? rate.map({ $0 * quantity }) else {
                throw .missing(["Amount"])
            }
            lines.append(
                DocumentLine(
                    line: lines.count + 1, uniqueKey: nextLineKey(), sourceLine: nil, item: item, quantity: quantity,
                    rate: rate, amount: amount.rounded(toScale: 2), location: entry.reference("location"),
                    description: entry.text("description")))
        }
        return lines
    }

    /// Customer and currency of a document that comes from no other.
    func parties(
        _ input: EntryInput, customer name: String
    ) throws(Refusal) -> (customer: Reference, currency: Reference) {
        guard let reference = input.reference(name), let customer = customers[reference.id] else {
            throw .missing(["Customer"])
        }
        guard let currency = input.reference("currency") ?? customer.values.reference("currency") else {
            throw .missing(["Currency"])
        }
        guard customer.currencies.contains(currency.id) else {
            throw .invalidFieldValue(currency.id, field: "currency", at: "currency")
        }
        return (reference, currency)
    }

    // MARK: Later changes

    mutating func setApproval(
        ofInvoice id: String, to approval: Invoice.Approval, now: Stamp
    ) throws(Refusal) -> Invoice {
        guard var invoice = documents.invoices[id] else { throw .noSuchRecord }
        guard !invoice.isVoided, documents.amountPaid(ofInvoice: id) == 0 || approval == invoice.approval else {
            throw .invalidFieldValue(approval.rawValue, field: "approvalStatus", at: "approvalStatus")
        }
        invoice.approval = approval
        invoice.head.modified = now
        keep(invoice, now: now)
        return invoice
    }

    /// Takes the invoice out of the books: its quantities and amounts become zero, and the order can be billed again.
    mutating func voidInvoice(_ id: String, now: Stamp) throws(Refusal) -> Invoice {
        guard var invoice = documents.invoices[id] else { throw .noSuchRecord }
        guard !invoice.isVoided, !isFollowed(invoice) else { throw Account.linkedToPayment }
        invoice.isVoided = true
        invoice.charges = 0
        for index in invoice.lines.indices {
            invoice.lines[index].quantity = 0
            invoice.lines[index].amount = 0
        }
        invoice.head.modified = now
        keep(invoice, now: now)
        return invoice
    }

    /// Refused while anything pays for it or was made from it.
    mutating func deleteInvoice(_ id: String, now: Stamp) throws(Refusal) {
        guard let invoice = documents.invoices[id] else { throw .noSuchRecord }
        guard !isFollowed(invoice) else { throw Account.linked }
        documents.removeInvoice(id)
        forget(invoice.head, now: now)
        if let order = invoice.orderId { refigure(order, now: now) }
    }

    private func isFollowed(_ invoice: Invoice) -> Bool {
        !documents.payers(ofInvoice: invoice.id).isEmpty || !documents.creditMemos(ofInvoice: invoice.id).isEmpty
    }

    private static let linkedToPayment = Refusal.userError(
        "This transaction cannot be voided because it is voided already or linked to by one or more transactions.")

    /// Stores an invoice in its new state, with what follows for its order.
    mutating func keep(_ invoice: Invoice, now: Stamp) {
        let old = documents.invoices[invoice.id]
        documents.store(invoice)
        note(invoice.head, formerly: old?.head)
        if let order = invoice.orderId { refigure(order, now: now) }
    }
}

extension DocumentHead {
    /// Fields of a body that are not simply stored among the values.
    static let handledFields: Set<String> = [
        "externalId", "tranDate", "dueDate", "entity", "customer", "currency", "item", "apply", "package", "payment",
        "autoApply", "approvalStatus", "shipStatus", "shipCarrier",
    ]
}

extension EntryInput {
    func text(_ name: String) -> String? {
        if case .text(let text)? = value(name) { text } else { nil }
    }

    func number(_ name: String) -> Decimal? {
        if case .number(let number)? = value(name) { number } else { nil }
    }

    func date(_ name: String) -> CivilDate? {
        if case .date(let date)? = value(name) { date } else { nil }
    }

    func reference(_ name: String) -> Reference? {
        if case .reference(let reference)? = value(name) { reference } else { nil }
    }

    func flag(_ name: String) -> Bool? {
        if case .boolean(let flag)? = value(name) { flag } else { nil }
    }

    func option(_ name: String) -> String? {
        if case .option(let id, _)? = value(name) { id } else { nil }
    }

    /// The values that were given, but for some.
    func plainValues(except handled: Set<String>) -> [String: FieldValue] {
        var values: [String: FieldValue] = [:]
        apply(to: &values, except: handled)
        return values
    }
}
