import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Postgres
import TestSupport
import Testing

/// Orders whose requests are struck one by one, sent side by side, and what must be true of all of them in the end.
@Loop
final class FaultMatrix {
    /// One fault of one request of one order.
    private struct Case {
        let name: String
        let request: StruckRequest
        let form: FaultForm
        let isAfter: Bool
        let order: StruckOrder
    }

    private let stack: ServiceStack
    private let producer: KafkaProducer
    private let settlements: TopicReader
    private var newest: [String: StruckOrder] = [:]
    private var names: [String: String] = [:]
    private var changes: [Case] = []
    private var nextNumber = 20_000

    init(_ stack: ServiceStack) throws {
        self.stack = stack
        producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: stack.broker.connection()), logger: .silent)
        settlements = try TopicReader(stack.broker, group: "fault-matrix", topic: Topic.orderSettled.name)
    }

    func close() async {
        await settlements.close()
        await producer.close(within: .seconds(1))
    }

    // MARK: Orders that are made

    /// Strikes each request that an order's way into NetSuite has, once in each form.
    func strikeCreates() async throws {
        // Whichever order's comes is struck, now and then.
        for (number, fault) in StruckRequest.readBack.faults.enumerated() {
            var aim: JSONObject = ["path": "/suiteql", "body": "FROM transaction"]
            aim["skip"] = .number(JSONNumber(2 * number))
            try await add(fault.form, aim, isAfter: false)
        }
        for request in [StruckRequest.createOrder, .createCustomer, .items, .probeOrder, .probeCustomer] {
            for fault in request.faults {
                try await strike(request, fault.form, isAfter: fault.isAfter)
                try await sendHealthy()
            }
        }
        // These are changed afterwards.
        for request in [StruckRequest.readOrder, .changeOrder] {
            for fault in request.faults {
                let name = "\(request.rawValue), \(fault.form.name), \(fault.isAfter ? "after" : "before")"
                let order = try StruckOrder(number: take(), accountNumber: 19_000 + nextNumber % 7)
                try await send(order, name)
                changes.append(
                    Case(name: name, request: request, form: fault.form, isAfter: fault.isAfter, order: order))
            }
        }
    }

    private func strike(_ request: StruckRequest, _ form: FaultForm, isAfter: Bool) async throws {
        let name = "\(request.rawValue), \(form.name), \(isAfter ? "after" : "before")"
        var order = try StruckOrder(number: take())
        if request == .items {
            let sku = "SKU-\(order.id)"
            _ = try await stack.netSuite.control.post("/items", ["sku": .string(sku), "listPrice": "49.50"])
            order.message.set("lines[0].sku", to: "\"\(sku)\"")
        }
        if let cause = request.provokedBy {
            try await add(FaultForm.lostAnswers.first { $0.name == "cut" }, aim(cause, order), isAfter: true)
        }
        try await add(form, aim(request, order), isAfter: isAfter)
        try await send(order, name)
        if request == .createCustomer || request == .probeCustomer {
            // A second order of the same account, at the same time.
            let other = try StruckOrder(number: take(), accountNumber: order.accountNumber)
            try await send(other, "\(name), the account's other order")
        }
        if form.name.hasSuffix("dropped") {
            changes.append(Case(name: name, request: .readOrder, form: .late, isAfter: false, order: order))
        }
    }

    private func aim(_ request: StruckRequest, _ order: StruckOrder) -> JSONObject {
        switch request {
        case .items: ["method": "POST", "path": "/suiteql", "body": .string("SKU-\(order.id)")]
        case .createCustomer: ["method": "POST", "path": "/customer", "body": .string("SFACC-\(order.account)")]
        case .createOrder: ["method": "POST", "path": "/salesOrder", "body": .string("SF-\(order.id)")]
        case .probeCustomer: ["method": "GET", "path": .string("eid:SFACC-\(order.account)")]
        case .probeOrder: ["method": "GET", "path": .string("eid:SF-\(order.id)")]
        case .readBack, .readOrder, .changeOrder: [:]
        }
    }

    // MARK: Orders that are changed

    /// A newer version of each order that waits for one: a changed line and a new one.
    func strikeChanges() async throws {
        let orders = try await stack.salesOrders()
        for struck in changes {
            let id = try #require(orders["SF-\(struck.order.id)"]?.first?["id"]?.string, "\(struck.name)")
            if !struck.name.hasSuffix("dropped, before") {
                let method = struck.request == .changeOrder ? "PATCH" : "GET"
                let aim: JSONObject = [
                    "method": .string(method),
                    "path": .string(method == "GET" ? "/salesOrder/\(id)?" : "/salesOrder/\(id)"),
                ]
                try await add(struck.form, aim, isAfter: struck.isAfter)
            }
            try await send(try struck.order.changed(), struck.name)
            try await sendHealthy()
        }
    }

    /// Most orders go through: where none did, it would be NetSuite's trouble and no order's.
    private func sendHealthy() async throws {
        for _ in 1...2 {
            try await send(try StruckOrder(number: take(), accountNumber: 19_000 + nextNumber % 7), "a healthy order")
        }
    }

    /// Changes that land after the writer has given them up, while nothing else keeps it from sending them again.
    func strikeLate() async throws {
        var orders: [StruckOrder] = []
        for _ in 1...4 {
            let order = try StruckOrder(number: take(), accountNumber: 19_000)
            try await send(order, "a change that lands late")
            orders.append(order)
        }
        try await untilAllSettled(within: .seconds(20))
        let records = try await stack.salesOrders()
        for order in orders {
            let id = try #require(records["SF-\(order.id)"]?.first?["id"]?.string)
            try await add(FaultForm.late, ["method": "PATCH", "path": .string("/salesOrder/\(id)")], isAfter: false)
            try await send(try order.changed(), "a change that lands late")
        }
    }

    /// Log-ins that fail, each for another reason.
    func strikeLogins() async throws {
        let kinds = ["cut", "throttled", "server-error", "unavailable", "html", "truncated", "empty", "wrong-type"]
        for form in FaultForm.ofAll + [FaultForm.empty] where kinds.contains(form.name) {
            try await add(form, ["method": "POST", "path": "/oauth2/v1/token"], isAfter: false)
            try await stack.netSuite.control.post("/logins/expire")
            for _ in 1...3 {
                try await send(try StruckOrder(number: take(), accountNumber: 19_000), "after a log-in: \(form.name)")
            }
            try await untilAllSettled(within: .seconds(20))
        }
    }

    // MARK: Sending

    private func take() -> Int {
        nextNumber += 1
        return nextNumber
    }

    private func send(_ order: StruckOrder, _ name: String) async throws {
        _ = try await producer.send(
            topic: Topic.orderSubmitted.name, key: order.message.key, value: order.message.value,
            headers: order.message.headers)
        newest[order.id] = order
        names[order.id] = name
    }

    private func add(_ form: FaultForm?, _ aim: JSONObject, isAfter: Bool) async throws {
        var fault = try #require(form).members
        // The member `body` of an answer is the answer's: such a fault strikes whichever request comes first.
        for (name, value) in aim.members where name != "body" || fault["kind"] != "answer" { fault[name] = value }
        if isAfter { fault["moment"] = "after" }
        try await stack.netSuite.control.post("/faults", .object(fault))
    }

    // MARK: What must be true in the end

    /// Waits until the newest version of every order is settled, and nothing holds or kills it.
    func untilAllSettled(within limit: Duration) async throws {
        let end = MonotonicInstant.now + limit
        while true {
            let open = try unsettled()
            if open.isEmpty { return }
            guard MonotonicInstant.now < end else {
                let seen = open.sorted().prefix(20) + (try await ledgerProblems()).prefix(20)
                throw ConditionNotMet(description: "not in time, \(open.count): \(seen.joined(separator: "\n"))")
            }
            try await LoopTime.shared.sleep(for: .milliseconds(100))
        }
    }

    private func unsettled() throws -> [String] {
        var last: [String: Settlement] = [:]
        for message in settlements.messages {
            let settled = try Settlement.decode(message.value ?? [])
            if settled.sequence > last[settled.orderId.text]?.sequence ?? 0 { last[settled.orderId.text] = settled }
        }
        return newest.values.compactMap { order in
            guard let settled = last[order.id], settled.version == order.message.version,
                settled.outcome == .written || settled.outcome == .unchanged, settled.netSuite?.number != nil
            else { return "\(names[order.id] ?? ""): \(last[order.id]?.outcome.rawValue ?? "nothing")" }
            return nil
        }
    }

    /// Waits until NetSuite works on nothing any more: what lands late must have landed before one judges.
    func untilQuiet(within limit: Duration = .seconds(10)) async throws {
        try await eventually("NetSuite has ended every request", within: limit) {
            let requests = try await stack.netSuite.control.get("/journal")["requests"]?.array ?? []
            return requests.allSatisfy { $0["endedAt"] != nil }
        }
    }

    /// What breaks "once, whole, newest, one customer each, nothing dead or held"; empty when it holds.
    func problems() async throws -> [String] {
        try await orderProblems() + customerProblems() + ledgerProblems() + faultProblems()
    }

    private func orderProblems() async throws -> [String] {
        let orders = try await stack.salesOrders()
        var problems: [String] = []
        for (id, wanted) in newest {
            let name = names[id] ?? id
            guard let records = orders["SF-\(id)"], records.count == 1, let order = records.first else {
                problems.append("\(name): \(orders["SF-\(id)"]?.count ?? 0) times in NetSuite")
                continue
            }
            let open = (order["lines"]?.array ?? []).filter { $0["isClosed"]?.bool != true }
            let shown = open.map { "\($0["custcol_crossdock_line_id"]?.string ?? "") \($0["quantity"]?.string ?? "")" }
            if shown.sorted() != wanted.lines.sorted() {
                problems.append("\(name): lines \(shown) and not \(wanted.lines)")
            }
            if order["custbody_crossdock_version"]?.string != String(wanted.message.version) {
                problems.append("\(name): version \(order["custbody_crossdock_version"]?.string ?? "none")")
            }
        }
        if orders.count != newest.count { problems.append("\(orders.count) orders and not \(newest.count)") }
        let requests = try await stack.netSuite.control.get("/journal")["requests"]?.array ?? []
        let made = requests.filter { $0["method"]?.string == "POST" && $0["applied"]?.bool == true }
        for (id, entries) in Dictionary(grouping: made, by: { $0["externalId"]?.string ?? "" })
        where entries.count > 1 {
            problems.append("\(id) was made \(entries.count) times")
        }
        return problems
    }

    private func customerProblems() async throws -> [String] {
        let customers = try await stack.netSuite.control.get("/customers")["customers"]?.array ?? []
        let counts = Dictionary(grouping: customers) { $0["externalId"]?.string ?? "" }.mapValues(\.count)
        return Set(newest.values.map(\.account))
            .filter { counts["SFACC-\($0)"] != 1 }.map { "account \($0): \(counts["SFACC-\($0)"] ?? 0) customers" }
    }

    private func ledgerProblems() async throws -> [String] {
        var problems: [String] = []
        for row in try await stack.query("select order_id, class, sentence from dead_letters") {
            let id = try row.optionalString("order_id") ?? ""
            problems.append("\(names[id] ?? id): letter \(try row.string("class")): \(try row.string("sentence"))")
        }
        for row in try await stack.query(
            """
            select o.order_id, o.written_version, o.holder, h.sentence from orders o
            left join held_orders h using (order_id)
            """)
        {
            let id = try row.string("order_id")
            if try row.optionalInt64("written_version") != newest[id]?.message.version {
                problems.append("\(names[id] ?? id): the ledger has another version")
            }
            if try row.optionalString("holder") != nil { problems.append("\(names[id] ?? id): still claimed") }
            if let sentence = try row.optionalString("sentence") { problems.append("\(names[id] ?? id): \(sentence)") }
        }
        return problems
    }

    /// A fault that struck nobody proves nothing.
    private func faultProblems() async throws -> [String] {
        let faults = try await stack.netSuite.control.get("/faults")["faults"]?.array ?? []
        return faults.filter { $0["struck"]?.int64 == 0 }.map { "a fault struck nobody: \($0.text())" }
    }
}

