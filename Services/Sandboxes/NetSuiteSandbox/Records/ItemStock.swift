import FoundationEssentials

/// An item at a location.
struct StockKey: Hashable, Sendable {
    let item: String
    let location: String
}

/// How much of an item there is at a location.
struct StockLevel: Equatable, Sendable {
    /// Below zero where more was shipped than there was, which NetSuite permits.
    var onHand = Decimal(0)
    /// What approved, open orders still want.
    var demand = Decimal(0)
    /// When the available quantity last changed.
    var availableChanged: Stamp

    var committed: Decimal { min(demand, max(0, onHand)) }
    var available: Decimal { max(0, onHand - demand) }
    var backOrdered: Decimal { demand - committed }
}

/// The account's stock.
struct Stock: Sendable {
    /// Where lines that name no location are taken from.
    static let defaultLocation = "1"

    private(set) var levels: [StockKey: StockLevel] = [:]

    /// Changes one level and notes when its available quantity changed.
    mutating func change(_ key: StockKey, now: Stamp, _ change: (inout StockLevel) -> Void) {
        var level = levels[key] ?? StockLevel(availableChanged: now)
        let before = level.available
        change(&level)
        if level.available != before { level.availableChanged = max(level.availableChanged, now) }
        levels[key] = level
    }
}

extension Account {
    /// Gives an inventory item a level at every location; other kinds have none.
    mutating func openStock(of item: Item, onHand: [String: Decimal], now: Stamp) {
        guard item.kind == .inventory else { return }
        for location in Catalogue.locations {
            stock.change(StockKey(item: item.id, location: location.id), now: now) {
                $0.onHand = onHand[location.id] ?? 0
            }
        }
    }

    /// Takes what leaves the house from the stock of a location; a negative quantity puts it back. Of a kit it takes the
    /// members; items without stock are let pass.
    mutating func takeFromStock(item: String, location: String?, quantity: Decimal, now: Stamp) {
        for part in stockParts(of: item, quantity) {
            stock.change(StockKey(item: part.item, location: location ?? Stock.defaultLocation), now: now) {
                $0.onHand -= part.quantity
            }
        }
    }

    /// The inventory items behind an item: itself, a kit's members, or none.
    private func stockParts(of id: String, _ quantity: Decimal) -> [(item: String, quantity: Decimal)] {
        guard let item = item(id: id) else { return [] }
        switch item.kind {
        case .inventory: return [(id, quantity)]
        case .kit:
            return item.members.filter { self.item(id: $0.itemId)?.kind == .inventory }.map {
                ($0.itemId, $0.quantity * quantity)
            }
        case .nonInventory, .service: return []
        }
    }

    /// Moves what an order demands from one state of it to the next.
    mutating func moveDemand(from old: SalesOrder?, to new: SalesOrder?) {
        let now = new?.modified ?? old?.modified ?? Stamp(milliseconds: 0)
        var change = demand(of: new)
        for (key, quantity) in demand(of: old) { change[key, default: 0] -= quantity }
        for (key, quantity) in change where quantity != 0 {
            stock.change(key, now: now) { $0.demand += quantity }
        }
    }

    /// What an approved, open order still wants of each item at each location.
    private func demand(of order: SalesOrder?) -> [StockKey: Decimal] {
        guard let order, ["B", "D", "E"].contains(order.state) else { return [:] }
        var demand: [StockKey: Decimal] = [:]
        for line in order.lines where !line.isClosed && line.quantity > line.fulfilled {
            guard let item = line.values.reference("item")?.id else { continue }
            let location = line.values.reference("location")?.id ?? Stock.defaultLocation
            for part in stockParts(of: item, line.quantity - line.fulfilled) {
                demand[StockKey(item: part.item, location: location), default: 0] += part.quantity
            }
        }
        return demand
    }
}
