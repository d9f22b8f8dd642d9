import JSONText

/// Orders and accounts as the sales user makes and changes them.
extension SalesforceSandbox {
    private static let orderFields: [(member: String, field: String)] = [
        ("effectiveDate", "EffectiveDate"), ("endDate", "EndDate"), ("poNumber", "PoNumber"), ("poDate", "PoDate"),
        ("name", "Name"), ("description", "Description"), ("type", "Type"),
    ]

    /// The sales user's transaction, at the present or at an older stamp.
    func salesContext(_ body: JSONObject) throws(ControlError) -> WriteContext {
        guard let text = body["stamp"] else {
            return WriteContext(userId: SalesforceOrganization.salesUserId, now: now)
        }
        guard let stamp = text.string.flatMap(CalendarText.instant) else {
            throw ControlError("stamp is no instant such as 2026-05-28T20:26:40Z")
        }
        return WriteContext(userId: SalesforceOrganization.salesUserId, now: stamp)
    }

    /// Runs a change in which everything succeeds or nothing happens.
    func transaction<Result>(_ change: () throws(ControlError) -> Result) throws(ControlError) -> Result {
        let before = organization
        do throws(ControlError) {
            return try change()
        } catch {
            organization = before
            throw error
        }
    }

    private func create(
        _ object: String, _ members: JSONObject, _ context: WriteContext
    ) throws(ControlError) -> String {
        do throws(RecordError) {
            return try organization.create(object, members, access: organization.schema, context: context)
        } catch { throw ControlError(error) }
    }

    private func change(
        _ object: String, _ id: String, _ members: JSONObject, _ context: WriteContext
    ) throws(ControlError) {
        do throws(RecordError) {
            try organization.update(object, id, members, access: organization.schema, context: context)
        } catch { throw ControlError(error) }
    }

    private func remove(_ object: String, _ id: String, _ context: WriteContext) throws(ControlError) {
        do throws(RecordError) {
            try organization.delete(object, id, context: context)
        } catch { throw ControlError(error) }
    }

    // MARK: Accounts and products

    func createAccount(_ body: JSONObject) throws(ControlError) -> String {
        try refuseUnknown(
            body,
            ["name", "number", "phone", "website", "parentId", "netSuiteId", "billing", "shipping", "fields", "stamp"])
        var members = JSONObject()
        let plain = [
            ("name", "Name"), ("number", "AccountNumber"), ("phone", "Phone"), ("website", "Website"),
            ("parentId", "ParentId"), ("netSuiteId", "NetSuite_Customer_Id__c"),
        ]
        for (member, field) in plain { members[field] = body[member] }
        try addAddress("Billing", body["billing"], to: &members)
        try addAddress("Shipping", body["shipping"], to: &members)
        addFields(body, to: &members)
        return try create("Account", members, try salesContext(body))
    }

    /// Creates a product with an entry in the standard price book for each price.
    func createProduct(
        name: String, sku: String, productCode: String, prices: [(currency: String, price: String)],
        isActive: Bool = true
    ) throws(ControlError) -> String {
        let context = WriteContext(userId: SalesforceOrganization.salesUserId, now: now)
        let id = try create(
            "Product2",
            [
                "Name": .string(name), "StockKeepingUnit": .string(sku), "ProductCode": .string(productCode),
                "IsActive": .bool(isActive),
            ], context)
        for (currency, price) in prices {
            var entry: JSONObject = [
                "Pricebook2Id": .string(standardPricebookId), "Product2Id": .string(id),
                "UnitPrice": DecimalText.number(price), "IsActive": true,
            ]
            if settings.schemaOptions.multiCurrency { entry["CurrencyIsoCode"] = .string(currency) }
            _ = try create("PricebookEntry", entry, context)
        }
        return id
    }

    // MARK: Orders

    func createOrder(_ body: JSONObject) throws(ControlError) -> String {
        try refuseUnknown(
            body,
            Self.orderFields.map(\.member) + [
                "accountId", "account", "currency", "billTo", "shipTo", "lines", "fields", "activate", "stamp", "count",
            ])
        let context = try salesContext(body)
        var members: JSONObject = ["Status": "Draft", "Pricebook2Id": .string(standardPricebookId)]
        if let account = body["account"]?.object {
            members["AccountId"] = .string(try createAccount(account))
        } else {
            members["AccountId"] = body["accountId"]
        }
        for (member, field) in Self.orderFields { members[field] = body[member] }
        if members["EffectiveDate"] == nil { members["EffectiveDate"] = .string(CalendarText.date(context.now)) }
        if let currency = body["currency"] {
            if settings.schemaOptions.multiCurrency {
                members["CurrencyIsoCode"] = currency
            } else if currency.string != "USD" {
                throw ControlError("this organisation has one currency, USD; start the sandbox with --multi-currency")
            }
        }
        try addAddress("Billing", body["billTo"], to: &members)
        try addAddress("Shipping", body["shipTo"], to: &members)
        addFields(body, to: &members)
        let id = try create("Order", members, context)
        for line in body["lines"]?.array ?? [] { try addLine(line.object ?? [:], to: id, context) }
        if body["activate"]?.bool == true { try setStatus("Activated", of: id, context) }
        return id
    }

