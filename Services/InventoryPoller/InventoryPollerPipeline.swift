import Contracts
import CrashPoints
import EventLoop
import Ledger
import NetSuite
import NetSuiteAccess
import ServiceRuntime
import Telemetry

/// One poll, in the order in which things happen: produce what is owed → find what was changed → count those items, and
/// those that could not be read before → publish what is news → move the cursor; then, when it is due, a piece of the count
/// of all items.
@Loop
final class InventoryPollerPipeline {
    /// Pieces of a full count between two looks at what was changed.
    nonisolated static let piecesOfPoll = 4
    /// Seconds between two looks at what was deleted: nobody waits for that as for stock.
    nonisolated static let deletionSeconds: Int64 = 300
    /// Seconds between two looks at the transactions that move goods: what is available, which nearly all of them change,
    /// is seen by the stock's own stamp at each poll.
    nonisolated static let movementSeconds: Int64 = 60
    /// Seconds between two looks at a price list that could not be read.
    nonisolated static let priceListSeconds: Int64 = 3_600
    /// Transactions that can change what is on hand or back-ordered and leave what is available alone.
    nonisolated static let movements = ChangeTable.transactions(
        ofTypes: ["SalesOrd", "ItemShip", "ItemRcpt", "InvAdjst", "InvTrnfr"])

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
        var pricesReadAt: UTCInstant
        let changes: [ChangeScan]
        let deletions: OptionalScan
        let movements: OptionalScan
        var published: PublishedItems
        var due: DueItems
        /// The text of what is due, as it stands in the ledger.
        var storedDue: String
        var fullCount: FullCountCursor?

        init(
            leadership: Leadership, prices: PriceList, readAt: UTCInstant, changes: [ChangeScan],
            deletions: OptionalScan, movements: OptionalScan, published: PublishedItems, due: String,
            fullCount: FullCountCursor?
        ) {
            self.leadership = leadership
            self.prices = prices
            pricesReadAt = readAt
            self.changes = changes
            self.deletions = deletions
            self.movements = movements
            self.published = published
            self.due = DueItems(text: due)
            storedDue = due
            self.fullCount = fullCount
        }

