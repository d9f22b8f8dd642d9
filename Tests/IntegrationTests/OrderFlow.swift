import Contracts
import EventLoop
import Glibc
import JSONText
import Kafka
import Postgres
import TestSupport

/// Order messages put on Kafka at a steady pace, without Salesforce, and what NetSuite's journal says became of them.
@Loop
final class OrderFlow {
    private let stack: ServiceStack
    private let producer: KafkaProducer
    private let accountCount: Int
    /// The newest version that was sent, by order id.
    private(set) var sent: [String: Int64] = [:]
    private var lastNumber = 0
    private var steady: Task<Void, any Error>?
    private var isResting = false
    private(set) var journal: [JSONValue] = []
    /// When NetSuite took each order, by external id.
    private(set) var createdAt: [String: MonotonicInstant] = [:]

    init(_ stack: ServiceStack, accountCount: Int = 8) throws {
        self.stack = stack
        self.accountCount = accountCount
        producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: stack.broker.connection(clientId: "test-flow")),
            logger: .silent)
    }

    // MARK: Sending

    /// Sends a new order.
    /// - Returns: its id and the partition that its key has.
    @discardableResult
    func sendOrder() async throws -> (id: String, partition: Int32) {
        lastNumber += 1
        let message = try OrderMessage(number: lastNumber, accountNumber: 1 + lastNumber % accountCount)
        return (message.orderId, try await send(message))
    }

    /// Sends the next version of an order, with another quantity.
    func sendNextVersion(of number: Int) async throws {
        var message = try OrderMessage(number: number, accountNumber: 1 + number % accountCount)
        message.setVersion((sent[message.orderId] ?? message.version) + 1)
        message.set("lines[0].quantity", to: "\"\(3 + message.version % 5)\"")
        _ = try await send(message)
    }

    private func send(_ message: OrderMessage) async throws -> Int32 {
        let delivery = try await producer.send(
            topic: Topic.orderSubmitted.name, key: message.key, value: message.value, headers: message.headers)
        sent[message.orderId] = message.version
        return delivery.partition
    }

    /// New orders until each partition has got one.
    /// - Returns: their ids.
    func sendToEachPartition(of count: Int) async throws -> [String] {
        var ids: [Int32: String] = [:]
        while ids.count < count {
            let order = try await sendOrder()
            ids[order.partition] = ids[order.partition] ?? order.id
        }
        return Array(ids.values)
    }

    /// Sends an order each so often, and a second version of every fourth, until ``rest()``.
    func start(every interval: Duration) {
        isResting = false
        steady = EventLoop.shared.start { [self] in
            while !isResting {
                try await sendOrder()
                if lastNumber % 4 == 0 { try await sendNextVersion(of: lastNumber - 2) }
                try await LoopTime.shared.sleep(for: interval)
            }
        }
    }

    /// Ends the steady pace. What is being sent ends too: a send that was cut may be delivered, and nobody would know.
    func rest() async {
        isResting = true
        _ = try? await steady?.value
        steady = nil
    }

    func close() async {
        await rest()
        await producer.close(within: .seconds(1))
    }

    // MARK: What NetSuite shows

    /// Reads on in NetSuite's journal.
    func look() async throws {
        // From the first request on that was not answered yet.
        if let open = journal.firstIndex(where: { $0["status"]?.number == nil }) { journal.removeSubrange(open...) }
        let after = journal.last?["sequence"]?.number?.text ?? "0"
        let now = MonotonicInstant.now
        for entry in try await stack.netSuite.control.get("/journal?after=\(after)")["requests"]?.array ?? [] {
            journal.append(entry)
            guard Self.isCreate(entry), let name = entry["externalId"]?.string else { continue }
            createdAt[name] = createdAt[name] ?? now
        }
    }

    /// Waits until NetSuite has these orders.
    func untilWritten(_ ids: [String], within limit: Duration) async throws {
        let names = ids.map { "SF-\($0)" }
        do {
            try await eventually("", within: limit) {
                try await self.look()
                return names.allSatisfy { self.createdAt[$0] != nil }
            }
        } catch is ConditionNotMet {
            let missing = ids.filter { createdAt["SF-\($0)"] == nil }
            throw StackFailure(description: "not written in time: \(missing)")
        }
    }

    /// Waits until every order is settled as written in the newest version that was sent.
    func untilAllSettled(within limit: Duration, but others: Set<String> = []) async throws {
        var missing: [String] = []
        do {
            try await eventually("", within: limit) {
                missing = try await self.unsettled().filter { !others.contains($0) }
                return missing.isEmpty
            }
        } catch is ConditionNotMet {
            throw StackFailure(
                description: "not settled in time: \(missing.count) of \(sent.count): \(missing.prefix(5))")
        }
    }

    /// The requests about an order by its external id.
    func requests(of id: String) async throws -> [JSONValue] {
        try await look()
        return journal.filter { entry in
            entry["externalId"]?.string == "SF-\(id)" || entry["path"]?.string?.contains("SF-\(id)") == true
        }
    }

    /// The requests of a process, told by its user agent.
    func requests(by process: pid_t) async throws -> [JSONValue] {
        try await look()
        return journal.filter { $0["userAgent"]?.string?.contains("-\(process)-") == true }
    }

    private static func isCreate(_ entry: JSONValue) -> Bool {
        entry["method"]?.string == "POST" && entry["applied"]?.bool == true
            && entry["path"]?.string?.hasSuffix("/salesOrder") == true
    }

    /// What breaks the promises "each order once, versions rise, nothing dead"; empty when they hold.
    func problems() async throws -> [String] {
        try await look()
        var problems: [String] = []
        var versions: [String: Int64] = [:]
        var creates: [String: Int] = [:]
        for entry in journal where entry["applied"]?.bool == true {
            guard let name = entry["externalId"]?.string, name.hasPrefix("SF-") else { continue }
            if Self.isCreate(entry) { creates[name, default: 0] += 1 }
            guard let version = entry["version"]?.string.flatMap({ Int64($0) }) else { continue }
            if version < versions[name] ?? 0 { problems.append("\(name): a version fell") }
            versions[name] = version
        }
        problems += creates.filter { $0.value > 1 }.map { "\($0.key): created \($0.value) times" }
        let shown = try await stack.salesOrders()
        for (id, version) in sent {
            let records = shown["SF-\(id)"] ?? []
            if records.count != 1 { problems.append("\(id): \(records.count) records") }
            guard let record = records.first else { continue }
            if record.shownVersion != version { problems.append("\(id): not the newest version") }
            let lines = record["lines"]?.array?.filter { $0["isClosed"]?.bool != true } ?? []
            if lines.count != 1 { problems.append("\(id): \(lines.count) lines") }
        }
        let customers = try await stack.netSuite.control.get("/customers")["customers"]?.array ?? []
        let names = Dictionary(grouping: customers.compactMap { $0["externalId"]?.string }) { $0 }
        problems += names.filter { $0.value.count > 1 }.map { "\($0.key): \($0.value.count) customers" }
        return try await problems + problemsOfLedger()
    }

    private func problemsOfLedger() async throws -> [String] {
        let letters = try await stack.query("select class, sentence from dead_letters")
        let problems = try letters.map { "dead letter \(try $0.string("class")): \(try $0.string("sentence"))" }
        return try await problems + unsettled().map { "\($0): not settled" }
    }

    /// The orders whose newest version has no good settlement.
    private func unsettled() async throws -> [String] {
        let settled = try await stack.query(
            "select order_id, max(version) as version from settlements where outcome in ('written', 'unchanged') group by 1"
        )
        let versions = Dictionary(
            uniqueKeysWithValues: try settled.map { (try $0.string("order_id"), try $0.int64("version")) })
        return sent.filter { versions[$0.key] != $0.value }.map(\.key)
    }
}

extension JSONValue {
    /// The version that a sales order of the sandbox carries.
    fileprivate var shownVersion: Int64? { self["custbody_crossdock_version"]?.string.flatMap { Int64($0) } }
}
