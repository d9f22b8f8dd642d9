import EventLoop
import HTTPServer
import JSONText
import SandboxFaults

/// The control API: what people do in Salesforce, and what an operator of the sandbox sets. Nothing here is counted.
extension SalesforceSandbox {
    func control(_ request: HTTPRequest, _ segments: [String]) -> HTTPResponse {
        do throws(ControlError) {
            let body = try Self.body(request)
            return try control(request, segments, body)
        } catch {
            return ControlAnswer.refusal(error.status, error.reason)
        }
    }

    private func control(
        _ request: HTTPRequest, _ segments: [String], _ body: JSONObject
    ) throws(ControlError) -> HTTPResponse {
        switch segments.first {
        case nil: return ControlAnswer.json(ControlHelp.json)
        case "accounts": return try accounts(request, segments, body)
        case "products": return try products(request, segments, body)
        case "orders" where segments.count < 2: return try orders(request, body)
        case "orders": return try order(request, segments, body)
        case "journal": return try showJournal(request)
        case "faults": return try setFaults(request, Array(segments.dropFirst()))
        case "refusals": return try controlRefusals(request, Array(segments.dropFirst()), body)
        case "settings" where segments.count == 1: return try changeSettings(request, body)
        case "sessions" where request.method == "DELETE":
            sessions.revokeAll()
            return ControlAnswer.json(["done": true])
        case "locators" where request.method == "DELETE":
            locators.loseAll()
            return ControlAnswer.json(["done": true])
        case "reset" where request.method == "POST":
            reset()
            journal.clear()
            return ControlAnswer.json(["done": true])
        default: throw Self.unknownRoute
        }
    }

    private static let unknownRoute = ControlError("no such control route; GET /control lists them", status: 404)

    private static func body(_ request: HTTPRequest) throws(ControlError) -> JSONObject {
        guard !request.body.isEmpty else { return [:] }
        let value: JSONValue
        do {
            value = try JSONValue.parse(request.body, limits: .answer)
        } catch {
            throw ControlError("the body is no JSON: \(error.description)")
        }
        guard let object = value.object else { throw ControlError("the body must be a JSON object") }
        return object
    }

    // MARK: Accounts and products

    private func accounts(
        _ request: HTTPRequest, _ segments: [String], _ body: JSONObject
    ) throws(ControlError) -> HTTPResponse {
        switch (request.method, segments.count) {
        case ("GET", 1):
            return ControlAnswer.json([
                "accounts": .array(organization.store.records("Account").map { accountView($0) })
            ])
        case ("POST", 1):
            let id = try transaction { () throws(ControlError) in try createAccount(body) }
            return ControlAnswer.json(accountView(try stored("Account", id)), status: 201)
        case ("GET", 2):
            return ControlAnswer.json(accountView(try stored("Account", segments[1])))
        case ("PATCH", 2):
            return ControlAnswer.json(accountView(try changeFields("Account", segments[1], body)))
        default: throw Self.unknownRoute
        }
    }

    private func products(
        _ request: HTTPRequest, _ segments: [String], _ body: JSONObject
    ) throws(ControlError) -> HTTPResponse {
        switch (request.method, segments.count) {
        case ("GET", 1):
            return ControlAnswer.json([
                "products": .array(organization.store.records("Product2").map { productView($0) })
            ])
        case ("POST", 1):
            try refuseUnknown(body, ["name", "sku", "productCode", "prices", "active"])
            guard let sku = body["sku"]?.string else { throw ControlError("a product needs a sku") }
            var prices: [(currency: String, price: String)] = []
            for (currency, _) in body["prices"]?.object?.members ?? [] {
                let price = try body["prices"]?.object?.decimal(currency)
                prices.append((currency, price?.number?.text ?? "0"))
            }
            let id = try transaction { () throws(ControlError) in
                try createProduct(
                    name: body["name"]?.string ?? sku, sku: sku, productCode: body["productCode"]?.string ?? sku,
                    prices: prices, isActive: body["active"]?.bool ?? true)
            }
            return ControlAnswer.json(productView(try stored("Product2", id)), status: 201)
        case ("PATCH", 2):
            return ControlAnswer.json(productView(try changeFields("Product2", segments[1], body)))
        default: throw Self.unknownRoute
        }
    }

