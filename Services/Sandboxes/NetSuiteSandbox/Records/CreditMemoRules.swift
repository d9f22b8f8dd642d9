import FoundationEssentials

/// The credit memo that somebody wants of an invoice.
struct CreditWish: Equatable, Sendable {
    /// By the invoice's lines.
    var lines: [LineWish] = []
    var takesOtherLines = true
    /// One sum in place of lines.
    var amount: Decimal?
    var date: CivilDate?
    var externalId: String?
    /// Whether as much as is due is applied to the invoice, before `apply` is looked at.
    var appliesToInvoice = true
    var apply: [ApplyWish] = []
    var values: [String: FieldValue] = [:]
}

/// How credits are given.
extension Account {
    mutating func credit(_ invoiceId: String, _ wish: CreditWish, now: Stamp) throws(Refusal) -> CreditMemo {
        guard let invoice = documents.invoices[invoiceId] else { throw .noSuchRecord }
        guard ["A", "B"].contains(documents.state(of: invoice)) else {
            throw .cannotTransform(invoice.id, to: .creditMemo)
        }
        var values = wish.values
        for name in ["otherRefNum", "location", "subsidiary", "exchangeRate"] where values[name] == nil {
            values[name] = invoice.head.values[name]
        }
        try refuseTaken(wish.externalId)
        let lines = try creditLines(of: invoice, wish)
        var memo = newMemo(
            customer: invoice.head.customer, currency: invoice.head.currency, values, wish, invoiceId, lines, now: now)
        if wish.amount == nil, wish.lines.isEmpty { memo.charges = invoice.charges }
        let fund = fund(of: memo)
        if wish.appliesToInvoice, memo.total > 0, documents.amountRemaining(of: invoice) > 0 {
            memo.apply = try applications([ApplyWish(invoiceId: invoice.id)], over: [], from: fund)
        }
        memo.apply = try applications(wish.apply, over: memo.apply, from: fund)
        keep(memo, now: now)
        return memo
    }

    /// `POST /creditMemo`: one that was made from no invoice, though it may be applied to some.
    mutating func createCreditMemo(
        _ input: EntryInput, _ apply: [ApplyWish], now: Stamp
    ) throws(Refusal) -> CreditMemo {
        let (customer, currency) = try parties(input, customer: "entity")
        guard let entries = input.entries("item"), !entries.isEmpty else { throw Account.noLines }
        var wish = CreditWish(externalId: input.text("externalId"))
        wish.date = input.date("tranDate")
        try refuseTaken(wish.externalId)
        var memo = newMemo(
            customer: customer, currency: currency, input.plainValues(except: DocumentHead.handledFields), wish, nil,
            try enteredLines(entries), now: now)
        let fund = fund(of: memo)
        memo.apply = try applications(apply, over: [], from: fund)
        if input.flag("autoApply") == true { memo.apply = applyingRest(memo.apply, from: fund) }
        keep(memo, now: now)
        return memo
    }

    private mutating func newMemo(
        customer: Reference, currency: Reference, _ values: [String: FieldValue], _ wish: CreditWish,
        _ invoiceId: String?, _ lines: [DocumentLine], now: Stamp
    ) -> CreditMemo {
        let (id, tranId) = transactions.next(.creditMemo)
        let head = DocumentHead(
            id: id, kind: .creditMemo, tranId: tranId, externalId: wish.externalId,
            date: wish.date ?? settings.zone.local(now).date, customer: customer, currency: currency, values: values,
            created: now, modified: now)
        return CreditMemo(head: head, invoiceId: invoiceId, lines: lines)
    }

    private mutating func creditLines(of invoice: Invoice, _ wish: CreditWish) throws(Refusal) -> [DocumentLine] {
        if let amount = wish.amount {
            guard amount > 0, let first = invoice.lines.first else {
                throw .invalidFieldValue(amount.description, field: "amount", at: "item.items[0].amount")
            }
            let rounded = amount.rounded(toScale: 2)
            return [
                DocumentLine(
                    line: 1, uniqueKey: nextLineKey(), sourceLine: first.line, item: first.item, quantity: 1,
                    rate: rounded, amount: rounded)
            ]
        }
        let wishes = try byLine(wish.lines, known: invoice.lines.map(\.line))
        var lines: [DocumentLine] = []
        for line in invoice.lines {
            guard
                let quantity = try quantity(wishes[line.line], left: line.quantity, takesOthers: wish.takesOtherLines)
            else { continue }
            lines.append(
                DocumentLine(
                    line: lines.count + 1, uniqueKey: nextLineKey(), sourceLine: line.line, item: line.item,
                    quantity: quantity, rate: line.rate,
                    amount: Account.amount(of: quantity, from: line.quantity, amount: line.amount, rate: line.rate),
                    location: line.location, description: line.description))
        }
        guard !lines.isEmpty else { throw Account.noLines }
        return lines
    }

    // MARK: Later changes

    /// Applies a stored memo elsewhere, or takes it back; the memo's time stamp moves, not the invoices'.
    mutating func reapply(creditMemo id: String, _ wishes: [ApplyWish], now: Stamp) throws(Refusal) -> CreditMemo {
        guard var memo = documents.creditMemos[id] else { throw .noSuchRecord }
        memo.apply = try applications(wishes, over: memo.apply, from: fund(of: memo))
        memo.head.modified = now
        keep(memo, now: now)
        return memo
    }

    /// A voided memo credits nothing.
    mutating func voidCreditMemo(_ id: String, now: Stamp) throws(Refusal) -> CreditMemo {
        guard var memo = documents.creditMemos[id] else { throw .noSuchRecord }
        memo.isVoided = true
        memo.charges = 0
        memo.apply = []
        for index in memo.lines.indices {
            memo.lines[index].quantity = 0
            memo.lines[index].amount = 0
        }
        memo.head.modified = now
        keep(memo, now: now)
        return memo
    }

    mutating func deleteCreditMemo(_ id: String, now: Stamp) throws(Refusal) {
        guard let memo = documents.creditMemos[id] else { throw .noSuchRecord }
        documents.removeCreditMemo(id)
        touchInvoices(of: memo.apply, now: now)
        forget(memo.head, now: now)
    }

    mutating func keep(_ memo: CreditMemo, now: Stamp) {
        let old = documents.creditMemos[memo.id]
        documents.store(memo)
        note(memo.head, formerly: old?.head)
        touchInvoices(of: (old?.apply ?? []) + memo.apply, now: now)
    }
}
