/// What the organisation has switched on, as far as it changes the fields that exist.
struct SchemaOptions: Sendable {
    /// Several currencies: `CurrencyIsoCode` and `CurrencyType` exist.
    var multiCurrency = false
    /// State and country picklists: `…StateCode` and `…CountryCode` exist.
    var stateAndCountryPicklists = false

    /// The currency field, where there is one.
    func currency(createOnly: Bool) -> [FieldDefinition] {
        guard multiCurrency else { return [] }
        let field = FieldDefinition.picklist("CurrencyIsoCode", SchemaOptions.currencies, restricted: true, length: 255)
            .required(default: .text("USD"))
        return [createOnly ? field.createOnly() : field]
    }

    /// The currencies of a multi-currency organisation; the first is the corporate one.
    static let currencies = ["USD", "EUR"]
}

/// Fields that every object has, and their usual forms.
enum SystemFields {
    static let owner = reference("OwnerId", to: ["Group", "User"], relationship: "Owner").required(default: .null)

    static let leading: [FieldDefinition] = [
        FieldDefinition("Id", .id, length: 18).readOnly().required(), FieldDefinition.checkbox("IsDeleted").readOnly(),
    ]

    static let trailing: [FieldDefinition] = [
        FieldDefinition("CreatedDate", .datetime).readOnly(), user("CreatedById"),
        FieldDefinition("LastModifiedDate", .datetime).readOnly(), user("LastModifiedById"),
        FieldDefinition("SystemModstamp", .datetime).readOnly(),
    ]

    static func user(_ name: String) -> FieldDefinition {
        FieldDefinition.reference(name, to: "User").readOnly()
    }

    static func autoNumber(_ name: String) -> FieldDefinition {
        var field = FieldDefinition.string(name, 30).readOnly()
        field.autoNumber = true
        return field
    }

    private static func reference(_ name: String, to objects: [String], relationship: String) -> FieldDefinition {
        var field = FieldDefinition(name, .reference, length: 18)
        field.referenceTo = objects
        field.relationshipName = relationship
        return field
    }
}

/// A compound address and its components.
enum AddressFields {
    /// The components in the order in which an address shows them, with the compound's keys.
    static let components: [(suffix: String, key: String, length: Int)] = [
        ("Street", "street", 255), ("City", "city", 40), ("State", "state", 80), ("PostalCode", "postalCode", 20),
        ("Country", "country", 80),
    ]

    static func compound(_ prefix: String, _ options: SchemaOptions) -> [FieldDefinition] {
        let compoundName = prefix + "Address"
        var fields = components.map { component in
            component.suffix == "Street"
                ? FieldDefinition.textarea(prefix + component.suffix, component.length)
                : .string(prefix + component.suffix, component.length)
        }
        if options.stateAndCountryPicklists {
            fields.append(.picklist(prefix + "StateCode", CountryList.stateCodes, restricted: true, length: 10))
            fields.append(.picklist(prefix + "CountryCode", CountryList.countryCodes, restricted: true, length: 10))
        }
        for name in ["Latitude", "Longitude"] {
            fields.append(.number(prefix + name, digits: 3, scale: 15))
        }
        fields.append(.picklist(prefix + "GeocodeAccuracy", ["Address", "City", "Street"], restricted: true))
        for position in fields.indices {
            fields[position].compoundFieldName = compoundName
        }
        return fields + [FieldDefinition(compoundName, .address).readOnly()]
    }
}

/// Account, Contact, the catalogue and the organisation itself.
enum CustomerObjects {
    static func definitions(_ options: SchemaOptions) -> [ObjectDefinition] {
        var result = [
            account(options), contact(options), product(options), pricebook(), pricebookEntry(options), user(),
            organization(),
        ]
        if options.multiCurrency { result.append(currencyType()) }
        return result
    }

    private static func account(_ options: SchemaOptions) -> ObjectDefinition {
        var fields = SystemFields.leading + [SystemFields.owner] + options.currency(createOnly: false)
        fields += [
            FieldDefinition.string("Name", 255).required(),
            .picklist("Type", ["Customer", "Prospect"], restricted: false),
            .reference("ParentId", to: "Account"), .string("AccountNumber", 40),
            FieldDefinition("Phone", .phone, length: 40), FieldDefinition("Fax", .phone, length: 40),
            FieldDefinition("Website", .url, length: 255), .string("Sic", 20), .string("Site", 80),
            .picklist("Industry", [], restricted: false),
            .number("AnnualRevenue", .currency, digits: 18, scale: 0),
            .number("NumberOfEmployees", .int, digits: 8, scale: 0), .textarea("Description", 32_000),
            FieldDefinition.reference("MasterRecordId", to: "Account").readOnly(),
        ]
        fields += AddressFields.compound("Billing", options) + AddressFields.compound("Shipping", options)
        fields += SystemFields.trailing + [FieldDefinition.string("NetSuite_Customer_Id__c", 32).key()]
        return ObjectDefinition(
            "Account", prefix: "001", fields: fields,
            children: [
                ChildRelationship(name: "Orders", object: "Order", field: "AccountId", cascadeDelete: false),
                ChildRelationship(name: "Contacts", object: "Contact", field: "AccountId", cascadeDelete: true),
                ChildRelationship(name: "ChildAccounts", object: "Account", field: "ParentId", cascadeDelete: false),
            ])
    }

