/// A settlement that arrived for Salesforce.
public struct ArrivedSettlement: Sendable {
    /// Salesforce order id.
    public var orderId: String
    /// Its sequence.
    public var sequence: Int64
    /// Bytes of the message's value.
    public var value: [UInt8]
    /// The message's `traceparent`.
    public var traceParent: String

    /// An arrived settlement.
    public init(orderId: String, sequence: Int64, value: [UInt8], traceParent: String) {
        self.orderId = orderId
        self.sequence = sequence
        self.value = value
        self.traceParent = traceParent
    }
}

/// What one order must show in Salesforce, claimed for one call.
public struct FeedbackClaim: Sendable {
    /// Salesforce order id.
    public let orderId: String
    /// Salesforce account id, where the ledger knows it.
    public let accountId: String?
    /// Sequence of the newest settlement.
    public let sequence: Int64
    /// Bytes of the newest settlement.
    public let value: [UInt8]
    /// Its `traceparent`.
    public let traceParent: String
    /// What Salesforce shows by the last call that was taken, as ``FeedbackResult`` gave it; nil where that is not
    /// known: nothing was sent yet, or an earlier call may have landed or may still land. Then everything is sent.
    public let shown: [UInt8]?
    /// Under which the end of the call is stored.
    public let fence: Int64
    /// How often in a row the record was locked by somebody else.
    public let lockedTries: Int
    /// For how long it has been; nil when it is not.
    public let lockedFor: Duration?
}

/// How the call for one claimed row ended.
public struct FeedbackResult: Sendable {
    /// The closed set of ends.
    public enum End: Sendable {
        /// Salesforce took it and shows this now (column `shown`, so that the next call sends differences only).
        case sent(shown: [UInt8])
        /// The outcome is unknown and the call may land late: the newest state is sent whole after a while.
        case unknown(sendAgainAfter: Duration)
        /// Nothing was changed, for no reason of the order's: tried again after a while. A resend that is owed stays owed.
        case notSent(tryAgainAfter: Duration)
        /// The record was locked by somebody else: tried again after a while, and counted.
        case locked(tryAgainAfter: Duration)
        /// A dead letter: Salesforce refuses it for good, or it has been locked too long and is tried now and then.
        case refused(DeadLetterContent, tryAgainAfter: Duration?)
    }

    /// The claimed row.
    public var claim: FeedbackClaim
    /// How it ended.
    public var end: End

    /// A result.
    public init(claim: FeedbackClaim, end: End) {
        self.claim = claim
        self.end = end
    }
}
