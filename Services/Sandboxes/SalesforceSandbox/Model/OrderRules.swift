import FoundationEssentials

/// What an order allows in which state.
///
/// Texts and codes of these refusals are not published; the codes here are the nearest of the API's list.
enum OrderRules {
    /// A new order is a draft.
    static func checkCreate(_ values: inout [String: FieldValue], store: RecordStore) throws(RecordError) {
        guard category(values["Status"] ?? .null) == "Draft" else {
            throw .integrity("Status: a new order must have a status of the Draft category", "Status")
        }
        try checkDates(values["EffectiveDate"], values["EndDate"])
    }

    /// Refuses a change that the order's state does not allow.
    static func checkUpdate(
        _ old: Record, _ changes: [String: FieldValue], store: RecordStore
    ) throws(RecordError) {
        let before = old["StatusCode"].text ?? "Draft"
        if let status = changes["Status"], let after = category(status), after != before {
            try checkTransition(old, changes, to: after, store: store)
        }
        for field in ["AccountId", "ContractId"] where before != "Draft" {
            guard let value = changes[field], value != old[field] else { continue }
            throw .integrity("\(field): it can be changed only while the order is a draft", field)
        }
        if let book = changes["Pricebook2Id"], old["Pricebook2Id"] != .null, book != old["Pricebook2Id"] {
            throw .integrity("Price Book ID: it can be neither changed nor removed once assigned", "Pricebook2Id")
        }
        try checkDates(changes["EffectiveDate"] ?? old["EffectiveDate"], changes["EndDate"] ?? old["EndDate"])
    }

    private static func checkTransition(
        _ old: Record, _ changes: [String: FieldValue], to category: String, store: RecordStore
    ) throws(RecordError) {
        guard changes.count == 1 else {
            let others = changes.keys.filter { $0 != "Status" }.sorted()
            throw RecordError(
                code: "FIELD_INTEGRITY_EXCEPTION",
                message: "Status: no other field can be changed in the update that activates or deactivates an order",
                fields: others)
        }
        guard category == "Activated", store.items(ofOrder: old.id).isEmpty else { return }
        throw RecordError(
            code: "FAILED_ACTIVATION", message: "An order must have at least one product to be activated.",
            fields: ["Status"])
    }

    private static func checkDates(_ start: FieldValue?, _ end: FieldValue?) throws(RecordError) {
        guard case .day(let first)? = start, case .day(let last)? = end, last < first else { return }
        throw .integrity("Order End Date: it cannot be before the order's start date", "EndDate")
    }

    /// The status code and the marks of activation follow the status.
    static func derive(_ new: inout Record, old: Record, context: WriteContext) {
        guard let after = category(new["Status"]) else { return }
        new["StatusCode"] = .text(after)
        if after == "Activated", old["StatusCode"] != .text("Activated") {
            new["ActivatedDate"] = .instant(context.now)
            new["ActivatedById"] = .text(context.userId)
        }
    }

    /// Activated orders stay, and keep their products.
    static func checkDelete(_ record: Record, of object: String, store: RecordStore) throws(RecordError) {
        if object == "Order", record["StatusCode"].text == "Activated" {
            throw RecordError(code: "DELETE_FAILED", message: "You can't delete an activated order.")
        }
        if object == "OrderItem", let orderId = record["OrderId"].text,
            store.record("Order", orderId)?["StatusCode"].text == "Activated"
        {
            throw RecordError(
                code: "DELETE_FAILED", message: "You can't delete an order product of an activated order.")
        }
    }

    /// A new product takes its currency, list price and product from the price book entry.
    static func deriveNewItem(_ values: inout [String: FieldValue], store: RecordStore) throws(RecordError) {
        guard let orderId = values["OrderId"]?.text, let order = store.record("Order", orderId),
            let entryId = values["PricebookEntryId"]?.text, let entry = store.record("PricebookEntry", entryId)
        else { throw .invalidCrossReference }
        guard order["StatusCode"].text == "Draft" else {
            throw .integrity("Order products can be added only while the order is a draft", "OrderId")
        }
        guard order["Pricebook2Id"] != .null, order["Pricebook2Id"] == entry["Pricebook2Id"] else {
            throw .integrity(
                "field integrity exception: PricebookEntryId (pricebook entry is in a different pricebook than the "
                    + "one assigned to the Order, or Order has no pricebook assigned)", "PricebookEntryId")
        }
        let product = entry["Product2Id"].text.flatMap { store.record("Product2", $0) }
        guard entry["IsActive"].flag, product?["IsActive"].flag == true else {
            throw .integrity(
                "field integrity exception: PricebookEntryId (pricebook entry has been inactivated)",
                "PricebookEntryId")
        }
        guard order["CurrencyIsoCode"] == entry["CurrencyIsoCode"] else {
            throw .integrity(
                "field integrity exception: PricebookEntryId (The currency code should match the Order currency code)",
                "PricebookEntryId")
        }
        if let productId = values["Product2Id"], productId != .null, productId != entry["Product2Id"] {
            throw .integrity("Product ID: it is not the product of the price book entry", "Product2Id")
        }
        values["Product2Id"] = entry["Product2Id"]
        values["CurrencyIsoCode"] = order["CurrencyIsoCode"] == .null ? nil : order["CurrencyIsoCode"]
        values["ListPrice"] = entry["UnitPrice"]
        if (values["UnitPrice"] ?? .null) == .null { values["UnitPrice"] = entry["UnitPrice"] }
        values["AvailableQuantity"] = values["Quantity"]
        try deriveItem(&values)
    }

