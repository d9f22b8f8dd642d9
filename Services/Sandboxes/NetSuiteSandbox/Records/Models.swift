import FoundationEssentials

/// The kinds of items, which answer under record names of their own.
enum ItemKind: String, CaseIterable, Sendable {
    case inventory, nonInventory, service, kit

    /// As SuiteQL's `itemtype` names it.
    var queryType: String {
        switch self {
        case .inventory: "InvtPart"
        case .nonInventory: "NonInvtPart"
        case .service: "Service"
        case .kit: "Kit"
        }
    }

    var recordName: String {
        switch self {
        case .inventory: "inventoryItem"
        case .nonInventory: "nonInventorySaleItem"
        case .service: "serviceSaleItem"
        case .kit: "kitItem"
        }
    }

    /// As people read it.
    var words: String {
        switch self {
        case .inventory: "Inventory Item"
        case .nonInventory: "Non-inventory Item"
        case .service: "Service"
        case .kit: "Kit/Package"
        }
    }
}

/// An item of the catalogue; its number is the SKU.
struct Item: Equatable, Sendable {
    /// One of the items that a kit is made of.
    struct Member: Equatable, Sendable {
        let itemId: String
        /// For one kit.
        let quantity: Decimal
    }

    let id: String
    let sku: String
    var displayName: String
    var externalId: String?
    /// Base price in the account's currency, price level 1.
    var listPrice: Decimal
    var isInactive = false
    var kind = ItemKind.inventory
    /// Whether orders ship it; what they do not can be billed at once.
    var isFulfillable = true
    /// What a kit is made of: stock has the members, not the kit.
    var members: [Member] = []
    var modified: Stamp
}

/// An entry of one of the account's lists.
struct ListEntry: Equatable, Sendable {
    let id: String
    let name: String
}

/// A currency of the account.
struct Currency: Equatable, Sendable {
    let id: String
    let symbol: String
    let name: String
    /// Units of the account's currency for one of this.
    let exchangeRate: Decimal
}

/// One entry of a customer's address book.
struct AddressBookEntry: Equatable, Sendable {
    let id: String
    var values: [String: FieldValue]
}

/// A customer.
struct Customer: Equatable, Sendable {
    let id: String
    var externalId: String?
    var entityId: String
    var values: [String: FieldValue]
    var addresses: [AddressBookEntry] = []
    var currencies: [String]
    let created: Stamp
    var modified: Stamp

    /// The name that must be unique among entities.
    var name: String {
        if values.flag("isPerson") {
            return [values.text("firstName"), values.text("lastName")].compactMap { $0 }.joined(separator: " ")
        }
        return values.text("companyName") ?? ""
    }

    var displayName: String { "\(entityId) \(name)" }
    var isInactive: Bool { values.flag("isInactive") }
}

/// One line of a sales order.
struct OrderLine: Equatable, Sendable {
    /// The key: never used again in the same order.
    let line: Int
    let uniqueKey: Int
    var values: [String: FieldValue]
    /// Whether the line's item is shipped at all.
    var isFulfillable = true
    /// Quantities that follow from the order's documents; each step counts what went further too.
    var picked = Decimal(0)
    var packed = Decimal(0)
    /// Shipped.
    var fulfilled = Decimal(0)
    var billed = Decimal(0)

    var isClosed: Bool { values.flag("isClosed") }
    var quantity: Decimal { values.number("quantity") ?? 0 }
    var amount: Decimal { values.number("amount") ?? 0 }
    var isTouched: Bool { picked > 0 || fulfilled > 0 || billed > 0 }
    /// What is neither on a fulfilment nor closed.
    var leftToFulfil: Decimal { isClosed || !isFulfillable ? 0 : max(0, quantity - picked) }
    /// What may be billed: what was shipped, or all of what is never shipped.
    var leftToBill: Decimal {
        let due = isFulfillable ? fulfilled : (isClosed ? 0 : quantity)
        return max(0, due - billed)
    }
}

/// A sales order.
struct SalesOrder: Equatable, Sendable {
    let id: String
    var externalId: String?
    let tranId: String
    var values: [String: FieldValue]
    var lines: [OrderLine] = []
    var nextLine = 1
    var isPendingApproval = false
    var isCancelled = false
    let created: Stamp
    var modified: Stamp

    var subtotal: Decimal { lines.reduce(0) { $0 + $1.amount } }
    var total: Decimal {
        ["shippingCost", "handlingCost"].reduce(subtotal) { sum, name in
            values.number(name).map { sum + $0.rounded(toScale: 2) } ?? sum
        }
    }

    /// The state's letter, computed as NetSuite does from approval, fulfilments, bills and closed lines. Goods that are
    /// picked or packed do not move it, only what is shipped.
    var state: String {
        if isCancelled { return "C" }
        let open = lines.filter { !$0.isClosed }
        if open.isEmpty { return "H" }
        if isPendingApproval { return "A" }
        if open.allSatisfy({ !$0.isFulfillable || $0.fulfilled >= $0.quantity }) {
            return lines.allSatisfy { $0.leftToBill <= 0 } ? "G" : "F"
        }
        if lines.contains(where: { $0.billed > 0 }) { return "E" }
        return lines.contains { $0.fulfilled > 0 } ? "D" : "B"
    }

    /// Whether anything was picked, shipped or billed.
    var isFollowed: Bool { lines.contains(where: \.isTouched) }

    var isOpenForLines: Bool { !["C", "G", "H"].contains(state) }
}
