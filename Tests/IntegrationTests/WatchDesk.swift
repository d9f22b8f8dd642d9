import Contracts
import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// Orders that both systems and the ledger know as if they had been carried over, for tests of the way back: people go on
/// with them in NetSuite.
@Loop
final class WatchDesk {
    struct Order: Sendable {
        /// In Salesforce.
        let id: String
        /// In NetSuite.
        let netSuiteId: String
    }

    let stack: ServiceStack
    private(set) var orders: [Order] = []
    private var account = ""
    private var customer = ""

    init(_ stack: ServiceStack) { self.stack = stack }

    /// Orders of one line, in NetSuite pending fulfilment, each of five red boxes at 10.00.
    ///
    /// - Parameter at: NetSuite's time of making, where it is not now.
    @discardableResult
    func add(_ count: Int, at stamp: String? = nil) async throws -> [Order] {
        if account.isEmpty { try await addCustomer() }
        let made =
            try await stack.salesforce.control.post(
                "/orders",
                [
                    "accountId": .string(account), "count": .number(JSONNumber(count)), "activate": true,
                    "lines": [["sku": "SKU-RED", "quantity": 5, "unitPrice": "10.00"]],
                ])["orders"]?.array ?? []
        var added: [Order] = []
        var numbers: [String] = []
        for order in made {
            guard let id = order["id"]?.string, let line = order["lines"]?.array?.first?["id"]?.string else {
                throw StackFailure(description: "the Salesforce sandbox shows no order with a line: \(order)")
            }
            var body: JSONObject = [
                "externalId": .string("SF-\(id)"), "entity": ["id": .string(customer)], "orderStatus": ["id": "B"],
                "item": [
                    "items": [
                        ["item": ["id": "318"], "quantity": 5, "rate": 10, "custcol_crossdock_line_id": .string(line)]
                    ]
                ],
            ]
            body["modifiedAt"] = stamp.map { .string($0) }
            let entered = try await stack.netSuite.control.post("/orders", .object(body))
            added.append(Order(id: id, netSuiteId: entered["id"]?.string ?? ""))
            numbers.append(entered["tranId"]?.string ?? "")
        }
        try await note(added, numbers)
        orders += added
        return added
    }

    private func addCustomer() async throws {
        account = try await stack.salesforce.control.make("/accounts", ["name": "Nordwind Handel"])
        customer = try await stack.netSuite.control.make(
            "/customers", ["externalId": .string("SFACC-\(account)"), "companyName": "Nordwind Handel"])
    }

    /// What publisher and writer leave in the ledger; the first request was sent an hour before NetSuite's present time.
    private func note(_ orders: [Order], _ numbers: [String]) async throws {
        let now = try await netSuiteTime().minus(seconds: 3_600).date
        let ids = orders.map(\.id)
        _ = try await stack.query(
            """
            insert into orders (order_id, account_id, currency, netsuite_id, netsuite_number, netsuite_state,
                written_version, sequence)
            select id, \(account), 'USD', netsuite_id, number, 'pending fulfillment', 1, 0
            from unnest(\(ids), \(orders.compactMap { Int64($0.netSuiteId) }), \(numbers)) as x (id, netsuite_id, number)
            """)
        _ = try await stack.query(
            """
            insert into attempts (order_id, version, fence, holder, request_id, event_id, trace_parent, body_digest,
                state, started_at, ended_at)
            select id, 1, 1, 'test', id, id, '', ''::bytea, 'written', \(now), \(now) from unnest(\(ids)) as x (id)
            """)
    }

    // MARK: NetSuite

    /// NetSuite's time.
    func netSuiteTime() async throws -> UTCInstant {
        let clock = try await stack.netSuite.control.get("/clock")
        return try UTCInstant(clock["at"]?.string ?? "")
    }

    /// Sets NetSuite's clock; it goes on from there at the rate.
    func setClock(_ instant: String, rate: Int = 1) async throws {
        try await stack.netSuite.control.patch("/clock", ["at": .string(instant), "rate": .number(JSONNumber(rate))])
    }

    /// A step of a person in NetSuite; gives what came of it.
    @discardableResult
    func act(_ order: Order, _ step: String, _ body: JSONObject = [:]) async throws -> JSONValue {
        try await stack.netSuite.control.post("/orders/\(order.netSuiteId)/\(step)", .object(body))
    }

    /// Ships this many of the order's boxes in one package.
    @discardableResult
    func ship(_ order: Order, _ quantity: Int, tracking: String, at stamp: String? = nil) async throws -> String {
        var body: JSONObject = [
            "lines": [["line": 1, "quantity": .number(JSONNumber(quantity))]], "status": "C", "carrier": "UPS",
            "packages": [["trackingNumber": .string(tracking), "description": "box", "weight": 1]],
        ]
        body["modifiedAt"] = stamp.map { .string($0) }
        return try await act(order, "fulfil", body)["id"]?.string ?? ""
    }

