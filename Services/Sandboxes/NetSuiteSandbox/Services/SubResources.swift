import HTTPServer
import JSONText

extension RecordService {
    /// Sublists and subrecords at their own addresses.
    func subResource(
        order id: String, _ path: [String], _ rendering: RecordRendering
    ) throws(Refusal) -> HTTPResponse {
        guard let order = rendering.account.salesOrders[id] else { throw .noSuchRecord }
        let own = "\(call.recordBase)/salesOrder/\(id)/\(path[0])"
        switch (path[0], path.count) {
        case ("item", 1):
            try call.allowOnly(parameters: ["limit", "offset", "expandSubResources"])
            let (limit, offset) = try call.page()
            if call.flag("expandSubResources") {
                return CallContext.resource(
                    rendering.lines(of: order, at: own, offset: offset, limit: limit), "collection")
            }
            return CallContext.resource(lineLinks(of: order, own, offset: offset, limit: limit), "collection")
        case ("item", 2):
            guard let line = order.lines.first(where: { String($0.line) == path[1] }) else { throw .noSuchRecord }
            return CallContext.resource(rendering.line(of: order, line, at: "\(own)/\(path[1])"), "singular")
        case ("shippingAddress", 1), ("billingAddress", 1):
            guard let address = order.values.address(path[0]) else { throw .noSuchRecord }
            return CallContext.resource(rendering.address(address, at: own), "singular")
        default: throw .unknownResource(call.request.path)
        }
    }

    func subResource(
        customer id: String, _ path: [String], _ rendering: RecordRendering
    ) throws(Refusal) -> HTTPResponse {
        guard let customer = rendering.account.customers[id] else { throw .noSuchRecord }
        let own = "\(call.recordBase)/customer/\(id)/\(path[0])"
        switch (path[0], path.count) {
        case ("addressBook", 1):
            return CallContext.resource(rendering.addressBook(of: customer, at: own), "collection")
        case ("addressBook", 2):
            let items = rendering.addressBook(of: customer, at: own)["items"]?.array ?? []
            guard let entry = items.first(where: { $0["id"]?.string == path[1] }) else { throw .noSuchRecord }
            return CallContext.resource(entry, "singular")
        case ("currencyList", 1):
            return CallContext.resource(rendering.currencies(of: customer, at: own), "collection")
        default: throw .unknownResource(call.request.path)
        }
    }

    /// Without expansion a sublist shows where its lines are.
    private func lineLinks(of order: SalesOrder, _ own: String, offset: Int, limit: Int) -> JSONValue {
        let page = order.lines.dropFirst(offset).prefix(limit)
        let items = page.map { line -> JSONValue in
            ["links": [["rel": "self", "href": .string("\(own)/\(line.line)")]]]
        }
        return [
            "links": [["rel": "self", "href": .string(own)]], "count": .number(JSONNumber(items.count)),
            "hasMore": .bool(offset + items.count < order.lines.count), "offset": .number(JSONNumber(offset)),
            "totalResults": .number(JSONNumber(order.lines.count)), "items": .array(items),
        ]
    }
}
