import FoundationEssentials
import JSONText

/// Documents that follow from orders, in the JSON of the record service.
extension RecordRendering {
    func document(_ kind: TransactionKind, _ id: String) -> JSONValue? {
        let own = "\(base)/\(kind.recordName)/\(id)"
        guard let values = values(kind, id) else { return nil }
        return record(id: id, values, Shapes.transaction(kind, []), own) { name in
            sublist(kind, id, name).map { collection($0, "\(own)/\(name)", total: $0.count, offset: 0) }
        }
    }

    /// The entries of a sublist; nil where the kind has no such one.
    func sublist(_ kind: TransactionKind, _ id: String, _ name: String) -> [JSONValue]? {
        let own = "\(base)/\(kind.recordName)/\(id)/\(name)"
        let documents = account.documents
        switch (kind, name) {
        case (.itemFulfillment, "item"): return documents.fulfilments[id].map { lines(of: $0, own) }
        case (.itemFulfillment, "package"): return documents.fulfilments[id].map { packages(of: $0, own) }
        case (.invoice, "item"):
            return documents.invoices[id].map { invoice in
                let order = invoice.orderId.flatMap { account.resolve(.salesOrder, id: $0) }
                return invoice.lines.map { soldLine($0, from: order, Shapes.invoiceLine, own) }
            }
        case (.creditMemo, "item"):
            return documents.creditMemos[id].map { memo in
                let invoice = memo.invoiceId.flatMap { account.resolve(.invoice, id: $0) }
                return memo.lines.map { soldLine($0, from: invoice, Shapes.creditMemoLine, own) }
            }
        case (.customerPayment, "apply"): return documents.payments[id].map { applications(of: $0, own) }
        case (.creditMemo, "apply"): return documents.creditMemos[id].map { applications(of: $0, own) }
        default: return nil
        }
    }

    // MARK: Bodies

    private func values(_ kind: TransactionKind, _ id: String) -> [String: FieldValue]? {
        let documents = account.documents
        return switch kind {
        case .salesOrder: nil
        case .itemFulfillment: documents.fulfilments[id].map(values)
        case .invoice: documents.invoices[id].map(values)
        case .customerPayment: documents.payments[id].map(values)
        case .creditMemo: documents.creditMemos[id].map(values)
        }
    }

    private func values(of head: DocumentHead, customer name: String = "entity") -> [String: FieldValue] {
        var values = head.values
        values["externalId"] = head.externalId.map(FieldValue.text)
        values["tranId"] = .text(head.tranId)
        values["tranDate"] = .date(head.date)
        values[name] = .reference(head.customer)
        values["currency"] = .reference(head.currency)
        values["exchangeRate"] =
            values["exchangeRate"] ?? Catalogue.currency(head.currency.id).map { .number($0.exchangeRate) }
        values["createdDate"] = .instant(head.created)
        values["lastModifiedDate"] = .instant(head.modified)
        return values
    }

    private func values(of fulfilment: Fulfilment) -> [String: FieldValue] {
        var values = values(of: fulfilment.head)
        let letter = fulfilment.status.rawValue
        let status = FieldValue.option(id: letter, name: Shapes.fulfilmentStates[letter] ?? "")
        values["createdFrom"] = account.resolve(.salesOrder, id: fulfilment.orderId).map(FieldValue.reference)
        values["shipStatus"] = status
        values["status"] = status
        values["shipCarrier"] = fulfilment.carrier.map { .option(id: $0.id, name: $0.name) }
        return values
    }

    private func values(of invoice: Invoice) -> [String: FieldValue] {
        var values = values(of: invoice.head)
        let letter = account.documents.state(of: invoice)
        let paid = account.documents.amountPaid(ofInvoice: invoice.id)
        values["createdFrom"] =
            invoice.orderId.flatMap { account.resolve(.salesOrder, id: $0) }.map(FieldValue.reference)
        values["status"] = .option(id: letter, name: Shapes.invoiceStates[letter] ?? "")
        let approval = invoice.approval.rawValue
        values["approvalStatus"] = .option(id: approval, name: Shapes.approvals[approval] ?? "")
        values["dueDate"] = .date(invoice.dueDate)
        values["shippingCost"] = invoice.charges > 0 ? .number(invoice.charges) : nil
        values["subtotal"] = .number(invoice.subtotal)
        values["taxTotal"] = .number(0)
        values["total"] = .number(invoice.total)
        values["amountPaid"] = .number(paid)
        values["amountRemaining"] = .number(invoice.total - paid)
        values["trackingNumbers"] = invoice.orderId.flatMap { account.trackingNumbers(ofOrder: $0) }.map(
            FieldValue.text)
        return values
    }