    /// Pays an order's invoice, all or a part.
    func pay(_ order: Order, amount: String? = nil) async throws {
        let invoices = try await netSuite(order)["invoices"]?.array ?? []
        for invoice in invoices {
            var body: JSONObject = [:]
            body["amount"] = amount.map { .string($0) }
            try await stack.netSuite.control.post("/invoices/\(invoice["id"]?.string ?? "")/pay", .object(body))
        }
    }

    /// What NetSuite has of an order, with its documents.
    func netSuite(_ order: Order) async throws -> JSONValue {
        try await stack.netSuite.control.get("/orders/\(order.netSuiteId)")
    }

    /// How many requests NetSuite has answered.
    func requests() async throws -> Int {
        try await stack.netSuite.control.get("/journal")["requests"]?.array?.count ?? 0
    }

    // MARK: What is seen

    /// What Salesforce shows of every order: the fields that are Crossdock's, by the order's id.
    func shown() async throws -> [String: JSONValue] {
        let found = try await stack.salesforce.control.get("/orders")["orders"]?.array ?? []
        var shown: [String: JSONValue] = [:]
        for order in found { shown[order["id"]?.string ?? ""] = order }
        return shown
    }

    /// Waits until Salesforce shows these states, by order.
    func untilShown(
        _ states: KeyValuePairs<Int, String>, within limit: Duration = .seconds(30)
    ) async throws {
        try await untilShown(states.map { (orders[$0.key], $0.value) }, within: limit)
    }

    /// Waits until Salesforce shows this state for these orders.
    func untilShown(_ orders: [Order], _ state: String, within limit: Duration = .seconds(30)) async throws {
        try await untilShown(orders.map { ($0, state) }, within: limit)
    }

    private func untilShown(_ states: [(Order, String)], within limit: Duration) async throws {
        let end = MonotonicInstant.now + limit
        var missing: [String] = []
        repeat {
            let shown = try await shown()
            missing = states.compactMap { order, state in
                let status = shown[order.id]?["netSuite"]?["NetSuite_Status__c"]?.string ?? "nothing"
                return status == state ? nil : "\(order.id) shows \(status), not \(state)"
            }
            if missing.isEmpty { return }
            // To list a thousand orders takes Salesforce's sandbox a good part of a second.
            try await LoopTime.shared.sleep(for: .milliseconds(max(100, 2 * orders.count)))
        } while MonotonicInstant.now < end
        throw StackFailure(description: "\(missing.count) of \(states.count): \(missing.prefix(5))")
    }

    /// Where Salesforce shows something else than NetSuite has, apart from the state; deleted orders are left out.
    func differences() async throws -> [String] {
        let shown = try await shown()
        var problems: [String] = []
        let known = try await stack.salesOrders()
        for order in orders where known["SF-\(order.id)"] != nil {
            let truth = try await netSuite(order)
            guard let seen = shown[order.id] else { continue }
            let fields = seen["netSuite"]
            /// Each once; documents of one day may come in any order.
            func compare(_ name: String, _ field: String, _ wanted: [JSONValue?]) {
                let seen = fields?[field]?.string?.split(separator: ", ").map { String($0) } ?? []
                let wanted = wanted.compactMap { $0?.string }
                if seen.sorted() != wanted.sorted() { problems.append("\(order.id) \(name): \(seen), not \(wanted)") }
            }
            compare("number", "NetSuite_Order_Number__c", [truth["tranId"]])
            compare("tracking numbers", "NetSuite_Tracking_Numbers__c", truth["trackingNumbers"]?.array ?? [])
            compare(
                "invoices", "NetSuite_Invoice_Numbers__c", (truth["invoices"]?.array ?? []).map { $0["tranId"] })
            let shipped = decimal(seen["lines"]?.array?.first?["fields"]?["NetSuite_Quantity_Shipped__c"])
            let fulfilled = decimal(truth["lines"]?.array?.first?["quantityFulfilled"])
            if shipped != fulfilled { problems.append("\(order.id) shipped: \(shipped), not \(fulfilled)") }
            let invoiced = decimal(fields?["NetSuite_Amount_Invoiced__c"])
            let total = decimal(truth["amountInvoiced"])
            if invoiced != total { problems.append("\(order.id) invoiced: \(invoiced), not \(total)") }
        }
        return problems
    }

    /// A number or its text; nothing is nought.
    private func decimal(_ value: JSONValue?) -> Decimal {
        (value?.string ?? value?.number?.text).flatMap { Decimal(string: $0) } ?? 0
    }
}
