import FoundationEssentials

/// What all documents have in common when they are saved, and what their orders learn from them.
extension Account {
    static let linked = Refusal.userError(
        "This transaction cannot be deleted because it is linked to by one or more transactions.")

    /// The customer and the currency that documents take from their order.
    func parties(of order: SalesOrder) -> (customer: Reference, currency: Reference)? {
        guard let customer = order.values.reference("entity"), let currency = order.values.reference("currency") else {
            return nil
        }
        return (customer, currency)
    }

    /// External ids are one pool for all transactions.
    func refuseTaken(_ externalId: String?, by holder: String? = nil) throws(Refusal) {
        guard let externalId, let taken = transactions.id(externalId: externalId), taken != holder else { return }
        throw .recordExists
    }

    mutating func note(_ head: DocumentHead, formerly former: DocumentHead?) {
        transactions.note(
            head.kind, id: head.id, tranId: head.tranId, externalId: head.externalId, formerly: former?.externalId)
    }

    mutating func forget(_ head: DocumentHead, now: Stamp) {
        transactions.forget(id: head.id, tranId: head.tranId, externalId: head.externalId)
        noteDeletion(of: head.id, type: head.kind.recordName.lowercased(), name: head.tranId, now: now)
    }

    /// Counts anew what was picked, packed, shipped and billed of an order; its time stamp moves only by setting.
    mutating func refigure(_ orderId: String, now: Stamp) {
        guard var order = salesOrders[orderId] else { return }
        var sums: [Int: (picked: Decimal, packed: Decimal, shipped: Decimal, billed: Decimal)] = [:]
        for fulfilment in documents.fulfilments(ofOrder: orderId) {
            for line in fulfilment.lines {
                guard let key = line.sourceLine else { continue }
                var sum = sums[key] ?? (0, 0, 0, 0)
                sum.picked += line.quantity
                if fulfilment.status >= .packed { sum.packed += line.quantity }
                if fulfilment.status == .shipped { sum.shipped += line.quantity }
                sums[key] = sum
            }
        }
        for invoice in documents.invoices(ofOrder: orderId) {
            for line in invoice.lines {
                guard let key = line.sourceLine else { continue }
                sums[key, default: (0, 0, 0, 0)].billed += line.quantity
            }
        }
        for index in order.lines.indices {
            let sum = sums[order.lines[index].line] ?? (0, 0, 0, 0)
            order.lines[index].picked = sum.picked
            order.lines[index].packed = sum.packed
            order.lines[index].fulfilled = sum.shipped
            order.lines[index].billed = sum.billed
        }
        if settings.childTouchesOrder { order.modified = max(order.modified, now) }
        store(order)
    }

    /// All tracking numbers of an order's packages, as one text.
    func trackingNumbers(ofOrder id: String) -> String? {
        let numbers = documents.fulfilments(ofOrder: id).flatMap(\.trackingNumbers)
        return numbers.isEmpty ? nil : numbers.joined(separator: " ")
    }
}
