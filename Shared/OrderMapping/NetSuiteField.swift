import Contracts

/// A field of a NetSuite record that a mapping file may fill, and what NetSuite takes in it.
struct NetSuiteField: Sendable, Equatable {
    enum Kind: Sendable, Equatable {
        /// An internal id: `{"id": "2"}`.
        case reference
        /// One of NetSuite's fixed codes: `{"id": "B"}`.
        case enumeration([String])
        /// Text of at most so many characters.
        case text(maximumLength: Int?)
        case date
        case number
        case boolean
        /// An address subrecord.
        case address

        var inWords: String {
            switch self {
            case .reference: "a reference (internal id)"
            case .enumeration(let codes): "one of \(codes.joined(separator: ", "))"
            case .text: "text"
            case .date: "a date"
            case .number: "a number"
            case .boolean: "true or false"
            case .address: "an address"
            }
        }
    }

    let name: String
    var kind: Kind
    var isCustom = false
}

/// The records that a mapping file describes, by the file's sections.
enum NetSuiteRecord: String, Sendable, CaseIterable {
    case customer
    case order
    case lines

    /// The field of that name, a custom one by its prefix; `nil` if the record has none that may be mapped.
    func field(_ name: String) -> NetSuiteField? {
        if let standard = standardFields.first(where: { $0.name == name }) { return standard }
        guard name.hasPrefix(customPrefix), name.utf8.count > customPrefix.utf8.count,
            name.utf8.allSatisfy({
                (0x61...0x7a).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            })
        else { return nil }
        return NetSuiteField(name: name, kind: .text(maximumLength: nil), isCustom: true)
    }

    /// What a custom field of this record begins with.
    var customPrefix: String {
        switch self {
        case .customer: "custentity"
        case .order: "custbody"
        case .lines: "custcol"
        }
    }

    /// Why this field is not for the file; `nil` if it is.
    func reservation(of name: String) -> String? {
        switch self {
        case .customer where ["externalId", "id", "addressBook"].contains(name):
            name == "addressBook" ? "use billingAddress and shippingAddress" : "Crossdock writes it itself"
        case .order
        where ["externalId", "id", "entity", "item", "status", CustomField.salesOrderVersion].contains(name),
            .lines
        where ["line", "item", "quantity", "price", "rate", "amount", "isClosed", CustomField.salesOrderLineId]
            .contains(name):
            "Crossdock writes it itself"
        default: nil
        }
    }

    /// Names for suggestions.
    var names: [String] { standardFields.map(\.name) }

    private var standardFields: [NetSuiteField] {
        switch self {
        case .customer: Self.customerFields
        case .order: Self.orderFields
        case .lines: Self.lineFields
        }
    }

    private static func fields(_ kind: NetSuiteField.Kind, _ names: String...) -> [NetSuiteField] {
        names.map { NetSuiteField(name: $0, kind: kind) }
    }

    // Members and types of the REST record schema of customer, 2025.1.
    private static let customerFields: [NetSuiteField] =
        fields(.text(maximumLength: 83), "companyName", "entityId", "accountNumber")
        + fields(.text(maximumLength: 254), "email", "url")
        + fields(.text(maximumLength: 32), "phone", "altPhone", "fax")
        + fields(.text(maximumLength: 4_000), "comments") + fields(.text(maximumLength: 20), "vatRegNumber")
        + fields(
            .reference, "subsidiary", "currency", "terms", "category", "customForm", "salesRep", "territory",
            "priceLevel",
            "entityStatus", "parent", "shippingItem", "taxItem", "leadSource")
        + fields(.number, "creditLimit") + fields(.boolean, "taxable", "shipComplete", "isPerson")
        + fields(.address, "billingAddress", "shippingAddress")

    // Members and types of the REST record schema of salesOrder, 2025.1.
    private static let orderFields: [NetSuiteField] =
        fields(.text(maximumLength: 45), "tranId", "otherRefNum") + fields(.text(maximumLength: 999), "memo", "message")
        + fields(.text(maximumLength: nil), "email")
        + fields(
            .reference, "currency", "location", "terms", "shipMethod", "salesRep", "department", "class", "customForm",
            "subsidiary", "promoCode", "leadSource", "partner", "paymentMethod", "discountItem", "taxItem")
        + fields(.date, "tranDate", "shipDate", "startDate", "endDate")
        + fields(.number, "shippingCost", "handlingCost", "discountRate")
        + fields(.boolean, "shipComplete", "isTaxable", "toBeEmailed", "toBePrinted")
        + fields(.enumeration(["A", "B"]), "orderStatus") + fields(.address, "shippingAddress", "billingAddress")

    // Members and types of the item sublist's elements.
    private static let lineFields: [NetSuiteField] =
        fields(.text(maximumLength: 4_000), "description")
        + fields(.reference, "location", "department", "class", "taxCode", "units")
        + fields(.date, "expectedShipDate") + fields(.enumeration(["1", "2", "3"]), "commitInventory")
        + fields(.number, "costEstimate") + fields(.boolean, "isTaxable")
}
