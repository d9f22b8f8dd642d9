import FoundationEssentials
import JSONText

/// Documents as the control API shows them: flat, complete, decimals as text.
extension ControlRendering {
    static func documents(_ kind: TransactionKind, _ account: Account) -> [JSONValue] {
        let documents = account.documents
        return switch kind {
        case .salesOrder: []
        case .itemFulfillment: documents.fulfilments.all.map { fulfilment($0, account) }
        case .invoice: documents.invoices.all.map { invoice($0, account) }
        case .customerPayment: documents.payments.all.map { payment($0, account) }
        case .creditMemo: documents.creditMemos.all.map { credit($0, account) }
        }
    }

    static func document(_ kind: TransactionKind, _ id: String, _ account: Account) -> JSONValue? {
        let documents = account.documents
        return switch kind {
        case .salesOrder: account.salesOrders[id].map { orderWithDocuments($0, account) }
        case .itemFulfillment: documents.fulfilments[id].map { fulfilment($0, account) }
        case .invoice: documents.invoices[id].map { invoice($0, account) }
        case .customerPayment: documents.payments[id].map { payment($0, account) }
        case .creditMemo: documents.creditMemos[id].map { credit($0, account) }
        }
    }

    /// An order with everything that follows from it.
    static func orderWithDocuments(_ order: SalesOrder, _ account: Account) -> JSONValue {
        guard var object = self.order(order, account).object else { return .null }
        let documents = account.documents
        let fulfilments = documents.fulfilments(ofOrder: order.id)
        let invoices = documents.invoices(ofOrder: order.id)
        var payments: [CustomerPayment] = []
        var credits: [CreditMemo] = invoices.flatMap { documents.creditMemos(ofInvoice: $0.id) }
        for payer in invoices.flatMap({ documents.payers(ofInvoice: $0.id) }) {
            if let payment = payer as? CustomerPayment, !payments.contains(where: { $0.id == payment.id }) {
                payments.append(payment)
            } else if let memo = payer as? CreditMemo, !credits.contains(where: { $0.id == memo.id }) {
                credits.append(memo)
            }
        }
        object["fulfilments"] = .array(fulfilments.map { fulfilment($0, account) })
        object["invoices"] = .array(invoices.map { invoice($0, account) })
        object["payments"] = .array(payments.map { payment($0, account) })
        object["credits"] = .array(credits.map { credit($0, account) })
        object["trackingNumbers"] = .array(fulfilments.flatMap(\.trackingNumbers).map(JSONValue.string))
        let paid = invoices.reduce(Decimal(0)) { $0 + documents.amountPaid(ofInvoice: $1.id) }
        object["amountInvoiced"] = .string(invoices.reduce(Decimal(0)) { $0 + $1.total }.description)
        object["amountPaid"] = .string(paid.description)
        return .object(object)
    }

    private static func fulfilment(_ fulfilment: Fulfilment, _ account: Account) -> JSONValue {
        var object = head(fulfilment.head, fulfilment.status.rawValue)
        noteOrder(fulfilment.orderId, in: &object, account)
        object["carrier"] = fulfilment.carrier.map { .string($0.name) }
        object["trackingNumbers"] = .array(fulfilment.trackingNumbers.map(JSONValue.string))
        object["packages"] = .array(
            fulfilment.packages.map { package in
                var entry = JSONObject()
                entry["trackingNumber"] = package.trackingNumber.map(JSONValue.string)
                entry["description"] = package.description.map(JSONValue.string)
                entry["weight"] = package.weight.map { .string($0.description) }
                return .object(entry)
            })
        object["lines"] = .array(
            fulfilment.lines.map { line in
                var entry = self.line(line)
                entry["orderLine"] = line.sourceLine.map { .number(JSONNumber($0)) }
                entry["location"] = line.location.map { ["id": .string($0.id), "name": .string($0.name)] }
                return .object(entry)
            })
        return .object(object)
    }

