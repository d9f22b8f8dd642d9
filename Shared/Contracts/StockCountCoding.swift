import JSONText

extension StockCount {
    /// The payload, in UTF-8.
    public func encode() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("sku", sku)
        writer.field("itemId", itemId)
        writer.field("active", active)
        if let listPrice {
            writer.name("listPrice")
            writer.beginObject()
            writer.field("amount", listPrice.amount.text)
            writer.field("currency", listPrice.currency)
            writer.endObject()
        }
        writer.list("locations", locations) { location, writer in
            writer.field("id", location.id)
            writer.field("name", location.name)
            writer.field("available", location.available.text)
            writer.field("onHand", location.onHand.text)
            writer.field("backOrdered", location.backOrdered.text)
        }
        writer.field("asOf", asOf.text)
        writer.endObject()
        return writer.bytes
    }

    /// Reads and checks a payload; unknown fields are ignored, since newer senders may have more.
    public static func decode(_ bytes: [UInt8]) throws(ContractError) -> StockCount {
        try decoding(bytes) { reader in
            var draft = StockDraft()
            try reader.readObject { name, reader in try draft.take(name, &reader) }
            try reader.finish()
            return try draft.finish()
        }
    }
}

private struct StockDraft {
    private var sku: String?
    private var itemId: String?
    private var active: Bool?
    private var listPrice: StockCount.Price?
    private var locations: [StockCount.Location]?
    private var asOf: UTCInstant?

    mutating func take(_ name: JSONName, _ reader: inout JSONReader) throws {
        switch name {
        case "sku": sku = try reader.requiredText(limit: TextLimit.code, from: .netSuite)
        case "itemId": itemId = try reader.requiredText(limit: TextLimit.code, from: .netSuite)
        case "active": active = try reader.readBool()
        case "listPrice": listPrice = try reader.optional(StockCount.Price.read)
        case "locations": locations = try reader.uniqueList(by: \.id, StockCount.Location.read)
        case "asOf": asOf = try reader.instant()
        default: try reader.skipValue()
        }
    }

    func finish() throws(ContractError) -> StockCount {
        var count = StockCount(
            sku: try required(sku, "sku", in: ""), itemId: try required(itemId, "itemId", in: ""),
            active: try required(active, "active", in: ""), asOf: try required(asOf, "asOf", in: ""))
        count.listPrice = listPrice
        count.locations = try required(locations, "locations", in: "")
        return count
    }
}

extension StockCount.Price {
    fileprivate static func read(_ reader: inout JSONReader) throws -> StockCount.Price {
        let path = reader.currentPath
        var amount: ExactDecimal?
        var currency: String?
        try reader.readObject { name, reader in
            switch name {
            case "amount": amount = try reader.decimal(from: .netSuite)
            case "currency": currency = try reader.currencyCode()
            default: try reader.skipValue()
            }
        }
        return StockCount.Price(
            amount: try required(amount, "amount", in: path), currency: try required(currency, "currency", in: path))
    }
}

extension StockCount.Location {
    fileprivate static func read(_ reader: inout JSONReader) throws -> StockCount.Location {
        let path = reader.currentPath
        var id: String?
        var locationName: String?
        var amounts: [String: ExactDecimal] = [:]
        try reader.readObject { name, reader in
            switch name {
            case "id": id = try reader.requiredText(limit: TextLimit.code, from: .netSuite)
            case "name": locationName = try reader.requiredText(limit: TextLimit.name, from: .netSuite)
            case "available", "onHand", "backOrdered": amounts[name.text] = try reader.decimal(from: .netSuite)
            default: try reader.skipValue()
            }
        }
        return StockCount.Location(
            id: try required(id, "id", in: path), name: try required(locationName, "name", in: path),
            available: try required(amounts["available"], "available", in: path),
            onHand: try required(amounts["onHand"], "onHand", in: path),
            backOrdered: try required(amounts["backOrdered"], "backOrdered", in: path))
    }
}
