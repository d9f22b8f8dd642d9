public import FoundationEssentials

/// The right to be the active one of a kind, until the lease ends.
public struct Leadership: Sendable, Equatable {
    /// What is led: `order-publisher`.
    public let name: String
    /// Who leads: new at each start of a process.
    public let holder: String
    /// Grows with each leader; writes of an older one hit nothing.
    public let fence: Int64
}

/// An order version as it was published.
public struct Publication: Sendable, Equatable {
    /// Salesforce order id.
    public var orderId: String
    /// Salesforce order number, where known; not read back.
    public var orderNumber: String?
    /// ISO 4217 code of the order's currency in Salesforce, where known; not read back.
    public var currency: String?
    /// Version.
    public var version: Int64
    /// SHA-256 over what counts as a change.
    public var digest: [UInt8]
    /// The list of fields that the digest was made over, as text of the publisher's own form.
    public var digestFields: String
    /// Newest `SystemModstamp` of the order and its lines, in milliseconds.
    public var stampMilliseconds: Int64
    /// UUIDv7: the message's `ce_id`.
    public var eventId: String
    /// The message's `traceparent`.
    public var traceParent: String
    /// Bytes of the message's value; nil once the version is settled.
    public var payload: [UInt8]?
    /// The publish request that this answers; closed with it.
    public var requestId: Int64?
    /// When it was stored (server's clock): the message's `ce_time`. Set by the ledger.
    public var createdAt: Date?
    /// Whether a later reading of the order could not be published: its letter is open. Set by the ledger where the last
    /// publications are asked for.
    public internal(set) var hasUnreadableSuccessor = false

    /// A publication.
    public init(
        orderId: String, orderNumber: String? = nil, version: Int64, digest: [UInt8], digestFields: String,
        stampMilliseconds: Int64, eventId: String, traceParent: String, payload: [UInt8]?, requestId: Int64? = nil,
        createdAt: Date? = nil, currency: String? = nil
    ) {
        self.orderId = orderId
        self.orderNumber = orderNumber
        self.version = version
        self.digest = digest
        self.digestFields = digestFields
        self.stampMilliseconds = stampMilliseconds
        self.eventId = eventId
        self.traceParent = traceParent
        self.payload = payload
        self.requestId = requestId
        self.createdAt = createdAt
        self.currency = currency
    }
}

/// An operator's wish that an order be read and published afresh.
public struct PublishRequest: Sendable, Equatable {
    /// Its id.
    public let id: Int64
    /// Salesforce order id.
    public let orderId: String
    /// Who asked.
    public let requestedBy: String
}

/// An order that the publisher could not turn into a snapshot.
public struct UnreadableOrder: Sendable {
    /// Salesforce order id.
    public var orderId: String
    /// Salesforce order number, where it could be read.
    public var orderNumber: String?
    /// Why; without a message.
    public var content: DeadLetterContent

    /// An unreadable order.
    public init(orderId: String, orderNumber: String?, content: DeadLetterContent) {
        self.orderId = orderId
        self.orderNumber = orderNumber
        self.content = content
    }
}

/// Thrown when a write under a fence hit nothing: another process leads now.
public struct LeadershipLost: Error, Sendable, CustomStringConvertible {
    /// What was led.
    public let name: String

    /// A sentence.
    public var description: String { "another process leads \(name) now" }
}
