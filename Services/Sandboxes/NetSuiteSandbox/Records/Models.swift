import FoundationEssentials

/// An item of the catalogue; its number is the SKU.
struct Item: Equatable, Sendable {
    let id: String
    let sku: String
    var displayName: String
    var externalId: String?
    /// Base price in the account's currency, price level 1.
    var listPrice: Decimal
    var isInactive = false
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
    var fulfilled = Decimal(0)
    var billed = Decimal(0)

    var isClosed: Bool { values.flag("isClosed") }
    var quantity: Decimal { values.number("quantity") ?? 0 }
    var amount: Decimal { values.number("amount") ?? 0 }
    var isTouched: Bool { fulfilled > 0 || billed > 0 }
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
        ["shippingCost", "handlingCost"].reduce(subtotal) { $0 + (values.number($1) ?? 0).rounded(toScale: 2) }
    }

    /// The state's letter, computed as NetSuite does from approval, fulfilments, bills and closed lines.
    var state: String {
        if isCancelled { return "C" }
        let open = lines.filter { !$0.isClosed }
        let anyFulfilled = lines.contains { $0.fulfilled > 0 }
        let anyBilled = lines.contains { $0.billed > 0 }
        if open.isEmpty {
            guard anyFulfilled || anyBilled else { return "H" }
            return lines.allSatisfy { $0.billed >= $0.fulfilled } ? "H" : "F"
        }
        if isPendingApproval { return "A" }
        if open.allSatisfy({ $0.fulfilled >= $0.quantity }) {
            let billed = lines.allSatisfy { $0.billed >= ($0.isClosed ? $0.fulfilled : $0.quantity) }
            return billed ? "G" : "F"
        }
        if anyBilled { return "E" }
        return anyFulfilled ? "D" : "B"
    }

    var isOpenForLines: Bool { !["C", "G", "H"].contains(state) }
}