    /// Changes a record by its fields' API names, as the sales user.
    private func changeFields(
        _ object: String, _ id: String, _ body: JSONObject
    ) throws(ControlError) -> Record {
        try refuseUnknown(body, ["fields", "stamp"])
        let record = try stored(object, id)
        do throws(RecordError) {
            try organization.update(
                object, record.id, body["fields"]?.object ?? [:], access: organization.schema,
                context: WriteContext(userId: SalesforceOrganization.salesUserId, now: now))
        } catch { throw ControlError(error) }
        return try stored(object, record.id)
    }

    private func stored(_ object: String, _ text: String) throws(ControlError) -> Record {
        guard case .id(let id) = RecordId.read(text), let record = organization.store.record(object, id) else {
            throw ControlError("no \(object) has the id \(text)", status: 404)
        }
        return record
    }

    // MARK: Orders

    private func orders(_ request: HTTPRequest, _ body: JSONObject) throws(ControlError) -> HTTPResponse {
        switch request.method {
        case "GET":
            let status = request.query("status")
            let shown = organization.store.records("Order").filter { order in
                status == nil || order["Status"].text == status || order["StatusCode"].text == status
            }
            return ControlAnswer.json(["orders": .array(shown.map { orderView($0) })])
        case "POST":
            let count = body["count"]?.int64 ?? 1
            guard (1...10_000).contains(count) else { throw ControlError("count must be 1 to 10000") }
            let ids = try transaction { () throws(ControlError) -> [String] in
                var ids: [String] = []
                for _ in 0..<count { ids.append(try createOrder(body)) }
                return ids
            }
            let views = ids.compactMap { organization.store.record("Order", $0) }.map { orderView($0) }
            return ControlAnswer.json(body["count"] == nil ? views[0] : ["orders": .array(views)], status: 201)
        default: throw Self.unknownRoute
        }
    }

    private func order(
        _ request: HTTPRequest, _ segments: [String], _ body: JSONObject
    ) throws(ControlError) -> HTTPResponse {
        let id = try orderId(segments[1])
        switch (request.method, segments.count > 2 ? segments[2] : "") {
        case ("GET", ""): break
        case ("GET", "history"): return ControlAnswer.json(historyView(ofOrder: id))
        case ("PATCH", ""): try transaction { () throws(ControlError) in try amendOrder(id, body) }
        case ("DELETE", ""):
            try deleteOrder(id, try salesContext(body))
            return ControlAnswer.json(["done": true])
        case ("POST", "activate"): try setStatus("Activated", of: id, try salesContext(body))
        case ("POST", "deactivate"): try setStatus("Draft", of: id, try salesContext(body))
        default: throw Self.unknownRoute
        }
        return ControlAnswer.json(orderView(try stored("Order", id)))
    }

    /// An order by its id or its number.
    private func orderId(_ name: String) throws(ControlError) -> String {
        if case .id(let id) = RecordId.read(name), organization.store.record("Order", id) != nil { return id }
        let found = organization.store.records("Order").first { $0["OrderNumber"].text == name }
        guard let found else { throw ControlError("no order has the id or number \(name)", status: 404) }
        return found.id
    }

    // MARK: The sandbox itself

    private func showJournal(_ request: HTTPRequest) throws(ControlError) -> HTTPResponse {
        switch request.method {
        case "GET":
            let after = request.query("after").flatMap { Int($0) } ?? 0
            return ControlAnswer.json([
                "mostAtOnce": .number(JSONNumber(requests.mostAtOnce)),
                "requests": .array(journal.entries(after: after).map(\.json)),
            ])
        case "DELETE":
            journal.clear()
            requests.forgetHighest()
            return ControlAnswer.json(["done": true])
        default: throw Self.unknownRoute
        }
    }

