import FoundationEssentials
import Ledger

/// What has become of a request to publish an order, seen from its history alone.
struct PublicationProgress {
    /// How it ended.
    enum End: Equatable {
        /// NetSuite shows what Salesforce has.
        case settled(SettledOutcome)
        /// The publisher found nothing to publish, and says why.
        case notPublished(String)
    }

    /// What happened since the request that was not told yet, in time order.
    private(set) var news: [OrderEvent] = []
    /// Nil while it is under way.
    private(set) var end: End?
    /// Whether the publisher has answered.
    private(set) var isAnswered = false
    private var told: Set<String> = []

    /// Takes the newest state of the order's history.
    mutating func take(_ history: OrderHistory) {
        news = []
        // Requests are numbered as they come; the newest one is the one being followed, also where it was open before.
        let requests = history.events.filter { $0.kind == .publishRequested }
        guard let request = requests.max(by: { number($0) < number($1) }) else { return }
        isAnswered = request.detail != nil
        let events = history.events.filter { $0.at >= request.at }
        news = events.filter { told.insert(identity($0)).inserted }
        guard isAnswered else { return }
        guard let version = events.filter({ $0.kind == .published }).compactMap(\.version).max() else {
            end = .notPublished(request.detail ?? "")
            return
        }
        let settled = events.last { $0.kind == .settled && ($0.version ?? 0) >= version }
        end = settled.flatMap { $0.outcome.flatMap(SettledOutcome.init) }.map(End.settled)
    }

    private func number(_ request: OrderEvent) -> Int64 { request.reference.flatMap { Int64($0) } ?? 0 }

    private func identity(_ event: OrderEvent) -> String {
        "\(event.kind.rawValue) \(event.reference ?? "") \(event.version ?? 0) \(event.at.timeIntervalSince1970)"
            + (event.kind == .publishRequested ? " \(event.detail ?? "")" : "")
    }
}
