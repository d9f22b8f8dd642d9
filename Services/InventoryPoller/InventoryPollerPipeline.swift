import Contracts
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
    private let account: WatchedAccount
    private let ledger: Ledger
    private let patience: DatabasePatience
    private let publication: ChangePublication<StockCount>
    private let prices: PriceListReading
    private let plan: FullCountPlan
    private let measures: InventoryMeasures
    private let health: Health
    private let logger: Logger

    private var term: Term?
    /// Whether the next poll should follow at once: a full count goes on, or a scan was cut.
    private(set) var hasWorkLeft = false

    /// The steps of one process while it leads, with what they know.
    private struct Term {
        let leadership: Leadership
        let changes: ChangeDetection
        let stock: StockPublishing
        let fullCount: FullCount
    }

    init(
        account: WatchedAccount, ledger: Ledger, patience: DatabasePatience,
        publication: ChangePublication<StockCount>, configuration: InventoryPollerConfiguration,
        measures: InventoryMeasures, health: Health, logger: Logger
    ) {
        self.account = account
        self.ledger = ledger
        self.patience = patience
        self.publication = publication
        prices = PriceListReading(
            client: account.client, configuration: configuration, health: health, logger: logger)
        plan = FullCountPlan(hour: configuration.fullCountHour)
        self.measures = measures
        self.health = health
        self.logger = logger
    }

    /// Polls once.
    /// - Throws: ``LeadershipLost``, a trouble of one of the systems, or `CancellationError`.
    func poll(under leadership: Leadership) async throws {
        hasWorkLeft = false
        try await publication.finishOpen(under: leadership)
        let moment = try await account.moment()
        let term = try await begin(leadership, at: moment)
        try await prices.askAgain(at: moment.now)
        term.changes.begin(moment)
        var due = term.stock.beginPoll()
        while !term.changes.isComplete {
            let changed = try await term.changes.nextPages(published: term.stock.published, moment)
            try await term.stock.count(changed.items.union(due).sorted(), evenIfUnchanged: false, asOf: moment.now)
            due = []
            try await term.changes.finish(changed, moment)
        }
        let isCounting = try await term.fullCount.goOn(moment)
        hasWorkLeft = isCounting || term.changes.wasCut
        // A scan beside the main ones that fails is said, and holds up nothing but itself.
        if let failure = term.changes.failure { throw failure }
        measures.notePoll(term.changes.scans, now: moment.now)
    }

    private func begin(_ leadership: Leadership, at moment: WatchMoment) async throws -> Term {
        if let term, term.leadership == leadership { return term }
        try await prices.read(at: moment.now)
        let cursors = Cursors(ledger: ledger, patience: patience, leadership: leadership)
        let before = PublishedStock(ledger: ledger, patience: patience)
        let stock = try await StockPublishing(
            client: account.client, prices: prices, publication: publication, before: before, cursors: cursors,
            measures: measures, logger: logger)
        let fullCount = try await FullCount(
            plan: plan, client: account.client, prices: prices, stock: stock, before: before, cursors: cursors,
            measures: measures, logger: logger)
        let changes = try await ChangeDetection(
            client: account.client, cursors: cursors, measures: measures, health: health, logger: logger,
            at: moment)
        let term = Term(leadership: leadership, changes: changes, stock: stock, fullCount: fullCount)
        self.term = term
        return term
    }
}
