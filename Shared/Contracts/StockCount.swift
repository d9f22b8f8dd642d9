/// What NetSuite has of one item: the payload of `Topic.inventoryCounted`.
public struct StockCount: Sendable, Equatable {
    /// The item's number, which is the SKU.
    public var sku: String
    /// The item's internal id.
    public var itemId: String
    /// Whether it is sold.
    public var active: Bool
    /// Base price; absent where NetSuite has none.
    public var listPrice: Price?
    /// Stock by location, in the order of location ids; empty for items without stock, such as services.
    public var locations: [Location] = []
    /// NetSuite's clock when this was read; orders the counts of one SKU.
    public var asOf: UTCInstant

    /// A price in its currency.
    public struct Price: Sendable, Equatable {
        /// Amount for one.
        public var amount: ExactDecimal
        /// ISO 4217 code.
        public var currency: String

        /// Makes a price.
        public init(amount: ExactDecimal, currency: String) {
            self.amount = amount
            self.currency = currency
        }
    }

    /// The stock of one location.
    public struct Location: Sendable, Equatable {
        /// Internal id.
        public var id: String
        /// As NetSuite names it.
        public var name: String
        /// What can be promised.
        public var available: ExactDecimal
        /// What lies there.
        public var onHand: ExactDecimal
        /// What is ordered beyond the stock.
        public var backOrdered: ExactDecimal

        /// Makes a location.
        public init(
            id: String, name: String, available: ExactDecimal, onHand: ExactDecimal, backOrdered: ExactDecimal
        ) {
            self.id = id
            self.name = name
            self.available = available
            self.onHand = onHand
            self.backOrdered = backOrdered
        }
    }

    /// A count with its required fields; set the others afterwards.
    public init(sku: String, itemId: String, active: Bool, asOf: UTCInstant) {
        self.sku = sku
        self.itemId = itemId
        self.active = active
        self.asOf = asOf
    }
}
