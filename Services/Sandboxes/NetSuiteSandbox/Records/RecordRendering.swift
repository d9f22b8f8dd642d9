import FoundationEssentials
import JSONText

/// How a GET wants its answer.
struct ReadOptions: Equatable {
    var expandSubResources = false
    var simpleEnumFormat = false
    /// The body fields wanted; nil: all.
    var fields: Set<String>?
}

/// Turns stored records into the JSON of the record service.
struct RecordRendering {
    let account: Account
    /// `http://host/services/rest/record/v1`, as the client addressed it.
    let base: String
    var options = ReadOptions()

    func salesOrder(_ order: SalesOrder) -> JSONValue {
        let own = "\(base)/salesOrder/\(order.id)"
        var values = order.values
        values["externalId"] = order.externalId.map(FieldValue.text)
        values["tranId"] = .text(order.tranId)
        let state = FieldValue.option(id: order.state, name: Shapes.orderStates[order.state] ?? "")
        values["status"] = state
        values["orderStatus"] = state
        values["subtotal"] = .number(order.subtotal)
        values["discountTotal"] = .number(0)
        values["taxTotal"] = .number(0)
        values["total"] = .number(order.total)
        values["createdDate"] = .instant(order.created)
        values["lastModifiedDate"] = .instant(order.modified)
        values["linkedTrackingNumbers"] = account.trackingNumbers(ofOrder: order.id).map(FieldValue.text)
        return record(id: order.id, values, Shapes.salesOrder(account.settings.visibleCustomFields), own) { name in
            name == "item" ? lines(of: order, at: "\(own)/item") : nil
        }
    }

    /// The `item` sub-resource, also at its own address.
    func lines(of order: SalesOrder, at own: String, offset: Int = 0, limit: Int = 1000) -> JSONValue {
        let page = order.lines.dropFirst(offset).prefix(limit)
        return collection(
            page.map { line(of: order, $0, at: "\(own)/\($0.line)") }, own, total: order.lines.count, offset: offset)
    }

    func line(of order: SalesOrder, _ line: OrderLine, at own: String) -> JSONValue {
        var values = line.values
        values["line"] = .number(Decimal(line.line))
        values["isClosed"] = .boolean(line.isClosed)
        values["lineUniqueKey"] = .number(Decimal(line.uniqueKey))
        let isWanted = line.isFulfillable && !line.isClosed
        values["quantityCommitted"] = .number(isWanted ? max(0, line.quantity - line.fulfilled) : 0)
        values["quantityFulfilled"] = .number(line.fulfilled)
        values["quantityBilled"] = .number(line.billed)
        values["quantityBackOrdered"] = .number(0)
        values["quantityPicked"] = .number(line.picked)
        values["quantityPacked"] = .number(line.packed)
        let shape = Shapes.orderLine(account.settings.visibleCustomFields)
        var object = members(values, shape, own)
        // Keys are whole numbers.
        object["line"] = .number(JSONNumber(line.line))
        object["lineUniqueKey"] = .number(JSONNumber(line.uniqueKey))
        return .object(object)
    }

    func customer(_ customer: Customer) -> JSONValue {
        let own = "\(base)/customer/\(customer.id)"
        var values = customer.values
        values["externalId"] = customer.externalId.map(FieldValue.text)
        values["entityId"] = .text(customer.entityId)
        values["isInactive"] = .boolean(customer.isInactive)
        values["balance"] = .number(0)
        values["dateCreated"] = .instant(customer.created)
        values["lastModifiedDate"] = .instant(customer.modified)
        return record(id: customer.id, values, Shapes.customer(account.settings.visibleCustomFields), own) { name in
            switch name {
            case "addressBook": addressBook(of: customer, at: "\(own)/addressBook")
            case "currencyList": currencies(of: customer, at: "\(own)/currencyList")
            default: nil
            }
        }
    }

