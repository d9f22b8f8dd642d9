import Contracts

/// Which fields are read and carried, decided by what the org has and lets us see.
///
/// `CurrencyIsoCode` exists in multi-currency orgs only, and a field hidden from our user is as if it did not exist:
/// selecting either is an error, so both are looked up by describe.
struct OrderFields: Sendable, Equatable {
    /// Further fields by API name, from the settings.
    struct Custom: Sendable, Equatable {
        var order: [String] = []
        var account: [String] = []
        var line: [String] = []
    }

    /// Which product field is the SKU.
    enum SKUSource: String, Sendable, CaseIterable {
        /// `Product2.StockKeepingUnit`, else `Product2.ProductCode`.
        case stockKeepingUnit = "StockKeepingUnit"
        /// `Product2.ProductCode` only.
        case productCode = "ProductCode"
    }

    /// Selected from Order, related names (`Account.Name`) included.
    let order: [String]
    /// Selected from OrderItem, related names included.
    let line: [String]
    /// What the digest is made over.
    let digest: [String]
    let custom: Custom
    let skuSource: SKUSource

    /// Whether orders say their own currency.
    var isMultiCurrency: Bool { order.contains("CurrencyIsoCode") }

    private static let requiredOfOrder = [
        "Id", "OrderNumber", "Status", "StatusCode", "EffectiveDate", "AccountId", "SystemModstamp",
    ]
    private static let optionalOfOrder = [
        "ActivatedDate", "CurrencyIsoCode", "EndDate", "PoNumber", "PoDate", "Name", "Description", "Type",
        "BillingAddress", "ShippingAddress", "BillToContactId", "ShipToContactId",
    ]
    private static let requiredOfLine = [
        "Id", "OrderId", "OrderItemNumber", "Product2Id", "Quantity", "UnitPrice", "SystemModstamp",
    ]
    private static let optionalOfLine = ["ListPrice", "Description", "ServiceDate", "EndDate"]
    private static let requiredOfAccount = ["Name"]
    private static let optionalOfAccount = [
        "AccountNumber", "Phone", "ParentId", "BillingAddress", "ShippingAddress",
        CustomField.Account.netSuiteCustomerId,
    ]
    /// Not in the digest: they change without a change of the order, or never.
    private static let outsideDigest: Set<String> = [
        "Id", "OrderNumber", "Status", "StatusCode", "SystemModstamp", "ActivatedDate", "OrderId", "OrderItemNumber",
    ]

    /// The fields of each object, as describe lists them.
    struct Described: Sendable {
        var order: Set<String>
        var line: Set<String>
        var account: Set<String>
        var product: Set<String>
    }

    /// Chooses the fields.
    /// - Throws: ``MissingFields`` for what must be there and is not.
    init(described: Described, custom: Custom, skuSource: SKUSource) throws(MissingFields) {
        let missing =
            Self.missing(Self.requiredOfOrder + custom.order, in: described.order, of: "Order")
            + Self.missing(Self.requiredOfLine + custom.line, in: described.line, of: "OrderItem")
            + Self.missing(Self.requiredOfAccount + custom.account, in: described.account, of: "Account")
        let product = ["StockKeepingUnit", "ProductCode"].filter { name in
            described.product.contains(name) && (skuSource == .stockKeepingUnit || name == skuSource.rawValue)
        }
        guard missing.isEmpty, !product.isEmpty else {
            throw MissingFields(names: missing + (product.isEmpty ? ["Product2.\(skuSource.rawValue)"] : []))
        }
        let ofOrder = Self.requiredOfOrder + Self.optionalOfOrder.filter(described.order.contains) + custom.order
        let ofLine = Self.requiredOfLine + Self.optionalOfLine.filter(described.line.contains) + custom.line
        let ofAccount =
            Self.requiredOfAccount + Self.optionalOfAccount.filter(described.account.contains) + custom.account
        let contacts = ["BillToContact", "ShipToContact"].filter { described.order.contains("\($0)Id") }
        order =
            ofOrder.distinct + ofAccount.distinct.map { "Account.\($0)" } + contacts.map { "\($0).Name" }
        line = ofLine.distinct + product.map { "Product2.\($0)" }
        digest =
            (ofOrder.distinct.filter { !Self.outsideDigest.contains($0) }.map { "Order.\($0)" }
            + ofLine.distinct.filter { !Self.outsideDigest.contains($0) }.map { "OrderItem.\($0)" }).sorted()
        self.custom = custom
        self.skuSource = skuSource
    }

    private static func missing(_ names: [String], in found: Set<String>, of object: String) -> [String] {
        names.filter { !found.contains($0) }.map { "\(object).\($0)" }
    }
}

/// Fields that the publisher needs and does not find.
struct MissingFields: Error, Sendable, Equatable, CustomStringConvertible {
    let names: [String]

    var description: String {
        "Salesforce shows no \(names.joined(separator: ", ")) to this user: the fields do not exist, or its permission "
            + "set does not let it read them"
    }
}

extension [String] {
    fileprivate var distinct: [String] {
        var seen: Set<String> = []
        return filter { seen.insert($0).inserted }
    }
}
