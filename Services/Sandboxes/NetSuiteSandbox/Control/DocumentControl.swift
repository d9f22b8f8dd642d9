import FoundationEssentials
import HTTPServer
import JSONText

/// Fulfilments, invoices, payments and credit memos as people see and change them, without logging in.
extension SandboxControl {
    private static let kinds: [String: TransactionKind] = [
        "fulfilments": .itemFulfillment, "invoices": .invoice, "payments": .customerPayment, "credits": .creditMemo,
    ]

    func documents(_ request: HTTPRequest, _ name: String, _ path: [String]) throws(ControlRefusal) -> JSONValue {
        guard let kind = SandboxControl.kinds[name] else { throw ControlRefusal("no such control", status: 404) }
        switch (request.method, path.count) {
        case ("GET", 0): return [name: .array(ControlRendering.documents(kind, sandbox.account))]
        case ("GET", 1): return try show(kind, try transaction(kind, path[0]))
        case ("DELETE", 1): return try delete(kind, path[0])
        case ("POST", 2):
            let id = try transaction(kind, path[0])
            let object = try object(request)
            let now = try stamp(object)
            switch kind {
            case .salesOrder: throw ControlRefusal("no such control", status: 404)
            case .itemFulfillment: return try moveOn(fulfilment: id, path[1], object, now)
            case .invoice: return try moveOn(invoice: id, path[1], object, now)
            case .customerPayment: return try moveOn(payment: id, path[1], object, now)
            case .creditMemo: return try moveOn(creditMemo: id, path[1], object, now)
            }
        default:
            throw ControlRefusal(
                "GET /control/\(name), GET or DELETE /control/\(name)/ID, POST /control/\(name)/ID/STEP", status: 405)
        }
    }

    func show(_ kind: TransactionKind, _ id: String) throws(ControlRefusal) -> JSONValue {
        guard let shown = ControlRendering.document(kind, id, sandbox.account) else {
            throw ControlRefusal("no such \(kind.words.lowercased())", status: 404)
        }
        return shown
    }

    private func moveOn(
        fulfilment id: String, _ step: String, _ object: JSONObject, _ now: Stamp
    ) throws(ControlRefusal) -> JSONValue {
        let steps: [String: Fulfilment.Status] = ["pack": .packed, "ship": .shipped]
        guard let status = steps[step] else { throw ControlRefusal("a step is one of: pack, ship", status: 404) }
        let packages = try packages(object)
        try act { account throws(Refusal) in
            _ = try account.advance(fulfilment: id, to: status, packages: packages, now: now)
        }
        return try show(.itemFulfillment, id)
    }

    private func moveOn(
        invoice id: String, _ step: String, _ object: JSONObject, _ now: Stamp
    ) throws(ControlRefusal) -> JSONValue {
        switch step {
        case "pay": return try pay(invoice: id, object, now)
        case "credit": return try credit(invoice: id, object, now)
        case "void": try act { account throws(Refusal) in _ = try account.voidInvoice(id, now: now) }
        case "approve", "reject":
            let approval: Invoice.Approval = step == "approve" ? .approved : .rejected
            try act { account throws(Refusal) in _ = try account.setApproval(ofInvoice: id, to: approval, now: now) }
        default: throw ControlRefusal("a step is one of: pay, credit, void, approve, reject", status: 404)
        }
        return try show(.invoice, id)
    }

    private func pay(invoice id: String, _ object: JSONObject, _ now: Stamp) throws(ControlRefusal) -> JSONValue {
        guard let invoice = sandbox.account.documents.invoices[id] else {
            throw ControlRefusal("no such invoice", status: 404)
        }
        var wish = PaymentWish(customer: invoice.head.customer, currency: invoice.head.currency)
        wish.amount = try amount(object) ?? sandbox.account.documents.amountRemaining(of: invoice)
        wish.date = try date(object, "date")
        wish.externalId = object["externalId"]?.string
        wish.apply = try targets(object, own: id).map { ApplyWish(invoiceId: $0) }
        if let value = object["status"] {
            guard let letter = value.string, Shapes.paymentStates[letter] != nil, letter != "R" else {
                throw ControlRefusal("status is A (unapproved), B (not deposited) or C (deposited)")
            }
            wish.state = letter
        }
        wish.values["account"] = sandbox.account.resolve(.account, id: "1").map(FieldValue.reference)
        let granted = wish
        let made = try act { account throws(Refusal) in try account.enterPayment(granted, now: now).id }
        return try show(.customerPayment, made)
    }

