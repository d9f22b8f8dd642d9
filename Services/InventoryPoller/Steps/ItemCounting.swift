import Contracts
import EventLoop
import NetSuite
import ServiceRuntime

/// Reads the stock of items, up to 500 with three queries, and makes counts of it.
@Loop
struct ItemCounting {
    /// The most rows without an item that are taken for damaged rows, and not for a damaged answer.
    nonisolated static let mostUnattributed = 10

    let client: NetSuiteClient
    let prices: PriceList

    private var counting: StockCounting { StockCounting(currency: prices.currency) }

    /// Counts items by internal id, with those that had their numbers before.
    ///
    /// A row that does not say its item is looked for by halves, so that it costs one item and not five hundred.
    func count(
        _ ids: [Int64], known: PublishedItems, asOf: UTCInstant
    ) async throws -> StockCounting.Result {
        let items = try await client.stockItems(ids)
        return try await count(ids, items: items, known: known, asOf: asOf)
    }

    /// Counts items whose rows were read already.
    func count(
        _ ids: [Int64], items: [SuiteQLRow], known: PublishedItems, asOf: UTCInstant
    ) async throws -> StockCounting.Result {
        var reading = StockReading(
            asked: ids, items: items, stock: try await client.stockByLocation(of: ids),
            prices: try await listPrices(of: ids))
        let owners = Self.owners(reading, known)
        if !owners.isEmpty {
            reading.items += try await client.stockItems(owners)
            reading.stock += try await client.stockByLocation(of: owners)
            reading.prices += try await listPrices(of: owners)
        }
        let result = counting.result(of: reading, asOf: asOf)
        guard result.unattributed > 0 else { return result }
        guard result.unattributed <= Self.mostUnattributed else {
            throw Trouble(.netSuite, "\(result.unattributed) rows of stock or prices do not say of which item they are")
        }
        return try await halves(ids, known: known, asOf: asOf)
    }

    private func halves(
        _ ids: [Int64], known: PublishedItems, asOf: UTCInstant
    ) async throws -> StockCounting.Result {
        guard ids.count > 1 else {
            var result = StockCounting.Result()
            result.unreadable = Set(ids)
            return result
        }
        var first = try await count(Array(ids[..<(ids.count / 2)]), known: known, asOf: asOf)
        first.add(try await count(Array(ids[(ids.count / 2)...]), known: known, asOf: asOf))
        return first
    }

    private func listPrices(of ids: [Int64]) async throws -> [SuiteQLRow] {
        guard let query = prices.query else { return [] }
        return try await client.prices(of: ids, query)
    }

    /// Items that are not among those read and were published under a number that one of these has now.
    private static func owners(_ reading: StockReading, _ known: PublishedItems) -> [Int64] {
        let read = Set(reading.items.compactMap { $0.wholeNumber("id") }).union(reading.asked)
        let owners = reading.items.compactMap { $0.text("itemid") }.compactMap { known.item(of: $0) }
        return Set(owners).subtracting(read).sorted()
    }
}

extension StockCounting.Result {
    /// Adds what another reading says.
    mutating func add(_ other: StockCounting.Result) {
        counted += other.counted
        unreadable.formUnion(other.unreadable)
        unusable.formUnion(other.unusable)
        ambiguous.formUnion(other.ambiguous)
        absent.formUnion(other.absent)
    }
}
