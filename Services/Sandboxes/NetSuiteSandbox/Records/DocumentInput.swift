import FoundationEssentials

/// Bodies of the record service, read as what somebody wants of a document.
extension Account {
    /// A transform of an order or an invoice: makes the new document and gives its id.
    mutating func transform(
        _ source: TransactionKind, _ id: String, to target: TransactionKind, _ input: EntryInput, now: Stamp
    ) throws(Refusal) -> String {
        switch (source, target) {
        case (.salesOrder, .itemFulfillment): return try fulfil(id, try fulfilmentWish(input), now: now).id
        case (.salesOrder, .invoice):
            var wish = InvoiceWish(lines: try lineWishes(input), externalId: input.text("externalId"))
            wish.date = input.date("tranDate")
            wish.dueDate = input.date("dueDate")
            wish.values = input.plainValues(except: DocumentHead.handledFields)
            return try bill(id, wish, now: now).id
        case (.invoice, .customerPayment): return try enterPayment(try paymentWish(input, of: id), now: now).id
        case (.invoice, .creditMemo):
            var wish = CreditWish(lines: try lineWishes(input), externalId: input.text("externalId"))
            wish.date = input.date("tranDate")
            wish.apply = try applyWishes(input)
            wish.appliesToInvoice = !wish.apply.contains { $0.invoiceId == id }
            wish.values = input.plainValues(except: DocumentHead.handledFields)
            return try credit(id, wish, now: now).id
        default: throw .cannotTransform(id, to: target)
        }
    }

    /// `POST` of a document by itself: makes it and gives its id.
    mutating func create(_ kind: TransactionKind, _ input: EntryInput, now: Stamp) throws(Refusal) -> String {
        switch kind {
        case .invoice: return try createInvoice(input, now: now).id
        case .customerPayment:
            let (customer, currency) = try parties(input, customer: "customer")
            var wish = PaymentWish(customer: customer, currency: currency)
            try read(input, into: &wish)
            return try enterPayment(wish, now: now).id
        case .creditMemo: return try createCreditMemo(input, try applyWishes(input), now: now).id
        case .salesOrder: return try createSalesOrder(input, now: now).id
        case .itemFulfillment: throw .request("An itemFulfillment is made by transforming a salesOrder.")
        }
    }

    /// `PATCH` of a document.
    mutating func change(
        _ kind: TransactionKind, _ id: String, _ input: EntryInput, replacing: Set<String>, now: Stamp
    ) throws(Refusal) {
        if input.isGiven("item") {
            throw .content("The lines of a saved \(kind.recordName) cannot be changed in this sandbox.", at: "item")
        }
        switch kind {
        case .salesOrder: _ = try changeSalesOrder(id, input, replacing: replacing, now: now)
        case .itemFulfillment: try changeFulfilment(id, input, replacing: replacing, now: now)
        case .invoice:
            guard var invoice = documents.invoices[id] else { throw .noSuchRecord }
            try change(&invoice.head, input, now: now)
            if let due = input.date("dueDate") { invoice.dueDate = due }
            let approval = input.option("approvalStatus").flatMap(Invoice.Approval.init)
            if let approval, approval != invoice.approval {
                _ = try setApproval(ofInvoice: id, to: approval, now: now)
                invoice.approval = approval
            }
            keep(invoice, now: now)
        case .customerPayment:
            guard var payment = documents.payments[id] else { throw .noSuchRecord }
            try change(&payment.head, input, now: now)
            if let amount = input.number("payment"), amount != payment.amount {
                throw .invalidFieldValue(amount.description, field: "payment", at: "payment")
            }
            let former = replacing.contains("apply") ? [] : payment.apply
            payment.apply = try applications(try applyWishes(input), over: former, from: fund(of: payment))
            keep(payment, now: now)
        case .creditMemo:
            guard var memo = documents.creditMemos[id] else { throw .noSuchRecord }
            try change(&memo.head, input, now: now)
            let former = replacing.contains("apply") ? [] : memo.apply
            memo.apply = try applications(try applyWishes(input), over: former, from: fund(of: memo))
            keep(memo, now: now)
        }
    }

    mutating func delete(_ kind: TransactionKind, _ id: String, now: Stamp) throws(Refusal) {
        switch kind {
        case .salesOrder: try deleteSalesOrder(id, now: now)
        case .itemFulfillment: try deleteFulfilment(id, now: now)
        case .invoice: try deleteInvoice(id, now: now)
        case .customerPayment: try deletePayment(id, now: now)
        case .creditMemo: try deleteCreditMemo(id, now: now)
        }
    }

    // MARK: Parts

