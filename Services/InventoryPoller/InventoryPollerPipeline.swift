import Contracts
import CrashPoints
import EventLoop
import Ledger
import NetSuite
import NetSuiteAccess
import ServiceRuntime
import Telemetry

/// One poll, in the order in which things happen: produce what is owed → find what was changed → count those items →
/// publish what is news → move the cursor; then, when it is due, a piece of the count of all items.
@Loop
final class InventoryPollerPipeline {
    /// Pieces of a full count between two looks at what was changed.
    nonisolated static let piecesOfPoll = 4
    /// Between two looks at what was deleted: nobody waits for that as for stock.
    nonisolated static let deletionInterval = Duration.seconds(300)

    private let account: WatchedAccount
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let publication: ChangePublication<StockCount>
    private let configuration: InventoryPollerConfiguration
    private let plan: FullCountPlan
    private let measures: InventoryMeasures
    private let health: Health
    private let logger: Logger
    private let time: any TimeSource

    private var term: Term?
    /// Whether the next poll should follow at once: a full count goes on, or a scan was cut.
    private(set) var hasWorkLeft = false

    /// What is known while one process leads.
    @Loop
    private final class Term {
        let leadership: Leadership
        var prices: PriceList
        let changes: [ChangeScan]
        /// Nil where the role does not see what was deleted.
        var deletions: ChangeScan?
        var deletionsReadAt: MonotonicInstant?
        var published: PublishedItems
        var fullCount: FullCountCursor?

        init(
            leadership: Leadership, prices: PriceList, changes: [ChangeScan], deletions: ChangeScan,
            published: PublishedItems, fullCount: FullCountCursor?
        ) {
            self.leadership = leadership
            self.prices = prices
            self.changes = changes
            self.deletions = deletions
            self.published = published
            self.fullCount = fullCount
        }
    }

    init(
        account: WatchedAccount, ledger: Ledger, patience: DatabasePatience,
        publication: ChangePublication<StockCount>, configuration: InventoryPollerConfiguration,
        measures: InventoryMeasures, health: Health, logger: Logger, time: any TimeSource
    ) {
        self.account = account
        self.ledger = ledger
        self.patience = patience
        self.publication = publication
        self.configuration = configuration
        plan = FullCountPlan(hour: configuration.fullCountHour)
        self.measures = measures
        self.health = health
        self.logger = logger
        self.time = time
    }

    /// Polls once.
    /// - Throws: ``LeadershipLost``, a trouble of one of the systems, or `CancellationError`.
    func poll(under leadership: Leadership) async throws {
        hasWorkLeft = false
        try await publication.finishOpen(under: leadership)
        let moment = try await account.moment()
        let term = try await begin(leadership, at: moment)
        var scans = term.changes
        let isDeletionDue = term.deletionsReadAt.map { time.now - $0 >= Self.deletionInterval } ?? true
        if let deletions = term.deletions, isDeletionDue { scans.append(deletions) }
        for scan in scans { scan.begin(moment) }
        while scans.contains(where: { !$0.isComplete }) { try await readPages(of: scans, term, moment) }
        if isDeletionDue { term.deletionsReadAt = time.now }
        let isCounting = try await countAll(term, moment)
        hasWorkLeft = isCounting || scans.contains { $0.wasCut }
        measures.notePoll(scans, now: moment.now)
    }

    // MARK: - Begin

    private static let countName = "inventory-poller.count"

    private static func cursorName(_ table: ChangeTable) -> String { "inventory-poller.\(table.name)" }

    private func begin(_ leadership: Leadership, at moment: WatchMoment) async throws -> Term {
        if let term, term.leadership == leadership { return term }
        let prices = try await readPriceList()
        var published = PublishedItems()
        try await eachPublished { count in
            if let item = Int64(count.itemId) { published.note(count.sku, of: item) }
        }
        let text = try await patience.untilAnswered { [ledger] in try await ledger.cursor(Self.countName) }
        let term = Term(
            leadership: leadership, prices: prices,
            changes: [
                try await scan(of: .items, leadership, moment), try await scan(of: .stock, leadership, moment),
            ], deletions: try await scan(of: .deletedRecords, leadership, moment), published: published,
            fullCount: text.flatMap(FullCountCursor.init(text:)))
        self.term = term
        return term
    }

