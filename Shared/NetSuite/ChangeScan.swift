import Contracts
public import EventLoop
import JSONText

/// One page of a scan, read from rows alone.
struct ScannedPage: Equatable {
    /// Rows with an id.
    let changes: [NetSuiteChange]
    /// How many rows have no id that can be read.
    let unreadable: Int
    /// Behind the last row whose id and stamp can be read; where the page began if there is none.
    let end: ScanPosition
    /// Whether there are no more.
    let isLast: Bool

    /// Rows of one second may come in any order of their ids, as they do where NetSuite's stamps have fractions that it does
    /// not show; then the next page begins with that second again, so that none of it is passed over.
    ///
    /// - Throws: `unknown` where the rows are not in order, or a further page would begin where this one did.
    init(
        rows: [SuiteQLRow], hasMore: Bool, of table: ChangeTable, from start: ScanPosition
    ) throws(NetSuiteFailure) {
        var changes: [NetSuiteChange] = []
        var end = start
        // Of the second in which the page ends.
        var hasDisorder = false
        for row in rows {
            guard let id = row.columns["id"]?.internalId.flatMap({ Int64($0) }) else { continue }
            let stamp = row.text("stamp").flatMap { try? LocalTime($0) }
            changes.append(NetSuiteChange(id: id, stamp: stamp, row: row))
            guard let stamp else { continue }
            // A row out of order would carry the scan past rows that it has not read.
            guard stamp >= end.stamp else {
                throw .unknown("the rows of \(table.name) are not in the order that was asked for")
            }
            if stamp > end.stamp { hasDisorder = false }
            let position = ScanPosition(stamp: stamp, id: id)
            hasDisorder = hasDisorder || !position.follows(end, strictly: table.hasUniqueIds)
            end = hasDisorder ? ScanPosition(stamp: stamp) : position
        }
        guard !hasMore || (end != start && !(hasDisorder && end.stamp == start.stamp)) else {
            throw .unknown("a page of \(table.name) has no row that can be read and that leads to the next page")
        }
        self.changes = changes
        self.end = end
        unreadable = rows.count - changes.count
        isLast = !hasMore
    }
}

extension ScanPosition {
    /// Whether this row, which is not stamped earlier, stands behind the other one by its id too.
    fileprivate func follows(_ other: ScanPosition, strictly: Bool) -> Bool {
        guard stamp == other.stamp, let id, let otherId = other.id else { return true }
        return strictly ? id > otherId : id >= otherId
    }
}

/// The watch over one table: reads what was changed since its mark, some time before it included, page by page.
///
/// ```swift
/// scan.begin(moment)
/// while !scan.isComplete {
///     let fresh = try await scan.nextPage(from: client)
///     // deal with them: read, store, produce
///     if let mark = scan.finish(fresh) { /* move the cursor to mark.text */ }
/// }
/// ```
/// When something in between fails, begin anew: what was not finished is shown again.
@Loop
public final class ChangeScan {
    /// The most pages of one scan; what is left comes with the next, from the mark on.
    public nonisolated static let mostPages = 500

    /// What is scanned.
    public let table: ChangeTable
    /// How far it was read and dealt with; never moves back.
    public private(set) var mark: WatchMark
    /// Whether there is no page left.
    public private(set) var isComplete = true
    /// Whether the last scan ended before it had read everything.
    public private(set) var wasCut = false
    /// Rows of the last page that have no id that can be read. They are shown again as long as the overlap reaches.
    public private(set) var unreadableRows = 0

    private var seen = SeenChanges()
    private var moment: WatchMoment?
    private(set) var position = ScanPosition(stamp: LocalTime(secondsSinceEpoch: 0))
    private var page: ScannedPage?
    private var pages = 0
    /// The newest change that the scan has shown and that is not of the future.
    private var newest: UTCInstant?

    /// A scan of a table from a mark on.
    public init(of table: ChangeTable, from mark: WatchMark) {
        self.table = table
        self.mark = mark
    }

    /// Begins a scan, some time before the mark.
    public func begin(_ moment: WatchMoment) {
        let start = mark.beginning(at: moment)
        self.moment = moment
        position = ScanPosition(stamp: start)
        seen.forget(before: start)
        page = nil
        pages = 0
        newest = nil
        isComplete = false
        wasCut = false
    }

    /// Ends the scan where it stands.
    public func giveUp() {
        page = nil
        isComplete = true
    }

    /// Reads a page and gives its rows that were not dealt with yet; ``finish(_:)`` leads to the next one.
    ///
    /// - Throws: `unknown` where the page cannot be read.
    public func nextPage(from client: NetSuiteClient) async throws(NetSuiteFailure) -> [NetSuiteChange] {
        guard !isComplete, let moment else { return [] }
        let (rows, hasMore) = try await client.firstPage(of: table.statement(from: position))
        return try take(rows, hasMore: hasMore, at: moment)
    }

    /// The pure part of ``nextPage(from:)``.
    func take(
        _ rows: [SuiteQLRow], hasMore: Bool, at moment: WatchMoment
    ) throws(NetSuiteFailure) -> [NetSuiteChange] {
        let page = try ScannedPage(rows: rows, hasMore: hasMore, of: table, from: position)
        self.page = page
        unreadableRows = page.unreadable
        return page.changes.filter { seen.isFresh($0, at: moment) }
    }

    /// Notes rows of the page as dealt with; those that are left out are shown again by the next scan.
    ///
    /// - Returns: the mark where it moved: everything before it is dealt with.
    public func finish(_ changes: some Sequence<NetSuiteChange>) -> WatchMark? {
        guard let moment, let page else { return nil }
        seen.note(changes, at: moment)
        for change in page.changes {
            guard let latest = change.stamp.flatMap({ moment.past($0).last }) else { continue }
            newest = max(newest ?? latest, latest)
        }
        position = page.end
        self.page = nil
        pages += 1
        wasCut = !page.isLast && pages >= Self.mostPages
        isComplete = page.isLast || wasCut
        // Within the scan the first time that shows the stamp: behind the second one rows may be left unread.
        let reached = page.isLast ? newest : moment.past(page.end.stamp).first
        guard let reached, WatchMark(min(reached, moment.now)) > mark else { return nil }
        mark = WatchMark(min(reached, moment.now))
        return mark
    }
}
