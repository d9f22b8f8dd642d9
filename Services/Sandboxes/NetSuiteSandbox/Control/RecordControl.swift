import FoundationEssentials
import HTTPServer
import JSONText

/// Customers as people see and change them, without logging in.
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

    func read(_ object: JSONObject, _ shape: Shape) throws(ControlRefusal) -> EntryInput {
        var reader = BodyReader(account: sandbox.account, validation: .error)
        do {
            return try reader.read(object, shape)
        } catch {
            throw ControlRefusal(error)
        }
    }
}
