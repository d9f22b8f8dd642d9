import Contracts

/// What became different in NetSuite from one progress of an order to the next, document by document.
struct ProgressChange: Equatable {
    enum Kind: String, CaseIterable {
        case shipped
        /// A fulfilment that has not left yet, or whose status is not known.
        case fulfilment
        case fulfilmentRemoved = "fulfilment-removed"
        case invoiced
        case invoiceChanged = "invoice-changed"
        case invoiceRemoved = "invoice-removed"
        case paid
        case paymentChanged = "payment-changed"
        case paymentRemoved = "payment-removed"
        case credited
        case creditChanged = "credit-changed"
        case creditRemoved = "credit-removed"
        case linesClosed = "lines-closed"
        case linesReopened = "lines-reopened"
        case stateChanged = "state-changed"
        case closed
        case cancelled
        case deleted = "deleted-in-netsuite"
    }

    let kind: Kind
    /// The document's number.
    var number: String?
    /// The document's status, or the order's state.
    var outcome: String?
    /// What else there is to say of it, part by part.
    var parts: [String] = []

    /// All differences, documents first; from nothing where there is none before.
    static func all(from old: OrderProgress?, to new: OrderProgress) -> [ProgressChange] {
        // A deleted order is sent without its documents: they did not go one by one.
        if new.state == .deletedInNetSuite {
            return old?.state == new.state ? [] : [ProgressChange(kind: .deleted, outcome: new.state.words)]
        }
        let currency = new.netSuite.currency
        var changes = shipments(from: old?.shipments ?? [], to: new.shipments)
        changes += invoices(from: old?.invoices ?? [], to: new.invoices, currency)
        changes += payments(from: old?.payments ?? [], to: new.payments, currency)
        changes += credits(from: old?.credits ?? [], to: new.credits, currency)
        changes += lines(from: old?.lines ?? [], to: new.lines)
        if old?.state != new.state {
            let kind: Kind =
                switch new.state {
                case .closed: .closed
                case .cancelled: .cancelled
                default: .stateChanged
                }
            changes.append(ProgressChange(kind: kind, outcome: new.state.words))
        }
        return changes
    }

    private static func shipments(
        from old: [OrderProgress.Shipment], to new: [OrderProgress.Shipment]
    ) -> [ProgressChange] {
        differences(from: old, to: new, by: \.id) { before, shipment in
            guard let shipment else {
                return ProgressChange(kind: .fulfilmentRemoved, number: before?.number)
            }
            let isShipped = shipment.status == "shipped" && before?.status != shipment.status
            return ProgressChange(
                kind: isShipped ? .shipped : .fulfilment, number: shipment.number, outcome: shipment.status,
                parts: ProgressWords.parts(of: shipment))
        }
    }

    private static func invoices(
        from old: [OrderProgress.Invoice], to new: [OrderProgress.Invoice], _ currency: String?
    ) -> [ProgressChange] {
        differences(from: old, to: new, by: \.id) { before, invoice in
            guard let invoice else { return ProgressChange(kind: .invoiceRemoved, number: before?.number) }
            return ProgressChange(
                kind: before == nil ? .invoiced : .invoiceChanged, number: invoice.number, outcome: invoice.status,
                parts: ProgressWords.parts(of: invoice, currency))
        }
    }

    private static func payments(
        from old: [OrderProgress.Payment], to new: [OrderProgress.Payment], _ currency: String?
    ) -> [ProgressChange] {
        differences(from: old, to: new, by: \.id) { before, payment in
            guard let payment else { return ProgressChange(kind: .paymentRemoved, number: before?.number) }
            return ProgressChange(
                kind: before == nil ? .paid : .paymentChanged, number: payment.number, outcome: payment.status,
                parts: ProgressWords.parts(of: payment, currency))
        }
    }

    private static func credits(
        from old: [OrderProgress.Credit], to new: [OrderProgress.Credit], _ currency: String?
    ) -> [ProgressChange] {
        differences(from: old, to: new, by: \.id) { before, credit in
            guard let credit else { return ProgressChange(kind: .creditRemoved, number: before?.number) }
            return ProgressChange(
                kind: before == nil ? .credited : .creditChanged, number: credit.number, outcome: credit.status,
                parts: ProgressWords.parts(of: credit, currency))
        }
    }

    private static func lines(from old: [OrderProgress.Line], to new: [OrderProgress.Line]) -> [ProgressChange] {
        let before = Dictionary(old.map { ($0.id, $0.closed) }) { first, _ in first }
        let closed = new.filter { $0.closed && before[$0.id] != true }.map(\.id.text)
        let reopened = new.filter { !$0.closed && before[$0.id] == true }.map(\.id.text)
        return [(Kind.linesClosed, closed), (.linesReopened, reopened)].filter { !$0.1.isEmpty }.map {
            ProgressChange(kind: $0.0, parts: $0.1)
        }
    }

    /// What is new or other in the order of the new list, then what is gone.
    private static func differences<Document: Equatable>(
        from old: [Document], to new: [Document], by id: (Document) -> String,
        _ change: (_ before: Document?, _ after: Document?) -> ProgressChange
    ) -> [ProgressChange] {
        let before = Dictionary(old.map { (id($0), $0) }) { first, _ in first }
        let kept = Set(new.map(id))
        return new.filter { before[id($0)] != $0 }.map { change(before[id($0)], $0) }
            + old.filter { !kept.contains(id($0)) }.map { change($0, nil) }
    }
}

/// NetSuite's documents in words.
enum ProgressWords {
    static func parts(of shipment: OrderProgress.Shipment) -> [String] {
        let tracking = shipment.trackingNumbers.joined(separator: ", ")
        let shown = shipment.lines.prefix(3).map { "\($0.quantity.text) × \($0.id.text)" }
        let further = shipment.lines.count - shown.count
        return [shipment.date?.text, shipment.carrier, tracking.isEmpty ? nil : tracking].compactMap { $0 } + shown
            + (further > 0 ? ["and \(further) more lines"] : [])
    }

    static func parts(of invoice: OrderProgress.Invoice, _ currency: String?) -> [String] {
        [invoice.date?.text, amount(invoice.total, currency), "\(invoice.unpaid.text) unpaid"].compactMap { $0 }
    }

    static func parts(of payment: OrderProgress.Payment, _ currency: String?) -> [String] {
        [payment.date?.text, amount(payment.applied, currency)].compactMap { $0 }
    }

    static func parts(of credit: OrderProgress.Credit, _ currency: String?) -> [String] {
        [credit.date?.text, amount(credit.total, currency), "\(credit.applied.text) applied"].compactMap { $0 }
    }

    private static func amount(_ amount: ExactDecimal, _ currency: String?) -> String {
        [amount.text, currency].compactMap { $0 }.joined(separator: " ")
    }

    static func words(_ kind: ProgressChange.Kind) -> String {
        switch kind {
        case .shipped: "shipped"
        case .fulfilment: "fulfilment"
        case .fulfilmentRemoved: "fulfilment gone"
        case .invoiced: "invoiced"
        case .invoiceChanged: "invoice changed"
        case .invoiceRemoved: "invoice gone"
        case .paid: "paid"
        case .paymentChanged: "payment changed"
        case .paymentRemoved: "payment taken back"
        case .credited: "credited"
        case .creditChanged: "credit changed"
        case .creditRemoved: "credit gone"
        case .linesClosed: "lines closed"
        case .linesReopened: "lines opened again"
        case .stateChanged: "state in NetSuite"
        case .closed: "closed in NetSuite"
        case .cancelled: "cancelled in NetSuite"
        case .deleted: "deleted in NetSuite"
        }
    }
}
