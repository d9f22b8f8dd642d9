/// The kinds of field, named as describe names them.
enum FieldType: String, Sendable {
    case id, string, textarea, picklist, reference, boolean, int, double, currency, date, datetime
    case email, phone, url, address, anyType

    /// What the SOAP API calls the type; describe carries it too.
    var soapType: String {
        switch self {
        case .id, .reference: "tns:ID"
        case .boolean: "xsd:boolean"
        case .int: "xsd:int"
        case .double, .currency: "xsd:double"
        case .date: "xsd:date"
        case .datetime: "xsd:dateTime"
        case .address: "urn:address"
        case .anyType: "xsd:anyType"
        case .string, .textarea, .picklist, .email, .phone, .url: "xsd:string"
        }
    }

    /// What filter errors call the type of a literal.
    var filterName: String {
        switch self {
        case .boolean: "boolean"
        case .int: "int"
        case .double, .currency: "double"
        case .date: "date"
        case .datetime: "dateTime"
        case .id, .reference: "ID"
        default: "string"
        }
    }

    /// True for what is stored as text.
    var isText: Bool {
        switch self {
        case .id, .string, .textarea, .picklist, .reference, .email, .phone, .url, .anyType: true
        default: false
        }
    }
}

/// One field of an object, with what describe says of it.
struct FieldDefinition: Sendable {
    let name: String
    var label: String
    let type: FieldType
    var length = 0
    var precision = 0
    var scale = 0
    var createable = true
    var updateable = true
    var nillable = true
    var externalId = false
    var unique = false
    var caseSensitive = false
    var autoNumber = false
    var calculated = false
    var longText = false
    var referenceTo: [String] = []
    var relationshipName: String?
    var picklist: [String] = []
    var restricted = false
    var compoundFieldName: String?
    var defaultValue: FieldValue?

    init(_ name: String, _ type: FieldType, length: Int = 0) {
        self.name = name
        self.type = type
        self.length = length
        label = FieldDefinition.label(of: name)
    }

    /// True for a field made by a customer.
    var isCustom: Bool { name.hasSuffix("__c") }

    /// Long text and compounds stand in no `WHERE` and no `ORDER BY`.
    var filterable: Bool { !longText && type != .address && type != .anyType }

    /// True where a create fails without the field.
    var requiredOnCreate: Bool { !nillable && createable && defaultValue == nil && type != .boolean }

    /// `NetSuite_Order_Id__c` is labelled "NetSuite Order Id".
    private static func label(of name: String) -> String {
        guard name.hasSuffix("__c") else { return name }
        return String(name.dropLast(3)).split(separator: "_").joined(separator: " ")
    }
}

extension FieldDefinition {
    /// A text field.
    static func string(_ name: String, _ length: Int) -> FieldDefinition {
        FieldDefinition(name, .string, length: length)
    }

    /// A text of several lines; beyond 255 characters it cannot be filtered.
    static func textarea(_ name: String, _ length: Int) -> FieldDefinition {
        var field = FieldDefinition(name, .textarea, length: length)
        field.longText = length > 255
        return field
    }

    /// A number with `digits` figures before the point and `scale` after it.
    static func number(_ name: String, _ type: FieldType = .double, digits: Int, scale: Int) -> FieldDefinition {
        var field = FieldDefinition(name, type)
        field.precision = digits + scale
        field.scale = scale
        return field
    }

    /// A look-up; `name` ends in `Id`, and the relationship is called by what stands before it.
    static func reference(_ name: String, to objects: String...) -> FieldDefinition {
        var field = FieldDefinition(name, .reference, length: 18)
        field.referenceTo = objects
        field.relationshipName = String(name.dropLast(2))
        return field
    }

    /// A choice among values; `restricted` refuses every other.
    static func picklist(_ name: String, _ values: [String], restricted: Bool, length: Int = 255) -> FieldDefinition {
        var field = FieldDefinition(name, .picklist, length: length)
        field.picklist = values
        field.restricted = restricted
        return field
    }

    /// A checkbox, off unless said otherwise.
    static func checkbox(_ name: String, on: Bool = false) -> FieldDefinition {
        var field = FieldDefinition(name, .boolean)
        field.nillable = false
        field.defaultValue = .flag(on)
        return field
    }

    /// The same field, written by the system only.
    func readOnly() -> FieldDefinition {
        var field = self
        field.createable = false
        field.updateable = false
        return field
    }

    /// The same field, fixed once the record exists.
    func createOnly() -> FieldDefinition {
        var field = self
        field.updateable = false
        return field
    }

    /// The same field, never empty.
    func required(default value: FieldValue? = nil) -> FieldDefinition {
        var field = self
        field.nillable = false
        field.defaultValue = value
        return field
    }

    /// The same field as a key of another system: external id and unique.
    func key() -> FieldDefinition {
        var field = self
        field.externalId = true
        field.unique = true
        field.caseSensitive = true
        return field
    }
}
