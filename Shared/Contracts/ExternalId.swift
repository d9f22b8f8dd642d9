/// External ids of what Crossdock creates in NetSuite, made from Salesforce ids.
public enum ExternalId {
    private static let salesOrderPrefix = "SF-"
    private static let customerPrefix = "SFACC-"

    /// The external id of an order's sales order.
    public static func salesOrder(_ order: SalesforceId) -> String { salesOrderPrefix + order.text }
    /// The external id of an account's customer.
    public static func customer(_ account: SalesforceId) -> String { customerPrefix + account.text }

    /// The order that an external id of a sales order names; `nil` where it is not ours.
    public static func order(fromSalesOrder externalId: String) -> SalesforceId? {
        guard externalId.hasPrefix(salesOrderPrefix) else { return nil }
        return try? SalesforceId(complete: String(externalId.dropFirst(salesOrderPrefix.utf8.count)))
    }
}

/// Names of the custom fields that Crossdock reads and writes in NetSuite and Salesforce.
public enum CustomField {
    /// NetSuite, on the sales order: the version written, decimal digits.
    public static let salesOrderVersion = "custbody_crossdock_version"
    /// NetSuite, on each line of the sales order: the Salesforce line id.
    public static let salesOrderLineId = "custcol_crossdock_line_id"

    /// Salesforce, on Order.
    public enum Order {
        /// NetSuite's internal id.
        public static let netSuiteId = "NetSuite_Order_Id__c"
        /// NetSuite's number, `tranId`.
        public static let netSuiteNumber = "NetSuite_Order_Number__c"
        /// The order's state in words.
        public static let status = "NetSuite_Status__c"
        /// Why the order waits or failed; empty when all is well.
        public static let message = "NetSuite_Message__c"
        /// When Crossdock last wrote to the order.
        public static let syncedAt = "NetSuite_Synced_At__c"
        /// The newest shipment's day.
        public static let shipDate = "NetSuite_Ship_Date__c"
        /// The newest shipment's carrier.
        public static let carrier = "NetSuite_Carrier__c"
        /// All tracking numbers.
        public static let trackingNumbers = "NetSuite_Tracking_Numbers__c"
        /// All invoices' numbers.
        public static let invoiceNumbers = "NetSuite_Invoice_Numbers__c"
        /// How much is invoiced.
        public static let amountInvoiced = "NetSuite_Amount_Invoiced__c"
        /// How much is paid.
        public static let amountPaid = "NetSuite_Amount_Paid__c"
        /// How much is credited.
        public static let amountCredited = "NetSuite_Amount_Credited__c"

        /// The fields that status-feedback writes for settlements, with the length each must have.
        public static let settlementFields: [(name: String, length: Int?)] = [
            (netSuiteId, 32), (netSuiteNumber, 45), (status, 40), (message, 1000), (syncedAt, nil),
        ]
    }

    /// Salesforce, on OrderItem.
    public enum OrderItem {
        /// How much of the line is shipped.
        public static let quantityShipped = "NetSuite_Quantity_Shipped__c"
        /// How much of the line is invoiced.
        public static let quantityInvoiced = "NetSuite_Quantity_Invoiced__c"
    }

    /// Salesforce, on Account.
    public enum Account {
        /// The customer's internal id; where a person filled it, that customer is used.
        public static let netSuiteCustomerId = "NetSuite_Customer_Id__c"
    }
}
