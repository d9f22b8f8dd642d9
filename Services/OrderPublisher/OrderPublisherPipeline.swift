import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// One poll, in the order in which things happen: send what is owed → find what was touched → read whole orders → decide
/// by digest → store → produce → move the cursor. Every write stands under the leader's fence.
@Loop
final class OrderPublisherPipeline {
    private let source: any OrderSource
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let configuration: OrderPublisherConfiguration
    private let owed: OwedEvents<OrderSnapshot>
    private let measures: PublisherMeasures
    private let logger: Logger
    private let time: any TimeSource

    private var term: Term?
    /// Told once it is durable from when activations are taken; again in each term.
    private let onStartKnown: @Loop @Sendable () -> Void
    /// Orders known to have left Activated, so that further edits of them are not counted again.
    private var knownAsLeft: Set<SalesforceId> = []

    /// What is known while one process leads.
    private struct Term {
        let leadership: Leadership
        let facts: OrganizationFacts
        let startedAt: UTCInstant
        let watches: [ChangeDetection]
    }

    init(
        source: any OrderSource, ledger: Ledger, patience: DatabasePatience,
        configuration: OrderPublisherConfiguration, measures: PublisherMeasures, logger: Logger,
        time: any TimeSource, onStartKnown: @escaping @Loop @Sendable () -> Void, send: @escaping EventProducer.Send
    ) {
        self.source = source
        self.ledger = ledger
        self.patience = patience
        self.configuration = configuration
        self.measures = measures
        self.logger = logger
        self.time = time
        self.onStartKnown = onStartKnown
        owed = .publications(
            in: ledger, patience: patience, measures: measures, logger: logger, time: time, send: send)
    }

    /// Polls once.
    /// - Throws: ``LeadershipLost``, a trouble of one of the systems, or `CancellationError`.
    func poll(under leadership: Leadership) async throws {
        let term = try await begin(leadership)
        try await owed.produceOpen(under: leadership)
        for watch in term.watches { watch.beginPoll() }
        while term.watches.contains(where: { !$0.isComplete }) { try await readPages(term) }
        try await answerRequests(term)
        measures.notePoll(usage: source.usage, cursors: term.watches.map(\.cursor.stamp), now: source.serverTime)
    }

    // MARK: - Begin

    private func begin(_ leadership: Leadership) async throws -> Term {
        if let term, term.leadership == leadership { return term }
        let facts = try await OrganizationFacts.read(
            from: source, custom: configuration.customFields, skuSource: configuration.skuSource,
            currency: configuration.currency)
        let startedAt = try await startedAt(leadership)
        onStartKnown()
        var watches: [ChangeDetection] = []
        for object in ChangeDetection.Object.allCases {
            let text = try await patience.untilAnswered { try await self.ledger.cursor(object.cursorName) }
            watches.append(
                ChangeDetection(
                    object: object, cursor: text.flatMap(WatchCursor.init(text:)) ?? WatchCursor(stamp: startedAt),
                    overlap: configuration.overlap, source: source))
        }
        let term = Term(leadership: leadership, facts: facts, startedAt: startedAt, watches: watches)
        self.term = term
        return term
    }

    private static let startName = "order-publisher.start"

    /// From when activations are taken: kept from the very first start.
    private func startedAt(_ leadership: Leadership) async throws -> UTCInstant {
        if let text = try await patience.untilAnswered({ try await self.ledger.cursor(Self.startName) }),
            let instant = try? UTCInstant(text)
        {
            return instant
        }
        // Salesforce's clock: its stamps are compared with this.
        let start: UTCInstant = if let from = configuration.startFrom { from } else { try await source.presentTime() }
        let leftOut = try await source.count(
            "SELECT COUNT() FROM Order WHERE StatusCode = 'Activated' AND ActivatedDate < \(start)")
        try await patience.untilAnswered {
            try await self.ledger.moveCursor(Self.startName, to: start.text, under: leadership)
        }
        logger.info(
            "first start: orders activated before this instant are left out until they are asked for",
            LogField(.instant, start.text), .count(leftOut))
        return start
    }

    // MARK: - Poll

