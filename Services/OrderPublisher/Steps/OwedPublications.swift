import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
import Ledger
import ServiceRuntime
import Telemetry

extension OwedEvents<OrderSnapshot> {
    /// Versions that were stored and that Kafka has not confirmed, or that are owed again since Kafka lost messages.
    static func publications(
        in ledger: Ledger, patience: DatabasePatience, measures: PublisherMeasures, logger: Logger,
        time: any TimeSource, send: @escaping EventProducer.Send
    ) -> OwedEvents {
        OwedEvents(
            topic: .orderSubmitted, logger: logger,
            open: { leadership in
                try await patience.untilAnswered {
                    try await ledger.unacknowledgedPublications(under: leadership)
                }.map { StoredEvent($0, now: time.wallClock) }
            },
            send: { (value, headers) async throws(Trouble) in
                crashPoint("before-produce")
                try await send(value, headers)
                crashPoint("report-seen")
                measures.count(.published)
                logger.info(
                    "order published", .orderId(headers.subject), .version(headers.ordering),
                    .messageId(headers.id.text), .traceId(headers.traceparent.flatMap(TraceContext.init)?.traceId ?? "")
                )
            },
            acknowledge: { eventIds in
                try await patience.untilAnswered { try await ledger.acknowledgePublications(eventIds) }
                crashPoint("marked-acknowledged")
            })
    }
}

extension StoredEvent {
    /// - Parameter now: when it was stored, where the ledger does not say.
    init(_ publication: Publication, now: Date) {
        self.init(
            id: publication.eventId, key: publication.orderId, ordering: publication.version,
            storedAt: UTCInstant(date: publication.createdAt ?? now), traceParent: publication.traceParent,
            value: publication.payload)
    }
}
