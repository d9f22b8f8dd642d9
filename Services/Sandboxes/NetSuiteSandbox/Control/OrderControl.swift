import FoundationEssentials
import HTTPServer
import JSONText

/// Orders as people see and change them, without logging in.
extension SandboxControl {
    private static let mostAtOnce = 10_000

    func orders(_ request: HTTPRequest, _ path: [String]) throws(ControlRefusal) -> JSONValue {
        switch (request.method, path.count) {
        case ("GET", 0):
            let account = sandbox.account
            let orders = account.salesOrderIds.compactMap { account.salesOrders[$0] }
            return ["orders": .array(orders.map { ControlRendering.order($0, account) })]
        case ("POST", 0): return try enter(try object(request))
        case ("GET", 1): return try show(order: try transaction(.salesOrder, path[0]))
        case ("PATCH", 1): return try edit(try transaction(.salesOrder, path[0]), try object(request))
        case ("DELETE", 1): return try delete(.salesOrder, path[0])
        case ("POST", 2): return try advance(try transaction(.salesOrder, path[0]), path[1], try object(request))
        default:
            throw ControlRefusal(
                "GET or POST /control/orders, GET, PATCH or DELETE /control/orders/ID, POST /control/orders/ID/STEP",
                status: 405)
        }
    }

    /// The internal id of the transaction that an id, an external id behind `eid:`, or a number means.
    func transaction(_ kind: TransactionKind, _ given: String) throws(ControlRefusal) -> String {
        let transactions = sandbox.account.transactions
        let id =
            given.hasPrefix("eid:")
            ? transactions.id(externalId: String(given.dropFirst(4)))
            : transactions.kind(of: given) == nil ? transactions.id(number: given) : given
        guard let id, transactions.kind(of: id) == kind else {
            throw ControlRefusal("no such \(kind.words.lowercased())", status: 404)
        }
        return id
    }

    /// Changes the account; what NetSuite's rules refuse is said in plain words.
    func act<Value>(_ change: (inout Account) throws(Refusal) -> Value) throws(ControlRefusal) -> Value {
        do {
            return try change(&sandbox.account)
        } catch {
            throw ControlRefusal(error)
        }
    }

    func delete(_ kind: TransactionKind, _ given: String) throws(ControlRefusal) -> JSONValue {
        let id = try transaction(kind, given)
        let now = sandbox.now
        try act { account throws(Refusal) in try account.delete(kind, id, now: now) }
        return ["deleted": .string(id)]
    }

    private func show(order id: String) throws(ControlRefusal) -> JSONValue {
        guard let order = sandbox.account.salesOrders[id] else { throw ControlRefusal("no such order", status: 404) }
        return ControlRendering.orderWithDocuments(order, sandbox.account)
    }

    private func enter(_ object: JSONObject) throws(ControlRefusal) -> JSONValue {
        let now = try stamp(object)
        let count = try object["count"].map { value throws(ControlRefusal) in
            try whole(ControlRendering.number(value), "count", 1...SandboxControl.mostAtOnce)
        }
        var body = object
        for name in ["count", "modifiedAt"] { body[name] = nil }
        let input = try read(body, Shapes.salesOrder(sandbox.account.settings.visibleCustomFields))
        guard let count else {
            let id = try act { account throws(Refusal) in try account.createSalesOrder(input, now: now).id }
            return try show(order: id)
        }
        var made: [JSONValue] = []
        for number in 1...count {
            var input = input
            if let externalId = input.text("externalId") {
                input.values["externalId"] = .value(.text("\(externalId)-\(number)"))
            }
            let order = try act { account throws(Refusal) in try account.createSalesOrder(input, now: now) }
            made.append([
                "id": .string(order.id), "externalId": order.externalId.map(JSONValue.string) ?? .null,
                "tranId": .string(order.tranId),
            ])
        }
        return ["orders": .array(made)]
    }

    private func edit(_ id: String, _ object: JSONObject) throws(ControlRefusal) -> JSONValue {
        let now = try stamp(object)
        var body = object
        body["modifiedAt"] = nil
        let input = try read(body, Shapes.salesOrder(sandbox.account.settings.visibleCustomFields))
        _ = try act { account throws(Refusal) in
            try account.changeSalesOrder(id, input, replacing: [], now: now).id
        }
        return try show(order: id)
    }