    private func credit(invoice id: String, _ object: JSONObject, _ now: Stamp) throws(ControlRefusal) -> JSONValue {
        var wish = CreditWish(lines: try lineWishes(object))
        wish.takesOtherLines = object["lines"] == nil
        wish.amount = try amount(object)
        wish.date = try date(object, "date")
        wish.externalId = object["externalId"]?.string
        let targets = try targets(object, own: id)
        wish.appliesToInvoice = targets == [id]
        wish.apply = targets.filter { $0 != id }.map { ApplyWish(invoiceId: $0) }
        let granted = wish
        let made = try act { account throws(Refusal) in try account.credit(id, granted, now: now).id }
        return try show(.creditMemo, made)
    }

    private func moveOn(
        payment id: String, _ step: String, _ object: JSONObject, _ now: Stamp
    ) throws(ControlRefusal) -> JSONValue {
        switch step {
        case "apply", "unapply":
            let applied = sandbox.account.documents.payments[id]?.apply ?? []
            let wishes = try applyWishes(step, object, applied)
            try act { account throws(Refusal) in _ = try account.reapply(payment: id, wishes, now: now) }
        case "reject": try act { account throws(Refusal) in _ = try account.setState(ofPayment: id, to: "R", now: now) }
        default: throw ControlRefusal("a step is one of: apply, unapply, reject", status: 404)
        }
        return try show(.customerPayment, id)
    }

    private func moveOn(
        creditMemo id: String, _ step: String, _ object: JSONObject, _ now: Stamp
    ) throws(ControlRefusal) -> JSONValue {
        switch step {
        case "apply", "unapply":
            let applied = sandbox.account.documents.creditMemos[id]?.apply ?? []
            let wishes = try applyWishes(step, object, applied)
            try act { account throws(Refusal) in _ = try account.reapply(creditMemo: id, wishes, now: now) }
        case "void": try act { account throws(Refusal) in _ = try account.voidCreditMemo(id, now: now) }
        default: throw ControlRefusal("a step is one of: apply, unapply, void", status: 404)
        }
        return try show(.creditMemo, id)
    }

    // MARK: What people say

    private func applyWishes(
        _ step: String, _ object: JSONObject, _ applied: [Application]
    ) throws(ControlRefusal) -> [ApplyWish] {
        let invoice = try object["invoice"]?.string.map { given throws(ControlRefusal) in
            try transaction(.invoice, given)
        }
        if step == "unapply" {
            let ids = invoice.map { [$0] } ?? applied.map(\.invoiceId)
            return ids.map { ApplyWish(invoiceId: $0, isApplied: false) }
        }
        guard let invoice else { throw ControlRefusal("invoice is missing: the id or number of one") }
        return [ApplyWish(invoiceId: invoice, amount: try amount(object))]
    }

    /// The invoices that money goes to: this one unless `apply` says otherwise.
    private func targets(_ object: JSONObject, own: String) throws(ControlRefusal) -> [String] {
        guard let value = object["apply"] else { return [own] }
        if let flag = value.bool { return flag ? [own] : [] }
        guard let other = value.string else {
            throw ControlRefusal("apply is true, false or an invoice's id or number")
        }
        return [try transaction(.invoice, other)]
    }

    private func amount(_ object: JSONObject) throws(ControlRefusal) -> Decimal? {
        guard let value = object["amount"], !value.isNull else { return nil }
        guard let amount = ControlRendering.decimal(value), amount > 0 else {
            throw ControlRefusal("amount is a decimal number above zero, such as \"49.50\"")
        }
        return amount
    }
}
