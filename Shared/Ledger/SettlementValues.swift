public import FoundationEssentials

/// How an order version was settled.
public enum SettledOutcome: String, Sendable, Equatable, CaseIterable {
    /// NetSuite was changed.
    case written
    /// NetSuite showed it already.
    case unchanged
    /// A newer version was written before.
    case superseded
    /// A person must decide.
    case dead
    /// The order waits by itself.
    case held
    /// A person gave the letter up.
    case discarded
    /// A person opened the letter again.
    case reopened
}

/// The order's newest open dead letter, as a settlement carries it.
public struct LetterSummary: Sendable, Equatable {
    /// The letter's id.
    public let id: String
    /// One of the classes of the contract.
    public let letterClass: String
    /// NetSuite's, Salesforce's or our own code.
    public let code: String?
    /// The field that is to blame.
    public let field: String?
    /// What is wrong and what to do.
    public let sentence: String
}

/// Why the order waits by itself, as a settlement carries it.
public struct HoldSummary: Sendable, Equatable {
    /// NetSuite's or our own code.
    public let code: String?
    /// Why it waits and what to do.
    public let sentence: String
}

/// One settlement of an order, and how the order stands.
public struct StoredSettlement: Sendable, Equatable {
    /// Salesforce order id.
    public let orderId: String
    /// Salesforce order number, where a message ever told it.
    public let orderNumber: String?
    /// Salesforce account id, where a message ever told it.
    public let accountId: String?
    /// Grows by one per settlement of the order.
    public let sequence: Int64
    /// The version that was settled, where it could be read.
    public let version: Int64?
    /// How it was settled.
    public let outcome: SettledOutcome
    /// The `ce_id` under which it is published, every time.
    public let eventId: String
    /// The `traceparent` of the message that was settled.
    public let traceParent: String
    /// The `settledAt` of the message (server's clock).
    public let settledAt: Date
    /// NetSuite's internal id of the order, where known.
    public let netSuiteId: Int64?
    /// NetSuite's `tranId`, where known.
    public let netSuiteNumber: String?
    /// State in words as last seen in NetSuite, where known.
    public let netSuiteState: String?
    /// NetSuite's internal id of the account's customer, where known.
    public let customerId: Int64?
    /// The order's newest open letter, or none.
    public let letter: LetterSummary?
    /// Why the order waits by itself, where it does.
    public let hold: HoldSummary?
    /// The whole message once T2 has stored it; nil = read back number and state first.
    public let value: [UInt8]?
    /// Whether its delivery was confirmed before.
    public let isPublished: Bool
}

/// A whole settlement message on its way into the ledger (T2).
public struct SettlementValue: Sendable {
    /// Salesforce order id.
    public var orderId: String
    /// Sequence that T1 gave.
    public var sequence: Int64
    /// Bytes of the message's value.
    public var value: [UInt8]
    /// `tranId` as read back.
    public var netSuiteNumber: String?
    /// State in words as read back.
    public var netSuiteState: String?

    /// A value.
    public init(
        orderId: String, sequence: Int64, value: [UInt8], netSuiteNumber: String? = nil, netSuiteState: String? = nil
    ) {
        self.orderId = orderId
        self.sequence = sequence
        self.value = value
        self.netSuiteNumber = netSuiteNumber
        self.netSuiteState = netSuiteState
    }
}

/// Names one settlement.
public struct SettlementKey: Sendable, Hashable {
    /// Salesforce order id.
    public var orderId: String
    /// Sequence within the order.
    public var sequence: Int64

    /// A key.
    public init(orderId: String, sequence: Int64) {
        self.orderId = orderId
        self.sequence = sequence
    }
}
