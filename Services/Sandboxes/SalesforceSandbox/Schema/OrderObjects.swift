/// Order, OrderItem and what belongs to them, after the object reference; with the fields that the integration adds.
enum OrderObjects {
    /// The statuses of this organisation, each with its category.
    static let statuses: [(name: String, category: String)] = [
        ("Draft", "Draft"), ("On Hold", "Draft"), ("Activated", "Activated"), ("Fulfilled", "Activated"),
        ("Delivered", "Activated"),
    ]

    static func definitions(_ options: SchemaOptions) -> [ObjectDefinition] {
        [order(options), orderItem(options), orderHistory(), orderStatus()]
    }

    private static func order(_ options: SchemaOptions) -> ObjectDefinition {
        var fields = SystemFields.leading + [SystemFields.owner]
        fields += options.currency(createOnly: true)
        fields += [
            .reference("AccountId", to: "Account").required(), .reference("ContractId", to: "Contract"),
            .reference("OpportunityId", to: "Opportunity"), .reference("Pricebook2Id", to: "Pricebook2"),
            .reference("OriginalOrderId", to: "Order").createOnly(),
            FieldDefinition("EffectiveDate", .date).required(), FieldDefinition("EndDate", .date),
            FieldDefinition.checkbox("IsReductionOrder").createOnly(),
            .picklist("Status", statuses.map(\.name), restricted: true).required(default: .text("Draft")),
            .textarea("Description", 32_000), .reference("CustomerAuthorizedById", to: "Contact"),
            FieldDefinition("CustomerAuthorizedDate", .date), .reference("CompanyAuthorizedById", to: "User"),
            FieldDefinition("CompanyAuthorizedDate", .date), .picklist("Type", [], restricted: false),
        ]
        fields += AddressFields.compound("Billing", options) + AddressFields.compound("Shipping", options)
        fields += [
            .string("Name", 80), FieldDefinition("PoDate", .date), .string("PoNumber", 80),
            .string("OrderReferenceNumber", 80), .reference("BillToContactId", to: "Contact"),
            .reference("ShipToContactId", to: "Contact"), FieldDefinition("ActivatedDate", .datetime).readOnly(),
            FieldDefinition.reference("ActivatedById", to: "User").readOnly(),
            FieldDefinition.picklist("StatusCode", ["Draft", "Activated"], restricted: true).readOnly(),
            SystemFields.autoNumber("OrderNumber"),
            FieldDefinition.number("TotalAmount", .currency, digits: 16, scale: 2).readOnly(),
        ]
        fields += SystemFields.trailing
        fields += [
            FieldDefinition.string("NetSuite_Order_Id__c", 32).key(), .string("NetSuite_Order_Number__c", 45),
            .string("NetSuite_Status__c", 40), .textarea("NetSuite_Message__c", 1_000),
            FieldDefinition("NetSuite_Synced_At__c", .datetime), FieldDefinition("NetSuite_Ship_Date__c", .date),
            .string("NetSuite_Carrier__c", 80), .textarea("NetSuite_Tracking_Numbers__c", 2_000),
            .string("NetSuite_Invoice_Numbers__c", 255),
            .number("NetSuite_Amount_Invoiced__c", .currency, digits: 16, scale: 2),
            .number("NetSuite_Amount_Paid__c", .currency, digits: 16, scale: 2),
            .number("NetSuite_Amount_Credited__c", .currency, digits: 16, scale: 2),
        ]
        return ObjectDefinition(
            "Order", prefix: "801", fields: fields,
            children: [
                ChildRelationship(name: "OrderItems", object: "OrderItem", field: "OrderId", cascadeDelete: true),
                ChildRelationship(name: "Histories", object: "OrderHistory", field: "OrderId", cascadeDelete: true),
            ])
    }

    private static func orderItem(_ options: SchemaOptions) -> ObjectDefinition {
        var fields = SystemFields.leading
        fields += options.currency(createOnly: true).map { $0.readOnly() }
        fields += [
            FieldDefinition.reference("Product2Id", to: "Product2").createOnly(),
            FieldDefinition.reference("OrderId", to: "Order").required().createOnly(),
            FieldDefinition.reference("PricebookEntryId", to: "PricebookEntry").required().createOnly(),
            FieldDefinition.reference("OriginalOrderItemId", to: "OrderItem").createOnly(),
            FieldDefinition.number("AvailableQuantity", digits: 16, scale: 2).readOnly(),
            FieldDefinition.number("Quantity", digits: 16, scale: 2).required(),
            .number("UnitPrice", .currency, digits: 16, scale: 2),
            FieldDefinition.number("ListPrice", .currency, digits: 16, scale: 2).readOnly(),
            FieldDefinition.number("TotalPrice", .currency, digits: 16, scale: 2).readOnly(),
            FieldDefinition("ServiceDate", .date), FieldDefinition("EndDate", .date), .string("Description", 255),
            SystemFields.autoNumber("OrderItemNumber"),
        ]
        fields += SystemFields.trailing
        fields += [
            .number("NetSuite_Quantity_Shipped__c", digits: 14, scale: 4),
            .number("NetSuite_Quantity_Invoiced__c", digits: 14, scale: 4),
        ]
        return ObjectDefinition("OrderItem", prefix: "802", fields: fields)
    }

    private static func orderHistory() -> ObjectDefinition {
        var fields: [FieldDefinition] = [
            FieldDefinition("Id", .id, length: 18), .checkbox("IsDeleted"), .reference("OrderId", to: "Order"),
            SystemFields.user("CreatedById"), FieldDefinition("CreatedDate", .datetime), .string("Field", 255),
            .string("DataType", 40), FieldDefinition("OldValue", .anyType, length: 255),
            FieldDefinition("NewValue", .anyType, length: 255),
        ]
        fields = fields.map { $0.readOnly() }
        var object = ObjectDefinition("OrderHistory", prefix: "017", fields: fields)
        object.createable = false
        object.updateable = false
        object.deletable = false
        return object
    }

    private static func orderStatus() -> ObjectDefinition {
        var fields: [FieldDefinition] = [
            FieldDefinition("Id", .id, length: 18), .string("MasterLabel", 255), .string("ApiName", 255),
            FieldDefinition("SortOrder", .int), .checkbox("IsDefault"),
            .picklist("StatusCode", ["Draft", "Activated"], restricted: true),
        ]
        fields += [SystemFields.user("CreatedById"), FieldDefinition("CreatedDate", .datetime)]
        fields += [SystemFields.user("LastModifiedById"), FieldDefinition("LastModifiedDate", .datetime)]
        fields += [FieldDefinition("SystemModstamp", .datetime)]
        fields = fields.map { $0.readOnly() }
        var object = ObjectDefinition("OrderStatus", prefix: "01Z", fields: fields)
        object.createable = false
        object.updateable = false
        object.deletable = false
        return object
    }
}