    private mutating func changeFulfilment(
        _ id: String, _ input: EntryInput, replacing: Set<String>, now: Stamp
    ) throws(Refusal) {
        guard var fulfilment = documents.fulfilments[id] else { throw .noSuchRecord }
        let wish = try fulfilmentWish(input)
        if input.isGiven("shipStatus"), wish.status < fulfilment.status {
            throw .invalidFieldValue(wish.status.rawValue, field: "shipStatus", at: "shipStatus")
        }
        try change(&fulfilment.head, input, now: now)
        if let carrier = wish.carrier { fulfilment.carrier = carrier }
        if replacing.contains("package") { fulfilment.packages = [] }
        fulfilment.packages += wish.packages
        keep(fulfilment, now: now)
        if input.isGiven("shipStatus") { _ = try advance(fulfilment: id, to: wish.status, now: now) }
    }

    private func change(_ head: inout DocumentHead, _ input: EntryInput, now: Stamp) throws(Refusal) {
        input.apply(to: &head.values, except: DocumentHead.handledFields)
        if let date = input.date("tranDate") { head.date = date }
        let parties = [("entity", head.customer), ("customer", head.customer), ("currency", head.currency)]
        for (name, held) in parties {
            if let given = input.reference(name), given.id != held.id {
                throw .invalidFieldValue(given.id, field: name, at: name)
            }
        }
        if input.isGiven("externalId") {
            let externalId = input.text("externalId")
            try refuseTaken(externalId, by: head.id)
            head.externalId = externalId
        }
        head.modified = now
    }

    private func fulfilmentWish(_ input: EntryInput) throws(Refusal) -> FulfilmentWish {
        var wish = FulfilmentWish(lines: try lineWishes(input))
        wish.status = input.option("shipStatus").flatMap(Fulfilment.Status.init) ?? .shipped
        wish.date = input.date("tranDate")
        wish.externalId = input.text("externalId")
        if case .option(let id, let name)? = input.value("shipCarrier") { wish.carrier = ListEntry(id: id, name: name) }
        for entry in input.entries("package") ?? [] {
            wish.packages.append(
                Package(
                    description: entry.text("packageDescr"), weight: entry.number("packageWeight"),
                    trackingNumber: entry.text("packageTrackingNumber"),
                    cartonNumber: entry.number("packageCartonNumber").flatMap { Int($0.description) }))
        }
        wish.values = input.plainValues(except: DocumentHead.handledFields)
        return wish
    }

    private func lineWishes(_ input: EntryInput) throws(Refusal) -> [LineWish] {
        var wishes: [LineWish] = []
        for entry in input.entries("item") ?? [] {
            guard let line = entry.number("orderLine") else {
                var refusal = Refusal.missing(["Order Line"])
                refusal.locator = .path(entry.path(of: "orderLine"))
                throw refusal
            }
            guard let key = Int(line.description) else {
                throw .invalidFieldValue(line.description, field: "orderLine", at: entry.path(of: "orderLine"))
            }
            wishes.append(
                LineWish(
                    sourceLine: key, isTaken: entry.flag("itemReceive") ?? true, quantity: entry.number("quantity"),
                    location: entry.reference("location"), path: entry.path))
        }
        return wishes
    }

    private func paymentWish(_ input: EntryInput, of invoiceId: String) throws(Refusal) -> PaymentWish {
        guard let invoice = documents.invoices[invoiceId] else { throw .noSuchRecord }
        guard documents.state(of: invoice) == "A" else { throw .cannotTransform(invoiceId, to: .customerPayment) }
        var wish = PaymentWish(customer: invoice.head.customer, currency: invoice.head.currency)
        try read(input, into: &wish)
        if !wish.apply.contains(where: { $0.invoiceId == invoiceId }) {
            wish.apply.insert(ApplyWish(invoiceId: invoiceId), at: 0)
        }
        return wish
    }

    private func read(_ input: EntryInput, into wish: inout PaymentWish) throws(Refusal) {
        wish.amount = input.number("payment")
        wish.date = input.date("tranDate")
        wish.externalId = input.text("externalId")
        wish.apply = try applyWishes(input)
        wish.appliesRest = input.flag("autoApply") ?? false
        wish.values = input.plainValues(except: DocumentHead.handledFields)
    }

    private func applyWishes(_ input: EntryInput) throws(Refusal) -> [ApplyWish] {
        var wishes: [ApplyWish] = []
        for entry in input.entries("apply") ?? [] {
            guard let doc = entry.reference("doc") else {
                var refusal = Refusal.missing(["Invoice"])
                refusal.locator = .path(entry.path(of: "doc"))
                throw refusal
            }
            wishes.append(
                ApplyWish(
                    invoiceId: doc.id, isApplied: entry.flag("apply") ?? true, amount: entry.number("amount"),
                    path: entry.path))
        }
        return wishes
    }
}