    func setStatus(_ status: String, of id: String, _ context: WriteContext) throws(ControlError) {
        try change("Order", id, ["Status": .string(status)], context)
    }

    func deleteOrder(_ id: String, _ context: WriteContext) throws(ControlError) {
        try remove("Order", id, context)
    }

    /// Changes an order's fields and lines; `reopen` deactivates it before and activates it after.
    func amendOrder(_ id: String, _ body: JSONObject) throws(ControlError) {
        try refuseUnknown(
            body,
            Self.orderFields.map(\.member) + [
                "billTo", "shipTo", "fields", "lines", "addLines", "removeLines", "reopen", "stamp", "accountId",
            ])
        let context = try salesContext(body)
        let reopens = body["reopen"]?.bool == true
        if reopens { try setStatus("Draft", of: id, context) }
        var members = JSONObject()
        members["AccountId"] = body["accountId"]
        for (member, field) in Self.orderFields { members[field] = body[member] }
        try addAddress("Billing", body["billTo"], to: &members)
        try addAddress("Shipping", body["shipTo"], to: &members)
        addFields(body, to: &members)
        if !members.isEmpty { try change("Order", id, members, context) }
        for line in body["lines"]?.array ?? [] { try amendLine(line.object ?? [:], of: id, context) }
        for name in body["removeLines"]?.array ?? [] {
            try remove("OrderItem", try lineId(name.string ?? "", of: id), context)
        }
        for line in body["addLines"]?.array ?? [] { try addLine(line.object ?? [:], to: id, context) }
        if reopens { try setStatus("Activated", of: id, context) }
    }

    private func addLine(_ line: JSONObject, to orderId: String, _ context: WriteContext) throws(ControlError) {
        try refuseUnknown(
            line, ["sku", "quantity", "unitPrice", "description", "serviceDate", "endDate", "fields"])
        guard let sku = line["sku"]?.string else { throw ControlError("a line needs a sku") }
        guard let order = organization.store.record("Order", orderId) else { throw ControlError("no such order") }
        let entry = organization.store.records("PricebookEntry").first { entry in
            entry["CurrencyIsoCode"] == order["CurrencyIsoCode"]
                && entry["Product2Id"].text.flatMap { organization.store.record("Product2", $0) }?["StockKeepingUnit"]
                    .text == sku
        }
        guard let entry else { throw ControlError("no price book entry for sku \(sku) in the order's currency") }
        var members: JSONObject = ["OrderId": .string(orderId), "PricebookEntryId": .string(entry.id)]
        try addLineFields(line, to: &members)
        _ = try create("OrderItem", members, context)
    }

    private func amendLine(_ line: JSONObject, of orderId: String, _ context: WriteContext) throws(ControlError) {
        try refuseUnknown(
            line, ["id", "sku", "quantity", "unitPrice", "description", "serviceDate", "endDate", "fields"])
        let id = try lineId(line["id"]?.string ?? line["sku"]?.string ?? "", of: orderId)
        var members = JSONObject()
        try addLineFields(line, to: &members)
        try change("OrderItem", id, members, context)
    }

    private func addLineFields(_ line: JSONObject, to members: inout JSONObject) throws(ControlError) {
        if let quantity = try line.decimal("quantity") { members["Quantity"] = quantity }
        if let price = try line.decimal("unitPrice") { members["UnitPrice"] = price }
        for (member, field) in [
            ("description", "Description"), ("serviceDate", "ServiceDate"), ("endDate", "EndDate"),
        ] where line[member] != nil {
            members[field] = line[member]
        }
        addFields(line, to: &members)
    }

    /// A line by its id, or by the SKU of the first line that has it.
    private func lineId(_ name: String, of orderId: String) throws(ControlError) -> String {
        let items = organization.store.items(ofOrder: orderId)
        if case .id(let id) = RecordId.read(name), items.contains(where: { $0.id == id }) { return id }
        let found = items.first { item in
            item["Product2Id"].text.flatMap { organization.store.record("Product2", $0) }?["StockKeepingUnit"].text
                == name
        }
        guard let found else { throw ControlError("the order has no line \(name)", status: 404) }
        return found.id
    }

    // MARK: Members

    private func addAddress(_ prefix: String, _ value: JSONValue?, to members: inout JSONObject) throws(ControlError) {
        guard let address = value?.object else { return }
        try refuseUnknown(
            address, ["street", "city", "state", "stateCode", "postalCode", "country", "countryCode"])
        for (name, part) in address.members {
            // Without picklists there are no code fields: the person types the code as the text.
            // Without the picklists there are no codes of states and countries; the postal code is a field of its own.
            let hasField = settings.schemaOptions.stateAndCountryPicklists || name == "postalCode"
            let key = hasField ? name : name.replacing("Code", with: "")
            members[prefix + key.prefix(1).uppercased() + key.dropFirst()] = part
        }
    }

    private func addFields(_ body: JSONObject, to members: inout JSONObject) {
        for (name, value) in body["fields"]?.object?.members ?? [] { members[name] = value }
    }

    func refuseUnknown(_ body: JSONObject, _ known: [String]) throws(ControlError) {
        let unknown = body.unknown(known)
        guard unknown.isEmpty else {
            throw ControlError(
                "unknown members \(unknown.joined(separator: ", ")); known are \(known.joined(separator: ", "))")
        }
    }
}
