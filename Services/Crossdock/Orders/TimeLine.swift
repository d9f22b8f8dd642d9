import Contracts
import FoundationEssentials
import Ledger

/// One line of an order's page: what the ledger recorded, or what became different in NetSuite.
struct TimeLineEntry: Equatable {
    /// When (PostgreSQL's clock).
    let at: Date
    /// One word for programs.
    let kind: String
    /// The same for people.
    let words: String
    var version: Int64?
    var outcome: String?
    var detail: String?
    var by: String?
    /// Id of a message, attempt or letter, or a document's number.
    var reference: String?
    var traceParent: String?
    /// What stands in the last column.
    let text: String
}

/// What happened to an order, and how it stands in NetSuite.
struct TimeLine {
    /// In time order.
    let entries: [TimeLineEntry]
    /// The present progress; nil before the watch has seen the order.
    let progress: OrderProgress?

    init(_ events: [OrderEvent], _ states: [PublishedState]) {
        var progress: OrderProgress?
        var changes: [TimeLineEntry] = []
        for state in states {
            // What this version cannot read was published by a newer one.
            guard let next = try? OrderProgress.decode(state.value) else { continue }
            for change in ProgressChange.all(from: progress, to: next) {
                changes.append(TimeLineEntry(change, state))
            }
            progress = next
        }
        self.progress = progress
        entries = Self.merged(events.map(TimeLineEntry.init), changes)
    }

    /// Both are in time order; of equal times the ledger's comes first.
    private static func merged(_ left: [TimeLineEntry], _ right: [TimeLineEntry]) -> [TimeLineEntry] {
        var merged: [TimeLineEntry] = []
        var rest = right[...]
        for entry in left {
            let earlier = rest.prefix { $0.at < entry.at }
            merged += earlier
            rest = rest.dropFirst(earlier.count)
            merged.append(entry)
        }
        return merged + rest
    }
}

extension TimeLineEntry {
    init(_ event: OrderEvent) {
        self.init(
            at: event.at, kind: event.kind.rawValue, words: TimeLineEntry.words(event.kind), version: event.version,
            outcome: event.outcome, detail: event.detail, by: event.by, reference: event.reference,
            traceParent: event.traceParent,
            text: [event.detail, event.by.map { "by \($0)" }, event.reference].compactMap { $0 }
                .joined(separator: " · "))
    }

    init(_ change: ProgressChange, _ state: PublishedState) {
        let detail = change.parts.isEmpty ? nil : change.parts.joined(separator: " · ")
        self.init(
            at: state.storedAt, kind: change.kind.rawValue, words: ProgressWords.words(change.kind),
            outcome: change.outcome, detail: detail, reference: change.number, traceParent: state.traceParent,
            text: [change.number, detail].compactMap { $0 }.joined(separator: " · "))
    }

    private static func words(_ kind: OrderEvent.Kind) -> String {
        switch kind {
        case .published: "version found"
        case .acknowledged: "published"
        case .publishRequested: "publication asked for"
        case .leftActivated: "no longer activated"
        case .attemptStarted: "attempt begun"
        case .attemptEnded: "attempt ended"
        case .settled: "settled"
        case .settlementPublished: "settlement published"
        case .shown: "shown in Salesforce"
        case .letterOpened: "dead letter opened"
        case .letterReplayed: "dead letter replayed"
        case .letterReplayFailed: "replay failed"
        case .letterClosed: "dead letter closed"
        case .letterReopened: "dead letter opened again"
        case .letterNoted: "noted at the dead letter"
        case .held: "held"
        }
    }
}