/// An order of the matrix at one version, and the lines that NetSuite must show of it: id and quantity.
struct StruckOrder: Sendable {
    let number: Int
    let accountNumber: Int
    let account: String
    var message: OrderMessage
    private(set) var lines: [String]

    init(number: Int, accountNumber: Int? = nil) throws {
        self.number = number
        self.accountNumber = accountNumber ?? number
        account = try OrderMessage.id("001", self.accountNumber)
        message = try OrderMessage(number: number, accountNumber: self.accountNumber)
        lines = ["\(try OrderMessage.id("802", number)) 2"]
    }

    var id: String { message.orderId }

    /// The next version: the line has another quantity, and there is one line more.
    func changed() throws -> StruckOrder {
        var next = self
        let ids = [try OrderMessage.id("802", number), try OrderMessage.id("802", 900_000_000 + number)]
        let product = try OrderMessage.id("01t", 1)
        let lines: [JSONValue] = zip(ids, [("SKU-RED", "5"), ("SKU-BLUE", "1")]).map { id, line in
            [
                "id": .string(id), "number": "0000000001", "sku": .string(line.0), "productId": .string(product),
                "quantity": .string(line.1), "unitPrice": "49.50",
            ]
        }
        next.message.setVersion(message.version + 1_000)
        next.message.set("lines", to: JSONValue.array(lines).text())
        next.lines = ["\(ids[0]) 5", "\(ids[1]) 1"]
        return next
    }
}
