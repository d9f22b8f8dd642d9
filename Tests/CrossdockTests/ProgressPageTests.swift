import CommandLineGrammar
import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import Crossdock

/// One order's afternoon, state by state.
enum Afternoon {
    static let order = "801000000000001AAA"
    static let lines = ["802000000000001AAA", "802000000000002AAA"]

    static func progress(_ state: OrderState, _ change: (inout OrderProgress) throws -> Void = { _ in }) throws
        -> OrderProgress
    {
        var progress = OrderProgress(
            orderId: try SalesforceId(order),
            netSuite: .init(id: "4711", number: "SO1001", total: try ExactDecimal("495.00"), currency: "USD"),
            state: state, asOf: try UTCInstant("2026-01-05T15:04:05Z"))
        progress.lines = try lines.map {
            .init(id: try SalesforceId($0), shipped: .zero, invoiced: .zero, closed: false)
        }
        try change(&progress)
        return progress
    }

    static func shipment(_ status: String = "shipped", tracking: [String] = ["1Z1", "1Z2"]) throws
        -> OrderProgress.Shipment
    {
        var shipment = OrderProgress.Shipment(
            id: "5120", number: "IF77", date: try CalendarDate("2026-01-05"), status: status, carrier: "UPS")
        shipment.trackingNumbers = tracking
        shipment.lines = [.init(id: try SalesforceId(lines[0]), quantity: try ExactDecimal("6"))]
        return shipment
    }

    static func invoice(_ status: String = "open", paid: String = "0", unpaid: String = "297.00") throws
        -> OrderProgress.Invoice
    {
        .init(
            id: "6001", number: "INV9", date: try CalendarDate("2026-01-05"), status: status,
            total: try ExactDecimal("297.00"), paid: try ExactDecimal(paid), unpaid: try ExactDecimal(unpaid))
    }

    static func payment(_ applied: String = "100.00") throws -> OrderProgress.Payment {
        .init(
            id: "7001", number: "PYMT3", date: try CalendarDate("2026-01-09"), status: "deposited",
            applied: try ExactDecimal(applied))
    }

    static func credit() throws -> OrderProgress.Credit {
        .init(
            id: "8001", number: "CM2", date: try CalendarDate("2026-01-10"), status: "open",
            total: try ExactDecimal("20.00"), applied: try ExactDecimal("5.00"))
    }

    /// From the morning's state to an order that somebody deleted.
    static func states() throws -> [OrderProgress] {
        let full: (inout OrderProgress) throws -> Void = {
            $0.shipments = [try shipment()]
            $0.invoices = [try invoice("open", paid: "100.00", unpaid: "197.00")]
            $0.payments = [try payment()]
            $0.credits = [try credit()]
        }
        var deleted = try progress(.deletedInNetSuite)
        deleted.lines = []
        return [
            try progress(.pendingFulfillment),
            try progress(.partlyShipped) { $0.shipments = [try shipment()] },
            try progress(.partlyInvoiced) {
                $0.shipments = [try shipment()]
                $0.invoices = [try invoice()]
            },
            try progress(.partlyInvoiced, full),
            try progress(.closed) {
                try full(&$0)
                $0.lines[1].closed = true
            },
            deleted,
        ]
    }
}

@Suite("What became different in NetSuite")
struct ProgressChangeTests {
    private static func changes(_ old: OrderProgress?, _ new: OrderProgress) -> [String] {
        ProgressChange.all(from: old, to: new).map { change in
            ([change.kind.rawValue, change.number, change.outcome].compactMap { $0 } + change.parts)
                .joined(separator: " | ")
        }
    }

