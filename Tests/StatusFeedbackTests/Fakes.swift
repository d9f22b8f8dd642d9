import Contracts
import EventLoop
import Foundation
import JSONText
import Salesforce
import ServiceRuntime
import Telemetry

@testable import Ledger
@testable import StatusFeedback

/// Rows in memory, with the rules of the ledger's table.
@Loop
final class MemoryStore: FeedbackStore {
    struct Row {
        var object = FeedbackObject.order
        var sequence: Int64?
        var settlement: [UInt8]?
        var asOf: Int64?
        var state: [UInt8]?
        var accountId: String?
        var shown: [UInt8]?
        var revision: Int64 = 0
        var tried: Int64 = 0
        var resendAt: MonotonicInstant?
        var retryAt: MonotonicInstant?
        var lockedTries = 0
        var lockedSince: MonotonicInstant?
        var fence: Int64 = 0
        var isClaimed = false
        var orderStatus: GivenStatus?
    }

    let time: any TimeSource
    var rows: [String: Row] = [:]
    var ends: [FeedbackResult] = []
    var letters: [UnclaimedLetter] = []
    private(set) var resolvedReplays: [String] = []
    var accounts: [String: String] = [:]

    init(time: any TimeSource) { self.time = time }

    func takeSettlements(_ arrived: [ArrivedSettlement]) async throws {
        for one in arrived where one.sequence > rows[one.orderId]?.sequence ?? 0 {
            var row = rows[one.orderId] ?? Row()
            row.sequence = one.sequence
            row.settlement = one.value
            row.revision += 1
            row.accountId = accounts[one.orderId]
            rows[one.orderId] = row
        }
    }

    func takeProgress(_ arrived: [ArrivedState]) async throws { take(arrived, .order) }

    func takeStock(_ arrived: [ArrivedState], staleAfter: Duration) async throws { take(arrived, .product) }

    private func take(_ arrived: [ArrivedState], _ object: FeedbackObject) {
        for one in arrived where one.asOfMilliseconds > rows[one.key]?.asOf ?? 0 {
            var row = rows[one.key] ?? Row(object: object)
            row.asOf = one.asOfMilliseconds
            row.state = one.value
            row.revision += 1
            rows[one.key] = row
        }
    }

    func takePublishedStates(
        topic: String, as object: FeedbackObject, overdueAfter: Duration?, after key: String?, limit: Int
    ) async throws -> (last: String?, count: Int) { (nil, 0) }

    func claimFeedback(
        limit: Int, holder: String, lease: Duration, resendAfter: Duration
    ) async throws -> [FeedbackClaim] {
        let due = rows.filter { _, row in
            let isDue = [row.resendAt, row.retryAt].contains { $0.map { $0 <= time.now } == true }
            return !row.isClaimed && (isDue || row.revision > row.tried)
        }
        if !due.isEmpty { await whileClaiming?() }
        return due.sorted { $0.key < $1.key }.prefix(limit).map { id, found in
            var row = found
            if let resendAt = row.resendAt, resendAt <= time.now { (row.resendAt, row.shown) = (nil, nil) }
            row.retryAt = nil
            row.tried = row.revision
            row.isClaimed = true
            row.fence += 1
            rows[id] = row
            return FeedbackClaim(
                object: row.object, key: id, accountId: row.accountId, currency: "USD", sequence: row.sequence,
                settlement: row.settlement, state: row.state, isOverdue: false, traceParent: "", shown: row.shown,
                orderStatus: row.orderStatus, fence: row.fence, lockedTries: row.lockedTries,
                lockedFor: row.lockedSince.map { time.now - $0 })
        }
    }

    /// What happens between a claim and its answer.
    var whileClaiming: (@Loop () async -> Void)?
    /// Whether claims can be renewed.
    var renews = true

    func renewFeedback(_ claims: [FeedbackClaim], lease: Duration) async throws -> Bool { renews }