    private static func contact(_ options: SchemaOptions) -> ObjectDefinition {
        var fields = SystemFields.leading + [SystemFields.owner] + options.currency(createOnly: false)
        fields += [
            .reference("AccountId", to: "Account"), .string("FirstName", 40),
            FieldDefinition.string("LastName", 80).required(), FieldDefinition.string("Name", 121).readOnly(),
            FieldDefinition("Email", .email, length: 80), FieldDefinition("Phone", .phone, length: 40),
            FieldDefinition("MobilePhone", .phone, length: 40), .string("Title", 128),
        ]
        fields += AddressFields.compound("Mailing", options) + SystemFields.trailing
        return ObjectDefinition("Contact", prefix: "003", fields: fields)
    }

    private static func product(_ options: SchemaOptions) -> ObjectDefinition {
        var fields = SystemFields.leading + options.currency(createOnly: false)
        fields += [
            FieldDefinition.string("Name", 255).required(), .string("ProductCode", 255),
            .string("StockKeepingUnit", 180),
            .textarea("Description", 4_000), .checkbox("IsActive"), .checkbox("IsArchived").readOnly(),
            .picklist("Family", [], restricted: false), .picklist("QuantityUnitOfMeasure", [], restricted: false),
        ]
        fields += SystemFields.trailing
        fields += [
            .string("NetSuite_Item_Id__c", 32), .number("NetSuite_Available__c", digits: 14, scale: 4),
            .textarea("NetSuite_Available_By_Location__c", 4_000),
            FieldDefinition("NetSuite_Stock_As_Of__c", .datetime),
            .checkbox("NetSuite_Stock_Stale__c"),
        ]
        return ObjectDefinition(
            "Product2", prefix: "01t", fields: fields,
            children: [
                ChildRelationship(
                    name: "PricebookEntries", object: "PricebookEntry", field: "Product2Id", cascadeDelete: true)
            ])
    }

    private static func pricebook() -> ObjectDefinition {
        let fields =
            SystemFields.leading + [
                FieldDefinition.string("Name", 255).required(), .checkbox("IsActive"),
                .checkbox("IsStandard").readOnly(), .string("Description", 255),
            ] + SystemFields.trailing
        return ObjectDefinition(
            "Pricebook2", prefix: "01s", fields: fields,
            children: [
                ChildRelationship(
                    name: "PricebookEntries", object: "PricebookEntry", field: "Pricebook2Id", cascadeDelete: true)
            ])
    }

    private static func pricebookEntry(_ options: SchemaOptions) -> ObjectDefinition {
        let fields: [FieldDefinition] =
            SystemFields.leading + options.currency(createOnly: true) + [
                FieldDefinition.string("Name", 255).readOnly(),
                FieldDefinition.reference("Pricebook2Id", to: "Pricebook2").required().createOnly(),
                FieldDefinition.reference("Product2Id", to: "Product2").required().createOnly(),
                FieldDefinition.number("UnitPrice", .currency, digits: 16, scale: 2).required(),
                .checkbox("IsActive"), .checkbox("UseStandardPrice"),
                FieldDefinition.string("ProductCode", 255).readOnly(),
            ] + SystemFields.trailing
        return ObjectDefinition("PricebookEntry", prefix: "01u", fields: fields)
    }

    private static func user() -> ObjectDefinition {
        readOnlyObject(
            "User", "005",
            [
                .string("Username", 80), .string("Name", 121), .string("LastName", 80),
                FieldDefinition("Email", .email, length: 128), .checkbox("IsActive"),
            ])
    }

    private static func organization() -> ObjectDefinition {
        readOnlyObject(
            "Organization", "00D",
            [
                .string("Name", 80), .picklist("DefaultCurrencyIsoCode", [], restricted: false),
                .checkbox("IsSandbox"), .picklist("TimeZoneSidKey", [], restricted: false),
                .picklist("OrganizationType", [], restricted: false), .string("InstanceName", 5),
            ])
    }

    private static func currencyType() -> ObjectDefinition {
        readOnlyObject(
            "CurrencyType", "01L",
            [
                .picklist("IsoCode", SchemaOptions.currencies, restricted: true), .checkbox("IsCorporate"),
                .checkbox("IsActive"), FieldDefinition("DecimalPlaces", .int),
                .number("ConversionRate", digits: 18, scale: 6),
            ])
    }

    private static func readOnlyObject(_ name: String, _ prefix: String, _ own: [FieldDefinition]) -> ObjectDefinition {
        let fields = (SystemFields.leading + own + SystemFields.trailing).map { $0.readOnly() }
        var object = ObjectDefinition(name, prefix: prefix, fields: fields)
        object.createable = false
        object.updateable = false
        object.deletable = false
        return object
    }
}
