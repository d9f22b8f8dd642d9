import FoundationEssentials

/// What other people and systems do to an order after it was entered.
extension Account {
    enum OrderStep: String, CaseIterable {
        case approve, fulfil, bill, cancel, close
    }

    /// Moves an order on. `quantities` by line key; a line that is not mentioned takes all that remains; nil: all lines.
    mutating func advance(
        _ id: String, _ step: OrderStep, quantities: [Int: Decimal]?, now: Stamp
    ) throws(Refusal) -> SalesOrder {
        guard var order = salesOrders[id] else { throw .noSuchRecord }
        let allowed: [OrderStep: [String]] = [
            .approve: ["A"], .fulfil: ["B", "D", "E"], .bill: ["D", "E", "F"], .cancel: ["A", "B"],
            .close: ["A", "B", "D", "E", "F"],
        ]
        guard allowed[step, default: []].contains(order.state) else {
            throw .userError("The order is in state \(order.state); \(step.rawValue) is not possible.")
        }
        switch step {
        case .approve: order.isPendingApproval = false
        case .cancel: order.isCancelled = true
        case .close:
            for index in order.lines.indices { order.lines[index].values["isClosed"] = .boolean(true) }
        case .fulfil, .bill:
            for index in order.lines.indices { try move(&order.lines[index], step, quantities) }
        }
        order.modified = now
        store(order)
        return order
    }

    private func move(
        _ line: inout OrderLine, _ step: OrderStep, _ quantities: [Int: Decimal]?
    ) throws(Refusal) {
        let remaining =
            step == .bill ? line.leftToBill : line.leftToFulfil
        let wanted = quantities.map { $0[line.line] ?? 0 } ?? remaining
        guard wanted >= 0, wanted <= remaining else {
            throw .userError("Line \(line.line) has only \(remaining.description) left to \(step.rawValue).")
        }
        if step == .bill {
            line.billed += wanted
        } else {
            line.picked += wanted
            line.packed += wanted
            line.fulfilled += wanted
        }
    }
}