    private func setFaults(_ request: HTTPRequest, _ path: [String]) throws(ControlError) -> HTTPResponse {
        do {
            let (status, body) = try controlFaults(request, path)
            return ControlAnswer.json(body, status: status)
        } catch {
            throw ControlError(error.sentence, status: error.status)
        }
    }

    private func changeSettings(_ request: HTTPRequest, _ body: JSONObject) throws(ControlError) -> HTTPResponse {
        guard request.method == "GET" || request.method == "PATCH" else { throw Self.unknownRoute }
        try refuseUnknown(
            body,
            [
                "latencyMilliseconds", "pageSize", "nestedPageSize", "dailyLimit", "callsUsed", "sessionIdleSeconds",
                "locatorIdleSeconds", "orderTouch", "hidden", "readOnly", "mayEditActivatedOrders",
            ])
        if let value = try Self.count(body, "latencyMilliseconds") { settings.latency = .milliseconds(value) }
        if let value = try Self.count(body, "pageSize") { settings.pageSize = max(1, value) }
        if let value = try Self.count(body, "nestedPageSize") { settings.nestedPageSize = max(1, value) }
        if let value = try Self.count(body, "dailyLimit") { usage.limit = value }
        if let value = try Self.count(body, "callsUsed") { usage.set(used: value, at: now) }
        if let value = try Self.count(body, "sessionIdleSeconds") { settings.sessionIdleSeconds = Int64(value) }
        if let value = try Self.count(body, "locatorIdleSeconds") { settings.locatorIdleSeconds = Int64(value) }
        if let flag = body["mayEditActivatedOrders"]?.bool { settings.mayEditActivatedOrders = flag }
        if let text = body["orderTouch"]?.string {
            guard let touch = OrderTouch(rawValue: text) else {
                throw ControlError("orderTouch must be always, total or never")
            }
            settings.orderTouch = touch
            organization.orderTouch = touch
        }
        if let names = body["hidden"]?.array { settings.hidden = Set(names.compactMap(\.string)) }
        if let names = body["readOnly"]?.array { settings.readOnly = Set(names.compactMap(\.string)) }
        access = organization.schema.restricted(hidden: settings.hidden, readOnly: settings.readOnly)
        return ControlAnswer.json(settingsView())
    }

    private static func count(_ body: JSONObject, _ name: String) throws(ControlError) -> Int? {
        guard let value = body[name] else { return nil }
        guard let number = value.int64, number >= 0, number <= 10_000_000 else {
            throw ControlError("\(name) must be a whole number of 0 or more")
        }
        return Int(number)
    }

    private func settingsView() -> JSONValue {
        [
            "latencyMilliseconds": .number(JSONNumber(settings.latency.inMilliseconds)),
            "pageSize": .number(JSONNumber(settings.pageSize)),
            "nestedPageSize": .number(JSONNumber(settings.nestedPageSize)),
            "dailyLimit": .number(JSONNumber(usage.limit)), "callsUsed": .number(JSONNumber(usage.used(at: now))),
            "sessionIdleSeconds": .number(JSONNumber(settings.sessionIdleSeconds)),
            "locatorIdleSeconds": .number(JSONNumber(settings.locatorIdleSeconds)),
            "orderTouch": .string(settings.orderTouch.rawValue),
            "hidden": .array(settings.hidden.sorted().map(JSONValue.string)),
            "readOnly": .array(settings.readOnly.sorted().map(JSONValue.string)),
            "mayEditActivatedOrders": .bool(settings.mayEditActivatedOrders),
            "organizationId": .string(SalesforceOrganization.organizationId),
            "integrationUserId": .string(SalesforceOrganization.integrationUserId),
            "salesUserId": .string(SalesforceOrganization.salesUserId),
        ]
    }
}
