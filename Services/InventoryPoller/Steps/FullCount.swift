import Contracts
import EventLoop
import NetSuite
import ServiceRuntime
import Telemetry

/// The count of all items, a few pieces a poll, while one process leads.
@Loop
final class FullCount {
    /// Pieces between two looks at what was changed.
    nonisolated static let piecesOfPoll = 4
    private static let cursorName = "count"

    private let plan: FullCountPlan
    private let client: NetSuiteClient
    private let prices: PriceListReading
    private let stock: StockPublishing
    private let before: PublishedStock
    private let cursors: Cursors
    private let measures: InventoryMeasures
    private let logger: Logger
    private var cursor: FullCountCursor?

    /// Stands where the count stood before.
    init(
        plan: FullCountPlan, client: NetSuiteClient, prices: PriceListReading, stock: StockPublishing,
        before: PublishedStock, cursors: Cursors, measures: InventoryMeasures, logger: Logger
    ) async throws {
        self.plan = plan
        self.client = client
        self.prices = prices
        self.stock = stock
        self.before = before
        self.cursors = cursors
        self.measures = measures
        self.logger = logger
        cursor = try await cursors.read(Self.cursorName).flatMap(FullCountCursor.init(text:))
    }

    /// Goes on with the count where one is due, some pieces at a time.
    /// - Returns: whether there is more of it to do.
    func goOn(_ moment: WatchMoment) async throws -> Bool {
        guard var next = plan.next(cursor, now: moment.now, rules: moment.rules), var progress = next.progress
        else { return false }
        if progress.lastItem == 0 {
            logger.info("counting all items", LogField(.instant, progress.startedAt.text))
            try await prices.read(at: moment.now)
        }
        for _ in 0..<Self.piecesOfPoll {
            let page = try await client.stockItems(after: progress.lastItem)
            let ids = page.rows.compactMap { $0.wholeNumber("id") }
            guard let last = ids.max() else {
                guard page.rows.isEmpty else { throw Trouble(.netSuite, "no item of a page has an id") }
                try await finish(progress, day: next.day, asOf: moment.now)
                return false
            }
            try await stock.countAll(ids, rows: page.rows, asOf: moment.now)
            progress.lastItem = last
            next.progress = progress
            try await move(to: next)
        }
        return true
    }

    /// What was published before and was not counted now: it was deleted or renamed while nobody watched, or could not be
    /// read. What is gone already is said again without asking, so that it is as fresh as everything else.
    private func finish(_ progress: FullCountCursor.Progress, day: CalendarDate, asOf now: UTCInstant) async throws {
        var left: Set<Int64> = []
        try await before.each(before: progress.startedAt) { count in
            if let item = Int64(count.itemId), !PublishedItems.isGone(count) { left.insert(item) }
        }
        try await stock.count(left.sorted(), evenIfUnchanged: true, asOf: now)
        // Those that were just counted are not among them: one of them may have a number that was gone.
        var gone: [StockCount] = []
        try await before.each(before: progress.startedAt) { count in
            guard let item = Int64(count.itemId), PublishedItems.isGone(count) else { return }
            gone.append(PublishedItems.gone(count.sku, item: item, asOf: now))
        }
        try await stock.publish(goneAgain: gone)
        try await move(to: FullCountCursor(day: day, progress: nil))
        measures.noteFullCount()
        logger.info("all items are counted", LogField(.instant, progress.startedAt.text))
    }

    private func move(to cursor: FullCountCursor) async throws {
        try await cursors.move(Self.cursorName, to: cursor.text)
        self.cursor = cursor
    }
}
