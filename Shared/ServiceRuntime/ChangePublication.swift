public import Contracts
import CrashPoints
public import EventLoop
public import Ledger
public import Telemetry

/// Publishes what a watch read, once per change: stored under the leader's fence, then produced, then acknowledged.
///
/// A process that ends in between leaves a state that is stored and not acknowledged; ``finishOpen(under:)`` produces it
/// with the same event id. Whoever reads the same content again stores nothing, so a cursor may stand behind the states.
@Loop
public final class ChangePublication<Message: NetSuiteState> {
    private let topic: Topic<Message>
    private let keepsHistory: Bool
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let logger: Logger
    private let time: any TimeSource
    private let owed: OwedEvents<Message>
    /// States in one statement.
    private let chunk = 500

    /// - Parameters:
    ///   - keepsHistory: whether all states of a key are kept, or its newest alone.
    ///   - send: gives an event to Kafka.
    public init(
        topic: Topic<Message>, keepsHistory: Bool, ledger: Ledger, patience: DatabasePatience, logger: Logger,
        time: any TimeSource, send: @escaping EventProducer.Send
    ) {
        self.topic = topic
        self.keepsHistory = keepsHistory
        self.ledger = ledger
        self.patience = patience
        self.logger = logger
        self.time = time
        owed = OwedEvents(
            topic: topic, logger: logger,
            open: { leadership in
                try await patience.untilAnswered {
                    try await ledger.unacknowledgedStates(topic: topic.name, limit: 200, under: leadership)
                }.map(StoredEvent.init)
            },
            send: send,
            acknowledge: { eventIds in
                crashPoint("state-produced")
                try await patience.untilAnswered { try await ledger.acknowledgeStates(eventIds) }
                crashPoint("state-acknowledged")
            })
    }

    /// Over a producer of the topic's events.
    public convenience init(
        topic: Topic<Message>, keepsHistory: Bool, ledger: Ledger, producer: EventProducer,
        patience: DatabasePatience, logger: Logger, time: any TimeSource
    ) {
        self.init(
            topic: topic, keepsHistory: keepsHistory, ledger: ledger, patience: patience, logger: logger, time: time
        ) { (value, headers) async throws(Trouble) in
            try await producer.send(topic, value: value, headers: headers)
        }
    }

    /// Publishes those states that differ from what was published of their keys before; of a key that is given twice, the
    /// later one.
    ///
    /// A state whose message is too large for Kafka is left out and logged: stored, it would stand in the way of all others.
    ///
    /// - Parameter evenIfUnchanged: publishes all of them, so that readers see that they are still so.
    /// - Returns: how many were published.
    /// - Throws: ``LeadershipLost``, ``Trouble`` of Kafka, what the ledger throws, or `CancellationError`.
    @discardableResult
    public func publish(
        _ states: [Message], evenIfUnchanged: Bool = false, under leadership: Leadership
    ) async throws -> Int {
        var published = 0
        for start in stride(from: 0, to: states.count, by: chunk) {
            published += try await publish(
                chunk: states[start..<min(start + chunk, states.count)], evenIfUnchanged, leadership)
        }
        return published
    }

    /// Produces what was stored and never acknowledged, by this leader or one before it; first thing of each poll.
    @discardableResult
    public func finishOpen(under leadership: Leadership) async throws -> Int {
        try await owed.produceOpen(under: leadership)
    }

    private func publish(
        chunk: ArraySlice<Message>, _ evenIfUnchanged: Bool, _ leadership: Leadership
    ) async throws -> Int {
        let byKey = Dictionary(chunk.map { (topic.key(of: $0), $0) }, uniquingKeysWith: { $1 })
        let keys = byKey.keys.sorted()
        let newest = try await patience.untilAnswered { [ledger, topic] in
            try await ledger.newestStates(topic: topic.name, keys: keys)
        }
        let new = keys.compactMap { key in
            byKey[key].map { newState($0, key: key, above: newest[key]?.asOfMilliseconds) }
        }.filter { isSendable($0) }
        let stored = try await patience.untilAnswered { [ledger, topic, keepsHistory] in
            try await ledger.storeStates(
                new, topic: topic.name, evenIfUnchanged: evenIfUnchanged, keepsHistory: keepsHistory,
                under: leadership)
        }
        guard !stored.isEmpty else { return 0 }
        crashPoint("state-stored")
        try await owed.produce(stored.map(StoredEvent.init))
        return stored.count
    }

    private func isSendable(_ state: NewState) -> Bool {
        guard state.value.count > EventProducer.maximumValueBytes else { return true }
        logger.error(
            "a state is not published: its message is larger than Kafka takes", .topic(topic.name),
            LogField(.component, state.key), LogField(.bytes, state.value.count))
        return false
    }

    /// Two readings within one millisecond, or after NetSuite's clock was set back, are two states all the same.
    private func newState(_ message: Message, key: String, above newest: Int64?) -> NewState {
        var (message, content) = (message, message)
        if let newest, message.asOf.millisecondsSinceEpoch <= newest {
            message.asOf = UTCInstant(millisecondsSinceEpoch: newest + 1)
        }
        content.asOf = UTCInstant(millisecondsSinceEpoch: 0)
        return NewState(
            key: key, asOfMilliseconds: message.asOf.millisecondsSinceEpoch, content: topic.encode(content),
            value: topic.encode(message), eventId: EventId.new(at: time.wallClock).text,
            traceParent: TraceContext.new().traceparent)
    }
}

extension StoredEvent {
    fileprivate init(_ state: PublishedState) {
        self.init(
            id: state.eventId, key: state.key, ordering: state.asOfMilliseconds,
            storedAt: UTCInstant(date: state.storedAt), traceParent: state.traceParent, value: state.value)
    }
}
