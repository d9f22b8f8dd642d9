import Contracts
import FoundationEssentials
import JSONText
import Ledger
import Telemetry

/// What a reading of some orders leads to: what to store, what to say, what to count.
struct PublicationSelection {
    /// What happens to a reading, for counting.
    enum Event: String, Sendable, CaseIterable {
        case published
        case unchanged
        case stale
        case leftOut = "left_out"
        case unreadable
        case leftActivated = "left_activated"
    }

    private let facts: OrganizationFacts
    private let startedAt: UTCInstant
    private let last: [String: Publication]
    private let requests: [SalesforceId: PublishRequest]
    private let now: Date

    private(set) var publications: [Publication] = []
    private(set) var unreadable: [UnreadableOrder] = []
    /// Orders that are active.
    private(set) var active: Set<SalesforceId> = []
    /// Orders that are there and not active.
    private(set) var inactive: [(id: SalesforceId, status: String, stamp: UTCInstant)] = []
    private(set) var counts: [Event: Int] = [:]
    private var requestAnswers: [Int64: String]

    init(
        facts: OrganizationFacts, startedAt: UTCInstant, last: [String: Publication],
        requests: [SalesforceId: PublishRequest], now: Date
    ) {
        self.facts = facts
        self.startedAt = startedAt
        self.last = last
        self.requests = requests
        self.now = now
        requestAnswers = Dictionary(
            requests.values.map { ($0.id, "Salesforce has no such order, or this user may not see it") },
            uniquingKeysWith: { first, _ in first })
    }

    /// Requests that led to no publication, by the reason.
    var unansweredRequests: [String: [Int64]] {
        Dictionary(grouping: requestAnswers.keys.sorted()) { requestAnswers[$0] ?? "" }
    }

    /// Decides about one order.
    mutating func take(_ records: OrderRecords) {
        guard let id = try? SalesforceId(records.orderId) else { return }
        let request = requests[id]
        guard let stamp = records.newestStamp else {
            return refuse(
                records, id, request,
                UnusableOrder(field: "SystemModstamp", reason: "the stamp cannot be read", mend: "report this"))
        }
        guard records.isActivated else {
            inactive.append((id, records.order["Status"]?.string ?? "", stamp))
            if let request { requestAnswers[request.id] = "the order is not active in Salesforce" }
            return
        }
        active.insert(id)
        let previous = last[id.text].map { publication in
            VersionDecision.Last(
                version: publication.version, stampMilliseconds: publication.stampMilliseconds,
                hasSameDigest: OrderDigest.isSame(
                    records, as: publication.digest, over: publication.digestFields))
        }
        switch VersionDecision.decide(
            stamp: stamp, activatedAt: records.activatedAt, last: previous, startedAt: startedAt,
            // An order whose change was undone is sent again too: its letter is open, and closes with that.
            isRequested: request != nil || last[id.text]?.hasUnreadableSuccessor == true)
        {
        case .leftOut: counts[.leftOut, default: 0] += 1
        case .unchanged: counts[.unchanged, default: 0] += 1
        case .stale:
            counts[.stale, default: 0] += 1
            // The next poll reads again: the request stays open.
            if let request { requestAnswers[request.id] = nil }
        case .publish(let version): publish(records, id, version: version, stamp: stamp, request)
        }
    }

    private mutating func publish(
        _ records: OrderRecords, _ id: SalesforceId, version: Int64, stamp: UTCInstant, _ request: PublishRequest?
    ) {
        let snapshot: OrderSnapshot
        do throws(UnusableOrder) {
            snapshot = try facts.building.snapshot(of: records, version: version)
        } catch {
            return refuse(records, id, request, error)
        }
        let digest = OrderDigest(of: records, over: facts.fields.digest)
        publications.append(
            Publication(
                orderId: id.text, version: version, digest: digest.bytes, digestFields: digest.fieldsText,
                stampMilliseconds: stamp.millisecondsSinceEpoch, eventId: EventId.new(at: now).text,
                traceParent: TraceContext.new().traceparent, payload: snapshot.encode(), requestId: request?.id,
                currency: snapshot.currency))
        if let request { requestAnswers[request.id] = nil }
    }

    private mutating func refuse(
        _ records: OrderRecords, _ id: SalesforceId, _ request: PublishRequest?, _ reason: UnusableOrder
    ) {
        counts[.unreadable, default: 0] += 1
        unreadable.append(
            UnreadableOrder(
                orderId: id.text, orderNumber: records.order["OrderNumber"]?.string,
                content: DeadLetterContent(reason)))
        if let request { requestAnswers[request.id] = "the order cannot be read as it is: see its dead letter" }
    }
}
