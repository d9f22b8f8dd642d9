import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Postgres
import Telemetry
import TestSupport
import Testing

/// Progress and stock on their way to Salesforce in batches: status-feedback as a process, its messages made here.
@Suite("Status-feedback's batches", .serialized)
struct FeedbackBatchTests {
    @Test("of 1,000 orders some records are refused: each is a letter of its own, all others are shown in few calls")
    func refusedAmongMany() async throws {
        try await onLoop(within: .seconds(180)) {
            try await ServiceStack.with { stack in
                let day = try await FeedbackDay.make(stack, orders: 1000)
                try await day.refuse("validation-rule", of: 3, message: "Ask sales first.")
                try await day.refuseLine(of: 5)
                try await day.refuse("row-locked", of: 7, times: 2)
                try await day.delete(9)
                let service = try stack.start(.statusFeedback, with: ["ORDER_STATUS_BY_STATE": "shipped=Fulfilled"])
                try await service.untilReady()
                try await day.settleAll()
                try await day.progressAll()
                try await eventually("all others are shown", within: .seconds(60)) {
                    try await day.shownCount() == 1000 - 3
                }
                try await day.checkShown()
                try await day.checkLetters()
                let calls = try await day.calls()
                print("calls to Salesforce for 1,000 orders, settled and shipped: \(calls)")
                #expect(calls.values.reduce(0, +) < 120, "\(calls)")
                try await day.checkOneOrder(service)
                try await day.checkStock()
                #expect(await service.stop() == 0)
            }
        }
    }

    @Test(
        "a status that would make orders drafts keeps the service from being ready, and it stops in order all the same")
    func statusOfADraft() async throws {
        try await onLoop(within: .seconds(60)) {
            try await ServiceStack.with { stack in
                let service = try stack.start(
                    .statusFeedback, with: ["ORDER_STATUS_BY_STATE": "shipped=Fulfilled,closed=On Hold"])
                try await service.untilNotReady(because: "On Hold")
                #expect(await service.readiness()?.text.contains("category Draft") == true)
                #expect(await service.stop() == 0)
            }
        }
    }
}

/// Orders of Salesforce, and what NetSuite is said to make of them.
@Loop
final class FeedbackDay {
    private let stack: ServiceStack
    private let producer: KafkaProducer
    let orders: [(id: SalesforceId, lines: [SalesforceId])]
    private var sequence: Int64 = 0
    private var asOf = Int64(Date().timeIntervalSince1970 * 1000)
    private var deleted: Int?

