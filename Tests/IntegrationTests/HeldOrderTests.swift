import EventLoop
import JSONText
import Postgres
import TestSupport
import Testing

/// Orders that NetSuite cannot take while others go through: they wait by themselves, and say why.
@Suite("Held orders")
struct HeldOrderTests {
    @Test(
        "an order that alone cannot go on waits and says why, keeps nobody back, and is written once when it can be",
        .timeLimit(.minutes(3)))
    func waitsByItself() async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with { stack in
                stack.environment.merge([
                    "NETSUITE_REQUEST_SECONDS": "1", "UNKNOWN_CHANGE_WAIT_SECONDS": "2", "HELD_RETRY_SECONDS": "1",
                ]) { $1 }
                var writer = try await stack.startAll()[1]
                let play = HeldOrderPlay(stack)
                try await play.makeDrafts()
                try await play.lock()
                try await play.activate()
                try await play.untilOthersShown()
                try await play.untilHeld()
                try await play.checkSalesforceSaysWhy()
                try await play.systemAway(writer)
                try await play.amendWhileHeld()

                await writer.killHard()
                writer = try stack.start(.netSuiteWriter)
                try await writer.untilReady()
                try await play.outlastTheLongestHold()
                try await play.unlock()
                try await play.untilWritten()
                let problems = try await play.problems()
                #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
                try await play.untilSweptUp()
                #expect(await writer.stop() == 0)
            }
        }
    }
}

/// Four orders in trouble of their own among others that flow.
@Loop
final class HeldOrderPlay {
    enum Role: String, CaseIterable, Sendable {
        case locked, failing, amended, forgotten

        var fault: JSONObject {
            switch self {
            case .locked, .forgotten: ["kind": "workflow-lock"]
            case .failing: ["kind": "server-error"]
            case .amended: ["kind": "record-locked"]
            }
        }

        /// A part of what Salesforce says of it.
        var words: String {
            switch self {
            case .locked, .forgotten: "A workflow in NetSuite has locked the order"
            case .failing: "NetSuite gives no usable answer for this order (NetSuite answered with status 500)"
            case .amended: "Somebody keeps saving the order in NetSuite"
            }
        }
    }

    private let stack: ServiceStack
    private var account = ""
    private var orders: [Role: String] = [:]
    private var others: [String] = []

    init(_ stack: ServiceStack) { self.stack = stack }

    // MARK: The desk

    func makeDrafts() async throws {
        let address: JSONValue = ["street": "1 Dock Road", "city": "Leeds", "countryCode": "GB"]
        account = try await stack.salesforce.control.make(
            "/accounts", ["name": "Held and Sons", "billing": address, "shipping": address])
        for role in Role.allCases { orders[role] = try await makeDraft() }
        for _ in 1...6 { others.append(try await makeDraft()) }
    }

    private func makeDraft() async throws -> String {
        try await stack.salesforce.control.make(
            "/orders",
            [
                "accountId": .string(account), "activate": false, "poNumber": "PO-1",
                "lines": [["sku": "SKU-RED", "quantity": "1", "unitPrice": "9.50"]],
            ])
    }

    func lock() async throws {
        for (role, id) in orders {
            var fault = role.fault
            fault["method"] = "POST"
            fault["path"] = "/salesOrder"
            fault["body"] = .string("SF-\(id)")
            fault["times"] = .null
            try await stack.netSuite.control.post("/faults", .object(fault))
        }
    }

    /// Their next tries come now: by then the waits have grown.
    func unlock() async throws {
        try await stack.netSuite.control.delete("/faults")
        _ = try await stack.query("update held_orders set next_try_at = clock_timestamp()")
    }

    /// The troubled ones first, so that they could stand in the way.
    func activate() async throws {
        for id in Array(orders.values) + others { try await stack.salesforce.control.post("/orders/\(id)/activate") }
    }

    func amendWhileHeld() async throws {
        let id = try order(.amended)
        try await stack.salesforce.control.patch("/orders/\(id)", ["poNumber": "PO-2"])
        try await eventually("the newer version takes the held one's place") {
            let row = try await stack.query(
                """
                select h.version = max(p.version) and count(*) > 1 as replaced from held_orders h
                join publications p using (order_id) where h.order_id = \(id) group by h.version
                """)
            return try row.first?.bool("replaced") ?? false
        }
    }

    /// As if a day had passed.
    func outlastTheLongestHold() async throws {
        let id = try order(.forgotten)
        _ = try await stack.query(
            """
            update held_orders set held_since = held_since - interval '25 hours', next_try_at = clock_timestamp()
            where order_id = \(id)
            """)
        try await eventually("it becomes a dead letter", within: .seconds(60)) {
            let shown = try await shown(id)
            return shown?["NetSuite_Status__c"]?.string == "needs attention"
        }
        let letters = try await stack.query("select order_id, class, sentence from dead_letters")
        #expect(letters.count == 1)
        let letter = try #require(letters.first)
        #expect(try letter.string("order_id") == id)
        #expect(try letter.string("class") == "held-too-long")
        #expect(try letter.string("sentence").contains(Role.forgotten.words))
    }

