import FoundationEssentials

/// How lines are merged by key, priced, and kept from changing once something follows from them.
extension Account {
    mutating func setLines(
        of order: inout SalesOrder, _ entries: [EntryInput], replacing: Bool, _ customer: Customer
    ) throws(Refusal) {
        let isNew = salesOrders[order.id] == nil
        if !isNew, ["C", "G"].contains(order.state) { throw Account.linkedLine }
        var mentioned: Set<Int> = []
        for entry in entries {
            guard let key = entry.value("line") else {
                guard isNew || order.isOpenForLines else { throw Account.linkedLine }
                let line = try newLine(in: &order, entry, customer)
                mentioned.insert(line.line)
                order.lines.append(line)
                continue
            }
            guard case .number(let number) = key,
                let index = order.lines.firstIndex(where: { Decimal($0.line) == number })
            else {
                throw .invalidFieldValue(Account.text(of: key), field: "line", at: entry.path(of: "line"))
            }
            mentioned.insert(order.lines[index].line)
            try change(&order.lines[index], of: order, entry, customer)
        }
        if replacing {
            let removed = order.lines.filter { !mentioned.contains($0.line) }
            if removed.contains(where: \.isTouched) { throw Account.linkedLine }
            order.lines.removeAll { !mentioned.contains($0.line) }
        }
        if order.lines.isEmpty { throw Account.noLines }
    }

    private static let linkedLine = Refusal.userError(
        "You cannot change or remove a line that has been fulfilled or billed, or a line of an order that is cancelled, "
            + "billed or closed.")

    private static func text(of value: FieldValue) -> String {
        if case .number(let number) = value { number.description } else { "" }
    }

    private mutating func newLine(
        in order: inout SalesOrder, _ entry: EntryInput, _ customer: Customer
    ) throws(Refusal) -> OrderLine {
        var missing: [String] = []
        if entry.value("item") == nil { missing.append("Item") }
        if entry.value("quantity") == nil { missing.append("Quantity") }
        guard missing.isEmpty else { throw .missing(missing) }
        var line = OrderLine(line: order.nextLine, uniqueKey: nextLineKey(), values: [:])
        order.nextLine += 1
        if let location = order.values["location"], !entry.isGiven("location") { line.values["location"] = location }
        try set(&line, of: order, entry, customer)
        return line
    }

    private func change(
        _ line: inout OrderLine, of order: SalesOrder, _ entry: EntryInput, _ customer: Customer
    ) throws(Refusal) {
        let before = line
        for (name, label) in [("item", "Item"), ("quantity", "Quantity")] where entry.values[name] == .clear {
            throw .missing([label])
        }
        try set(&line, of: order, entry, customer)
        let reduced = line.quantity < max(before.picked, before.billed)
        let changesItem = line.values["item"] != before.values["item"]
        let changesPrice = line.values["rate"] != before.values["rate"] || line.amount != before.amount
        if before.isTouched, reduced || changesItem { throw Account.linkedLine }
        if before.billed > 0, changesPrice { throw Account.linkedLine }
        if order.state == "H", changesItem || changesPrice || line.quantity != before.quantity {
            throw Account.linkedLine
        }
    }

    private func set(
        _ line: inout OrderLine, of order: SalesOrder, _ entry: EntryInput, _ customer: Customer
    ) throws(Refusal) {
        entry.apply(to: &line.values, except: ["line", "price", "rate", "amount"])
        if let item = line.values.reference("item").flatMap({ item(id: $0.id) }) {
            line.isFulfillable = item.isFulfillable
        }
        if line.quantity < 0 {
            throw .invalidFieldValue(line.quantity.description, field: "quantity", at: entry.path(of: "quantity"))
        }
        try price(&line, of: order, entry, customer)
    }

    /// A price level other than custom fills the rate; an amount alone wins; else the amount is quantity × rate.
    private func price(
        _ line: inout OrderLine, of order: SalesOrder, _ entry: EntryInput, _ customer: Customer
    ) throws(Refusal) {
        guard ["item", "quantity", "price", "rate", "amount"].contains(where: entry.isGiven) else { return }
        let isPriced = entry.value("rate") != nil || entry.value("amount") != nil
        let level: Reference?
        if let given = entry.value("price"), case .reference(let reference) = given {
            level = reference
        } else if isPriced {
            level = resolve(.priceLevel, id: Catalogue.customPrice)
        } else {
            level =
                line.values.reference("price") ?? customer.values.reference("priceLevel")
                ?? resolve(.priceLevel, id: Catalogue.basePrice)
        }
        line.values["price"] = level.map(FieldValue.reference)
        if level?.id != Catalogue.customPrice {
            line.values["rate"] = .number(listPrice(of: line, in: order))
        } else if let rate = entry.value("rate") {
            line.values["rate"] = rate
        } else if entry.values["rate"] == .clear {
            line.values["rate"] = nil
        }
        if let amount = entry.value("amount"), case .number(let given) = amount, entry.value("rate") == nil {
            let rounded = given.rounded(toScale: 2)
            line.values["amount"] = .number(rounded)
            if level?.id == Catalogue.customPrice, line.quantity != 0 {
                line.values["rate"] = .number((rounded / line.quantity).rounded(toScale: 8))
            }
        } else if let rate = line.values.number("rate") {
            line.values["amount"] = .number((line.quantity * rate).rounded(toScale: 2))
        } else {
            throw .missing(["Amount"])
        }
    }

    private func listPrice(of line: OrderLine, in order: SalesOrder) -> Decimal {
        let price = line.values.reference("item").flatMap { item(id: $0.id) }?.listPrice ?? 0
        let rate = order.values.reference("currency").flatMap { Catalogue.currency($0.id) }?.exchangeRate ?? 1
        return (price / rate).rounded(toScale: 2)
    }
}
