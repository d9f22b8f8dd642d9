/// What people do to an order itself after it was entered; what is shipped and billed are documents.
extension Account {
    mutating func approve(_ id: String, now: Stamp) throws(Refusal) -> SalesOrder {
        var order = try order(id, in: ["A"], to: "approve")
        order.isPendingApproval = false
        return keep(&order, now: now)
    }

    /// Refused once anything was picked, shipped or billed.
    mutating func cancel(_ id: String, now: Stamp) throws(Refusal) -> SalesOrder {
        var order = try order(id, in: ["A", "B"], to: "cancel")
        guard !order.isFollowed else { throw Account.linked }
        order.isCancelled = true
        return keep(&order, now: now)
    }

    /// Closes these lines, or all; what was shipped of them and not billed is not billed any more once all are closed.
    mutating func close(_ id: String, lines keys: [Int]?, now: Stamp) throws(Refusal) -> SalesOrder {
        var order = try order(id, in: ["A", "B", "D", "E", "F"], to: "close")
        for key in keys ?? [] where !order.lines.contains(where: { $0.line == key }) {
            throw .invalidFieldValue(String(key), field: "line", at: "item.items")
        }
        for index in order.lines.indices where keys?.contains(order.lines[index].line) ?? true {
            order.lines[index].values["isClosed"] = .boolean(true)
        }
        return keep(&order, now: now)
    }

    private func order(_ id: String, in states: [String], to step: String) throws(Refusal) -> SalesOrder {
        guard let order = salesOrders[id] else { throw .noSuchRecord }
        guard states.contains(order.state) else {
            throw .userError("The order is in state \(order.state); \(step) is not possible.")
        }
        return order
    }

    private mutating func keep(_ order: inout SalesOrder, now: Stamp) -> SalesOrder {
        order.modified = now
        store(order)
        return order
    }
}