    @Test("an order's afternoon is told document by document, with numbers, dates and amounts")
    func afternoon() throws {
        let states = try Afternoon.states()
        let told = zip([nil] + states.map(Optional.some), states).flatMap { Self.changes($0, $1) }
        #expect(
            told == [
                "state-changed | pending fulfillment",
                "shipped | IF77 | shipped | 2026-01-05 | UPS | 1Z1, 1Z2 | 6 × 802000000000001AAA",
                "state-changed | partly shipped", "invoiced | INV9 | open | 2026-01-05 | 297.00 USD | 297.00 unpaid",
                "state-changed | partly invoiced",
                "invoice-changed | INV9 | open | 2026-01-05 | 297.00 USD | 197.00 unpaid",
                "paid | PYMT3 | deposited | 2026-01-09 | 100.00 USD",
                "credited | CM2 | open | 2026-01-10 | 20.00 USD | 5.00 applied",
                "lines-closed | 802000000000002AAA", "closed | closed", "deleted-in-netsuite | deleted in NetSuite",
            ])
    }

    @Test("a fulfilment that is picked, packed, shipped, and gets a further tracking number")
    func fulfilment() throws {
        let shipments = try [
            Afternoon.shipment("picked", tracking: []), Afternoon.shipment("packed", tracking: ["1Z1"]),
            Afternoon.shipment(tracking: ["1Z1"]), Afternoon.shipment(), Afternoon.shipment("status Q"),
        ]
        var before = try Afternoon.progress(.pendingFulfillment)
        var kinds: [String] = []
        for shipment in shipments {
            var next = before
            next.shipments = [shipment]
            kinds += ProgressChange.all(from: before, to: next).map { "\($0.kind.rawValue) \($0.outcome ?? "")" }
            before = next
        }
        #expect(
            kinds == [
                "fulfilment picked", "fulfilment packed", "shipped shipped", "fulfilment shipped",
                "fulfilment status Q",
            ])
    }

    @Test("what is gone is told by its number, and an order that is cancelled or opened again too")
    func gone() throws {
        let states = try Afternoon.states()
        let told = Self.changes(states[4], try Afternoon.progress(.cancelled))
        #expect(
            told == [
                "fulfilment-removed | IF77", "invoice-removed | INV9", "payment-removed | PYMT3",
                "credit-removed | CM2", "lines-reopened | 802000000000002AAA", "cancelled | cancelled",
            ])
        #expect(Self.changes(states[5], states[5]).isEmpty)
        #expect(Self.changes(states[3], states[3]).isEmpty)
    }

    @Test("of many lines the first three are shown, and how many more there are")
    func manyLines() throws {
        var shipment = try Afternoon.shipment()
        shipment.lines = try (1...5).map {
            .init(id: try SalesforceId("80200000000000\($0)AAA"), quantity: ExactDecimal(whole: 2))
        }
        let parts = ProgressWords.parts(of: shipment)
        #expect(parts.last == "and 2 more lines" && parts.count == 7)
    }

    @Test("each kind has words of its own")
    func words() {
        let words = ProgressChange.Kind.allCases.map(ProgressWords.words)
        #expect(Set(words).count == words.count)
    }
}

/// The command as a process, on a real database.
@Suite("crossdock shows progress and stock")
struct ProgressPageTests {
    @Loop
    private static func withLedger(
        _ body: @Loop (Ledger) async throws -> Void
    ) async throws -> [String: String] {
        let database = try await PostgresCluster.shared().newLedgerDatabase()
        let logger = Logger(label: "test", level: .error)
        let pool = PostgresPool(configuration: database, logger: logger)
        try await body(Ledger(pool: pool, logger: logger))
        await pool.close()
        return CommandTests.environment(database)
    }

