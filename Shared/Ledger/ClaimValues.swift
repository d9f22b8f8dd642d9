public import FoundationEssentials

/// An order version that the writer wants to work on.
///
/// The value is the request's identity: repeating the same value after a lost answer gives the same claim, while a new
/// value for the same message (a redelivery) finds the order busy.
public struct ClaimRequest: Sendable {
    /// Made with the value.
    let requestId = UUID().uuidString
    /// Salesforce order id, 18 characters.
    public var orderId: String
    /// Salesforce order number.
    public var orderNumber: String
    /// Salesforce account id, 18 characters.
    public var accountId: String
    /// Version of the snapshot.
    public var version: Int64
    /// SHA-256 of the message's value.
    public var bodyDigest: [UInt8]
    /// The message's `ce_id`.
    public var eventId: String
    /// The message's `traceparent`; kept beside the attempt and the settlement.
    public var traceParent: String
    /// `ce_replayof`: the letter that this message replays.
    public var replayOf: String?
    /// Whether this is the next try of a held order, which an earlier settlement `held` does not answer.
    public var retriesHeld: Bool

    /// A request.
    public init(
        orderId: String, orderNumber: String, accountId: String, version: Int64, bodyDigest: [UInt8],
        eventId: String, traceParent: String, replayOf: String? = nil, retriesHeld: Bool = false
    ) {
        self.orderId = orderId
        self.orderNumber = orderNumber
        self.accountId = accountId
        self.version = version
        self.bodyDigest = bodyDigest
        self.eventId = eventId
        self.traceParent = traceParent
        self.replayOf = replayOf
        self.retriesHeld = retriesHeld
    }
}

/// The right to change one order in NetSuite until the lease ends, and what is known of the order.
public struct Claim: Sendable, Equatable {
    /// Salesforce order id.
    public let orderId: String
    /// The version that was claimed.
    public let version: Int64
    /// Grows with each claim of the order; an older one can store nothing any more.
    public let fence: Int64
    /// Row of the attempt, state `sent`.
    public let attemptId: Int64
    /// NetSuite's internal id, where the order was written before: then this is a change, else a create.
    public let netSuiteId: Int64?
    /// NetSuite's `tranId`, where known.
    public let netSuiteNumber: String?
    /// The version written last.
    public let writtenVersion: Int64?
    /// NetSuite's internal id of the account's customer, where known.
    public let customerId: Int64?
    /// An earlier attempt whose answer nobody knows: probe before anything is sent.
    public let previousUnknown: PreviousUnknown?
    /// How often the order was claimed since its last outcome, this time included.
    public let starts: Int64
}

/// An attempt that was sent, or perhaps sent, and has no outcome.
public struct PreviousUnknown: Sendable, Equatable {
    /// When it was given up, or when its holder's lease ended (server's clock).
    public let since: Date
    /// How long ago that was when the claim was made (server's clock).
    public let elapsed: Duration
}

/// What the ledger says to a ``ClaimRequest``.
public enum ClaimAnswer: Sendable {
    /// The order is the caller's until the lease ends.
    case claimed(Claim)
    /// Another holder's lease goes on for this long: try again then.
    case busy(remaining: Duration)
    /// This version was dealt with: publish that settlement again. Read back first when it is not complete.
    case settledBefore(StoredSettlement)
    /// A newer version was written before; recorded as such just now, with its settlement.
    case superseded(StoredSettlement)
    /// This very version was written from other bytes: a dead letter `invalid-message`.
    case conflictingBody
    /// The version lies more than a day ahead of the database's clock: a dead letter `invalid-message`.
    case aheadOfClock
}