    func addressBook(of customer: Customer, at own: String) -> JSONValue {
        let entries = customer.addresses.map { address -> JSONValue in
            let link = "\(own)/\(address.id)"
            var values = address.values
            for flag in ["defaultBilling", "defaultShipping", "isResidential"] {
                values[flag] = .boolean(address.values.flag(flag))
            }
            var object = members(values, Shapes.addressBookEntry, link)
            object["id"] = .string(address.id)
            object["internalId"] = Int(address.id).map { .number(JSONNumber($0)) }
            object["addressId"] = .string(address.id)
            return .object(object)
        }
        return collection(entries, own, total: entries.count, offset: 0)
    }

    func currencies(of customer: Customer, at own: String) -> JSONValue {
        let entries = customer.currencies.map { id -> JSONValue in
            let reference = account.resolve(.currency, id: id)
            let values = ["currency": reference.map(FieldValue.reference)].compactMapValues { $0 }
            return .object(members(values, Shapes.currencyEntry, "\(own)/\(id)"))
        }
        return collection(entries, own, total: entries.count, offset: 0)
    }

    func address(_ values: AddressValues, at own: String) -> JSONValue {
        var values = values
        let cityLine = [values.text("city"), values.text("state"), values.text("zip")].compactMap { $0 }
        let texts = ["attention", "addressee", "addr1", "addr2", "addr3"].compactMap { values.text($0) }
        values["addrText"] = .text((texts + [cityLine.joined(separator: " ")]).joined(separator: "\n"))
        return .object(members(values, Shapes.address, own))
    }

    // MARK: Parts

    func record(
        id: String, _ values: [String: FieldValue], _ shape: Shape, _ own: String, sublist: (String) -> JSONValue?
    ) -> JSONValue {
        var object: JSONObject = ["links": links(own), "id": .string(id)]
        for field in shape.fields where options.fields?.contains(field.name) ?? true {
            switch field.kind {
            case .sublist:
                object[field.name] =
                    options.expandSubResources ? sublist(field.name) : ["links": links("\(own)/\(field.name)")]
            case .address:
                guard case .address(let address)? = values[field.name] else { continue }
                let link = "\(own)/\(field.name)"
                object[field.name] =
                    options.expandSubResources ? self.address(address, at: link) : ["links": links(link)]
            default: object[field.name] = values[field.name].map(json)
            }
        }
        if let fields = options.fields, !fields.contains("id") { object["id"] = nil }
        return .object(object)
    }

    func members(_ values: [String: FieldValue], _ shape: Shape, _ own: String) -> JSONObject {
        var object: JSONObject = ["links": links(own)]
        for field in shape.fields {
            guard let value = values[field.name] else { continue }
            if case .address(let members) = value {
                object[field.name] = address(members, at: "\(own)/\(field.name)")
            } else {
                object[field.name] = json(value)
            }
        }
        return object
    }

    func collection(_ items: [JSONValue], _ own: String, total: Int, offset: Int) -> JSONValue {
        [
            "links": links(own), "count": .number(JSONNumber(items.count)),
            "hasMore": .bool(offset + items.count < total), "offset": .number(JSONNumber(offset)),
            "totalResults": .number(JSONNumber(total)), "items": .array(items),
        ]
    }

    private func links(_ address: String) -> JSONValue { [["rel": "self", "href": .string(address)]] }

    private func json(_ value: FieldValue) -> JSONValue {
        switch value {
        case .text(let text): return .string(text)
        case .boolean(let flag): return .bool(flag)
        case .number(let number): return number.json
        case .date(let date): return .string(date.iso)
        case .instant(let stamp): return .string(stamp.isoText)
        case .option(let id, let name):
            return options.simpleEnumFormat ? .string(id) : ["id": .string(id), "refName": .string(name)]
        case .reference(let reference): return json(reference)
        case .address(let members): return address(members, at: base)
        }
    }

    private func json(_ reference: Reference) -> JSONValue {
        let kind = reference.target == .item ? account.item(id: reference.id)?.kind.recordName : nil
        let record = kind ?? Catalogue.recordName(reference.target)
        let link = record.map { links("\(base)/\($0)/\(reference.id)") } ?? []
        // The name is that of today, not of the day when the reference was set.
        let name = account.resolve(reference.target, id: reference.id)?.name ?? reference.name
        return ["links": link, "id": .string(reference.id), "refName": .string(name)]
    }
}
