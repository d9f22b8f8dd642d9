/// Where an order stands in NetSuite: one list for messages, pages and Salesforce.
public enum OrderState: String, Sendable, CaseIterable {
    case pendingApproval = "pending approval"
    case pendingFulfillment = "pending fulfillment"
    case partlyShipped = "partly shipped"
    case shipped
    case partlyInvoiced = "partly invoiced"
    case invoiced
    case paid
    case closed
    case cancelled
    case deletedInNetSuite = "deleted in NetSuite"
    /// Held: the next try comes by itself.
    case waiting
    /// An open dead letter: a person must decide.
    case needsAttention = "needs attention"

    /// The state of a sales order's status letter (`B`, also written `SalesOrd:B`); `nil` for a letter that is none.
    public init?(netSuiteStatus: String) {
        switch netSuiteStatus.split(separator: ":").last.map(String.init) {
        case "A": self = .pendingApproval
        case "B": self = .pendingFulfillment
        case "C": self = .cancelled
        case "D": self = .partlyShipped
        case "E": self = .partlyInvoiced
        case "F": self = .shipped
        case "G": self = .invoiced
        case "H": self = .closed
        default: return nil
        }
    }

    /// The words that people read.
    public var words: String { rawValue }
}