    private func advance(_ id: String, _ step: String, _ object: JSONObject) throws(ControlRefusal) -> JSONValue {
        let now = try stamp(object)
        switch step {
        case "approve": try act { account throws(Refusal) in _ = try account.approve(id, now: now) }
        case "cancel": try act { account throws(Refusal) in _ = try account.cancel(id, now: now) }
        case "close":
            var keys: [Int]?
            if let lines = object["lines"] {
                keys = lines.array?.compactMap { ControlRendering.number($0).int64.flatMap { Int(exactly: $0) } }
                guard let keys, keys.count == lines.array?.count else {
                    throw ControlRefusal("lines is a list of line numbers, such as [1, 2]")
                }
            }
            let wanted = keys
            try act { account throws(Refusal) in _ = try account.close(id, lines: wanted, now: now) }
        case "fulfil":
            let wish = try fulfilmentWish(object)
            let made = try act { account throws(Refusal) in try account.fulfil(id, wish, now: now).id }
            return try show(.itemFulfillment, made)
        case "bill":
            var wish = InvoiceWish(lines: try lineWishes(object))
            wish.takesOtherLines = object["lines"] == nil
            wish.date = try date(object, "date")
            wish.dueDate = try date(object, "dueDate")
            wish.externalId = object["externalId"]?.string
            let granted = wish
            let made = try act { account throws(Refusal) in try account.bill(id, granted, now: now).id }
            return try show(.invoice, made)
        default: throw ControlRefusal("a step is one of: approve, fulfil, bill, cancel, close", status: 404)
        }
        return try show(order: id)
    }

    // MARK: What people say

    private func fulfilmentWish(_ object: JSONObject) throws(ControlRefusal) -> FulfilmentWish {
        var wish = FulfilmentWish(lines: try lineWishes(object))
        wish.takesOtherLines = object["lines"] == nil
        wish.location = try entry(.location, object["location"], "location") ?? resolved(.location, "1")
        if let value = object["status"] {
            guard let status = value.string.flatMap(Fulfilment.Status.init) else {
                throw ControlRefusal("status is A (picked), B (packed) or C (shipped)")
            }
            wish.status = status
        }
        wish.date = try date(object, "date")
        wish.externalId = object["externalId"]?.string
        wish.carrier = object["carrier"]?.string.map(Catalogue.carrier)
        wish.packages = try packages(object)
        wish.values["shipMethod"] = try entry(.shipMethod, object["shipMethod"], "shipMethod").map(FieldValue.reference)
        wish.values["memo"] = object["memo"]?.string.map(FieldValue.text)
        return wish
    }

    /// `lines`: a quantity that is left out means all that is left of the line.
    func lineWishes(_ object: JSONObject) throws(ControlRefusal) -> [LineWish] {
        guard let value = object["lines"] else { return [] }
        var wishes: [LineWish] = []
        for line in value.array ?? [.null] {
            let quantity = line["quantity"].map(ControlRendering.decimal)
            guard let key = line["line"].flatMap({ ControlRendering.number($0).int64 }), let key = Int(exactly: key),
                quantity == nil || quantity.flatMap(\.self) != nil
            else { throw ControlRefusal("lines has entries such as {\"line\": 1, \"quantity\": 2}") }
            wishes.append(LineWish(sourceLine: key, quantity: quantity.flatMap(\.self), path: "lines"))
        }
        return wishes
    }

    func packages(_ object: JSONObject) throws(ControlRefusal) -> [Package] {
        guard let value = object["packages"] else { return [] }
        guard let entries = value.array, entries.allSatisfy({ $0.object != nil }) else {
            throw ControlRefusal(
                "packages has entries such as {\"trackingNumber\": \"1Z…\", \"description\": \"box\", \"weight\": 1.2}")
        }
        return entries.map { entry in
            Package(
                description: entry["description"]?.string, weight: ControlRendering.decimal(entry["weight"]),
                trackingNumber: entry["trackingNumber"]?.string)
        }
    }

    func date(_ object: JSONObject, _ name: String) throws(ControlRefusal) -> CivilDate? {
        guard let value = object[name], !value.isNull else { return nil }
        guard let date = value.string.flatMap(CivilDate.init(iso:)) else {
            throw ControlRefusal("\(name) is a date, such as \"2025-03-14\"")
        }
        return date
    }

    private func resolved(_ target: ReferenceTarget, _ id: String) -> Reference? {
        sandbox.account.resolve(target, id: id)
    }

    /// An entry of one of the account's lists, by id or by name.
    private func entry(
        _ target: ReferenceTarget, _ value: JSONValue?, _ name: String
    ) throws(ControlRefusal) -> Reference? {
        guard let value, !value.isNull else { return nil }
        let given = value["id"] ?? value
        let text = given.string ?? given.int64.map { String($0) }
        let found = Catalogue.list(target).first { entry in
            entry.id == text || entry.name.lowercased() == text?.lowercased()
        }
        guard let found else {
            let known = Catalogue.list(target).map { "\($0.id) (\($0.name))" }.joined(separator: ", ")
            throw ControlRefusal("\(name) is one of \(known)")
        }
        return Reference(target: target, id: found.id, name: found.name)
    }
}

extension ControlRendering {
    /// A whole number given as text is read like one.
    static func number(_ value: JSONValue) -> JSONValue {
        value.string.flatMap { JSONNumber(text: $0) }.map(JSONValue.number) ?? value
    }
}