    private static func invoice(_ invoice: Invoice, _ account: Account) -> JSONValue {
        let documents = account.documents
        var object = head(invoice.head, documents.state(of: invoice))
        if let order = invoice.orderId { noteOrder(order, in: &object, account) }
        object["dueDate"] = .string(invoice.dueDate.iso)
        object["subtotal"] = .string(invoice.subtotal.description)
        object["total"] = .string(invoice.total.description)
        object["amountPaid"] = .string(documents.amountPaid(ofInvoice: invoice.id).description)
        object["amountRemaining"] = .string(documents.amountRemaining(of: invoice).description)
        object["lines"] = .array(
            invoice.lines.map { line in
                var entry = self.line(line)
                entry["orderLine"] = line.sourceLine.map { .number(JSONNumber($0)) }
                return .object(entry)
            })
        object["appliedBy"] = .array(
            documents.payers(ofInvoice: invoice.id).map { payer in
                let amount = payer.apply.first { $0.invoiceId == invoice.id }?.amount ?? 0
                return [
                    "id": .string(payer.id), "tranId": .string(payer.tranId),
                    "kind": .string(payer.head.kind.recordName), "amount": .string(amount.description),
                ]
            })
        return .object(object)
    }

    private static func payment(_ payment: CustomerPayment, _ account: Account) -> JSONValue {
        var object = head(payment.head, payment.state)
        object["amount"] = .string(payment.amount.description)
        noteApplied(payment, in: &object, account)
        return .object(object)
    }

    private static func credit(_ memo: CreditMemo, _ account: Account) -> JSONValue {
        var object = head(memo.head, memo.state)
        object["invoiceId"] = memo.invoiceId.map(JSONValue.string)
        object["invoiceNumber"] = memo.invoiceId.flatMap { account.documents.invoices[$0] }.map { .string($0.tranId) }
        object["total"] = .string(memo.total.description)
        object["lines"] = .array(
            memo.lines.map { line in
                var entry = self.line(line)
                entry["invoiceLine"] = line.sourceLine.map { .number(JSONNumber($0)) }
                return .object(entry)
            })
        noteApplied(memo, in: &object, account)
        return .object(object)
    }

    // MARK: Parts

    private static func head(_ head: DocumentHead, _ state: String) -> JSONObject {
        var object: JSONObject = [
            "id": .string(head.id), "externalId": head.externalId.map(JSONValue.string) ?? .null,
            "tranId": .string(head.tranId), "kind": .string(head.kind.recordName), "status": .string(state),
            "statusName": .string(head.kind.states[state] ?? ""), "date": .string(head.date.iso),
            "customerId": .string(head.customer.id), "createdDate": .string(head.created.isoMillisecondsText),
            "lastModifiedDate": .string(head.modified.isoMillisecondsText),
        ]
        object["currency"] = Catalogue.currency(head.currency.id).map { .string($0.symbol) }
        for name in head.values.keys.sorted() where object[name] == nil {
            if let value = plain(head.values[name]) { object[name] = value }
        }
        return object
    }

    private static func noteOrder(_ id: String, in object: inout JSONObject, _ account: Account) {
        object["orderId"] = .string(id)
        object["orderNumber"] = account.salesOrders[id].map { .string($0.tranId) }
        object["orderStatus"] = account.salesOrders[id].map { .string($0.state) }
    }

    private static func noteApplied(
        _ document: some PayingDocument, in object: inout JSONObject, _ account: Account
    ) {
        object["applied"] = .string(document.applied.description)
        object["unapplied"] = .string(document.unapplied.description)
        object["apply"] = .array(
            document.apply.map { application in
                var entry: JSONObject = [
                    "invoiceId": .string(application.invoiceId), "amount": .string(application.amount.description),
                ]
                entry["invoiceNumber"] = account.documents.invoices[application.invoiceId].map { .string($0.tranId) }
                return .object(entry)
            })
    }

    private static func line(_ line: DocumentLine) -> JSONObject {
        var object: JSONObject = [
            "line": .number(JSONNumber(line.line)), "item": .string(line.item.name), "itemId": .string(line.item.id),
            "quantity": .string(line.quantity.description),
        ]
        if line.rate != nil || line.amount != 0 {
            object["rate"] = line.rate.map { .string($0.description) }
            object["amount"] = .string(line.amount.description)
        }
        return object
    }
}
