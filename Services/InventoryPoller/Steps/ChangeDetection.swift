import Contracts
import EventLoop
import NetSuite
import ServiceRuntime
import Telemetry

/// Finds the items that were changed: scans of the tables that show it, page by page, while one process leads.
@Loop
final class ChangeDetection {
    /// Seconds between two looks at what was deleted: nobody waits for that as for stock.
    nonisolated static let deletionSeconds: Int64 = 300
    /// Seconds between two looks at the transactions that move goods: what is available, which nearly all of them change,
    /// is seen by the stock's own stamp at each poll.
    nonisolated static let movementSeconds: Int64 = 60
    /// Transactions that can change what is on hand or back-ordered and leave what is available alone.
    nonisolated static let movements = ChangeTable.transactions(
        ofTypes: ["SalesOrd", "ItemShip", "ItemRcpt", "InvAdjst", "InvTrnfr"])

    /// A page of each scan that has more, to be dealt with before the marks move.
    struct Pages {
        /// The items to be counted for them.
        var items: Set<Int64> = []
        /// The rows of each that were not dealt with yet.
        fileprivate var read: [(scan: ChangeScan, fresh: [NetSuiteChange])] = []
    }

    private let client: NetSuiteClient
    private let cursors: Cursors
    private let measures: InventoryMeasures
    private let health: Health
    private let logger: Logger
    private let main: [ChangeScan]
    private let deletions: OptionalScan
    private let movements: OptionalScan

    /// Those that this poll reads.
    private(set) var scans: [ChangeScan] = []
    /// What made a scan fail that the watch can do without.
    private(set) var failure: NetSuiteFailure?

    /// Begins at the cursors.
    init(
        client: NetSuiteClient, cursors: Cursors, measures: InventoryMeasures, health: Health, logger: Logger,
        at moment: WatchMoment
    ) async throws {
        self.client = client
        self.cursors = cursors
        self.measures = measures
        self.health = health
        self.logger = logger
        main = [
            try await Self.scan(of: .items, cursors, moment), try await Self.scan(of: .stock, cursors, moment),
        ]
        deletions = OptionalScan(
            try await Self.scan(of: .deletedRecords, cursors, moment), seconds: Self.deletionSeconds,
            component: "deleted items",
            reason: "the role does not see NetSuite's table deletedRecord (permission Deleted Records): they are "
                + "found by the daily count alone")
        movements = OptionalScan(
            try await Self.scan(of: Self.movements, cursors, moment), seconds: Self.movementSeconds,
            component: "movements of goods",
            reason: "the role does not see NetSuite's tables transaction and transactionline: what they change on "
                + "hand and leaves what is available alone is found by the daily count alone")
    }

    /// From its cursor; at the very first start from now, since all items are counted then.
    private static func scan(
        of table: ChangeTable, _ cursors: Cursors, _ moment: WatchMoment
    ) async throws -> ChangeScan {
        let text = try await cursors.read(table.name)
        if let mark = text.flatMap(WatchMark.init(text:)) { return ChangeScan(of: table, from: mark) }
        let mark = WatchMark(moment.now)
        try await cursors.move(table.name, to: mark.text)
        return ChangeScan(of: table, from: mark)
    }

    /// Whether the poll has seen everything.
    var isComplete: Bool { scans.allSatisfy { $0.isComplete } }

    /// Whether a scan ended before it had read everything.
    var wasCut: Bool { scans.contains { $0.wasCut } }

    /// Begins the scans whose turn it is.
    func begin(_ moment: WatchMoment) {
        failure = nil
        scans = main + [deletions, movements].filter { $0.isDue(at: moment.now) }.map(\.scan)
        for scan in scans { scan.begin(moment) }
    }

    /// Reads a page of each scan that has more.
    /// - Parameter published: the items that anything was published of.
    func nextPages(published: PublishedItems, _ moment: WatchMoment) async throws -> Pages {
        var pages = Pages()
        for scan in scans where !scan.isComplete {
            do throws(NetSuiteFailure) {
                try await readPage(of: scan, published, into: &pages)
            } catch {
                guard let optional = optional(scan) else { throw error }
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
        return pages
    }

    private func readPage(
        of scan: ChangeScan, _ published: PublishedItems, into pages: inout Pages
    ) async throws(NetSuiteFailure) {
        let fresh = try await scan.nextPage(from: client)
        var items = fresh.map(\.id)
        if scan === movements.scan { items = try await client.items(onLinesOf: items) }
        // Ids of deleted records are of all kinds: those that no item of ours had are not ours.
        if scan === deletions.scan { items = items.filter(published.contains) }
        pages.items.formUnion(items)
        pages.read.append((scan, fresh))
    }

    /// Moves the marks past pages whose items are counted.
    func finish(_ pages: Pages, _ moment: WatchMoment) async throws {
        for (scan, fresh) in pages.read {
            if let mark = scan.finish(fresh) { try await cursors.move(scan.table.name, to: mark.text) }
            if scan.isComplete, let optional = optional(scan) { say(optional, isRefused: false, moment) }
        }
    }

    private func optional(_ scan: ChangeScan) -> OptionalScan? { [deletions, movements].first { $0.scan === scan } }

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
}