    func finishFeedback(_ results: [FeedbackResult]) async throws {
        ends += results
        for result in results {
            guard var row = rows[result.claim.key], row.fence == result.claim.fence else { continue }
            row.isClaimed = false
            row.orderStatus = result.orderStatus
            row.shown = result.shownInPart ?? row.shown
            switch result.end {
            case .sent(let shown): (row.shown, row.lockedSince, row.lockedTries) = (shown, nil, 0)
            case .unknown(let wait): (row.shown, row.resendAt) = (nil, max(row.resendAt ?? time.now, time.now + wait))
            case .notSent(let wait): row.retryAt = time.now + wait
            case .locked(let wait):
                row.retryAt = time.now + wait
                row.lockedSince = row.lockedSince ?? time.now
                row.lockedTries += 1
            case .refused(_, let wait): row.retryAt = wait.map { time.now + $0 }
            }
            rows[result.claim.key] = row
        }
    }

    func nextFeedbackDue() async throws -> Duration? {
        rows.values.flatMap { $0.isClaimed ? [] : [$0.resendAt, $0.retryAt].compactMap { $0 } }.min().map {
            $0 - time.now
        }
    }

    func recordUndecodable(_ letters: [UnclaimedLetter]) async throws -> [StoredSettlement?] {
        self.letters += letters
        return letters.map { _ in nil }
    }

    func resolveReplay(of id: String, eventId: String, by holder: String) async throws {
        resolvedReplays.append("\(id) \(eventId)")
    }
}

/// A Salesforce that answers as a test tells it.
@Loop
final class ScriptedSalesforce: SalesforceRecords {
    var calls: [[RecordUpdate]] = []
    var look: [[SalesforceId]] = []
    var present: [SalesforceId: String?] = [:]
    /// The answer to a call; an error where there is none.
    var answer: @Loop ([RecordUpdate]) -> Result<[RecordResult], SalesforceFailure> = { updates in
        .success(updates.map { _ in .updated })
    }

    /// Keeps each call waiting, as a Salesforce does that hangs.
    var hang: (@Loop () async -> Void)?

    func update(_ updates: [RecordUpdate]) async throws(SalesforceFailure) -> [RecordResult] {
        calls.append(updates)
        await hang?()
        return try answer(updates).get()
    }

    /// Whether it serves, when asked for that alone.
    var serving: Result<Void, SalesforceFailure> = .success(())

    func ask() async throws(SalesforceFailure) {
        await hang?()
        try serving.get()
    }

    func customerIds(of accounts: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: String?] {
        look.append(accounts)
        return present
    }

    /// How orders stand, where they are looked at.
    var standing: [SalesforceId: OrderStanding] = [:]
    var standingLooks: [[SalesforceId]] = []

    func standings(of orders: [SalesforceId]) async throws(SalesforceFailure) -> [SalesforceId: OrderStanding] {
        standingLooks.append(orders)
        return standing
    }

    /// The answer to each query, by its text.
    var rows: @Loop (String) -> Result<[JSONObject], SalesforceFailure> = { _ in .success([]) }
    var queries: [String] = []
    /// The fields of each object.
    var fields: [String: Set<String>] = [
        "Product2": Set(
            ["Id", "StockKeepingUnit", "ProductCode", "IsActive"] + CustomField.Product.stockFields.map(\.name)),
        "PricebookEntry": ["Id", "UnitPrice", "IsActive", "UseStandardPrice", "CurrencyIsoCode"],
    ]

    func records(_ soql: SOQL) async throws(SalesforceFailure) -> [JSONObject] {
        queries.append(soql.text)
        return try rows(soql.text).get()
    }

    func fieldNames(of object: String) async throws(SalesforceFailure) -> Set<String>? { fields[object] }

    /// Lines that show quantities, by their order.
    var lines: Result<[SalesforceId: Set<SalesforceId>], SalesforceFailure> = .success([:])
    var lineLooks: [[SalesforceId]] = []

    func linesWithQuantities(
        of orders: [SalesforceId]
    ) async throws(SalesforceFailure) -> [SalesforceId: Set<SalesforceId>] {
        lineLooks.append(orders)
        return try lines.get()
    }
}

enum Make {
    static func orderId(_ number: Int) throws -> SalesforceId {
        try SalesforceId("801Qk" + String(repeating: "0", count: 10 - String(number).count) + String(number))
    }

    static func accountId(_ number: Int) throws -> SalesforceId {
        try SalesforceId("001Qk" + String(repeating: "0", count: 10 - String(number).count) + String(number))
    }

