/// The records that a reference can point to.
enum ReferenceTarget: String, Sendable {
    case customer, item, currency, location, terms, shipMethod, subsidiary, priceLevel, customForm, addressEntry,
        account
    case salesOrder, invoice
    /// Records of which this account has none: every reference to one is refused.
    case none
}

/// What a field holds.
indirect enum FieldKind: Sendable {
    case text(maximum: Int)
    case boolean
    case number
    case date
    case instant
    case reference(ReferenceTarget)
    case option([String: String])
    case country
    case address
    case sublist(Shape)
}

/// One property of a record, as the metadata lists it.
struct Field: Sendable {
    let name: String
    let label: String
    let kind: FieldKind
    let isReadOnly: Bool

    init(_ name: String, _ label: String, _ kind: FieldKind, readOnly: Bool = false) {
        self.name = name
        self.label = label
        self.kind = kind
        isReadOnly = readOnly
    }
}

/// The properties of a record, a sublist entry or a subrecord.
struct Shape: Sendable {
    let name: String
    let fields: [Field]
    /// Members that a client may send back unchanged from a read; they are passed over.
    let ignored: Set<String>
    /// A reference may be given as a bare id.
    let acceptsBareIds: Bool
    private let index: [String: Int]

    init(_ name: String, ignored: Set<String> = ["links"], acceptsBareIds: Bool = false, _ fields: [Field]) {
        self.name = name
        self.fields = fields
        self.ignored = ignored
        self.acceptsBareIds = acceptsBareIds
        var index: [String: Int] = [:]
        for (position, field) in fields.enumerated() {
            index[field.name] = position
            index[field.name.lowercased()] = position
        }
        self.index = index
    }

    /// The field of this name, in camel case or all lower case.
    func field(_ name: String) -> Field? { index[name].map { fields[$0] } }

    /// The same shape with the account's custom text fields of one prefix.
    func adding(customFields: [String], prefix: String) -> Shape {
        let wanted = customFields.filter { $0.hasPrefix(prefix) }
        guard !wanted.isEmpty else { return self }
        return Shape(
            name, ignored: ignored, acceptsBareIds: acceptsBareIds,
            fields + wanted.map { Field($0, $0, .text(maximum: 4000)) })
    }
}
