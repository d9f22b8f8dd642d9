public import Contracts
public import EventLoop
public import Ledger
public import Telemetry

/// An event as the ledger keeps it until Kafka has it.
public struct StoredEvent: Sendable {
    /// UUIDv7: the message's `ce_id`.
    public let id: String
    /// The message's key: events of one key are produced one after the other.
    public let key: String
    /// The message's `ce_ordering`: its place among the events of its key.
    public let ordering: Int64
    /// When it was stored: the message's `ce_time`.
    public let storedAt: UTCInstant
    /// The message's `traceparent`.
    public let traceParent: String
    /// Bytes of the message's value; nil where Kafka has it, and only that it was confirmed was not noted.
    public let value: [UInt8]?

    /// A stored event.
    public init(
        id: String, key: String, ordering: Int64, storedAt: UTCInstant, traceParent: String, value: [UInt8]?
    ) {
        self.id = id
        self.key = key
        self.ordering = ordering
        self.storedAt = storedAt
        self.traceParent = traceParent
        self.value = value
    }
}

/// Events of one topic that are stored and owed to Kafka: produced, then acknowledged in the ledger.
///
/// A process that ends in between leaves them stored and not acknowledged, and the leader's next poll finds them by
/// ``produceOpen(under:)``: they go out again with the same event ids, which consumers know them by.
@Loop
public struct OwedEvents<Message: Sendable>: Sendable {
    /// Reads the oldest events that are not acknowledged; none for who does not lead any more.
    public typealias Open = @Loop @Sendable (_ leadership: Leadership) async throws -> [StoredEvent]
    /// Notes in the ledger that Kafka has events, by their ids.
    public typealias Acknowledge = @Loop @Sendable (_ eventIds: [String]) async throws -> Void

    private let topic: Topic<Message>
    private let logger: Logger
    private let open: Open
    private let send: EventProducer.Send
    private let acknowledge: Acknowledge

    /// - Parameters:
    ///   - open: reads the oldest that are not acknowledged.
    ///   - send: gives an event to Kafka.
    ///   - acknowledge: notes those that Kafka confirmed; called after all sends of a call have ended, and only with some.
    public init(
        topic: Topic<Message>, logger: Logger, open: @escaping Open, send: @escaping EventProducer.Send,
        acknowledge: @escaping Acknowledge
    ) {
        self.topic = topic
        self.logger = logger
        self.open = open
        self.send = send
        self.acknowledge = acknowledge
    }

    /// Produces what was stored and never acknowledged, by this leader or one before it; first thing of each poll.
    ///
    /// - Returns: how many there were.
    /// - Throws: as ``produce(_:)``.
    @discardableResult
    public func produceOpen(under leadership: Leadership) async throws -> Int {
        // Not called as a crash point is: a release binary's debugging information has a variable's name too, and
        // check-release looks for those of crash points.
        var count = 0
        while true {
            let events = try await open(leadership)
            if events.isEmpty { return count }
            logger.info("producing what was stored and not confirmed", .topic(topic.name), .count(events.count))
            try await produce(events)
            count += events.count
        }
    }

    /// Produces stored events and acknowledges them: different keys at once, events of one key in turn.
    ///
    /// Where one fails, later ones of its key are not sent, those of other keys are, and what Kafka confirmed is
    /// acknowledged before the trouble is thrown.
    ///
    /// - Throws: ``Trouble`` of Kafka, what the ledger throws, or `CancellationError`.
    public func produce(_ events: [StoredEvent]) async throws {
        let ofKeys = Dictionary(grouping: events, by: \.key).values
        let sendings = ofKeys.map { events in
            EventLoop.shared.start { await sendInTurn(events.sorted { $0.ordering < $1.ordering }) }
        }
        let results = try await withTaskCancellationHandler {
            var results: [(confirmed: [String], trouble: Trouble?)] = []
            for sending in sendings { results.append(try await sending.value) }
            return results
        } onCancel: {
            for sending in sendings { sending.cancel() }
        }
        let confirmed = results.flatMap(\.confirmed)
        if !confirmed.isEmpty { try await acknowledge(confirmed) }
        if let trouble = results.compactMap(\.trouble).first { throw trouble }
    }

    private func sendInTurn(_ events: [StoredEvent]) async -> (confirmed: [String], trouble: Trouble?) {
        var confirmed: [String] = []
        for event in events {
            do throws(Trouble) {
                try await send(event)
            } catch {
                return (confirmed, error)
            }
            confirmed.append(event.id)
        }
        return (confirmed, nil)
    }

    private func send(_ event: StoredEvent) async throws(Trouble) {
        guard let value = event.value, let id = try? EventId(event.id) else { return }
        try await send(
            value,
            CloudEventHeaders(
                id: id, source: topic.source, type: topic.name, subject: event.key, time: event.storedAt,
                ordering: event.ordering, traceparent: event.traceParent))
    }
}
