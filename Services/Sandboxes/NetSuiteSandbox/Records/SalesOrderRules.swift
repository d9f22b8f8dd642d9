import FoundationEssentials

/// What NetSuite allows and computes when a sales order is saved.
extension Account {
    /// Body fields that are not simply stored.
    private static let handledFields: Set<String> = ["externalId", "orderStatus", "item", "tranDate", "entity"]

    mutating func createSalesOrder(_ input: EntryInput, now: Stamp) throws(Refusal) -> SalesOrder {
        guard let entity = input.value("entity"), case .reference(let reference) = entity,
            let customer = customers[reference.id]
        else { throw .missing(["Customer"]) }
        let (id, tranId) = transactions.next(.salesOrder)
        var order = SalesOrder(
            id: id, externalId: nil, tranId: tranId, values: ["entity": entity], created: now, modified: now)
        order.isPendingApproval = settings.startsPendingApproval
        order.values["tranDate"] = .date(settings.zone.local(now).date)
        source(from: customer, into: &order)
        try setBody(of: &order, input, customer)
        setAddresses(of: &order, input, customer)
        guard let entries = input.entries("item"), !entries.isEmpty else { throw Account.noLines }
        try setLines(of: &order, entries, replacing: false, customer)
        try claimExternalId(of: &order, input)
        store(order)
        return order
    }

    mutating func changeSalesOrder(
        _ id: String, _ input: EntryInput, replacing: Set<String>, now: Stamp
    ) throws(Refusal) -> SalesOrder {
        guard var order = salesOrders[id] else { throw .noSuchRecord }
        if let entity = input.values["entity"] {
            guard case .value(.reference(let reference)) = entity else { throw .missing(["Customer"]) }
            if reference.id != order.values.reference("entity")?.id {
                guard ["A", "B"].contains(order.state), !order.isFollowed else {
                    throw .invalidFieldValue(reference.id, field: "entity", at: "entity")
                }
                order.values["entity"] = .reference(reference)
            }
        }
        guard let customer = order.values.reference("entity").flatMap({ customers[$0.id] }) else {
            throw .missing(["Customer"])
        }
        let currency = order.values.reference("currency")
        try setBody(of: &order, input, customer)
        if let now = order.values.reference("currency"), now.id != currency?.id {
            throw .invalidFieldValue(now.id, field: "currency", at: "currency")
        }
        if let entries = input.entries("item") {
            try setLines(of: &order, entries, replacing: replacing.contains("item"), customer)
        }
        try claimExternalId(of: &order, input)
        order.modified = now
        store(order)
        return order
    }

    /// `PUT …/eid:`: creates or changes; without line keys a repetition adds the lines again.
    mutating func upsertSalesOrder(
        externalId: String, _ input: EntryInput, replacing: Set<String>, now: Stamp
    ) throws(Refusal) -> SalesOrder {
        var input = input
        try Account.keep(externalId, in: &input)
        guard let existing = salesOrder(externalId: externalId) else {
            return try createSalesOrder(input, now: now)
        }
        return try changeSalesOrder(existing.id, input, replacing: replacing, now: now)
    }

    mutating func deleteSalesOrder(_ id: String, now: Stamp) throws(Refusal) {
        guard let order = salesOrders[id] else { throw .noSuchRecord }
        guard documents.fulfilments(ofOrder: id).isEmpty, documents.invoices(ofOrder: id).isEmpty else {
            throw Account.linked
        }
        removeSalesOrder(id)
        noteDeletion(of: id, type: "salesorder", name: order.tranId, now: now)
    }

    static let noLines = Refusal.userError("You must enter at least one line item for this transaction.")

    /// The external id of the URL and of the body of an upsert must agree.
    static func keep(_ externalId: String, in input: inout EntryInput) throws(Refusal) {
        if let given = input.values["externalId"] {
            guard case .value(.text(let text)) = given, text.lowercased() == externalId.lowercased() else {
                throw .content("The externalId of the body differs from that of the URL.", at: "externalId")
            }
        } else {
            input.values["externalId"] = .value(.text(externalId))
        }
    }

    private func source(from customer: Customer, into order: inout SalesOrder) {
        order.values["subsidiary"] = customer.values["subsidiary"]
        order.values["terms"] = customer.values["terms"]
        order.values["currency"] = customer.values["currency"]
        order.values["shipMethod"] = customer.values["shippingItem"]
    }

    private func setBody(
        of order: inout SalesOrder, _ input: EntryInput, _ customer: Customer
    ) throws(Refusal) {
        let before = order.values
        input.apply(to: &order.values, except: Account.handledFields)
        if input.isGiven("tranDate") {
            guard let date = input.value("tranDate") else { throw .missing(["Date"]) }
            order.values["tranDate"] = date
        }
        for (name, label) in [("currency", "Currency"), ("subsidiary", "Subsidiary")] where order.values[name] == nil {
            throw .missing([label])
        }
        if let currency = order.values.reference("currency") {
            guard customer.currencies.contains(currency.id) else {
                throw .invalidFieldValue(currency.id, field: "currency", at: "currency")
            }
            if !input.isGiven("exchangeRate"), before["exchangeRate"] == nil {
                order.values["exchangeRate"] = Catalogue.currency(currency.id).map { .number($0.exchangeRate) }
            }
        }
        if let subsidiary = order.values.reference("subsidiary"),
            subsidiary.id != customer.values.reference("subsidiary")?.id
        {
            throw .invalidFieldValue(subsidiary.id, field: "subsidiary", at: "subsidiary")
        }
        for name in ["shipAddressList", "billAddressList"] {
            guard let entry = input.value(name), case .reference(let reference) = entry else { continue }
            guard customer.addresses.contains(where: { $0.id == reference.id }) else {
                throw .invalidFieldValue(reference.id, field: name, at: name)
            }
        }
        try setApproval(of: &order, input)
    }

    private func setApproval(of order: inout SalesOrder, _ input: EntryInput) throws(Refusal) {
        guard let given = input.value("orderStatus"), case .option(let letter, _) = given else { return }
        let isNew = salesOrders[order.id] == nil
        guard isNew || letter != order.state else { return }
        guard ["A", "B"].contains(letter), isNew || ["A", "B"].contains(order.state), !order.isFollowed else {
            throw .invalidFieldValue(letter, field: "orderStatus", at: "orderStatus")
        }
        order.isPendingApproval = letter == "A"
    }

    private func setAddresses(of order: inout SalesOrder, _ input: EntryInput, _ customer: Customer) {
        let choices = [
            ("shippingAddress", "shipAddressList", "defaultShipping"),
            ("billingAddress", "billAddressList", "defaultBilling"),
        ]
        for (address, list, flag) in choices where !input.isGiven(address) {
            let chosen = order.values.reference(list)?.id
            let entry = customer.addresses.first { entry in
                chosen.map { $0 == entry.id } ?? entry.values.flag(flag)
            }
            order.values[address] = entry?.values["addressBookAddress"]
        }
    }

    private func claimExternalId(of order: inout SalesOrder, _ input: EntryInput) throws(Refusal) {
        guard let given = input.values["externalId"] else { return }
        guard case .value(.text(let externalId)) = given else {
            order.externalId = nil
            return
        }
        if let holder = transactions.id(externalId: externalId), holder != order.id { throw .recordExists }
        order.externalId = externalId
    }
}
