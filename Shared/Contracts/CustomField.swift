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
        /// The further fields that status-feedback writes for progress, with the length each must have.
        public static let progressFields: [(name: String, length: Int?)] = [
            (shipDate, nil), (carrier, 80), (trackingNumbers, 2000), (invoiceNumbers, 255), (amountInvoiced, nil),
            (amountPaid, nil), (amountCredited, nil),
        ]
    }

    /// Salesforce, on OrderItem.
    public enum OrderItem {
        /// How much of the line is shipped.
        public static let quantityShipped = "NetSuite_Quantity_Shipped__c"
        /// How much of the line is invoiced.
        public static let quantityInvoiced = "NetSuite_Quantity_Invoiced__c"

        /// The fields that status-feedback writes.
        public static let progressFields: [(name: String, length: Int?)] = [
            (quantityShipped, nil), (quantityInvoiced, nil),
        ]
    }

    /// Salesforce, on Product2.
    public enum Product {
        /// NetSuite's internal id of the item.
        public static let netSuiteItemId = "NetSuite_Item_Id__c"
        /// What can be promised, of all locations together.
        public static let available = "NetSuite_Available__c"
        /// What can be promised, location by location, in words.
        public static let availableByLocation = "NetSuite_Available_By_Location__c"
        /// When NetSuite said so.
        public static let stockAsOf = "NetSuite_Stock_As_Of__c"
        /// Whether the count is older than it may be.
        public static let stockStale = "NetSuite_Stock_Stale__c"

        /// The fields that status-feedback writes, with the length each must have.
        public static let stockFields: [(name: String, length: Int?)] = [
            (netSuiteItemId, 32), (available, nil), (availableByLocation, 4000), (stockAsOf, nil), (stockStale, nil),
        ]
    }

    /// Salesforce, on Account.
    public enum Account {
        /// The customer's internal id; where a person filled it, that customer is used.
        public static let netSuiteCustomerId = "NetSuite_Customer_Id__c"
    }
}
