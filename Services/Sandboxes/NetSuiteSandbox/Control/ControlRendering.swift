import FoundationEssentials
import JSONText

/// Records as the control API shows them: flat, complete, decimals as text.
enum ControlRendering {
    static func customer(_ customer: Customer) -> JSONValue {
        var object: JSONObject = [
            "id": .string(customer.id), "externalId": customer.externalId.map(JSONValue.string) ?? .null,
            "entityId": .string(customer.entityId), "name": .string(customer.name),
            "currencies": .array(customer.currencies.map { .string(Catalogue.currency($0)?.symbol ?? $0) }),
            "isInactive": .bool(customer.isInactive),
            "addresses": .array(customer.addresses.map { address($0) }),
        ]
        for field in Shapes.customer([]).fields {
            if let value = plain(customer.values[field.name]), object[field.name] == nil { object[field.name] = value }
        }
        return .object(object)
    }

    private static func address(_ entry: AddressBookEntry) -> JSONValue {
        var object: JSONObject = ["id": .string(entry.id)]
        for name in entry.values.keys.sorted() {
            if let value = plain(entry.values[name]) { object[name] = value }
        }
        return .object(object)
    }

    static func order(_ order: SalesOrder, _ account: Account) -> JSONValue {
        var object: JSONObject = [
            "id": .string(order.id), "externalId": order.externalId.map(JSONValue.string) ?? .null,
            "tranId": .string(order.tranId), "status": .string(order.state),
            "statusName": .string(Shapes.orderStates[order.state] ?? ""),
            "total": .string(order.total.description),
        ]
        let currency = order.values.reference("currency")
        object["currency"] = currency.flatMap { Catalogue.currency($0.id) }.map { .string($0.symbol) }
        let customer = order.values.reference("entity").flatMap { account.customers[$0.id] }
        object["customer"] = customer.map {
            [
                "id": .string($0.id), "externalId": $0.externalId.map(JSONValue.string) ?? .null,
                "entityId": .string($0.entityId), "name": .string($0.name),
            ]
        }
        for name in order.values.keys.sorted() where !["entity", "currency"].contains(name) {
            if let value = plain(order.values[name]) { object[name] = value }
        }
        object["createdDate"] = .string(order.created.isoMillisecondsText)
        object["lastModifiedDate"] = .string(order.modified.isoMillisecondsText)
        object["lines"] = .array(order.lines.map(line))
        return .object(object)
    }

    private static func line(_ line: OrderLine) -> JSONValue {
        let item = line.values.reference("item")
        var object: JSONObject = [
            "line": .number(JSONNumber(line.line)), "item": .string(item?.name ?? ""),
            "itemId": .string(item?.id ?? ""),
            "quantity": .string(line.quantity.description),
            "rate": line.values.number("rate").map { .string($0.description) } ?? .null,
            "amount": .string(line.amount.description), "isClosed": .bool(line.isClosed),
            "quantityPicked": .string(line.picked.description),
            "quantityPacked": .string(line.packed.description),
            "quantityFulfilled": .string(line.fulfilled.description),
            "quantityBilled": .string(line.billed.description),
        ]
        for name in line.values.keys.sorted() where object[name] == nil {
            if let value = plain(line.values[name]) { object[name] = value }
        }
        return .object(object)
    }

    static func plain(_ value: FieldValue?) -> JSONValue? {
        switch value {
        case .text(let text): return .string(text)
        case .boolean(let flag): return .bool(flag)
        case .number(let number): return .string(number.description)
        case .date(let date): return .string(date.iso)
        case .instant(let stamp): return .string(stamp.isoText)
        case .reference(let reference): return ["id": .string(reference.id), "name": .string(reference.name)]
        case .option(let id, let name): return ["id": .string(id), "name": .string(name)]
        case .address(let members):
            var object = JSONObject()
            for name in members.keys.sorted() {
                if let value = plain(members[name]) { object[name] = value }
            }
            return .object(object)
        case nil: return nil
        }
    }
}
