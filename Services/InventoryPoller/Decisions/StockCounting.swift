import Contracts
import NetSuite

/// Everything that was read of some items.
struct StockReading: Sendable {
    /// Internal ids that were asked for.
    var asked: [Int64]
    var items: [SuiteQLRow]
    var stock: [SuiteQLRow]
    var prices: [SuiteQLRow]
}

/// Makes counts of what was read, without asking anybody.
struct StockCounting: Sendable {
    /// ISO 4217 code of the prices that were read.
    let currency: String

    /// An item as it is counted.
    struct CountedItem: Sendable, Equatable {
        let id: Int64
        let count: StockCount
    }

    /// What a reading says.
    struct Result: Sendable, Equatable {
        /// One count of each SKU, in the order of item ids.
        var counted: [CountedItem] = []
        /// Items of which something cannot be read: they are read again.
        var unreadable: Set<Int64> = []
        /// Items whose number cannot be a SKU.
        var unusable: Set<Int64> = []
        /// Items whose number is another item's too, which is counted instead.
        var ambiguous: Set<Int64> = []
        /// Items that were asked for and are not there.
        var absent: Set<Int64> = []
        /// Rows that do not say of which item they are: what they say is missing somewhere.
        var unattributed = 0
    }

    func result(of reading: StockReading, asOf: UTCInstant) -> Result {
        var result = Result()
        let stock = byItem(reading.stock, &result)
        let prices = byItem(reading.prices, &result)
        var ids: Set<Int64> = []
        var candidates: [CountedItem] = []
        for row in reading.items {
            guard let id = row.wholeNumber("id") else {
                result.unattributed += 1
                continue
            }
            guard ids.insert(id).inserted else { continue }
            guard let sku = row.text("itemid").map(Self.trimmed), !sku.isEmpty, let isInactive = row.flag("isinactive")
            else {
                result.unreadable.insert(id)
                continue
            }
            var count = StockCount(sku: sku, itemId: String(id), active: !isInactive, asOf: asOf)
            guard let locations = Self.locations(stock[id] ?? []), let price = price(prices[id] ?? []) else {
                result.unreadable.insert(id)
                continue
            }
            count.locations = locations
            count.listPrice = price.value
            // What every reader checks; a number that is too long for a SKU ends here.
            guard (try? StockCount.decode(count.encode())) != nil else {
                result.unusable.insert(id)
                continue
            }
            candidates.append(CountedItem(id: id, count: count))
        }
        choose(candidates, &result)
        result.absent = Set(reading.asked).subtracting(ids)
        return result
    }

    /// Of items with the same number one is counted: an active one before an inactive one, then the oldest.
    private func choose(_ candidates: [CountedItem], _ result: inout Result) {
        for items in Dictionary(grouping: candidates, by: \.count.sku).values {
            let ordered = items.sorted { ($0.count.active ? 0 : 1, $0.id) < ($1.count.active ? 0 : 1, $1.id) }
            result.counted += ordered.prefix(1)
            result.ambiguous.formUnion(ordered.dropFirst().map(\.id))
        }
        result.counted.sort { $0.id < $1.id }
    }

    private func byItem(_ rows: [SuiteQLRow], _ result: inout Result) -> [Int64: [SuiteQLRow]] {
        var byItem: [Int64: [SuiteQLRow]] = [:]
        for row in rows {
            if let item = row.wholeNumber("item") {
                byItem[item, default: []].append(row)
            } else {
                result.unattributed += 1
            }
        }
        return byItem
    }

    /// Nil where a row of them cannot be read: a location left out would be stock that is not there.
    private static func locations(_ rows: [SuiteQLRow]) -> [StockCount.Location]? {
        var locations: [Int64: StockCount.Location] = [:]
        for row in rows {
            guard let id = row.wholeNumber("location"), let available = quantity(row, "available"),
                let onHand = quantity(row, "onhand"), let backOrdered = quantity(row, "backordered")
            else { return nil }
            let name = row.text("locationname").map(trimmed).flatMap { $0.isEmpty ? nil : $0 }
            locations[id] = StockCount.Location(
                id: String(id), name: name ?? String(id), available: available, onHand: onHand,
                backOrdered: backOrdered)
        }
        return locations.sorted { $0.key < $1.key }.map(\.value)
    }

    private enum Price {
        case none
        case some(StockCount.Price)

        var value: StockCount.Price? {
            if case .some(let price) = self { price } else { nil }
        }
    }

    /// Nil where the price cannot be read; two different ones are none, for nobody knows which is meant.
    private func price(_ rows: [SuiteQLRow]) -> Price? {
        var amounts: [ExactDecimal] = []
        for row in rows {
            guard let amount = Self.quantity(row, "unitprice") else { return nil }
            if !amounts.contains(amount) { amounts.append(amount) }
        }
        guard amounts.count == 1 else { return Price.none }
        return .some(StockCount.Price(amount: amounts[0], currency: currency))
    }

    /// The same value is the same text, whether it came as `49.5`, `49.50` or a number.
    private static func quantity(_ row: SuiteQLRow, _ column: String) -> ExactDecimal? {
        row.decimal(column).flatMap { try? ExactDecimal($0.plainText) }
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop { $0.isWhitespace }
        return String(start.reversed().drop { $0.isWhitespace }.reversed())
    }
}