    static func settlement(
        _ number: Int = 1, sequence: Int64 = 1, outcome: Settlement.Outcome = .written,
        state: OrderState? = .pendingFulfillment, customer: String? = nil
    ) throws -> Settlement {
        var settlement = Settlement(
            orderId: try orderId(number), sequence: sequence, outcome: outcome,
            settledAt: UTCInstant(millisecondsSinceEpoch: 1_780_000_000_000))
        settlement.netSuite = .init(id: "10\(number)", number: "SO\(number)", state: state, customerId: customer)
        return settlement
    }

    static func arrived(_ settlement: Settlement) -> ArrivedSettlement {
        ArrivedSettlement(
            orderId: settlement.orderId.text, sequence: settlement.sequence, value: settlement.encode(), traceParent: ""
        )
    }

    static func claim(
        _ settlement: Settlement, account: SalesforceId? = nil, shown: [UInt8]? = nil, lockedTries: Int = 0,
        lockedFor: Duration? = nil
    ) -> FeedbackClaim {
        FeedbackClaim(
            object: .order, key: settlement.orderId.text, accountId: account?.text, currency: "USD",
            sequence: settlement.sequence, settlement: settlement.encode(), state: nil, isOverdue: false,
            traceParent: "", shown: shown, fence: 1, lockedTries: lockedTries, lockedFor: lockedFor)
    }

    static func lineId(_ number: Int) throws -> SalesforceId {
        try SalesforceId("802Qk" + String(repeating: "0", count: 10 - String(number).count) + String(number))
    }

    /// A row with progress, and a settlement where one is given.
    static func claim(
        _ progress: OrderProgress, after settlement: Settlement? = nil, currency: String? = "USD",
        shown: [UInt8]? = nil, orderStatus: GivenStatus? = nil
    ) -> FeedbackClaim {
        FeedbackClaim(
            object: .order, key: progress.orderId.text, accountId: nil, currency: currency,
            sequence: settlement?.sequence, settlement: settlement?.encode(), state: progress.encode(),
            isOverdue: false, traceParent: "", shown: shown, orderStatus: orderStatus, fence: 1, lockedTries: 0,
            lockedFor: nil)
    }

    /// A row of an item's stock.
    static func claim(_ count: StockCount, isOverdue: Bool = false) -> FeedbackClaim {
        FeedbackClaim(
            object: .product, key: count.sku, accountId: nil, currency: nil, sequence: nil, settlement: nil,
            state: count.encode(), isOverdue: isOverdue, traceParent: "", shown: nil, fence: 1, lockedTries: 0,
            lockedFor: nil)
    }

    static let asOf = UTCInstant(millisecondsSinceEpoch: 1_780_000_100_250)

    /// Progress of an order with two lines, of which the first has left.
    static func progress(_ number: Int = 1, state: OrderState = .partlyShipped) throws -> OrderProgress {
        var progress = OrderProgress(
            orderId: try orderId(number),
            netSuite: .init(
                id: "10\(number)", number: "SO\(number)", total: try ExactDecimal("150.00"), currency: "USD"),
            state: state, asOf: asOf)
        progress.lines = [
            .init(id: try lineId(2 * number), shipped: try ExactDecimal("2"), invoiced: .zero, closed: false),
            .init(id: try lineId(2 * number + 1), shipped: .zero, invoiced: .zero, closed: false),
        ]
        return progress
    }

    static func stock(_ sku: String = "SKU-RED", price: String? = "55.00", active: Bool = true) throws -> StockCount {
        var count = StockCount(sku: sku, itemId: "501", active: active, asOf: asOf)
        count.locations = [
            .init(
                id: "1", name: "Main Warehouse", available: try ExactDecimal("12"), onHand: try ExactDecimal("14"),
                backOrdered: .zero),
            .init(id: "2", name: "Outlet", available: .zero, onHand: .zero, backOrdered: try ExactDecimal("3")),
        ]
        count.listPrice = try price.map { .init(amount: try ExactDecimal($0), currency: "USD") }
        return count
    }
}

extension Logger {
    /// Says nothing.
    static let quiet = Logger(label: "test", sink: { _ in })
}
