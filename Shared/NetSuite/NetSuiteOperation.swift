/// What is asked of NetSuite; its name labels metrics.
public enum NetSuiteOperation: String, Sendable, CaseIterable {
    /// `POST /customer`.
    case createCustomer
    /// `POST /salesOrder`.
    case createSalesOrder
    /// `PATCH /salesOrder/<id>`.
    case updateSalesOrder
    /// `GET /salesOrder/<id>`.
    case readSalesOrder
    /// `GET /customer/<id>`.
    case readCustomer
    /// `GET` of a fulfilment, an invoice, a payment or a credit memo.
    case readDocument
    /// One page of SuiteQL.
    case query
    /// `GET /serverTime`.
    case readServerTime
    /// `GET /governanceLimits`.
    case readGovernanceLimits

    /// Whether it creates or changes something: then an unclear answer leaves its outcome unknown.
    public var changesRecords: Bool {
        switch self {
        case .createCustomer, .createSalesOrder, .updateSalesOrder: true
        case .readSalesOrder, .readCustomer, .readDocument, .query, .readServerTime, .readGovernanceLimits: false
        }
    }

    /// The record's name in addresses; nil where the operation is about none.
    var recordName: String? {
        switch self {
        case .createCustomer, .readCustomer: "customer"
        case .createSalesOrder, .updateSalesOrder, .readSalesOrder: "salesOrder"
        case .readDocument, .query, .readServerTime, .readGovernanceLimits: nil
        }
    }

    /// Whether the answer must name the new record.
    var createsRecord: Bool { self == .createCustomer || self == .createSalesOrder }
}