    private init(_ stack: ServiceStack, _ orders: [(id: SalesforceId, lines: [SalesforceId])]) throws {
        self.stack = stack
        self.orders = orders
        producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: stack.broker.connection()), logger: .silent)
    }

    static func make(_ stack: ServiceStack, orders count: Int) async throws -> FeedbackDay {
        let made = try await stack.salesforce.control.post(
            "/orders",
            [
                "account": ["name": "Many Orders Ltd"], "activate": true, "count": .number(JSONNumber(count)),
                "lines": [["sku": "SKU-RED", "quantity": 2], ["sku": "SKU-BLUE", "quantity": 1]],
            ])
        let orders = try (made["orders"]?.array ?? []).map { order in
            (
                id: try SalesforceId(complete: try #require(order["id"]?.string)),
                lines: try (order["lines"]?.array ?? []).map {
                    try SalesforceId(complete: try #require($0["id"]?.string))
                }
            )
        }
        // What the publisher would have noted.
        let ids = orders.map(\.id.text)
        _ = try await stack.query(
            "insert into crossdock.orders (order_id, currency) select x, 'USD' from unnest(\(ids)) x")
        return try FeedbackDay(stack, orders)
    }

    // MARK: What happens

    func refuse(_ kind: String, of number: Int, times: Int? = nil, message: String? = nil) async throws {
        var body: JSONObject = ["kind": .string(kind), "object": "Order", "recordId": .string(orders[number].id.text)]
        body["times"] = times.map { .number(JSONNumber($0)) }
        body["message"] = message.map { .string($0) }
        try await stack.salesforce.control.post("/refusals", .object(body))
    }

    func refuseLine(of number: Int) async throws {
        try await stack.salesforce.control.post(
            "/refusals",
            ["kind": "no-access", "object": "OrderItem", "recordId": .string(orders[number].lines[1].text)])
    }

    func delete(_ number: Int) async throws {
        deleted = number
        try await stack.salesforce.control.post("/orders/\(orders[number].id.text)/deactivate")
        try await stack.salesforce.control.delete("/orders/\(orders[number].id.text)")
    }

    func settleAll() async throws {
        sequence += 1
        for (number, order) in orders.enumerated() {
            var settlement = Settlement(
                orderId: order.id, sequence: sequence, outcome: .written, settledAt: UTCInstant(date: Date()))
            settlement.netSuite = .init(id: "\(5000 + number)", number: "SO\(number)", state: .pendingFulfillment)
            try await send(Topic.orderSettled, settlement)
        }
    }

    func progressAll() async throws {
        for number in orders.indices { try await progress(number, .shipped) }
    }

    func progress(_ number: Int, _ state: OrderState) async throws {
        asOf += 1
        let order = orders[number]
        var progress = OrderProgress(
            orderId: order.id,
            netSuite: .init(
                id: "\(5000 + number)", number: "SO\(number)", total: try ExactDecimal("120.00"), currency: "USD"),
            state: state, asOf: UTCInstant(millisecondsSinceEpoch: asOf))
        progress.lines = try zip(order.lines, ["2", "1"]).map { line, quantity in
            .init(
                id: line, shipped: try ExactDecimal(quantity),
                invoiced: try ExactDecimal(state == .paid ? quantity : "0"),
                closed: false)
        }
        var shipment = OrderProgress.Shipment(
            id: "\(9000 + number)", number: "IF\(number)", date: try CalendarDate("2026-06-02"), status: "shipped",
            carrier: "UPS")
        shipment.trackingNumbers = ["1Z\(number)A", "1Z\(number)B"]
        shipment.lines = progress.lines.map { .init(id: $0.id, quantity: $0.shipped) }
        progress.shipments = [shipment]
        if state == .paid {
            let total = try ExactDecimal("120.00")
            progress.invoices = [
                .init(id: "1", number: "INV\(number)", status: "paid", total: total, paid: total, unpaid: .zero)
            ]
            progress.payments = [.init(id: "2", number: "PYMT\(number)", status: "deposited", applied: total)]
        }
        try await send(Topic.orderProgressed, progress)
    }

    /// Progress does not tell the lines of an order that is gone.
    func deleteInNetSuite(_ number: Int) async throws {
        asOf += 1
        try await send(
            Topic.orderProgressed,
            OrderProgress(
                orderId: orders[number].id, netSuite: .init(id: "\(5000 + number)"), state: .deletedInNetSuite,
                asOf: UTCInstant(millisecondsSinceEpoch: asOf)))
    }

    private func send<Message: Sendable>(_ topic: Topic<Message>, _ message: Message) async throws {
        let headers = topic.headers(for: message, id: .new(at: Date()), at: Date(), traceparent: nil)
        _ = try await producer.send(
            topic: topic.name, key: Array(topic.key(of: message).utf8), value: topic.encode(message),
            headers: headers.encode().map { KafkaHeader($0.0, $0.1) })
    }

    // MARK: What is seen

    private func shown() async throws -> [String: JSONValue] {
        let found = try await stack.salesforce.control.get("/orders")["orders"]?.array ?? []
        return Dictionary(uniqueKeysWithValues: found.map { ($0["id"]?.string ?? "", $0) })
    }

    /// How many orders show everything, their lines included.
    func shownCount() async throws -> Int {
        let shown = try await shown()
        return orders.enumerated().filter { number, order in
            guard let view = shown[order.id.text], view["status"] == "Fulfilled",
                view["netSuite"]?["NetSuite_Tracking_Numbers__c"]?.string == "1Z\(number)A, 1Z\(number)B"
            else { return false }
            let quantities = view["lines"]?.array?.compactMap {
                $0["fields"]?["NetSuite_Quantity_Shipped__c"]?.number.flatMap { try? ExactDecimal($0) }
            }
            return quantities == [ExactDecimal(whole: 2), ExactDecimal(whole: 1)]
        }.count
    }

    func checkShown() async throws {
        let shown = try await shown()
        let fields = shown[orders[0].id.text]?["netSuite"]
        #expect(fields?["NetSuite_Status__c"] == "shipped" && fields?["NetSuite_Ship_Date__c"] == "2026-06-02")
        #expect(fields?["NetSuite_Carrier__c"] == "UPS" && fields?["NetSuite_Order_Number__c"] == "SO0")
        #expect(fields?["NetSuite_Synced_At__c"]?.string != nil)
        // The order whose line was refused shows its own fields, and its other line.
        let partly = shown[orders[5].id.text]
        #expect(partly?["netSuite"]?["NetSuite_Status__c"] == "shipped")
        // The refused one shows nothing of it.
        #expect(shown[orders[3].id.text]?["netSuite"]?["NetSuite_Status__c"] == .null)
        // Whoever looks at the history sees the integration user, and an order that was never activated by it.
        let settings = try await stack.salesforce.control.get("/settings")
        let history = try await stack.salesforce.control.get("/orders/\(orders[0].id.text)/history")["history"]?.array
        let tracking = history?.filter { $0["field"]?.string == "NetSuite_Tracking_Numbers__c" }
        #expect(tracking?.count == 1 && tracking?.first?["by"] == settings["integrationUserId"])
    }

    func checkLetters() async throws {
        let rows = try await stack.query(
            """
            select order_id, code, sentence, seen_count from crossdock.dead_letters
            where origin = 'feedback' and state = 'open'
            """)
        var sentences: [String: String] = [:]
        for row in rows { sentences[try row.string("order_id")] = try row.string("sentence") }
        #expect(Set(sentences.keys) == Set([3, 5, 9].map { orders[$0].id.text }))
        #expect(sentences[orders[3].id.text]?.contains("validation rule") == true)
        #expect(sentences[orders[3].id.text]?.contains("Ask sales first.") == true)
        #expect(sentences[orders[5].id.text]?.contains("line \(orders[5].lines[1].text)") == true)
        #expect(sentences[orders[5].id.text]?.contains("permission set") == true)
        #expect(sentences[orders[9].id.text]?.contains("deleted") == true)
    }

    /// The calls that status-feedback made, by method, log-ins aside.
    func calls() async throws -> [String: Int] {
        let requests = try await stack.salesforce.control.get("/journal")["requests"]?.array ?? []
        let own = requests.filter {
            $0["userAgent"]?.string?.hasPrefix("crossdock-status-feedback") == true
                && $0["path"]?.string?.contains("/oauth2/") == false
        }
        return Dictionary(grouping: own) { "\($0["method"]?.string ?? "") \($0["path"]?.string ?? "")" }
            .mapValues(\.count)
    }

    /// One order that moves alone is one call, and only what differs is in it.
    func checkOneOrder(_ service: ServiceProcess) async throws {
        try await eventually("all are at rest", within: .seconds(30)) {
            try await stack.query(
                "select 1 from crossdock.feedback where holder is not null or retry_at is not null or revision > tried_revision"
            ).count == 0
        }
        try await stack.salesforce.control.delete("/journal")
        try await progress(20, .paid)
        try await eventually("it is shown") {
            let fields = try await stack.salesforce.control.get("/orders/\(orders[20].id.text)")["netSuite"]
            return fields?["NetSuite_Status__c"] == "paid" && fields?["NetSuite_Invoice_Numbers__c"] == "INV20"
                && fields?["NetSuite_Amount_Paid__c"]?.number.flatMap { try? ExactDecimal($0) }
                    == ExactDecimal(whole: 120)
        }
        let calls = try await calls()
        print("calls to Salesforce for one order: \(calls)")
        #expect(calls.values.reduce(0, +) == 1, "\(calls)")
        let metrics = try await service.get("/metrics").text
        #expect(metrics.contains("salesforce_calls_per_shown_order 0."), "\(metrics)")
        #expect(metrics.contains("salesforce_records_total{object=\"OrderItem\",result=\"updated\"}"))
    }

    /// Counts of the catalogue and of an item that Salesforce does not have, in one query and one write.
    func checkStock() async throws {
        try await stack.salesforce.control.delete("/journal")
        for sku in ["SKU-RED", "SKU-BLUE", "SKU-NOWHERE"] {
            var count = StockCount(
                sku: sku, itemId: "501", active: sku != "SKU-BLUE",
                asOf: UTCInstant(millisecondsSinceEpoch: asOf - (sku == "SKU-BLUE" ? 30 * 3_600_000 : 0)))
            count.listPrice = .init(amount: try ExactDecimal("57.25"), currency: "USD")
            count.locations = [
                .init(
                    id: "1", name: "Main Warehouse", available: try ExactDecimal("12"), onHand: try ExactDecimal("12"),
                    backOrdered: .zero),
                .init(id: "2", name: "Outlet", available: .zero, onHand: .zero, backOrdered: .zero),
            ]
            try await send(Topic.inventoryCounted, count)
        }
        try await eventually("stock is shown") {
            let red = try await product("SKU-RED")
            return red?["netSuite"]?["NetSuite_Available_By_Location__c"] == "Main Warehouse: 12, Outlet: 0"
        }
        try await eventually("a stale count of an inactive item too") {
            let blue = try await product("SKU-BLUE")
            return blue?["netSuite"]?["NetSuite_Stock_Stale__c"] == true && blue?["active"] == false
        }
        let red = try await product("SKU-RED")
        #expect(red?["active"] == true && red?["netSuite"]?["NetSuite_Stock_Stale__c"] == false)
        #expect(
            red?["prices"]?[0]?["price"]?.number.flatMap { try? ExactDecimal($0) } == (try? ExactDecimal("57.25")))
        #expect(try await stack.query("select 1 from crossdock.dead_letters where object_type = 'Product2'").count == 0)
        let calls = try await calls()
        print("calls to Salesforce for three counts: \(calls)")
    }

    private func product(_ sku: String) async throws -> JSONValue? {
        try await stack.salesforce.control.get("/products")["products"]?.array?.first { $0["sku"]?.string == sku }
    }
}
