/// The objects of Salesforce that rows of feedback are about.
public enum FeedbackObject: String, Sendable, Hashable {
    /// An order; its key is the Salesforce order id.
    case order = "Order"
    /// A product; its key is the SKU.
    case product = "Product2"
}

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

/// An order's progress, or an item's stock, that arrived for Salesforce.
public struct ArrivedState: Sendable {
    /// Salesforce order id, or SKU.
    public var key: String
    /// NetSuite's clock when it was read, in milliseconds since 1970: a higher one replaces a lower one.
    public var asOfMilliseconds: Int64
    /// Bytes of the message's value.
    public var value: [UInt8]
    /// The message's `traceparent`.
    public var traceParent: String

    /// An arrived state.
    public init(key: String, asOfMilliseconds: Int64, value: [UInt8], traceParent: String) {
        self.key = key
        self.asOfMilliseconds = asOfMilliseconds
        self.value = value
        self.traceParent = traceParent
    }
}

/// The value of `Order.Status` that an order was given last for its state. A person may have chosen another one since.
public struct GivenStatus: Sendable, Equatable {
    /// The value.
    public var value: String
    /// The status over which it was sent, while nobody knows whether it was taken; nil once it is known that Salesforce has
    /// shown it.
    public var over: String?

    /// A given status.
    public init(value: String, over: String?) {
        self.value = value
        self.over = over
    }
}

/// What one order or item must show in Salesforce, claimed for one call.
public struct FeedbackClaim: Sendable {
    /// What it is.
    public let object: FeedbackObject
    /// Salesforce order id, or SKU.
    public let key: String
    /// Salesforce account id of the order, where the ledger knows it.
    public let accountId: String?
    /// ISO 4217 code of the Salesforce order's currency, where the ledger knows it.
    public let currency: String?
    /// Sequence of the order's newest settlement; nil where only progress has come, and for products.
    public let sequence: Int64?
    /// Bytes of that settlement.
    public let settlement: [UInt8]?
    /// Bytes of the newest progress, or of the newest stock.
    public let state: [UInt8]?
    /// Whether that state is older than it may be, by PostgreSQL's clock.
    public let isOverdue: Bool
    /// `traceparent` of what arrived last.
    public let traceParent: String
    /// What Salesforce shows by the last call that was taken, as ``FeedbackResult`` gave it; nil where that is not
    /// known: nothing was sent yet, or an earlier call may have landed or may still land. Then everything is sent.
    public let shown: [UInt8]?
    /// The status that the order was given last; nil where none was. It outlives what is not known of ``shown``.
    public var orderStatus: GivenStatus?
    /// Under which the end of the call is stored.
    public let fence: Int64
    /// How often in a row the record was locked by somebody else.
    public let lockedTries: Int
    /// For how long it has been; nil when it is not.
    public let lockedFor: Duration?
}

/// How the calls for one claimed row ended.
public struct FeedbackResult: Sendable {
    /// The closed set of ends.
    public enum End: Sendable {
        /// Salesforce took it and shows this now (column `shown`, so that the next call sends differences only). Of an
        /// item: how many products have its SKU, in decimal digits.
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
    /// What Salesforce shows now where only some of the row's records were taken; nil where none was, or all.
    public var shownInPart: [UInt8]?
    /// The status that the order has been given by now; the claim's where no other was.
    public var orderStatus: GivenStatus?
    /// Whether the order's state asks for a status that could not be set yet; see ``Ledger/releaseOwedStatuses()``.
    public var owesStatus = false

    /// A result.
    public init(claim: FeedbackClaim, end: End, shownInPart: [UInt8]? = nil) {
        self.claim = claim
        self.end = end
        self.shownInPart = shownInPart
        orderStatus = claim.orderStatus
    }
}
