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
    /// `isLookedUp`: the record service was asked too, and has it or refuses to say.
    case notShown(isLookedUp: Bool)
    /// Something of it cannot be read: what, in words.
    case unreadable(String)
}

/// Reads how orders stand, up to 200 with a handful of queries.
@Loop
final class ProgressReading {
    /// Orders that are not shown, looked up one by one at a poll.
    private static let mostLookUps = 20

    /// So long an account without a table of currencies is not asked for it again: a permission may be given meanwhile.
    private static let currenciesLifetime: Int64 = 600_000

    private let client: NetSuiteClient
    private let accountCurrency: String?
    private(set) var lacksTrackingNumbers = false
    private var currencies: (codes: [String: String], readAt: UTCInstant)?
    private var lookUps = 0

    /// - Parameter accountCurrency: ISO 4217 code of orders where NetSuite shows no table of currencies.
    init(client: NetSuiteClient, accountCurrency: String?) {
        self.client = client
        self.accountCurrency = accountCurrency
    }

    /// Whether amounts have no currency: NetSuite shows none, and none is configured.
    var lacksCurrency: Bool { currencies?.codes.isEmpty == true && accountCurrency == nil }

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
        let rendering = ProgressRendering(
            currencies: try await currencies(for: facts, at: asOf), accountCurrency: accountCurrency)
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
                let progress = rendering.progress(of: found, orderId: orderId, asOf: asOf)
                readings[id] =
                    progress.problem.map { .unreadable($0) } ?? .progress(progress, documents: found.documents)
            } else {
                switch try await isGone(id, isListed: deletedOrders.contains(id)) {
                case true?: readings[id] = .deleted(ProgressRendering.deleted(id, orderId: orderId, asOf: asOf))
                case false?: readings[id] = .notShown(isLookedUp: true)
                case nil: readings[id] = .notShown(isLookedUp: false)
                }
            }
        }
        return readings
    }

    /// Whether an order that queries do not show is deleted: listed as such, or unknown to the record service. Queries can
    /// lag behind, and then it is neither. Nil where the poll's look-ups are used up.
    private func isGone(_ id: Int64, isListed: Bool) async throws -> Bool? {
        if isListed { return true }
        guard lookUps < Self.mostLookUps else { return nil }
        lookUps += 1
        do throws(NetSuiteFailure) {
            return try await client.salesOrder(.internalId(String(id)), includingLines: false) == nil
        } catch {
            guard case .refused = error else { throw error }
            return false
        }
    }

    private func currencies(for facts: OrderFactsReading, at now: UTCInstant) async throws -> [String: String] {
        let needed = Set(facts.facts.values.compactMap(\.currencyId))
        if let (codes, readAt) = currencies {
            let age = now.millisecondsSinceEpoch - readAt.millisecondsSinceEpoch
            let isHeld = codes.isEmpty ? (0..<Self.currenciesLifetime).contains(age) : needed.isSubset(of: codes.keys)
            if isHeld { return codes }
        }
        let codes = try await client.currencyCodes()
        currencies = (codes, now)
        return codes
    }
}