    private func readPages(_ term: Term) async throws {
        var pages: [(watch: ChangeDetection, fresh: [ChangedRow], end: WatchCursor)] = []
        for watch in term.watches where !watch.isComplete {
            let page = try await watch.nextPage()
            pages.append((watch, page.fresh, page.end))
        }
        let rows = pages.flatMap(\.fresh)
        let inactive = rows.filter { $0.statusCode != nil && $0.statusCode != "Activated" }
        try await noteLeft(inactive.map { ($0.orderId, $0.status ?? "", $0.stamp) })
        let left = Set(inactive.map(\.orderId))
        let ids = Set(rows.map(\.orderId)).subtracting(left).sorted()
        if !ids.isEmpty { crashPoint("changes-read") }
        var readings: [SalesforceId: OrderRecords] = [:]
        for start in stride(from: 0, to: ids.count, by: OrderReading.chunkSize) {
            let chunk = Array(ids[start..<min(start + OrderReading.chunkSize, ids.count)])
            for reading in try await publish(chunk, term).read {
                if let id = try? SalesforceId(reading.orderId) { readings[id] = reading }
            }
        }
        for page in pages {
            let dealtWith = page.fresh.filter { left.contains($0.orderId) || $0.isCovered(by: readings[$0.orderId]) }
            guard let cursor = page.watch.finish(dealtWith, end: page.end) else { continue }
            try await patience.moveCursor(
                page.watch.object.cursorName, to: cursor.text, in: ledger, under: term.leadership)
        }
    }

    /// An order that leaves Activated is counted and shown; nothing is sent.
    private func noteLeft(_ orders: [(id: SalesforceId, status: String, stamp: UTCInstant)]) async throws {
        let fresh = orders.filter { !knownAsLeft.contains($0.id) }
        guard !fresh.isEmpty else { return }
        let published = try await patience.untilAnswered {
            try await self.ledger.lastPublications(of: fresh.map(\.id.text))
        }
        for order in fresh where published[order.id.text] != nil {
            try await patience.untilAnswered {
                try await self.ledger.recordLeftActivated(
                    orderId: order.id.text, status: order.status,
                    stampMilliseconds: order.stamp.millisecondsSinceEpoch)
            }
            knownAsLeft.insert(order.id)
            measures.count(.leftActivated)
            logger.info("a published order is no longer active; nothing is sent", .orderId(order.id.text))
        }
    }

    private func answerRequests(_ term: Term) async throws {
        let requests = try await patience.untilAnswered { try await self.ledger.publishRequests() }
        guard !requests.isEmpty else { return }
        var byOrder: [SalesforceId: PublishRequest] = [:]
        for request in requests {
            if let id = try? SalesforceId(request.orderId), byOrder[id] == nil { byOrder[id] = request }
        }
        let unanswered = try await publish(byOrder.keys.sorted(), term, requests: byOrder).unanswered
        for (reason, ids) in unanswered {
            try await patience.untilAnswered {
                try await self.ledger.closePublishRequests(ids, answer: reason)
            }
        }
    }

    // MARK: - Publish

    /// Reads orders afresh and publishes what is new.
    /// - Returns: what was read, and requests that led to no publication, by the reason.
    private func publish(
        _ ids: [SalesforceId], _ term: Term, requests: [SalesforceId: PublishRequest] = [:]
    ) async throws -> (read: [OrderRecords], unanswered: [String: [Int64]]) {
        let read = try await OrderReading(source: source, fields: term.facts.fields).orders(ids)
        crashPoint("snapshot-read")
        let last = try await patience.untilAnswered { try await self.ledger.lastPublications(of: ids.map(\.text)) }
        var selection = PublicationSelection(
            facts: term.facts, startedAt: term.startedAt, last: last, requests: requests,
            now: (source.serverTime ?? UTCInstant(date: time.wallClock)).date)
        for records in read { selection.take(records) }
        knownAsLeft.subtract(selection.active)
        try await noteLeft(selection.inactive)
        measures.count(selection.counts)
        if !selection.unreadable.isEmpty {
            let unreadable = selection.unreadable
            logger.warning("orders cannot be read as they are; see the dead letters", .count(unreadable.count))
            try await patience.untilAnswered {
                try await self.ledger.recordUnreadable(unreadable, under: term.leadership)
            }
        }
        if !selection.publications.isEmpty {
            let publications = selection.publications
            let stored = try await patience.untilAnswered {
                try await self.ledger.insertPublications(publications, under: term.leadership)
            }
            crashPoint("publication-committed")
            try await owed.produce(stored.map { StoredEvent($0, now: time.wallClock) })
        }
        return (read, selection.unansweredRequests)
    }
}
