/// Field history of orders: one row per tracked field and change, two for a look-up.
extension SalesforceOrganization {
    /// The fields whose history is kept; Salesforce allows twenty.
    private static let tracked = [
        "Status", "AccountId", "EffectiveDate", "EndDate", "PoNumber", "PoDate", "Name", "ShippingStreet",
        "ShippingCity", "ShippingPostalCode", "ShippingCountry", "OwnerId", "NetSuite_Order_Id__c",
        "NetSuite_Status__c", "NetSuite_Ship_Date__c", "NetSuite_Carrier__c", "NetSuite_Tracking_Numbers__c",
        "NetSuite_Invoice_Numbers__c", "NetSuite_Amount_Invoiced__c", "NetSuite_Amount_Paid__c",
        "NetSuite_Amount_Credited__c",
    ]

    /// Adds the rows of an update.
    mutating func trackChanges(
        old: Record, new: Record, _ definition: ObjectDefinition, _ context: WriteContext
    ) {
        for name in Self.tracked where old[name] != new[name] {
            guard let field = definition.field(name) else { continue }
            guard field.type == .reference else {
                addHistory(
                    orderId: new.id, field: name, type: "Text", old: old[name], new: new[name], context)
                continue
            }
            let names = [old[name], new[name]].map { value -> FieldValue in
                guard let id = value.text, let target = schema.object(prefix: RecordId.prefix(of: id)) else {
                    return .null
                }
                return store.record(target.name, id)?["Name"] ?? .null
            }
            let label = field.relationshipName ?? name
            addHistory(orderId: new.id, field: label, type: "Text", old: names[0], new: names[1], context)
            addHistory(orderId: new.id, field: label, type: "EntityId", old: old[name], new: new[name], context)
        }
    }

    /// Adds one row; rows never change.
    mutating func addHistory(
        orderId: String, field: String, type: String, old: FieldValue, new: FieldValue, _ context: WriteContext
    ) {
        guard let definition = schema.object("OrderHistory") else { return }
        let values: [String: FieldValue] = [
            "OrderId": .text(orderId), "Field": .text(field),
            "DataType": type.isEmpty ? .null : .text(type), "OldValue": Self.shortened(old),
            "NewValue": Self.shortened(new), "CreatedById": .text(context.userId),
            "CreatedDate": .instant(context.now), "IsDeleted": .flag(false),
        ]
        insert(Record(id: store.nextId(prefix: definition.keyPrefix), values: values), of: definition)
    }

    private static func shortened(_ value: FieldValue) -> FieldValue {
        value.plainText.map { .text(String($0.prefix(255))) } ?? .null
    }
}
