public import FoundationEssentials
import Postgres

/// What a watch read of one key and wants to publish.
public struct NewState: Sendable, Equatable {
    /// The message's key: a Salesforce order id, or a SKU.
    public var key: String
    /// NetSuite's clock when it was read, in milliseconds: the message's `ce_ordering`.
    public var asOfMilliseconds: Int64
    /// What counts as a change: the value with the instant left out of account.
    public var content: [UInt8]
    /// Bytes of the message's value.
    public var value: [UInt8]
    /// UUIDv7: the message's `ce_id`.
    public var eventId: String
    /// The message's `traceparent`.
    public var traceParent: String

    /// A state.
    public init(
        key: String, asOfMilliseconds: Int64, content: [UInt8], value: [UInt8], eventId: String, traceParent: String
    ) {
        self.key = key
        self.asOfMilliseconds = asOfMilliseconds
        self.content = content
        self.value = value
        self.eventId = eventId
        self.traceParent = traceParent
    }
}

/// A state as it was published, or is to be.
public struct PublishedState: Sendable, Equatable {
    /// The topic's name.
    public let topic: String
    /// The message's key.
    public let key: String
    /// NetSuite's clock when it was read, in milliseconds.
    public let asOfMilliseconds: Int64
    /// The message's `ce_id`.
    public let eventId: String
    /// The message's `traceparent`.
    public let traceParent: String
    /// Bytes of the message's value.
    public let value: [UInt8]
    /// When it was stored (server's clock): the message's `ce_time`.
    public let storedAt: Date
    /// Whether Kafka confirmed the message.
    public let isAcknowledged: Bool
}

/// An order that Crossdock wrote, by NetSuite's id.
public struct WatchedOrder: Sendable, Equatable {
    /// Salesforce order id.
    public let orderId: String
    /// NetSuite's internal id.
    public let netSuiteId: Int64
    /// NetSuite's `tranId`, where it was read back.
    public let netSuiteNumber: String?

    /// An order.
    public init(orderId: String, netSuiteId: Int64, netSuiteNumber: String?) {
        self.orderId = orderId
        self.netSuiteId = netSuiteId
        self.netSuiteNumber = netSuiteNumber
    }
}

extension PublishedState {
    init(_ row: PostgresRow) throws(PostgresError) {
        self.init(
            topic: try row.string("topic"), key: try row.string("key"), asOfMilliseconds: try row.int64("as_of_ms"),
            eventId: try row.string("event_id"), traceParent: try row.string("trace_parent"),
            value: try row.bytes("value"), storedAt: try row.instant("stored_at"),
            isAcknowledged: try row.optionalInstant("acknowledged_at") != nil)
    }
}
