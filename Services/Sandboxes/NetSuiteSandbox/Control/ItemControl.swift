import FoundationEssentials
import HTTPServer
import JSONText

/// The catalogue, with prices and stock, as people change it.
extension SandboxControl {
    func items(_ request: HTTPRequest, _ path: [String]) throws(ControlRefusal) -> JSONValue {
        let account = sandbox.account
        switch (request.method, path.count) {
        case ("GET", 0): return ["items": .array(account.items.map { ControlRendering.item($0, account) })]
        case ("GET", 1): return ControlRendering.item(try item(path[0]), account)
        case ("POST", 0): return try add(try object(request))
        case ("PATCH", 1): return try change(try item(path[0]), try object(request))
        default: throw ControlRefusal("GET or POST /control/items, GET or PATCH /control/items/SKU", status: 405)
        }
    }

    private func item(_ sku: String) throws(ControlRefusal) -> Item {
        guard let item = sandbox.account.item(sku: sku) else { throw ControlRefusal("no such item", status: 404) }
        return item
    }

    private func add(_ object: JSONObject) throws(ControlRefusal) -> JSONValue {
        guard let sku = object["sku"]?.string?.trimmed, !sku.isEmpty else { throw ControlRefusal("sku is missing") }
        guard sandbox.account.item(sku: sku) == nil else { throw ControlRefusal("sku exists already", status: 409) }
        var kind = ItemKind.inventory
        if let value = object["kind"] {
            guard let given = ItemKind.allCases.first(where: { $0.queryType == value.string }) else {
                let known = ItemKind.allCases.map(\.queryType).joined(separator: ", ")
                throw ControlRefusal("kind is one of \(known)")
            }
            kind = given
        }
        let now = try stamp(object)
        var item = Item(
            id: sandbox.account.nextItemId, sku: sku, displayName: object["displayName"]?.string ?? sku,
            externalId: object["externalId"]?.string, listPrice: try decimal(object, "listPrice") ?? 0,
            isInactive: object["isInactive"]?.bool ?? false, kind: kind, modified: now)
        item.isFulfillable = kind != .service
        let onHand = try stock(object, of: item)
        sandbox.account.add(item)
        sandbox.account.openStock(of: item, onHand: onHand, now: now)
        return ControlRendering.item(item, sandbox.account)
    }

    /// Price and activity move the item's stamp; stock does not, as no one edits the item for it.
    private func change(_ item: Item, _ object: JSONObject) throws(ControlRefusal) -> JSONValue {
        var item = item
        let now = try stamp(object)
        let onHand = try stock(object, of: item)
        if let price = try decimal(object, "listPrice") { item.listPrice = price }
        if let flag = object["isInactive"]?.bool { item.isInactive = flag }
        if object["listPrice"] != nil || object["isInactive"] != nil || object["stock"] == nil {
            item.modified = now
            sandbox.account.replace(item)
        }
        for (location, quantity) in onHand {
            sandbox.account.stock.change(StockKey(item: item.id, location: location), now: now) {
                $0.onHand = quantity
            }
        }
        return ControlRendering.item(item, sandbox.account)
    }

    private func stock(_ object: JSONObject, of item: Item) throws(ControlRefusal) -> [String: Decimal] {
        guard let value = object["stock"] else { return [:] }
        guard let entries = value.array else {
            throw ControlRefusal("stock is a list, such as [{\"location\": \"1\", \"onHand\": \"10\"}]")
        }
        guard item.kind == .inventory || entries.isEmpty else {
            throw ControlRefusal("\(item.sku) is of kind \(item.kind.queryType), which has no stock")
        }
        var onHand: [String: Decimal] = [:]
        for entry in entries {
            let location = entry["location"].flatMap { $0.string ?? $0.int64.map { String($0) } }
            guard let location, Catalogue.locations.contains(where: { $0.id == location }) else {
                let known = Catalogue.locations.map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
                throw ControlRefusal("a location is one of \(known)")
            }
            guard let quantity = ControlRendering.decimal(entry["onHand"]) else {
                throw ControlRefusal("onHand is a decimal number, such as \"10\"")
            }
            onHand[location] = quantity
        }
        return onHand
    }

    private func decimal(_ object: JSONObject, _ name: String) throws(ControlRefusal) -> Decimal? {
        guard let value = object[name] else { return nil }
        guard let number = ControlRendering.decimal(value), number >= 0 else {
            throw ControlRefusal("\(name) is a decimal number, such as \"49.50\"")
        }
        return number
    }
}

extension ControlRendering {
    /// A decimal number given as a JSON number or as text.
    static func decimal(_ value: JSONValue?) -> Decimal? {
        value.flatMap { $0.string ?? $0.number?.text }.flatMap { Decimal(exactly: $0) }
    }

    static func item(_ item: Item, _ account: Account) -> JSONValue {
        var object: JSONObject = [
            "id": .string(item.id), "sku": .string(item.sku), "displayName": .string(item.displayName),
            "kind": .string(item.kind.queryType), "listPrice": .string(item.listPrice.description),
            "isInactive": .bool(item.isInactive), "lastModifiedDate": .string(item.modified.isoMillisecondsText),
        ]
        object["externalId"] = item.externalId.map(JSONValue.string)
        object["stock"] = .array(
            Catalogue.locations.compactMap { location -> JSONValue? in
                account.stock.levels[StockKey(item: item.id, location: location.id)].map { level in
                    [
                        "location": .string(location.id), "name": .string(location.name),
                        "onHand": .string(level.onHand.description), "available": .string(level.available.description),
                        "committed": .string(level.committed.description),
                        "backOrdered": .string(level.backOrdered.description),
                    ]
                }
            })
        return .object(object)
    }
}