    /// The line's total.
    static func deriveItem(_ values: inout [String: FieldValue]) throws(RecordError) {
        guard let quantity = values["Quantity"]?.number, quantity > 0 else {
            throw .integrity("Quantity: it must be greater than zero", "Quantity")
        }
        let price = values["UnitPrice"]?.number ?? 0
        values["TotalPrice"] = .number(DecimalText.rounded(price * quantity, scale: 2))
        values["AvailableQuantity"] = .number(quantity)
    }

    /// The category of a status; nil for a status that does not exist.
    static func category(_ status: FieldValue) -> String? {
        OrderObjects.statuses.first { $0.name == status.text }?.category
    }
}

/// Rules of the price books.
enum CatalogueRules {
    /// One entry per product, book and currency, and the standard book's first.
    static func checkNewEntry(_ values: inout [String: FieldValue], store: RecordStore) throws(RecordError) {
        guard let bookId = values["Pricebook2Id"]?.text, let book = store.record("Pricebook2", bookId),
            let productId = values["Product2Id"]?.text, let product = store.record("Product2", productId)
        else { throw .invalidCrossReference }
        let currency = values["CurrencyIsoCode"] ?? .null
        let siblings = store.records("PricebookEntry").filter {
            $0["Product2Id"].text == productId && $0["CurrencyIsoCode"] == currency
        }
        if siblings.contains(where: { $0["Pricebook2Id"].text == bookId }) {
            throw RecordError(
                code: "DUPLICATE_VALUE", message: "This price definition already exists in this price book",
                fields: ["Pricebook2Id", "Product2Id"])
        }
        let hasStandard = siblings.contains { entry in
            entry["Pricebook2Id"].text.flatMap { store.record("Pricebook2", $0) }?["IsStandard"].flag == true
        }
        guard book["IsStandard"].flag || hasStandard else {
            throw RecordError(
                code: "STANDARD_PRICE_NOT_DEFINED",
                message: "Before creating a custom price, create a standard price.")
        }
        values["Name"] = product["Name"]
        values["ProductCode"] = product["ProductCode"]
    }

    /// A price that is taken from the standard entry is not written, and the standard book has none to take.
    static func checkUpdate(
        _ old: Record, _ changes: [String: FieldValue], store: RecordStore
    ) throws(RecordError) {
        let usesStandard = (changes["UseStandardPrice"] ?? old["UseStandardPrice"]).flag
        guard usesStandard else { return }
        if isStandard(old, store) {
            throw .integrity(
                "Use Standard Price: an entry of the standard price book has its own price", "UseStandardPrice")
        }
        if let price = changes["UnitPrice"], price != old["UnitPrice"] {
            throw .integrity("List Price: it is taken from the standard price and cannot be changed", "UnitPrice")
        }
    }

    /// The price of an entry that takes the standard one.
    static func derive(_ entry: inout Record, store: RecordStore) {
        guard entry["UseStandardPrice"].flag, !isStandard(entry, store) else { return }
        let standard = siblings(of: entry, store).first { isStandard($0, store) }
        if let standard { entry["UnitPrice"] = standard["UnitPrice"] }
    }

    /// The entries that take their price from this one.
    static func followers(of entry: Record, store: RecordStore) -> [Record] {
        guard isStandard(entry, store) else { return [] }
        return siblings(of: entry, store).filter {
            $0["UseStandardPrice"].flag && $0["UnitPrice"] != entry["UnitPrice"]
        }
    }

    private static func siblings(of entry: Record, _ store: RecordStore) -> [Record] {
        store.records("PricebookEntry").filter {
            $0.id != entry.id && $0["Product2Id"] == entry["Product2Id"]
                && $0["CurrencyIsoCode"] == entry["CurrencyIsoCode"]
        }
    }

    private static func isStandard(_ entry: Record, _ store: RecordStore) -> Bool {
        entry["Pricebook2Id"].text.flatMap { store.record("Pricebook2", $0) }?["IsStandard"].flag == true
    }
}
