import FoundationEssentials
import HTTPServer
import JSONText

/// Customers and orders as people see and change them, without logging in.
extension SandboxControl {
    // MARK: Customers

    func customers(_ request: HTTPRequest, _ path: [String]) throws(ControlRefusal) -> JSONValue {
        let account = sandbox.account
        switch (request.method, path.count) {
        case ("GET", 0):
            let customers = account.customerIds.compactMap { account.customers[$0] }
            return ["customers": .array(customers.map(ControlRendering.customer))]
        case ("POST", 0):
            var object = try object(request)
            if object["subsidiary"] == nil { object["subsidiary"] = ["id": "1"] }
            let input = try read(object, Shapes.customer(account.settings.visibleCustomFields))
            do {
                return ControlRendering.customer(try sandbox.account.createCustomer(input, now: sandbox.now))
            } catch {
                throw ControlRefusal(error)
            }
        case ("GET", 1):
            return ControlRendering.customer(try customer(path[0]))
        case ("PATCH", 1):
            let id = try customer(path[0]).id
            let input = try read(try object(request), Shapes.customer(account.settings.visibleCustomFields))
            do {
                return ControlRendering.customer(
                    try sandbox.account.changeCustomer(id, input, replacing: [], now: sandbox.now))
            } catch {
                throw ControlRefusal(error)
            }
        default:
            throw ControlRefusal("GET or POST /control/customers, GET or PATCH /control/customers/ID", status: 405)
        }
    }

    private func customer(_ id: String) throws(ControlRefusal) -> Customer {
        let account = sandbox.account
        let found =
            id.hasPrefix("eid:")
            ? account.customer(externalId: String(id.dropFirst(4)))
            : account.customers[id] ?? account.customer(named: id)
        guard let found else { throw ControlRefusal("no such customer", status: 404) }
        return found
    }

    // MARK: Orders

    func orders(_ request: HTTPRequest, _ path: [String]) throws(ControlRefusal) -> JSONValue {
        let account = sandbox.account
        switch (request.method, path.count) {
        case ("GET", 0):
            let orders = account.salesOrderIds.compactMap { account.salesOrders[$0] }
            return ["orders": .array(orders.map { ControlRendering.order($0, account) })]
        case ("GET", 1): return ControlRendering.order(try order(path[0]), account)
        case ("PATCH", 1): return try edit(try order(path[0]), request)
        case ("DELETE", 1):
            let id = try order(path[0]).id
            do {
                try sandbox.account.deleteSalesOrder(id, now: sandbox.now)
            } catch {
                throw ControlRefusal(error)
            }
            return ["deleted": .string(id)]
        case ("POST", 2): return try advance(try order(path[0]), path[1], request)
        default:
            throw ControlRefusal(
                "GET /control/orders, GET, PATCH or DELETE /control/orders/ID, POST /control/orders/ID/STEP",
                status: 405)
        }
    }

    private func order(_ id: String) throws(ControlRefusal) -> SalesOrder {
        let account = sandbox.account
        let found =
            id.hasPrefix("eid:")
            ? account.salesOrder(externalId: String(id.dropFirst(4)))
            : account.salesOrders[id] ?? account.salesOrders.values.first { $0.tranId == id }
        guard let found else { throw ControlRefusal("no such order", status: 404) }
        return found
    }

    private func edit(_ order: SalesOrder, _ request: HTTPRequest) throws(ControlRefusal) -> JSONValue {
        let shape = Shapes.salesOrder(sandbox.account.settings.visibleCustomFields)
        let input = try read(try object(request), shape)
        do {
            let changed = try sandbox.account.changeSalesOrder(order.id, input, replacing: [], now: sandbox.now)
            return ControlRendering.order(changed, sandbox.account)
        } catch {
            throw ControlRefusal(error)
        }
    }

    private func advance(
        _ order: SalesOrder, _ name: String, _ request: HTTPRequest
    ) throws(ControlRefusal) -> JSONValue {
        guard let step = Account.OrderStep(rawValue: name) else {
            let steps = Account.OrderStep.allCases.map(\.rawValue).joined(separator: ", ")
            throw ControlRefusal("a step is one of: \(steps)", status: 404)
        }
        var quantities: [Int: Decimal]?
        if let lines = try object(request)["lines"]?.array {
            var given: [Int: Decimal] = [:]
            for line in lines {
                guard let key = line["line"]?.int64, let value = line["quantity"],
                    let quantity = (value.string ?? value.number?.text).flatMap({ Decimal(exactly: $0) })
                else { throw ControlRefusal("lines has entries such as {\"line\": 1, \"quantity\": 2}") }
                given[Int(key)] = quantity
            }
            quantities = given
        }
        do {
            let moved = try sandbox.account.advance(order.id, step, quantities: quantities, now: sandbox.now)
            return ControlRendering.order(moved, sandbox.account)
        } catch {
            throw ControlRefusal(error)
        }
    }

    private func read(_ object: JSONObject, _ shape: Shape) throws(ControlRefusal) -> EntryInput {
        var reader = BodyReader(account: sandbox.account, validation: .error)
        do {
            return try reader.read(object, shape)
        } catch {
            throw ControlRefusal(error)
        }
    }
}
