import FoundationEssentials

/// What NetSuite allows and fills in when a customer is saved.
extension Account {
    private static let handledCustomerFields: Set<String> = ["externalId", "entityId", "addressBook", "currencyList"]

    mutating func createCustomer(_ input: EntryInput, now: Stamp) throws(Refusal) -> Customer {
        let id = nextCustomerId()
        var customer = Customer(
            id: id, externalId: nil, entityId: "C\(id)", values: [:], currencies: [], created: now, modified: now)
        customer.values["isPerson"] = .boolean(false)
        customer.values["currency"] = resolve(.currency, id: Catalogue.baseCurrency).map(FieldValue.reference)
        try set(&customer, input, replacing: [])
        let own = customer.values.reference("currency").map { [$0.id] } ?? []
        for currency in own + settings.customerCurrencies where !customer.currencies.contains(currency) {
            customer.currencies.append(currency)
        }
        store(customer)
        return customer
    }

    mutating func changeCustomer(
        _ id: String, _ input: EntryInput, replacing: Set<String>, now: Stamp
    ) throws(Refusal) -> Customer {
        guard var customer = customers[id] else { throw .noSuchRecord }
        let currency = customer.values.reference("currency")
        try set(&customer, input, replacing: replacing)
        if let given = customer.values.reference("currency"), given.id != currency?.id,
            !customer.currencies.contains(given.id)
        {
            throw .invalidFieldValue(given.id, field: "currency", at: "currency")
        }
        customer.modified = now
        store(customer)
        return customer
    }

    /// `PUT …/eid:`: creates or changes; a repetition adds the addresses again.
    mutating func upsertCustomer(
        externalId: String, _ input: EntryInput, replacing: Set<String>, now: Stamp
    ) throws(Refusal) -> Customer {
        var input = input
        try Account.keep(externalId, in: &input)
        guard let existing = customer(externalId: externalId) else { return try createCustomer(input, now: now) }
        return try changeCustomer(existing.id, input, replacing: replacing, now: now)
    }

    mutating func deleteCustomer(_ id: String) throws(Refusal) {
        guard customers[id] != nil else { throw .noSuchRecord }
        let isUsed =
            salesOrders.values.contains { $0.values.reference("entity")?.id == id }
            || documents.invoices.all.contains { $0.head.customer.id == id }
            || documents.payments.all.contains { $0.head.customer.id == id }
            || documents.creditMemos.all.contains { $0.head.customer.id == id }
        guard !isUsed else {
            throw .userError("This record cannot be deleted because it has dependent records.")
        }
        removeCustomer(id)
    }

    private mutating func set(
        _ customer: inout Customer, _ input: EntryInput, replacing: Set<String>
    ) throws(Refusal) {
        input.apply(to: &customer.values, except: Account.handledCustomerFields)
        if let given = input.value("entityId"), case .text(let entityId) = given { customer.entityId = entityId }
        try refuseMissing(in: customer)
        if let given = input.values["externalId"] {
            if case .value(.text(let externalId)) = given {
                if let holder = self.customer(externalId: externalId), holder.id != customer.id { throw .entityExists }
                customer.externalId = externalId
            } else {
                customer.externalId = nil
            }
        }
        for name in [customer.name, customer.entityId] {
            if let holder = self.customer(named: name), holder.id != customer.id { throw .entityExists }
        }
        if let entries = input.entries("currencyList") {
            let listed = entries.compactMap { entry -> String? in
                guard case .reference(let reference)? = entry.value("currency") else { return nil }
                return reference.id
            }
            let kept = replacing.contains("currencyList") ? [] : customer.currencies
            customer.currencies = kept + listed.filter { !kept.contains($0) }
        }
        if let entries = input.entries("addressBook") {
            try setAddresses(of: &customer, entries, replacing: replacing.contains("addressBook"))
        }
    }

    private func refuseMissing(in customer: Customer) throws(Refusal) {
        var missing: [String] = []
        if customer.values.flag("isPerson") {
            if customer.values.text("firstName") == nil { missing.append("First Name") }
            if customer.values.text("lastName") == nil { missing.append("Last Name") }
        } else if customer.values.text("companyName") == nil {
            missing.append("Company Name")
        }
        if customer.values["subsidiary"] == nil { missing.append("Primary Subsidiary") }
        if customer.values["currency"] == nil { missing.append("Primary Currency") }
        guard missing.isEmpty else { throw .missing(missing) }
    }

    /// Entries without a key are added; with `replace` those that are not mentioned go.
    private mutating func setAddresses(
        of customer: inout Customer, _ entries: [EntryInput], replacing: Bool
    ) throws(Refusal) {
        var mentioned: Set<String> = []
        for entry in entries {
            var index = customer.addresses.count
            if let key = entry.value("internalId"), case .number(let number) = key {
                guard let found = customer.addresses.firstIndex(where: { $0.id == number.description }) else {
                    throw .invalidFieldValue(
                        number.description, field: "internalId", at: entry.path(of: "internalId"))
                }
                index = found
            } else {
                customer.addresses.append(AddressBookEntry(id: nextAddressId(), values: [:]))
            }
            entry.apply(to: &customer.addresses[index].values, except: ["internalId"])
            mentioned.insert(customer.addresses[index].id)
            for flag in ["defaultBilling", "defaultShipping"] where customer.addresses[index].values.flag(flag) {
                for other in customer.addresses.indices where other != index {
                    customer.addresses[other].values[flag] = .boolean(false)
                }
            }
        }
        if replacing { customer.addresses.removeAll { !mentioned.contains($0.id) } }
    }
}