    /// From its cursor; at the very first start from now, since all items are counted then.
    private func scan(
        of table: ChangeTable, _ leadership: Leadership, _ moment: WatchMoment
    ) async throws -> ChangeScan {
        let name = Self.cursorName(table)
        let text = try await patience.untilAnswered { [ledger] in try await ledger.cursor(name) }
        if let mark = text.flatMap(WatchMark.init(text:)) { return ChangeScan(of: table, from: mark) }
        let mark = WatchMark(moment.now)
        try await patience.moveCursor(name, to: mark.text, in: ledger, under: leadership)
        return ChangeScan(of: table, from: mark)
    }

    private func readPriceList() async throws -> PriceList {
        let prices = try PriceList(
            level: configuration.priceLevel, configured: configuration.priceCurrency,
            currencies: try await account.client.currencies(),
            saysCurrency: try await account.client.pricesSayTheirCurrency())
        if let problem = prices.problem, term?.prices.problem != problem {
            health.warn("list prices", problem)
            logger.warning("items are counted without prices", .reason(problem))
        }
        return prices
    }

    private func eachPublished(before instant: UTCInstant? = nil, _ body: (StockCount) -> Void) async throws {
        var last: String?
        while true {
            let key = last
            let page = try await patience.untilAnswered { [ledger] in
                try await ledger.newestStates(
                    topic: Topic.inventoryCounted.name, afterKey: key, asOfBelow: instant?.millisecondsSinceEpoch)
            }
            guard let end = page.last else { return }
            for state in page {
                if let count = try? Topic.inventoryCounted.decode(state.value) { body(count) }
            }
            last = end.key
        }
    }

    // MARK: - What was changed

    private func readPages(of scans: [ChangeScan], _ term: Term, _ moment: WatchMoment) async throws {
        var pages: [(scan: ChangeScan, fresh: [NetSuiteChange])] = []
        for scan in scans where !scan.isComplete {
            let fresh = try await nextPage(of: scan, term)
            if scan.isComplete { continue }
            pages.append((scan, fresh))
            if scan.unreadableRows > 0 {
                measures.count(.unreadable, scan.unreadableRows)
                logger.warning(
                    "rows of NetSuite's cannot be read: they have no id", LogField(.recordType, scan.table.name),
                    .count(scan.unreadableRows))
            }
        }
        var ids: Set<Int64> = []
        for page in pages {
            // Ids of deleted records are of all kinds: those that no item of ours had are not ours.
            ids.formUnion(
                page.fresh.map(\.id).filter { page.scan !== term.deletions || term.published.contains($0) })
        }
        let undone = try await count(ids.sorted(), term, moment)
        for page in pages {
            guard let mark = page.scan.finish(page.fresh.filter { !undone.contains($0.id) }) else { continue }
            try await patience.moveCursor(
                Self.cursorName(page.scan.table), to: mark.text, in: ledger, under: term.leadership)
        }
    }

    private func nextPage(of scan: ChangeScan, _ term: Term) async throws -> [NetSuiteChange] {
        do throws(NetSuiteFailure) {
            return try await scan.nextPage(from: account.client)
        } catch {
            guard case .refused = error, scan === term.deletions else { throw error }
        }
        // Deleted items are still found by the count of all.
        let reason = "the role does not see NetSuite's table deletedRecord (permission Deleted Records)"
        health.warn("deleted items", "\(reason): they are found by the daily count alone")
        logger.warning("deleted items are found by the daily count alone", .reason(reason))
        term.deletions = nil
        scan.giveUp()
        return []
    }

    /// Counts items and publishes what is news.
    /// - Returns: those that could not be read.
    private func count(_ ids: [Int64], _ term: Term, _ moment: WatchMoment) async throws -> Set<Int64> {
        let counting = ItemCounting(client: account.client, prices: term.prices)
        var undone: Set<Int64> = []
        for start in stride(from: 0, to: ids.count, by: NetSuiteClient.largestStockReading) {
            let chunk = Array(ids[start..<min(start + NetSuiteClient.largestStockReading, ids.count)])
            let result = try await counting.count(chunk, known: term.published, asOf: moment.now)
            try await publish(result, evenIfUnchanged: false, term, moment)
            undone.formUnion(result.unreadable)
        }
        return undone
    }

