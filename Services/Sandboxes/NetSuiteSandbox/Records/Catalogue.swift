import FoundationEssentials

/// What the account holds from the start: the lists that an administrator set up, and the items.
enum Catalogue {
    static let subsidiaries = [ListEntry(id: "1", name: "Crossdock Trading Inc.")]
    static let locations = [ListEntry(id: "1", name: "Main"), ListEntry(id: "2", name: "West")]
    static let terms = [ListEntry(id: "2", name: "Net 30"), ListEntry(id: "3", name: "Net 60")]

    /// After how many days an invoice of these terms is due.
    static func days(ofTerms id: String?) -> Int {
        switch id {
        case "2": 30
        case "3": 60
        default: 0
        }
    }

    static let shipMethods = [ListEntry(id: "92", name: "Standard"), ListEntry(id: "93", name: "Express")]
    /// Where money lands: a bank account, or what waits to be deposited.
    static let accounts = [ListEntry(id: "1", name: "Checking"), ListEntry(id: "116", name: "Undeposited Funds")]
    static let carriers = [
        ListEntry(id: "ups", name: "UPS"), ListEntry(id: "fedex", name: "FedEx"), ListEntry(id: "usps", name: "USPS"),
        ListEntry(id: "dhl", name: "DHL"), ListEntry(id: "nonups", name: "More"),
    ]

    /// The carrier that a text means, by id or name; people may write any other.
    static func carrier(_ text: String) -> ListEntry {
        carriers.first { $0.id == text.lowercased() || $0.name.lowercased() == text.lowercased() }
            ?? ListEntry(id: text, name: text)
    }

    static let customForms = [ListEntry(id: "68", name: "Standard Sales Order")]
    static let customPrice = "-1"
    static let basePrice = "1"
    static let priceLevels = [ListEntry(id: customPrice, name: "Custom"), ListEntry(id: basePrice, name: "Base Price")]
    static let baseCurrency = "1"
    /// What the account has of each item at the start, by location.
    static let stock: [String: Decimal] = ["1": 100, "2": 20]
    static let currencies = [
        Currency(id: "1", symbol: "USD", name: "US Dollar", exchangeRate: 1),
        Currency(id: "2", symbol: "GBP", name: "British Pound", exchangeRate: Decimal(string: "1.25") ?? 1),
        Currency(id: "4", symbol: "EUR", name: "Euro", exchangeRate: Decimal(string: "1.10") ?? 1),
    ]

    static func list(_ target: ReferenceTarget) -> [ListEntry] {
        switch target {
        case .subsidiary: subsidiaries
        case .location: locations
        case .terms: terms
        case .shipMethod: shipMethods
        case .customForm: customForms
        case .priceLevel: priceLevels
        case .currency: currencies.map { ListEntry(id: $0.id, name: $0.name) }
        case .account: accounts
        case .customer, .item, .addressEntry, .salesOrder, .invoice, .none: []
        }
    }

    static func currency(_ id: String) -> Currency? { currencies.first { $0.id == id } }

    static func items(at now: Stamp) -> [Item] {
        let seeds = [
            ("318", "SKU-RED", "Red box", "55.00"), ("319", "SKU-BLUE", "Blue box", "10.00"),
            ("320", "SKU-GREEN", "Green box", "120.00"), ("321", "SKU-CHAIR", "Office chair", "249.90"),
            ("322", "SKU-DESK", "Standing desk", "899.00"), ("323", "SKU-LAMP", "Desk lamp", "39.95"),
            ("324", "SKU-CABLE", "Cable 2 m", "4.25"), ("325", "SKU-MAT", "Desk mat", "18.40"),
        ]
        let goods = seeds.map { id, sku, name, price in
            Item(id: id, sku: sku, displayName: name, listPrice: Decimal(string: price) ?? 0, modified: now)
        }
        var manual = Item(id: "326", sku: "SKU-MANUAL", displayName: "Printed manual", listPrice: 12, modified: now)
        manual.kind = .nonInventory
        var assembly = Item(id: "327", sku: "SKU-SETUP", displayName: "Setting up, hour", listPrice: 95, modified: now)
        assembly.kind = .service
        assembly.isFulfillable = false
        var set = Item(
            id: "328", sku: "SKU-SET", displayName: "Desk with lamp", listPrice: Decimal(string: "915.00") ?? 0,
            modified: now)
        set.kind = .kit
        set.members = [Item.Member(itemId: "322", quantity: 1), Item.Member(itemId: "323", quantity: 2)]
        return goods + [manual, assembly, set]
    }

    /// The record name under which a target's records answer; nil where the sandbox serves none.
    static func recordName(_ target: ReferenceTarget) -> String? {
        switch target {
        case .customer: "customer"
        case .item: "inventoryItem"
        case .currency: "currency"
        case .location: "location"
        case .terms: "term"
        case .shipMethod: "shipItem"
        case .subsidiary: "subsidiary"
        case .priceLevel: "priceLevel"
        case .account: "account"
        case .salesOrder: TransactionKind.salesOrder.recordName
        case .invoice: TransactionKind.invoice.recordName
        case .customForm, .addressEntry, .none: nil
        }
    }
}