    private func values(of payment: CustomerPayment) -> [String: FieldValue] {
        var values = values(of: payment.head, customer: "customer")
        values["status"] = .option(id: payment.state, name: Shapes.paymentStates[payment.state] ?? "")
        values["payment"] = .number(payment.amount)
        values["total"] = .number(payment.amount)
        values["undepFunds"] = .boolean(values["account"] == nil)
        values["applied"] = .number(payment.applied)
        values["unapplied"] = .number(payment.unapplied)
        return values
    }

    private func values(of memo: CreditMemo) -> [String: FieldValue] {
        var values = values(of: memo.head)
        values["createdFrom"] =
            memo.invoiceId.flatMap { account.resolve(.invoice, id: $0) }.map(FieldValue.reference)
        values["status"] = .option(id: memo.state, name: Shapes.creditMemoStates[memo.state] ?? "")
        values["subtotal"] = .number(memo.subtotal)
        values["taxTotal"] = .number(0)
        values["total"] = .number(memo.total)
        values["applied"] = .number(memo.applied)
        values["unapplied"] = .number(memo.unapplied)
        values["amountRemaining"] = .number(memo.unapplied)
        return values
    }

    // MARK: Sublists

    private func lines(of fulfilment: Fulfilment, _ own: String) -> [JSONValue] {
        let order = account.salesOrders[fulfilment.orderId]
        return fulfilment.lines.map { line in
            var values = values(of: line)
            values["itemReceive"] = .boolean(true)
            let ordered = order?.lines.first { $0.line == line.sourceLine }
            values["quantityRemaining"] = .number(ordered?.leftToFulfil ?? 0)
            return entry(values, Shapes.fulfilmentLine, "\(own)/\(line.line)")
        }
    }

    private func packages(of fulfilment: Fulfilment, _ own: String) -> [JSONValue] {
        fulfilment.packages.enumerated().map { index, package in
            var values: [String: FieldValue] = [:]
            values["packageDescr"] = package.description.map(FieldValue.text)
            values["packageWeight"] = package.weight.map(FieldValue.number)
            values["packageTrackingNumber"] = package.trackingNumber.map(FieldValue.text)
            values["packageCartonNumber"] = .number(Decimal(package.cartonNumber ?? index + 1))
            return entry(values, Shapes.package, "\(own)/\(index + 1)")
        }
    }

    private func soldLine(
        _ line: DocumentLine, from source: Reference?, _ shape: Shape, _ own: String
    ) -> JSONValue {
        var values = values(of: line)
        values["orderDoc"] = source.map(FieldValue.reference)
        values["amount"] = .number(line.amount)
        return entry(values, shape, "\(own)/\(line.line)")
    }

    private func values(of line: DocumentLine) -> [String: FieldValue] {
        var values: [String: FieldValue] = [
            "line": .number(Decimal(line.line)), "item": .reference(line.item), "quantity": .number(line.quantity),
            "lineUniqueKey": .number(Decimal(line.uniqueKey)),
        ]
        values["orderLine"] = line.sourceLine.map { .number(Decimal($0)) }
        values["rate"] = line.rate.map(FieldValue.number)
        values["location"] = line.location.map(FieldValue.reference)
        values["description"] = line.description.map(FieldValue.text)
        return values
    }

    /// What is applied, then the customer's other open invoices, with `apply` false.
    private func applications(of document: some PayingDocument, _ own: String) -> [JSONValue] {
        let applied = document.apply.map { ($0.invoiceId, Optional($0.amount)) }
        let others = account.documents.invoices.all.filter { invoice in
            invoice.head.customer.id == document.head.customer.id
                && invoice.head.currency.id == document.head.currency.id
                && account.documents.state(of: invoice) == "A"
                && !document.apply.contains { $0.invoiceId == invoice.id }
        }
        return (applied + others.map { ($0.id, nil) }).enumerated().compactMap { index, application in
            guard let invoice = account.documents.invoices[application.0],
                let reference = account.resolve(.invoice, id: invoice.id)
            else { return nil }
            let remaining = account.documents.amountRemaining(of: invoice)
            var values: [String: FieldValue] = [
                "line": .number(Decimal(index)), "doc": .reference(reference),
                "apply": .boolean(application.1 != nil), "refNum": .text(invoice.tranId), "type": .text("Invoice"),
                "total": .number(invoice.total), "due": .number(remaining + (application.1 ?? 0)),
            ]
            values["amount"] = application.1.map(FieldValue.number)
            return entry(values, Shapes.apply, "\(own)/\(index)")
        }
    }

    /// Keys are whole numbers.
    private func entry(_ values: [String: FieldValue], _ shape: Shape, _ own: String) -> JSONValue {
        var object = members(values, shape, own)
        for name in ["line", "orderLine", "lineUniqueKey", "packageCartonNumber"] {
            if let number = values.number(name), object[name] != nil {
                object[name] = JSONNumber(text: number.description).map(JSONValue.number)
            }
        }
        return .object(object)
    }
}