        func optional(_ scan: ChangeScan) -> OptionalScan? { [deletions, movements].first { $0.scan === scan } }
    }

    /// A page of a scan: its rows that were not dealt with yet, and the items to be counted for them.
    private struct Page {
        let scan: ChangeScan
        let fresh: [NetSuiteChange]
        let items: [Int64]
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
        try await askForPricesAgain(term, moment)
        let optional = [term.deletions, term.movements].filter { $0.isDue(at: moment.now) }
        let scans = term.changes + optional.map(\.scan)
        for scan in scans { scan.begin(moment) }
        var (owed, failure) = (term.due.turn(), NetSuiteFailure?.none)
        while scans.contains(where: { !$0.isComplete }) {
            failure = try await readPages(of: scans, and: owed, term, moment) ?? failure
            owed = []
        }
        let isCounting = try await countAll(term, moment)
        hasWorkLeft = isCounting || scans.contains { $0.wasCut }
        // A scan beside the main ones that fails is said, and holds up nothing but itself.
        if let failure { throw failure }
        measures.notePoll(scans, now: moment.now)
    }

    // MARK: - Begin

    private static let countName = "inventory-poller.count"
    private static let dueName = "inventory-poller.unreadable items"

    private static func cursorName(_ table: ChangeTable) -> String { "inventory-poller.\(table.name)" }

    private func begin(_ leadership: Leadership, at moment: WatchMoment) async throws -> Term {
        if let term, term.leadership == leadership { return term }
        let prices = try await readPriceList()
        var published = PublishedItems()
        try await eachPublished { count in
            if let item = Int64(count.itemId) { published.note(count.sku, of: item) }
        }
        let text = try await patience.untilAnswered { [ledger] in try await ledger.cursor(Self.countName) }
        let due = try await patience.untilAnswered { [ledger] in try await ledger.cursor(Self.dueName) }
        let term = Term(
            leadership: leadership, prices: prices, readAt: moment.now,
            changes: [
                try await scan(of: .items, leadership, moment), try await scan(of: .stock, leadership, moment),
            ],
            deletions: OptionalScan(
                try await scan(of: .deletedRecords, leadership, moment), seconds: Self.deletionSeconds,
                component: "deleted items",
                reason: "the role does not see NetSuite's table deletedRecord (permission Deleted Records): they are "
                    + "found by the daily count alone"),
            movements: OptionalScan(
                try await scan(of: Self.movements, leadership, moment), seconds: Self.movementSeconds,
                component: "movements of goods",
                reason: "the role does not see NetSuite's tables transaction and transactionline: what they change on "
                    + "hand and leaves what is available alone is found by the daily count alone"),
            published: published, due: due ?? "", fullCount: text.flatMap(FullCountCursor.init(text:)))
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
        health.warn("list prices", prices.problem)
        if let problem = prices.problem, term?.prices.problem != problem {
            logger.warning("items are counted without prices", .reason(problem))
        }
        return prices
    }

    /// A permission that is given later is noticed without a new start.
    private func askForPricesAgain(_ term: Term, _ moment: WatchMoment) async throws {
        let passed = moment.now.millisecondsSinceEpoch - term.pricesReadAt.millisecondsSinceEpoch
        guard term.prices.problem != nil, passed >= Self.priceListSeconds * 1_000 else { return }
        term.prices = try await readPriceList()
        term.pricesReadAt = moment.now
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

    /// Reads a page of each scan, counts what they name and what is owed besides, and moves the marks.
    /// - Returns: what made a scan fail that the watch can do without.
    private func readPages(
        of scans: [ChangeScan], and owed: [Int64], _ term: Term, _ moment: WatchMoment
    ) async throws -> NetSuiteFailure? {
        var pages: [Page] = []
        var failure: NetSuiteFailure?
        for scan in scans where !scan.isComplete {
            do throws(NetSuiteFailure) {
                pages.append(try await nextPage(of: scan, term))
            } catch {
                guard let optional = term.optional(scan) else { throw error }
                scan.giveUp()
                if case .refused = error { say(optional, isRefused: true, moment) } else { failure = error }
                continue
            }
            if scan.unreadableRows > 0 {
                measures.count(.unreadable, scan.unreadableRows)
                logger.warning(
                    "rows of NetSuite's cannot be read: they have no id", LogField(.recordType, scan.table.name),
                    .count(scan.unreadableRows))
            }
        }
        let ids = pages.reduce(into: Set(owed)) { $0.formUnion($1.items) }
        try await count(ids.sorted(), evenIfUnchanged: false, term, moment)
        for page in pages {
            if let mark = page.scan.finish(page.fresh) {
                try await patience.moveCursor(
                    Self.cursorName(page.scan.table), to: mark.text, in: ledger, under: term.leadership)
            }
            if page.scan.isComplete, let optional = term.optional(page.scan) { say(optional, isRefused: false, moment) }
        }
        return failure
    }

    private func nextPage(of scan: ChangeScan, _ term: Term) async throws(NetSuiteFailure) -> Page {
        let fresh = try await scan.nextPage(from: account.client)
        let ids = fresh.map(\.id)
        if scan === term.movements.scan {
            return Page(scan: scan, fresh: fresh, items: try await account.client.items(onLinesOf: ids))
        }
        // Ids of deleted records are of all kinds: those that no item of ours had are not ours.
        let isOurs: (Int64) -> Bool = { scan !== term.deletions.scan || term.published.contains($0) }
        return Page(scan: scan, fresh: fresh, items: ids.filter(isOurs))
    }

    /// Notes that a scan was read or refused, and says it where that is news.
    private func say(_ scan: OptionalScan, isRefused: Bool, _ moment: WatchMoment) {
        if isRefused != scan.isRefused {
            if isRefused {
                logger.warning("something is found by the daily count alone", .reason(scan.reason))
            } else {
                logger.info(
                    "what was found by the daily count alone is seen again", LogField(.component, scan.component))
            }
        }
        health.warn(scan.component, isRefused ? scan.reason : nil)
        scan.note(isRefused: isRefused, at: moment.now)
    }

    /// Counts items and publishes what is news; those that cannot be read are due again, whatever becomes of the marks.
    private func count(_ ids: [Int64], evenIfUnchanged: Bool, _ term: Term, _ moment: WatchMoment) async throws {
        let counting = ItemCounting(client: account.client, prices: term.prices)
        for start in stride(from: 0, to: ids.count, by: NetSuiteClient.largestStockReading) {
            let chunk = Array(ids[start..<min(start + NetSuiteClient.largestStockReading, ids.count)])
            let result = try await counting.count(chunk, known: term.published, asOf: moment.now)
            try await publish(result, of: chunk, evenIfUnchanged: evenIfUnchanged, term, moment)
        }
    }

    /// Stored before a mark moves past what named the items.
    private func noteDue(_ result: StockCounting.Result, of ids: [Int64], _ term: Term) async throws {
        let forgotten = term.due.note(read: ids, unreadable: result.unreadable)
        if forgotten > 0 {
            logger.warning("too many items cannot be read: these wait for the count of all", .count(forgotten))
        }
        let text = term.due.text
        guard text != term.storedDue else { return }
        try await patience.moveCursor(Self.dueName, to: text, in: ledger, under: term.leadership)
        term.storedDue = text
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
            term.pricesReadAt = moment.now
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
            try await publish(result, of: ids, evenIfUnchanged: true, term, moment)
            progress.lastItem = last
            cursor.progress = progress
            try await moveCount(to: cursor, term)
        }
        return true
    }

    /// What was published before and was not counted now: it was deleted or renamed while nobody watched, or could not be
    /// read. What is gone already is said again without asking, so that it is as fresh as everything else.
    private func finishCount(
        _ cursor: FullCountCursor, _ progress: FullCountCursor.Progress, _ term: Term, _ moment: WatchMoment
    ) async throws {
        var left: Set<Int64> = []
        try await eachPublished(before: progress.startedAt) { count in
            if let item = Int64(count.itemId), !PublishedItems.isGone(count) { left.insert(item) }
        }
        try await count(left.sorted(), evenIfUnchanged: true, term, moment)
        // Those that were just counted are not among them: one of them may have a number that was gone.
        var gone: [StockCount] = []
        try await eachPublished(before: progress.startedAt) { count in
            guard let item = Int64(count.itemId), PublishedItems.isGone(count) else { return }
            gone.append(PublishedItems.gone(count.sku, item: item, asOf: moment.now))
        }
        measures.count(
            .gone, try await publication.publish(gone, evenIfUnchanged: true, under: term.leadership))
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
        _ result: StockCounting.Result, of ids: [Int64], evenIfUnchanged: Bool, _ term: Term, _ moment: WatchMoment
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
        try await noteDue(result, of: ids, term)
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
