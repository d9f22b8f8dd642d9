import Contracts
import EventLoop
import JSONText
import Salesforce

/// A row of Order or OrderItem that was touched.
struct ChangedRow: Sendable {
    let id: SalesforceId
    let orderId: SalesforceId
    let stamp: UTCInstant
    /// Category of the order's status; nil for a row of OrderItem.
    let statusCode: String?
    /// The customer's own word for it.
    let status: String?

    var position: WatchCursor { WatchCursor(stamp: stamp, id: id.text) }

    /// Whether a reading of its order is as new as the row: answers may lag behind one another by seconds.
    func isCovered(by reading: OrderRecords?) -> Bool {
        guard let reading else { return false }
        if id == orderId { return reading.stamp(of: id) >= stamp }
        // The lines of an order that is not active are not read: its activation will touch the order.
        return !reading.isActivated || reading.stamp(of: id) >= stamp
    }
}

/// The watch over one object: order and order product are watched each by itself, since an edit of a line need not touch
/// its order.
@Loop
final class ChangeDetection {
    enum Object: String, Sendable, CaseIterable {
        case order = "Order"
        case orderItem = "OrderItem"

        /// Under which the ledger keeps how far it was read.
        var cursorName: String { "order-publisher.\(rawValue)" }

        fileprivate var columns: String {
            switch self {
            case .order: "Id, StatusCode, Status, SystemModstamp"
            case .orderItem: "Id, OrderId, SystemModstamp"
            }
        }
    }

    /// Rows of one call.
    nonisolated static let pageSize = 2000

    let object: Object
    private(set) var cursor: WatchCursor
    private let overlap: Duration
    private let source: any OrderSource
    private var seen = SeenRows()
    private var position: WatchCursor
    /// Salesforce's time before the page was read.
    private var askedAt: UTCInstant?
    /// By how much the clocks that stamp rows and answers may differ.
    nonisolated private static let clockDifferenceMilliseconds: Int64 = 2_000
    /// What a row may be stamped ahead of Salesforce's clock, as its last answer told it.
    nonisolated private static let mostAheadMilliseconds: Int64 = 300_000
    /// Whether this poll has read to the end.
    private(set) var isComplete = true

    init(object: Object, cursor: WatchCursor, overlap: Duration, source: any OrderSource) {
        self.object = object
        self.cursor = cursor
        self.overlap = overlap
        self.source = source
        position = cursor
    }

    /// Begins a poll: some minutes behind the cursor, for rows whose transaction ended late.
    func beginPoll() {
        position = cursor.back(by: overlap)
        isComplete = false
    }

    /// The next page's rows that were not dealt with yet, and where the page ends.
    func nextPage() async throws -> (fresh: [ChangedRow], end: WatchCursor) {
        guard !isComplete else { return ([], position) }
        askedAt = source.serverTime
        let records = try await source.records(
            """
            SELECT \(unsafe: object.columns) FROM \(unsafe: object.rawValue) WHERE \(unsafe: position.condition) \
            ORDER BY SystemModstamp, Id LIMIT \(Self.pageSize)
            """)
        let rows = try records.map(row)
        try requirePresent(rows)
        isComplete = rows.count < Self.pageSize
        position = rows.last.map(\.position) ?? position
        return (rows.filter { !seen.contains(id: $0.id.text, stamp: $0.stamp) }, position)
    }

    /// Notes rows as dealt with, but for those of about the second in which they were read, which are read once more:
    /// stamps have one second, and a change within it shows by nothing else.
    /// - Returns: the new cursor when it moved.
    func finish(_ rows: some Sequence<ChangedRow>, end: WatchCursor) -> WatchCursor? {
        let limit = (askedAt?.millisecondsSinceEpoch ?? 0) - Self.clockDifferenceMilliseconds
        for row in rows where row.stamp.millisecondsSinceEpoch < limit {
            seen.insert(id: row.id.text, stamp: row.stamp)
        }
        guard end > cursor else { return nil }
        cursor = end
        seen.forget(before: cursor.back(by: overlap).stamp)
        return cursor
    }

    /// A stamp of the future would carry the cursor past every order until then.
    private func requirePresent(_ rows: [ChangedRow]) throws {
        guard let now = source.serverTime, let newest = rows.map(\.stamp).max() else { return }
        let ahead = newest.millisecondsSinceEpoch - now.millisecondsSinceEpoch
        guard ahead <= Self.mostAheadMilliseconds else {
            throw SalesforceFailure.systemTrouble(
                reason: "a row of \(object.rawValue) is stamped \(ahead / 1000) s ahead of Salesforce's own clock")
        }
    }

    private func row(_ record: JSONObject) throws -> ChangedRow {
        let orderField = object == .order ? "Id" : "OrderId"
        guard let id = record["Id"]?.string, let orderId = record[orderField]?.string,
            let stamp = record["SystemModstamp"]?.string
        else {
            throw SalesforceFailure.systemTrouble(reason: "a row of \(object.rawValue) lacks its id or stamp")
        }
        return ChangedRow(
            id: try SalesforceId(id), orderId: try SalesforceId(orderId), stamp: try UTCInstant(stamp),
            statusCode: record["StatusCode"]?.string, status: record["Status"]?.string)
    }
}
