import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import TestSupport
import Testing

/// The sales user's orders beside what the publisher made of them.
@Loop
final class PublishedOrders {
    private let stack: ServiceStack
    private let reader: TopicReader
    private var account: String?
    private var changes = 0
    /// The order's purchase order number as it stands in Salesforce: each change gives another one.
    private var wanted: [String: String] = [:]
    /// What was read of the topic: the newest state of each order.
    private var newest: [String: OrderSnapshot] = [:]
    private var readCount = 0

    init(_ stack: ServiceStack) throws {
        self.stack = stack
        reader = try TopicReader(stack.broker, group: "published-orders", topic: Topic.orderSubmitted.name)
    }

    func close() async { await reader.close() }

    // MARK: What the sales user does

    /// Makes active orders, all in one transaction and with one stamp.
    @discardableResult
    func make(_ count: Int, at stamp: UTCInstant? = nil) async throws -> [String] {
        if account == nil { account = try await stack.salesforce.control.make("/accounts", ["name": "Bäckerei Grün"]) }
        changes += 1
        var body: JSONObject = [
            "accountId": .string(account ?? ""), "count": .number(JSONNumber(count)), "activate": true,
            "poNumber": .string("PO-\(changes)"),
            "lines": [["sku": "SKU-RED", "quantity": 2, "unitPrice": "49.50"], ["sku": "SKU-MAT", "quantity": 1]],
        ]
        body["stamp"] = stamp.map { .string($0.soqlText) }
        let made = try await stack.salesforce.control.post("/orders", .object(body))["orders"]?.array ?? []
        let ids = made.compactMap { $0["id"]?.string }
        for id in ids { wanted[id] = "PO-\(changes)" }
        return ids
    }

    /// Changes orders.
    func change(_ ids: some Sequence<String>, at stamp: UTCInstant? = nil) async throws {
        for id in ids {
            changes += 1
            var body: JSONObject = ["poNumber": .string("PO-\(changes)")]
            body["stamp"] = stamp.map { .string($0.soqlText) }
            try await stack.salesforce.control.patch("/orders/\(id)", .object(body))
            wanted[id] = "PO-\(changes)"
        }
    }

    // MARK: What is seen

    /// Waits until the newest version of every order says what Salesforce says.
    func untilPublished(within limit: Duration = .seconds(20)) async throws {
        do {
            try await eventually("published", within: limit) {
                try read()
                return wanted.allSatisfy { newest[$0.key]?.poNumber == .value($0.value) }
            }
        } catch is ConditionNotMet {
            let missing = wanted.filter { newest[$0.key]?.poNumber != .value($0.value) }
            throw StackFailure(
                description: "of \(wanted.count) orders \(missing.count) are not published as they are")
        }
    }

    private func read() throws {
        while readCount < reader.messages.count {
            let snapshot = try Self.snapshot(reader.messages[readCount]).message
            if snapshot.version > newest[snapshot.orderId.text]?.version ?? 0 {
                newest[snapshot.orderId.text] = snapshot
            }
            readCount += 1
        }
    }

    private static func snapshot(
        _ message: KafkaMessage
    ) throws -> (headers: CloudEventHeaders, message: OrderSnapshot) {
        let read = try Topic.orderSubmitted.read(
            key: message.key, headers: message.headers.map { ($0.name, $0.value) }, value: message.value)
        return (read.headers, read.message)
    }

    /// Messages in the topic, repetitions included.
    var messageCount: Int { reader.messages.count }
    /// How many messages were told before.
    private(set) var repetitions = 0

    /// Checks the whole topic: versions rise, no two successive ones say the same, and what is told twice is the same
    /// event to the byte.
    func check() throws {
        var events: [String: [UInt8]?] = [:]
        var versions: [String: [OrderSnapshot]] = [:]
        repetitions = 0
        for message in reader.messages {
            let (headers, snapshot) = try Self.snapshot(message)
            if let known = events.updateValue(message.value, forKey: headers.id.text) {
                repetitions += 1
                #expect(known == message.value)
                continue
            }
            let earlier = versions[snapshot.orderId.text]?.last
            #expect(earlier.map { $0.version < snapshot.version } ?? true, "\(snapshot.orderId) went back")
            #expect(earlier?.poNumber != snapshot.poNumber, "\(snapshot.orderId) has two versions of one state")
            #expect(snapshot.lines.map(\.sku) == ["SKU-RED", "SKU-MAT"])
            versions[snapshot.orderId.text, default: []].append(snapshot)
        }
        #expect(Set(versions.keys) == Set(wanted.keys))
        for (id, poNumber) in wanted { #expect(versions[id]?.last?.poNumber == .value(poNumber)) }
    }

    /// The newest version of an order.
    func version(of id: String) -> Int64? { newest[id]?.version }

    /// How many orders show NetSuite's number in Salesforce.
    func shown() async throws -> Int {
        let orders = try await stack.salesforce.control.get("/orders")["orders"]?.array ?? []
        return orders.filter { $0["netSuite"]?["NetSuite_Order_Number__c"]?.string != nil }.count
    }

    /// How many queries of this beginning Salesforce has had.
    func queries(_ beginning: String) async throws -> Int {
        let requests = try await stack.salesforce.control.get("/journal")["requests"]?.array ?? []
        return requests.filter { $0["soql"]?.string?.hasPrefix(beginning) == true }.count
    }

    /// How often the orders were polled.
    func polls() async throws -> Int { try await queries("SELECT Id, StatusCode") }
}
