import FoundationEssentials

/// What somebody wants of one line of the document that he transforms.
struct LineWish: Equatable, Sendable {
    let sourceLine: Int
    /// False leaves the line out.
    var isTaken = true
    /// nil: all that is left.
    var quantity: Decimal?
    var location: Reference?
    /// Where the request says it, such as `item.items[1]`.
    var path = ""
}

/// The fulfilment that somebody wants.
struct FulfilmentWish: Equatable, Sendable {
    var lines: [LineWish] = []
    /// Whether lines that are not mentioned are fulfilled with all that is left.
    var takesOtherLines = true
    /// For lines without a location, where the order has none either; without it they are refused.
    var location: Reference?
    var status = Fulfilment.Status.shipped
    var date: CivilDate?
    var externalId: String?
    var carrier: ListEntry?
    var packages: [Package] = []
    var values: [String: FieldValue] = [:]
}

/// How goods leave the house.
extension Account {
    mutating func fulfil(_ orderId: String, _ wish: FulfilmentWish, now: Stamp) throws(Refusal) -> Fulfilment {
        guard let order = salesOrders[orderId], let (customer, currency) = parties(of: order) else {
            throw .noSuchRecord
        }
        guard ["B", "D", "E"].contains(order.state), order.lines.contains(where: { $0.leftToFulfil > 0 }) else {
            throw .cannotTransform(order.id, to: .itemFulfillment)
        }
        let lines = try fulfilmentLines(of: order, wish)
        try refuseTaken(wish.externalId)
        let date = wish.date ?? settings.zone.local(now).date
        let (id, tranId) = transactions.next(.itemFulfillment)
        var head = DocumentHead(
            id: id, kind: .itemFulfillment, tranId: tranId, externalId: wish.externalId, date: date,
            customer: customer, currency: currency, values: wish.values, created: now, modified: now)
        if head.values["shipMethod"] == nil { head.values["shipMethod"] = order.values["shipMethod"] }
        var fulfilment = Fulfilment(
            head: head, orderId: order.id, status: wish.status, carrier: wish.carrier, packages: wish.packages,
            lines: lines)
        fulfilment.noteDates(upTo: wish.status, date)
        keep(fulfilment, now: now)
        return fulfilment
    }

    private mutating func fulfilmentLines(
        of order: SalesOrder, _ wish: FulfilmentWish
    ) throws(Refusal) -> [DocumentLine] {
        let wishes = try byLine(wish.lines, known: order.lines.map(\.line))
        var lines: [DocumentLine] = []
        for (index, line) in order.lines.enumerated() {
            let given = wishes[line.line]
            guard let item = line.values.reference("item") else { continue }
            guard let quantity = try quantity(given, left: line.leftToFulfil, takesOthers: wish.takesOtherLines) else {
                continue
            }
            let location =
                given?.location ?? line.values.reference("location") ?? order.values.reference("location")
                ?? wish.location
            guard let location else {
                var refusal = Refusal.missing(["Location"])
                refusal.locator = .path("\(given?.path ?? "item.items[\(index)]").location")
                throw refusal
            }
            lines.append(
                DocumentLine(
                    line: lines.count + 1, uniqueKey: nextLineKey(), sourceLine: line.line, item: item,
                    quantity: quantity, rate: nil, location: location,
                    description: line.values.text("description")))
        }
        guard !lines.isEmpty else { throw Account.noLines }
        return lines
    }

    /// Wishes by the line that they are about; each must name a line of the document that is transformed.
    func byLine(_ wishes: [LineWish], known: [Int]) throws(Refusal) -> [Int: LineWish] {
        var byLine: [Int: LineWish] = [:]
        for wish in wishes {
            guard known.contains(wish.sourceLine), byLine[wish.sourceLine] == nil else {
                throw .invalidFieldValue(String(wish.sourceLine), field: "orderLine", at: "\(wish.path).orderLine")
            }
            byLine[wish.sourceLine] = wish
        }
        return byLine
    }

    /// What is taken of a line of which so much is left; nil: nothing.
    func quantity(_ wish: LineWish?, left: Decimal, takesOthers: Bool) throws(Refusal) -> Decimal? {
        guard let wish else { return takesOthers && left > 0 ? left : nil }
        guard wish.isTaken else { return nil }
        let quantity = wish.quantity ?? left
        guard quantity >= 0, quantity <= left else {
            throw .invalidFieldValue(quantity.description, field: "quantity", at: "\(wish.path).quantity")
        }
        return quantity > 0 ? quantity : nil
    }

    /// Moves a fulfilment on, from picked to packed to shipped, and never back.
    mutating func advance(
        fulfilment id: String, to status: Fulfilment.Status, packages: [Package] = [], now: Stamp
    ) throws(Refusal) -> Fulfilment {
        guard var fulfilment = documents.fulfilments[id] else { throw .noSuchRecord }
        guard status >= fulfilment.status else {
            throw .invalidFieldValue(status.rawValue, field: "shipStatus", at: "shipStatus")
        }
        fulfilment.status = status
        fulfilment.packages += packages
        fulfilment.noteDates(upTo: status, settings.zone.local(now).date)
        fulfilment.head.modified = now
        keep(fulfilment, now: now)
        return fulfilment
    }

    /// Refused when that would leave more billed than was shipped.
    mutating func deleteFulfilment(_ id: String, now: Stamp) throws(Refusal) {
        guard let fulfilment = documents.fulfilments[id] else { throw .noSuchRecord }
        if let order = salesOrders[fulfilment.orderId], fulfilment.status == .shipped {
            for line in fulfilment.lines {
                guard let ordered = order.lines.first(where: { $0.line == line.sourceLine }) else { continue }
                if ordered.fulfilled - line.quantity < ordered.billed { throw Account.linked }
            }
        }
        documents.removeFulfilment(id)
        moveStock(from: fulfilment, to: nil, now: now)
        forget(fulfilment.head, now: now)
        refigure(fulfilment.orderId, now: now)
    }

    /// Stores a fulfilment in its new state, with what follows for stock and order.
    mutating func keep(_ fulfilment: Fulfilment, now: Stamp) {
        let old = documents.fulfilments[fulfilment.id]
        documents.store(fulfilment)
        note(fulfilment.head, formerly: old?.head)
        moveStock(from: old, to: fulfilment, now: now)
        refigure(fulfilment.orderId, now: now)
    }

    /// What is shipped leaves the stock of its location. What is picked does not: orders have it committed before.
    private mutating func moveStock(from old: Fulfilment?, to new: Fulfilment?, now: Stamp) {
        for (fulfilment, sign) in [(old, Decimal(-1)), (new, 1)] {
            guard let fulfilment, fulfilment.status == .shipped else { continue }
            for line in fulfilment.lines {
                takeFromStock(
                    item: line.item.id, location: line.location?.id, quantity: sign * line.quantity, now: now)
            }
        }
    }
}

extension Fulfilment {
    /// Each step that was reached has its date; one that was given stays.
    fileprivate mutating func noteDates(upTo status: Status, _ date: CivilDate) {
        let steps: [(Status, String)] = [(.picked, "pickedDate"), (.packed, "packedDate"), (.shipped, "shippedDate")]
        for (step, name) in steps where step <= status && head.values[name] == nil {
            head.values[name] = .date(date)
        }
    }
}
