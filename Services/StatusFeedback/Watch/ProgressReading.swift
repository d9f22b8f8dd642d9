import Contracts
import EventLoop
import Ledger
import NetSuite
import ServiceRuntime

/// What a reading says of one order.
enum OrderReading: Sendable, Equatable {
    /// How it stands; with the ids of all its documents.
    case progress(OrderProgress, documents: Set<Int64>)
    /// It is gone from NetSuite, which is proven.
    case deleted(OrderProgress)
    /// NetSuite's queries do not show it, and nothing proves that it is gone.
    case notShown
    /// Something of it cannot be read: what, in words.
    case unreadable(String)
}

/// Reads how orders stand, up to 200 with a handful of queries.
@Loop
final class ProgressReading {
    /// Orders that are not shown, looked up one by one at a poll.
    private static let mostLookUps = 20

    private let client: NetSuiteClient
    private(set) var lacksTrackingNumbers = false
    private var currencies: [String: String]?
    private var lookUps = 0

    init(client: NetSuiteClient) {
        self.client = client
    }

    /// A poll begins.
    func beginPoll() { lookUps = 0 }

    /// Reads orders.
    ///
    /// - Parameters:
    ///   - deletedOrders: sales orders that NetSuite lists as deleted.
    ///   - asOf: NetSuite's time from before the reading.
    func read(
        _ orders: [WatchedOrder], deletedOrders: Set<Int64>, asOf: UTCInstant
    ) async throws -> [Int64: OrderReading] {
        let facts = try await client.orderFacts(orders.map(\.netSuiteId))
        lacksTrackingNumbers = facts.lacksTrackingNumbers
        let rendering = ProgressRendering(currencies: try await currencies(for: facts))
        var readings: [Int64: OrderReading] = [:]
        for order in orders {
            let id = order.netSuiteId
            guard let orderId = try? SalesforceId(complete: order.orderId) else {
                readings[id] = .unreadable("the ledger's order id is none")
                continue
            }
            if let reason = facts.unreadable[id] {
                readings[id] = .unreadable(reason)
            } else if let found = facts.facts[id] {
                readings[id] = .progress(
                    rendering.progress(of: found, orderId: orderId, asOf: asOf), documents: found.documents)
            } else if try await isGone(id, isListed: deletedOrders.contains(id)) {
                readings[id] = .deleted(ProgressRendering.deleted(id, orderId: orderId, asOf: asOf))
            } else {
                readings[id] = .notShown
            }
        }
        return readings
    }

    /// Whether an order that queries do not show is deleted: listed as such, or unknown to the record service. Queries can
    /// lag behind, and then it is neither.
    private func isGone(_ id: Int64, isListed: Bool) async throws -> Bool {
        if isListed { return true }
        guard lookUps < Self.mostLookUps else { return false }
        lookUps += 1
        do throws(NetSuiteFailure) {
            return try await client.salesOrder(.internalId(String(id)), includingLines: false) == nil
        } catch {
            guard case .refused = error else { throw error }
            return false
        }
    }

    private func currencies(for facts: OrderFactsReading) async throws -> [String: String] {
        let needed = Set(facts.facts.values.compactMap(\.currencyId))
        if let currencies, needed.isSubset(of: currencies.keys) || currencies.isEmpty { return currencies }
        let read = try await client.currencyCodes()
        currencies = read
        return read
    }
}