    // MARK: - All items

    /// Goes on with the count of all items where one is due, some pieces at a time.
    /// - Returns: whether there is more of it to do.
    private func countAll(_ term: Term, _ moment: WatchMoment) async throws -> Bool {
        guard var cursor = plan.next(term.fullCount, now: moment.now, rules: moment.rules),
            var progress = cursor.progress
        else { return false }
        if progress.lastItem == 0 {
            logger.info("counting all items", LogField(.instant, progress.startedAt.text))
            term.prices = try await readPriceList()
        }
        let counting = ItemCounting(client: account.client, prices: term.prices)
        for _ in 0..<Self.piecesOfPoll {
            let page = try await account.client.stockItems(after: progress.lastItem)
            let ids = page.rows.compactMap { $0.wholeNumber("id") }
            guard let last = ids.max() else {
                guard page.rows.isEmpty else { throw Trouble(.netSuite, "no item of a page has an id") }
                try await finishCount(cursor, progress, term, moment)
                return false
            }
            let result = try await counting.count(
                ids, items: page.rows, known: term.published, asOf: moment.now)
            try await publish(result, evenIfUnchanged: true, term, moment)
            progress.lastItem = last
            cursor.progress = progress
            try await moveCount(to: cursor, term)
        }
        return true
    }

    /// What was published before and was not counted now: it was deleted or renamed while nobody watched, or could not be
    /// read.
    private func finishCount(
        _ cursor: FullCountCursor, _ progress: FullCountCursor.Progress, _ term: Term, _ moment: WatchMoment
    ) async throws {
        var left: Set<Int64> = []
        try await eachPublished(before: progress.startedAt) { count in
            if let item = Int64(count.itemId) { left.insert(item) }
        }
        _ = try await count(left.sorted(), term, moment)
        try await moveCount(to: FullCountCursor(day: cursor.day, progress: nil), term)
        measures.noteFullCount()
        logger.info("all items are counted", LogField(.instant, progress.startedAt.text))
    }

    private func moveCount(to cursor: FullCountCursor, _ term: Term) async throws {
        try await patience.moveCursor(Self.countName, to: cursor.text, in: ledger, under: term.leadership)
        term.fullCount = cursor
    }

    // MARK: - Publish

    private func publish(
        _ result: StockCounting.Result, evenIfUnchanged: Bool, _ term: Term, _ moment: WatchMoment
    ) async throws {
        let counts = result.counted.map(\.count)
        let current = Set(counts.map(\.sku))
        var gone: [(sku: String, item: Int64)] = []
        for item in result.counted {
            gone += term.published.skus(of: item.id, except: item.count.sku).map { ($0, item.id) }
        }
        for item in result.absent.union(result.unusable) {
            gone += term.published.skus(of: item).map { ($0, item) }
        }
        gone.removeAll { current.contains($0.sku) }
        let published = try await publication.publish(
            counts, evenIfUnchanged: evenIfUnchanged, under: term.leadership)
        let withdrawn = try await publication.publish(
            gone.map { PublishedItems.gone($0.sku, item: $0.item, asOf: moment.now) }, under: term.leadership)
        for item in result.counted { term.published.note(item.count.sku, of: item.id) }
        note(result, published: published, withdrawn: withdrawn)
    }

    private func note(_ result: StockCounting.Result, published: Int, withdrawn: Int) {
        measures.count(.published, published)
        measures.count(.unchanged, result.counted.count - published)
        measures.count(.gone, withdrawn)
        measures.count(.unreadable, result.unreadable.count)
        measures.count(.unusable, result.unusable.count)
        measures.count(.ambiguous, result.ambiguous.count)
        if published + withdrawn > 0 { logger.info("stock published", .count(published + withdrawn)) }
        for id in result.unreadable.sorted().prefix(5) {
            logger.warning(
                "an item's stock or price cannot be read; it is read again", LogField(.netSuiteId, String(id)))
        }
        for id in result.unusable.sorted().prefix(5) {
            logger.warning("an item's number cannot be a SKU; it is left out", LogField(.netSuiteId, String(id)))
        }
        for id in result.ambiguous.sorted().prefix(5) {
            logger.warning(
                "another item has the same number; this one is left out", LogField(.netSuiteId, String(id)))
        }
    }
}
