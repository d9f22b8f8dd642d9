import Contracts
import EventLoop
import NetSuite
import ServiceRuntime
import Telemetry

/// Counts items and publishes what is news of them, while one process leads.
@Loop
final class StockPublishing {
    private static let dueName = "unreadable items"

    private let client: NetSuiteClient
    private let prices: PriceListReading
    private let publication: ChangePublication<StockCount>
    private let cursors: Cursors
    private let measures: InventoryMeasures
    private let logger: Logger

    /// Which item each SKU was published of.
    private(set) var published = PublishedItems()
    private var due: DueItems
    /// The text of what is due, as it stands in the ledger.
    private var storedDue: String

    /// Knows what was published before, and what is due to be read again.
    init(
        client: NetSuiteClient, prices: PriceListReading, publication: ChangePublication<StockCount>,
        before: PublishedStock, cursors: Cursors, measures: InventoryMeasures, logger: Logger
    ) async throws {
        self.client = client
        self.prices = prices
        self.publication = publication
        self.cursors = cursors
        self.measures = measures
        self.logger = logger
        var published = PublishedItems()
        try await before.each { count in
            if let item = Int64(count.itemId) { published.note(count.sku, of: item) }
        }
        storedDue = try await cursors.read(Self.dueName) ?? ""
        due = DueItems(text: storedDue)
        self.published = published
    }

    /// Items that the poll that begins reads again.
    func beginPoll() -> [Int64] { due.turn() }

    /// Counts items and publishes what is news; those that cannot be read are due again, whatever becomes of the marks.
    func count(_ ids: [Int64], evenIfUnchanged: Bool, asOf now: UTCInstant) async throws {
        let counting = ItemCounting(client: client, prices: prices.list)
        for start in stride(from: 0, to: ids.count, by: NetSuiteClient.largestStockReading) {
            let chunk = Array(ids[start..<min(start + NetSuiteClient.largestStockReading, ids.count)])
            let result = try await counting.count(chunk, known: published, asOf: now)
            try await publish(result, of: chunk, evenIfUnchanged: evenIfUnchanged, asOf: now)
        }
    }

    /// Counts items whose rows were read already, and publishes all of them.
    func countAll(_ ids: [Int64], rows: [SuiteQLRow], asOf now: UTCInstant) async throws {
        let counting = ItemCounting(client: client, prices: prices.list)
        let result = try await counting.count(ids, items: rows, known: published, asOf: now)
        try await publish(result, of: ids, evenIfUnchanged: true, asOf: now)
    }

    /// Says again of SKUs that they are no item's any more.
    func publish(goneAgain gone: [StockCount]) async throws {
        measures.count(
            .gone, try await publication.publish(gone, evenIfUnchanged: true, under: cursors.leadership))
    }

    private func publish(
        _ result: StockCounting.Result, of ids: [Int64], evenIfUnchanged: Bool, asOf now: UTCInstant
    ) async throws {
        let counts = result.counted.map(\.count)
        let withdrawals = published.withdrawals(after: result).map {
            PublishedItems.gone($0.sku, item: $0.item, asOf: now)
        }
        let news = try await publication.publish(counts, evenIfUnchanged: evenIfUnchanged, under: cursors.leadership)
        let withdrawn = try await publication.publish(withdrawals, under: cursors.leadership)
        for item in result.counted { published.note(item.count.sku, of: item.id) }
        note(result, published: news, withdrawn: withdrawn)
        try await noteDue(result, of: ids)
    }

    private func note(_ result: StockCounting.Result, published: Int, withdrawn: Int) {
        measures.count(.published, published)
        measures.count(.unchanged, result.counted.count - published)
        measures.count(.gone, withdrawn)
        measures.count(.unreadable, result.unreadable.count)
        measures.count(.unusable, result.unusable.count)
        measures.count(.ambiguous, result.ambiguous.count)
        if published + withdrawn > 0 { logger.info("stock published", .count(published + withdrawn)) }
        warn(of: result.unreadable, "an item's stock or price cannot be read; it is read again")
        warn(of: result.unusable, "an item's number cannot be a SKU; it is left out")
        warn(of: result.ambiguous, "another item has the same number; this one is left out")
    }

    private func warn(of items: Set<Int64>, _ sentence: StaticString) {
        for id in items.sorted().prefix(5) { logger.warning(sentence, LogField(.netSuiteId, String(id))) }
    }

    /// Stored before a mark moves past what named the items.
    private func noteDue(_ result: StockCounting.Result, of ids: [Int64]) async throws {
        let forgotten = due.note(read: ids, unreadable: result.unreadable)
        if forgotten > 0 {
            logger.warning("too many items cannot be read: these wait for the count of all", .count(forgotten))
        }
        let text = due.text
        guard text != storedDue else { return }
        try await cursors.move(Self.dueName, to: text)
        storedDue = text
    }
}
