public import FoundationEssentials

/// A topic with what it carries: name, key and payload in one typed constant.
public struct Topic<Message: Sendable>: Sendable {
    /// The topic's name, which is also the events' type.
    public let name: String
    /// What produces its events, as `ce_source` says it.
    public let source: String
    /// The key of a message: events of one key keep their order.
    public let key: @Sendable (Message) -> String
    /// What orders the events of one key.
    public let ordering: @Sendable (Message) -> Int64
    /// The payload of a message.
    public let encode: @Sendable (Message) -> [UInt8]
    private let decoder: @Sendable ([UInt8]) throws(ContractError) -> Message

    init(
        name: String, source: String, key: @escaping @Sendable (Message) -> String,
        ordering: @escaping @Sendable (Message) -> Int64, encode: @escaping @Sendable (Message) -> [UInt8],
        decode: @escaping @Sendable ([UInt8]) throws(ContractError) -> Message
    ) {
        self.name = name
        self.source = source
        self.key = key
        self.ordering = ordering
        self.encode = encode
        decoder = decode
    }

    /// The key of a message.
    public func key(of message: Message) -> String { key(message) }

    /// Reads a payload alone.
    public func decode(_ bytes: [UInt8]) throws(ContractError) -> Message { try decoder(bytes) }

    /// The headers of a message's event.
    public func headers(
        for message: Message, id: EventId, at time: Date, traceparent: String?, replayOf: String? = nil
    ) -> CloudEventHeaders {
        CloudEventHeaders(
            id: id, source: source, type: name, subject: key(message), time: UTCInstant(date: time),
            ordering: ordering(message), replayOf: replayOf, traceparent: traceparent)
    }

    /// Reads key, headers and payload of a message, and makes sure that they agree.
    public func read(
        key: [UInt8]?, headers: [(name: String, value: [UInt8]?)], value: [UInt8]?
    ) throws(ContractError) -> (message: Message, headers: CloudEventHeaders) {
        guard let value else {
            throw ContractError(path: "", reason: "the message has no payload", mend: "the sender must send one")
        }
        let message = try decode(value)
        let parsed = try CloudEventHeaders.parse(headers)
        try parsed.check(type: name, key: key, subject: self.key(message), ordering: ordering(message))
        return (message, parsed)
    }
}

extension Topic where Message == OrderSnapshot {
    /// Orders that became ready in Salesforce, complete, once per version.
    public static let orderSubmitted = Topic(
        name: "salesforce.order.submitted.v1", source: "/crossdock/order-publisher", key: { $0.orderId.text },
        ordering: { $0.version }, encode: { $0.encode() },
        decode: { (bytes) throws(ContractError) in try OrderSnapshot.decode(bytes) })
}

extension Topic where Message == Settlement {
    /// How orders stand after a version of them was dealt with.
    public static let orderSettled = Topic(
        name: "netsuite.order.settled.v1", source: "/crossdock/netsuite-writer", key: { $0.orderId.text },
        ordering: { $0.sequence }, encode: { $0.encode() },
        decode: { (bytes) throws(ContractError) in try Settlement.decode(bytes) })
}

extension Topic where Message == OrderProgress {
    /// How far NetSuite has come with orders, complete, once per change.
    public static let orderProgressed = Topic(
        name: "netsuite.order.progressed.v1", source: "/crossdock/status-feedback", key: { $0.orderId.text },
        ordering: { $0.asOf.millisecondsSinceEpoch }, encode: { $0.encode() },
        decode: { (bytes) throws(ContractError) in try OrderProgress.decode(bytes) })
}

extension Topic where Message == StockCount {
    /// What NetSuite has of items, once per change and all once a day.
    public static let inventoryCounted = Topic(
        name: "netsuite.inventory.counted.v1", source: "/crossdock/inventory-poller", key: { $0.sku },
        ordering: { $0.asOf.millisecondsSinceEpoch }, encode: { $0.encode() },
        decode: { (bytes) throws(ContractError) in try StockCount.decode(bytes) })
}
