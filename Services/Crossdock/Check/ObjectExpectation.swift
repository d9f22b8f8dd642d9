import Contracts
import Salesforce
import ServiceRuntime

/// What status-feedback shows of products, by its settings: what it does not show need not be granted.
struct ShownOfProducts: Sendable {
    static let price = Setting<Bool>.flag(
        "SHOW_PRICE", "status-feedback: whether list prices go into the standard price book", default: true)
    static let active = Setting<Bool>.flag(
        "SHOW_ACTIVE", "status-feedback: whether products and their standard prices are active as their items are",
        default: true)

    let showsPrice: Bool
    let showsActive: Bool

    init(_ settings: Settings) {
        showsPrice = (try? settings.value(of: Self.price)) ?? true
        showsActive = (try? settings.value(of: Self.active)) ?? true
    }

    init(showsPrice: Bool, showsActive: Bool) {
        self.showsPrice = showsPrice
        self.showsActive = showsActive
    }

    var usesPriceBook: Bool { showsPrice || showsActive }
}

/// What the integration user must see and may change of one Salesforce object.
struct ObjectExpectation: Sendable {
    struct Field: Sendable {
        let name: String
        var isWritten = false
        var minimumLength: Int?
        /// The types that will do; nil where its length says it.
        var types: Set<String>?
        var isUniqueExternalId = false
    }

    /// Whether status-feedback writes `Order.Status`, which needs the right to it then.
    static let orderStatus = Setting<String>.text(
        "ORDER_STATUS_BY_STATE", "status-feedback: values of Order.Status that states set")

    let object: String
    let fields: [Field]

    /// - Parameter setsStatus: whether ``orderStatus`` is set.
    static func all(
        _ carried: CarriedFields, _ shown: ShownOfProducts, setsStatus: Bool
    ) -> [ObjectExpectation] {
        func read(_ names: [String], _ object: String = "") -> [Field] {
            (names + (carried.names[object] ?? [])).map { Field(name: $0) }
        }
        func written(_ fields: [(name: String, length: Int?)]) -> [Field] {
            fields.map { name, length in
                Field(
                    name: name, isWritten: true, minimumLength: length, types: types[name],
                    isUniqueExternalId: name == CustomField.Order.netSuiteId)
            }
        }
        let order = ["OrderNumber", "StatusCode", "EffectiveDate", "AccountId", "SystemModstamp"]
        let line = ["OrderId", "OrderItemNumber", "Product2Id", "Quantity", "UnitPrice", "SystemModstamp"]
        let link = Field(
            name: CustomField.Account.netSuiteCustomerId, isWritten: true, minimumLength: 32, isUniqueExternalId: true)
        let active = Field(name: "IsActive", isWritten: shown.showsActive)
        var all = [
            ObjectExpectation(
                object: "Order",
                fields: [Field(name: "Status", isWritten: setsStatus)] + read(order, "Order")
                    + written(CustomField.Order.settlementFields)
                    + written(CustomField.Order.progressFields)),
            ObjectExpectation(
                object: "OrderItem", fields: read(line, "OrderItem") + written(CustomField.OrderItem.progressFields)),
            ObjectExpectation(object: "Account", fields: read(["Name"], "Account") + [link]),
            ObjectExpectation(
                object: "Product2",
                fields: read(["ProductCode", "StockKeepingUnit"]) + [active]
                    + written(CustomField.Product.stockFields)),
        ]
        if shown.usesPriceBook {
            all.append(
                ObjectExpectation(
                    object: "PricebookEntry",
                    fields: read(["UseStandardPrice"]) + [
                        Field(name: "UnitPrice", isWritten: shown.showsPrice), active,
                    ]))
        }
        return all
    }

    /// What the fields that are no texts must be, so that numbers and days go into them.
    private static let types: [String: Set<String>] = [
        CustomField.Order.syncedAt: ["datetime"], CustomField.Order.shipDate: ["date"],
        CustomField.Order.amountInvoiced: ["currency", "double"], CustomField.Order.amountPaid: ["currency", "double"],
        CustomField.Order.amountCredited: ["currency", "double"], CustomField.OrderItem.quantityShipped: ["double"],
        CustomField.OrderItem.quantityInvoiced: ["double"], CustomField.Product.available: ["double"],
        CustomField.Product.stockAsOf: ["datetime"], CustomField.Product.stockStale: ["boolean"],
    ]

    func findings(_ description: ObjectDescription?) -> [Finding] {
        guard let description else {
            return [
                .bad(
                    "salesforce", object, "the object does not exist or is not granted",
                    mend: "give the integration user read access to \(object)")
            ]
        }
        let found = objectFindings(description) + fields.compactMap { finding($0, description) }
        guard found.isEmpty else { return found }
        return [.good("salesforce", object, "\(fields.count) fields are there and granted")]
    }

    private func objectFindings(_ description: ObjectDescription) -> [Finding] {
        var findings: [Finding] = []
        if !description.isQueryable {
            findings.append(.bad("salesforce", object, "cannot be queried", mend: "grant Read on \(object)"))
        }
        if fields.contains(where: \.isWritten) && !description.isUpdateable {
            findings.append(.bad("salesforce", object, "cannot be changed", mend: "grant Edit on \(object)"))
        }
        return findings
    }

    private func finding(_ field: Field, _ description: ObjectDescription) -> Finding? {
        let name = "\(object).\(field.name)"
        guard let described = description.fields[field.name] else {
            return .bad(
                "salesforce", name, "does not exist or is not granted",
                mend: field.name.hasSuffix("__c")
                    ? "create the field, or grant it to the integration user by a permission set"
                    : "grant it by field-level security; is the feature on?")
        }
        if field.isWritten && !described.isUpdateable {
            return .bad("salesforce", name, "cannot be written", mend: "grant Edit on the field by a permission set")
        }
        if let types = field.types, !types.contains(described.type) {
            return .bad(
                "salesforce", name, "has the type \(described.type)",
                mend: "make it anew as \(types.sorted().joined(separator: " or "))")
        }
        if let minimum = field.minimumLength, described.length < minimum {
            return .bad(
                "salesforce", name, "takes \(described.length) characters", mend: "make it \(minimum) characters long")
        }
        if field.isUniqueExternalId && !(described.isUnique && described.isExternalId) {
            return .attention(
                "salesforce", name, "is not marked External ID and Unique",
                mend: "mark it so, that two records never claim one NetSuite id")
        }
        return nil
    }
}
