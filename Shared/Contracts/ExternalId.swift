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