    @Loop
    private static func store(
        _ values: [[UInt8]], key: String, topic: String, in ledger: Ledger, keepsHistory: Bool = true
    ) async throws {
        let leader = try #require(
            try await ledger.acquireLeadership(of: topic, holder: "test", lease: .seconds(30)))
        for (index, value) in values.enumerated() {
            let state = NewState(
                key: key, asOfMilliseconds: Int64(index + 1), content: value, value: value,
                eventId: UUID().uuidString, traceParent: "00-trace")
            let stored = try await ledger.storeStates(
                [state], topic: topic, evenIfUnchanged: false, keepsHistory: keepsHistory, under: leader)
            #expect(stored.count == 1)
            try await ledger.acknowledgeStates(stored.map(\.eventId))
        }
    }

    @Loop
    private static func writeOrder(_ ledger: Ledger) async throws {
        let request = ClaimRequest(
            orderId: Afternoon.order, orderNumber: "00001234", accountId: "001000000000001AAA", version: 1_000,
            bodyDigest: [1], eventId: UUID().uuidString, traceParent: "00-trace", replayOf: nil)
        guard case .claimed(let claim) = try await ledger.claim([request], holder: "w", lease: .seconds(60)).first
        else {
            Issue.record("the order was not claimed")
            return
        }
        _ = try await ledger.record([
            AttemptRecord(
                claim: claim, outcome: .written(WrittenOrder(netSuiteId: 4_711)),
                settlementEventId: UUID().uuidString, customer: nil, answer: nil)
        ])
    }

    @Test("an order's page has its progress in the time line, with document numbers, and how it stands now")
    func order() async throws {
        let environment = try await onLoop {
            try await Self.withLedger { ledger in
                try await Self.writeOrder(ledger)
                let states = try Afternoon.states().dropLast()
                try await Self.store(
                    states.map { $0.encode() }, key: Afternoon.order, topic: Topic.orderProgressed.name, in: ledger)
            }
        }
        let shown = try CommandTests.run("orders show 00001234", environment)
        #expect(shown.status == 0, "\(shown.output)")
        for part in [
            "Order 00001234  closed", "  In NetSuite       closed, as of 2026-01-05 15:04:05 (UTC)",
            "    fulfilment      IF77 (shipped): 2026-01-05 · UPS · 1Z1, 1Z2 · 6 × 802000000000001AAA",
            "    invoice         INV9 (open): 2026-01-05 · 297.00 USD · 197.00 unpaid",
            "    payment         PYMT3 (deposited)", "    credit          CM2 (open)",
            "802000000000002AAA: 0 shipped, 0 invoiced, closed", "shipped    ", "IF77 · 2026-01-05 · UPS",
            "closed in NetSuite",
        ] { #expect(shown.output.contains(part), "\(part) is not in\n\(shown.output)") }

        let json = try JSONValue.parse(try CommandTests.run("orders show 00001234 --json", environment).output)
        #expect(json["progress"]?["state"] == "closed")
        #expect(json["progress"]?["invoices"]?[0]?["number"] == "INV9")
        #expect(json["order"]?["state"] == "closed")
        let events = try #require(json["events"]?.array)
        let times = events.compactMap { $0["at"]?.string }
        #expect(times == times.sorted())
        let kinds = events.compactMap { $0["kind"]?.string }
        let expected = ["attempt-started", "shipped", "invoiced", "paid", "credited", "lines-closed", "closed"]
        #expect(kinds.filter(expected.contains) == expected, "\(kinds)")
        #expect(events.first { $0["kind"] == "paid" }?["reference"] == "PYMT3")
        let members = Set(events.compactMap { $0.object?.members.map(\.name) })
        #expect(members.count == 1, "every member is always there")

        let list = try CommandTests.run("orders list", environment)
        #expect(list.output.contains("closed"), "\(list.output)")
    }

    @Test("progress of a sales order that another one has replaced says nothing of the order's state")
    func replaced() async throws {
        let environment = try await onLoop {
            try await Self.withLedger { ledger in
                try await Self.writeOrder(ledger)
                var deleted = try Afternoon.progress(.deletedInNetSuite)
                deleted.netSuite = .init(id: "99")
                try await Self.store(
                    [deleted.encode()], key: Afternoon.order, topic: Topic.orderProgressed.name, in: ledger)
            }
        }
        let shown = try CommandTests.run("orders show 00001234 --json", environment)
        #expect(try JSONValue.parse(shown.output)["order"]?["state"] == "written", "\(shown.output)")
    }

    private static func stock(_ sku: String = "SKU-RED", asOf: UTCInstant? = nil) throws -> StockCount {
        var count = StockCount(
            sku: sku, itemId: "801", active: true, asOf: asOf ?? UTCInstant(date: Date(timeIntervalSinceNow: -180)))
        count.listPrice = .init(amount: try ExactDecimal("55.00"), currency: "USD")
        count.locations = [
            .init(
                id: "1", name: "Main \u{1b}[2J", available: ExactDecimal(whole: 8), onHand: ExactDecimal(whole: 10),
                backOrdered: .zero),
            .init(
                id: "2", name: "West", available: try ExactDecimal("0.5"), onHand: ExactDecimal(whole: 1),
                backOrdered: ExactDecimal(whole: 3)),
        ]
        return count
    }

    @Loop
    private static func arrive(
        _ count: StockCount, in ledger: Ledger, _ end: FeedbackResult.End?, staleAfter: Duration = .seconds(3600)
    ) async throws {
        let arrived = ArrivedState(
            key: count.sku, asOfMilliseconds: count.asOf.millisecondsSinceEpoch, value: count.encode(),
            traceParent: "00-t")
        try await ledger.takeStock([arrived], staleAfter: staleAfter)
        guard let end else { return }
        let claims = try await ledger.claimFeedback(holder: "f", lease: .seconds(30), resendAfter: .seconds(60))
        try await ledger.finishFeedback(claims.map { FeedbackResult(claim: $0, end: end) })
    }

    @Test("a product's page has stock by location, price, activity, age, and since when Salesforce shows it")
    func product() async throws {
        let environment = try await onLoop {
            try await Self.withLedger { ledger in
                let count = try Self.stock()
                try await Self.store(
                    [count.encode()], key: count.sku, topic: Topic.inventoryCounted.name, in: ledger,
                    keepsHistory: false)
                try await Self.arrive(count, in: ledger, .sent(shown: Array("1".utf8)))
            }
        }
        let shown = try CommandTests.run("products show SKU-RED", environment)
        #expect(shown.status == 0, "\(shown.output)")
        for part in [
            "Product SKU-RED  active", "List price        55.00 USD", "(UTC), 3 min ago", "shown since 20",
            "West            2   0.5        1        3", "all together        8.5        11       3",
            "Main \\u001b[2J",
        ] { #expect(shown.output.contains(part), "\(part) is not in\n\(shown.output)") }
        let json = try JSONValue.parse(try CommandTests.run("products show SKU-RED --json", environment).output)
        #expect(json["count"]?["locations"]?[1]?["backOrdered"] == "3")
        #expect(json["available"] == "8.5")
        #expect(json["salesforce"]?["isShown"] == true)
        #expect(json["salesforce"]?["since"]?.string != nil)
        let age = try #require(json["ageSeconds"]?.int64)
        #expect((170...600).contains(age))

        let unknown = try CommandTests.run("products show SKU-GREEN", environment)
        #expect(unknown.status == 1)
        #expect(unknown.output.contains("no item \"SKU-GREEN\" was counted: NetSuite has none"), "\(unknown.output)")
        let alike = try CommandTests.run("products show sku-red", environment)
        #expect(alike.status == 1)
        #expect(alike.output.contains("did you mean SKU-RED?"), "\(alike.output)")
    }

    @Test("what keeps a count from Salesforce is said in a sentence")
    func salesforceSentences() async throws {
        let letter = DeadLetterContent(
            letterClass: "salesforce-refused", code: nil, field: nil, sentence: "The product is locked.", message: nil)
        let old = UTCInstant(date: Date(timeIntervalSinceNow: -30 * 3_600))
        let environment = try await onLoop {
            try await Self.withLedger { ledger in
                for sku in ["NOT-TAKEN", "NO-PRODUCT", "REFUSED", "STALE", "OLDER", "SERVICE", "UNKNOWN"] {
                    var count = try Self.stock(sku, asOf: sku == "STALE" ? old : nil)
                    if sku == "SERVICE" { count.locations = [] }
                    try await Self.store(
                        [count.encode()], key: sku, topic: Topic.inventoryCounted.name, in: ledger, keepsHistory: false)
                    switch sku {
                    case "NO-PRODUCT": try await Self.arrive(count, in: ledger, .sent(shown: Array("0".utf8)))
                    case "REFUSED": try await Self.arrive(count, in: ledger, .refused(letter, tryAgainAfter: nil))
                    case "STALE", "SERVICE": try await Self.arrive(count, in: ledger, .sent(shown: Array("2".utf8)))
                    case "OLDER":
                        var former = count
                        former.asOf = old
                        try await Self.arrive(former, in: ledger, .sent(shown: Array("1".utf8)))
                    case "UNKNOWN": try await Self.arrive(count, in: ledger, .unknown(sendAgainAfter: .seconds(60)))
                    default: break
                    }
                }
            }
        }
        let expected = [
            "NOT-TAKEN": ["not shown yet: status-feedback has not taken the count"],
            "NO-PRODUCT": ["no product has this SKU (looked at 20"],
            "REFUSED": ["refused: The product is locked.", "see: crossdock dead-letters show 1"],
            "STALE": ["shown since 20", ", by 2 products", "marked stale: the count is older than STOCK_STALE_HOURS"],
            "OLDER": ["an older count, since 20", "this one is on its way"],
            "SERVICE": ["No stock is kept of this item."],
            "UNKNOWN": ["not shown yet: the count is being written"],
        ]
        for (sku, parts) in expected {
            let shown = try CommandTests.run("products show \(sku)", environment)
            #expect(shown.status == 0, "\(shown.output)")
            for part in parts { #expect(shown.output.contains(part), "\(sku): \(part) is not in\n\(shown.output)") }
        }
    }
}
