import Contracts

/// Which item each published SKU belongs to: an item that was renamed or deleted is known by it.
struct PublishedItems: Sendable {
    private var itemOfSKU: [String: Int64] = [:]
    private var skusOfItem: [Int64: Set<String>] = [:]

    /// The item that a SKU was published of last.
    func item(of sku: String) -> Int64? { itemOfSKU[sku] }

    /// Whether anything was published of an item.
    func contains(_ item: Int64) -> Bool { skusOfItem[item] != nil }

    /// The SKUs that were published of an item, but for one.
    func skus(of item: Int64, except sku: String? = nil) -> [String] {
        (skusOfItem[item] ?? []).filter { $0 != sku }.sorted()
    }

    /// Notes that a SKU was published of an item.
    mutating func note(_ sku: String, of item: Int64) {
        if let before = itemOfSKU.updateValue(item, forKey: sku), before != item {
            skusOfItem[before]?.remove(sku)
            if skusOfItem[before]?.isEmpty == true { skusOfItem[before] = nil }
        }
        skusOfItem[item, default: []].insert(sku)
    }

    /// SKUs that are no item's any more, by what a counting says of the items that they were published of.
    func withdrawals(after result: StockCounting.Result) -> [(sku: String, item: Int64)] {
        let current = Set(result.counted.map(\.count.sku))
        var gone: [(sku: String, item: Int64)] = []
        for item in result.counted { gone += skus(of: item.id, except: item.count.sku).map { ($0, item.id) } }
        for item in result.absent.union(result.unusable) { gone += skus(of: item).map { ($0, item) } }
        return gone.filter { !current.contains($0.sku) }
    }

    /// Whether a count says what is said of a SKU that is no item's any more.
    static func isGone(_ count: StockCount) -> Bool {
        !count.active && count.listPrice == nil && count.locations.isEmpty
    }

    /// What is published of a SKU that is no item's any more: nothing in stock, and not sold.
    static func gone(_ sku: String, item: Int64, asOf: UTCInstant) -> StockCount {
        StockCount(sku: sku, itemId: String(item), active: false, asOf: asOf)
    }
}