    /// While all that is asked fails, of every order, no order is held and no held one is tried.
    func systemAway(_ writer: ServiceProcess) async throws {
        let fault = try await stack.netSuite.control.make("/faults", ["kind": "unavailable", "times": .null])
        let desk = OrderDesk(stack)
        try await desk.addAccounts(2)
        try await desk.addOrders(8)
        try await writer.untilNotReady(because: "NetSuite")
        let (before, asked) = (try await heldTries(), try await requestCount())
        try await eventually("three probes") { try await requestCount() >= asked + 3 }
        #expect(try await heldTries() == before)
        try await stack.netSuite.control.delete("/faults/\(fault)")
        try await desk.untilAllShown()
    }

    // MARK: What is seen

    private func order(_ role: Role) throws -> String { try #require(orders[role]) }

    private func shown(_ id: String) async throws -> JSONValue? {
        try await stack.salesforce.control.get("/orders/\(id)")["netSuite"]
    }

    private func isShownAsWritten(_ id: String) async throws -> Bool {
        let shown = try await shown(id)
        return shown?["NetSuite_Order_Number__c"]?.string != nil && shown?["NetSuite_Message__c"]?.string == nil
            && shown?["NetSuite_Status__c"]?.string == "pending fulfillment"
    }

    func untilOthersShown() async throws {
        for id in others {
            try await eventually("the others are written", within: .seconds(30)) { try await isShownAsWritten(id) }
        }
    }

    func untilHeld() async throws {
        try await eventually("all four are held", within: .seconds(40)) {
            let rows = try await stack.query("select order_id from held_orders")
            return Set(try rows.map { try $0.string("order_id") }) == Set(orders.values)
        }
    }

    /// How often each was held, together.
    func heldTries() async throws -> Int64 {
        try await stack.query("select coalesce(sum(tries), 0)::bigint as n from held_orders").first?.int64("n") ?? 0
    }

    func requestCount() async throws -> Int {
        try await stack.netSuite.control.get("/journal")["requests"]?.array?.count ?? 0
    }

    func checkSalesforceSaysWhy() async throws {
        for (role, id) in orders {
            try await eventually("Salesforce says why \(role) waits") {
                let shown = try await shown(id)
                return shown?["NetSuite_Status__c"]?.string == "waiting"
                    && shown?["NetSuite_Message__c"]?.string?.hasPrefix(role.words) == true
            }
        }
    }

    func untilWritten() async throws {
        for role in [Role.locked, .failing, .amended] {
            let id = try order(role)
            try await eventually("\(role) is written and its reason gone", within: .seconds(60)) {
                try await isShownAsWritten(id)
            }
        }
    }

    /// As if the writer had died between the outcome and its publication: no message would come again for it.
    func untilSweptUp() async throws {
        let id = try order(.locked)
        _ = try await stack.query(
            """
            update settlements set published_at = null, value = null, settled_at = settled_at - interval '1 hour'
            where order_id = \(id) and outcome = 'written'
            """)
        try await eventually("the settlement that nobody published is published") {
            let rows = try await stack.query(
                """
                select published_at is not null and value is not null as published from settlements
                where order_id = \(id) and outcome = 'written'
                """)
            return try rows.first?.bool("published") ?? false
        }
    }

    /// What breaks "once, newest, looked for before it was sent again"; empty when it holds.
    func problems() async throws -> [String] {
        var problems: [String] = []
        let records = try await stack.salesOrders()
        for role in [Role.locked, .failing, .amended] {
            let count = records["SF-\(try order(role))"]?.count ?? 0
            if count != 1 { problems.append("\(role) is \(count) times in NetSuite") }
        }
        let amended = records["SF-\(try order(.amended))"]?.first
        if amended?["otherRefNum"]?.string != "PO-2" { problems.append("the newest version was not written") }
        if records["SF-\(try order(.forgotten))"] != nil { problems.append("a dead letter was written") }
        let customers = try await stack.netSuite.control.get("/customers")["customers"]?.array ?? []
        let count = customers.filter { $0["externalId"]?.string == "SFACC-\(account)" }.count
        if count != 1 { problems.append("\(count) customers") }
        if try await heldTries() > 0 { problems.append("something is still held") }
        return try await problems + probeProblems()
    }

    /// Between the last answer without sense and the request that made the order, it was looked for.
    private func probeProblems() async throws -> [String] {
        let id = try order(.failing)
        let requests = try await stack.netSuite.control.get("/journal")["requests"]?.array ?? []
        let failed = requests.lastIndex { $0["fault"]?.string == "server-error" } ?? 0
        let made = requests.lastIndex {
            $0["method"]?.string == "POST" && $0["applied"]?.bool == true && $0["externalId"]?.string == "SF-\(id)"
        }
        guard let made, failed < made else { return ["the failing order was not made after its failures"] }
        let probed = requests[failed..<made].contains { $0["path"]?.string?.contains("eid:SF-\(id)") == true }
        return probed ? [] : ["the failing order was sent again without a look"]
    }
}
