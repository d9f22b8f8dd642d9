import Contracts
import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// What comes in a publisher's way, with the service as processes over the Salesforce sandbox.
@Suite("The publisher's bad days", .serialized)
struct PublisherBadDayTests {
    /// How the query for whole orders begins.
    private static let reading = "SELECT Id, OrderNumber"

    @Test("a leader frozen beyond its lease is replaced, and once awake moves nothing and stands by")
    func frozenLeader() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                stack.environment["LEADER_LEASE_SECONDS"] = "3"
                let orders = try PublishedOrders(stack)
                let first = try stack.start(.orderPublisher)
                let early = try await orders.make(10)
                try await orders.untilPublished()
                let second = try stack.start(.orderPublisher)
                try await second.untilLogged("standing by")

                // It is stopped between its readings and what it would store of them.
                try await stack.salesforce.control.patch("/settings", ["latencyMilliseconds": 400])
                let before = try await orders.queries(Self.reading)
                try await orders.make(40)
                try await eventually("the leader reads the orders") {
                    try await orders.queries(Self.reading) > before
                }
                first.process.send(signal: SIGSTOP)
                let frozenAt = MonotonicInstant.now
                try await stack.salesforce.control.patch("/settings", ["latencyMilliseconds": 0])
                try await orders.untilPublished()
                #expect(MonotonicInstant.now - frozenAt < .seconds(15))
                let fence = try await Fences(stack)

                first.process.send(signal: SIGCONT)
                try await first.untilLogged("no longer leading")
                try await orders.change(early.prefix(5))
                try await orders.untilPublished()
                let later = try await Fences(stack)
                #expect(later.leader == fence.leader && later.cursors == [fence.leader])
                // Nothing was stored under the old fence after the new one had begun.
                let mixed = try await stack.query(
                    """
                    select 1 from publications p join publications q on q.publication_id < p.publication_id
                        and q.fence > p.fence
                    """)
                #expect(mixed.isEmpty)
                try orders.check()
                // One batch at the most, each with the event of the first time.
                #expect(orders.repetitions <= 40)

                // It leads again when its turn comes.
                await second.killHard()
                let killedAt = MonotonicInstant.now
                try await orders.change(early.prefix(5))
                try await orders.untilPublished()
                #expect(MonotonicInstant.now - killedAt < .seconds(15))
                try orders.check()
                #expect(await first.stop() == 0)
                await orders.close()
            }
        }
    }

    @Test("after an hour of changes while it was stopped, nothing is missing and nothing is told twice")
    func stoppedForAnHour() async throws {
        try await onLoop(within: .seconds(180)) {
            try await ServiceStack.with { stack in
                let orders = try PublishedOrders(stack)
                let publisher = try stack.start(.orderPublisher)
                let now = UTCInstant(date: Date())
                let early = try await orders.make(20, at: now.minus(seconds: 3_900))
                try await orders.untilPublished()
                #expect(await publisher.stop() == 0)

                // An hour: new orders and changes all along it, and a load of 2,000 with one stamp.
                for minute in stride(from: Int64(60), to: 0, by: -3) {
                    try await orders.make(2, at: now.minus(seconds: minute * 60))
                    let changed = early[Int(minute) % 10..<Int(minute) % 10 + 3]
                    try await orders.change(changed, at: now.minus(seconds: minute * 60 - 7))
                }
                try await orders.make(2_000, at: now.minus(seconds: 1_800))
                let restarted = try stack.start(.orderPublisher)
                try await orders.untilPublished(within: .seconds(60))

                // Transactions that began up to ten minutes ago and end now: behind the cursor.
                let late = try await orders.make(3, at: now.minus(seconds: 590))
                try await orders.untilPublished()
                try await orders.change(late, at: now.minus(seconds: 300))
                try await orders.untilPublished()
                // Two changes in one second.
                let second = UTCInstant(date: Date())
                try await orders.change(late, at: second)
                try await orders.untilPublished()
                let first = late.map { orders.version(of: $0) ?? 0 }
                try await orders.change(late, at: second)
                try await orders.untilPublished()
                #expect(late.map { orders.version(of: $0) } == first.map { $0 + 1 })
                try orders.check()
                #expect(orders.repetitions == 0)
                #expect(await restarted.stop() == 0)
                await orders.close()
            }
        }
    }

    @Test("whatever befalls a reading in the middle, every order is told, whole and once")
    func faultsInTheMiddleOfReadings() async throws {
        try await onLoop(within: .seconds(180)) {
            try await ServiceStack.with { stack in
                let orders = try PublishedOrders(stack)
                let control = stack.salesforce.control
                // So that readings have middles: pages of seven records.
                try await control.patch("/settings", ["pageSize": 7])
                let publisher = try stack.start(.orderPublisher)
                try await orders.make(5)
                try await orders.untilPublished()
                var known: [String] = []
                for (number, fault) in Self.readingFaults.enumerated() {
                    var body = fault
                    body["method"] = "GET"
                    body["path"] = body["path"] ?? .string(Self.places[number % Self.places.count])
                    let id = try await control.make("/faults", .object(body))
                    known += try await orders.make(10)
                    try await orders.change(known.suffix(15).prefix(5))
                    try await orders.untilPublished(within: .seconds(30))
                    let struck = try await control.get("/faults")["faults"]?.array?.first { $0["id"]?.string == id }
                    #expect(struck?["struck"]?.int64 ?? 0 > 0, "\(body)")
                    try await control.delete("/faults")
                }
                try orders.check()
                #expect(orders.repetitions == 0)
                try await publisher.untilReady()
                #expect(await publisher.stop() == 0)
                await orders.close()
            }
        }
    }

    /// The watch, a later page, whole orders, their lines.
    private static let places = [
        "SELECT%20Id%2C%20StatusCode", "/query/", "WHERE%20Id%20IN", "WHERE%20OrderId%20IN",
    ]

    private static let readingFaults: [JSONObject] = [
        ["kind": "unauthorized", "expires": true], ["kind": "unavailable", "times": 2],
        ["kind": "truncated", "times": 2],
        refused(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."), ["kind": "cut", "moment": "after"],
        ["kind": "hang"], ["kind": "html"], ["kind": "wrong-type"],
        refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator", times: 1),
        refused(400, "INVALID_QUERY_LOCATOR", "invalid query locator", times: 3),
    ]

    private static func refused(_ status: Int, _ code: String, _ message: String, times: Int = 2) -> JSONObject {
        let body: JSONValue = [["errorCode": .string(code), "message": .string(message)]]
        return [
            "kind": "answer", "status": .number(JSONNumber(status)), "headers": ["Content-Type": "application/json"],
            "body": .string(String(decoding: body.bytes(), as: UTF8.self)), "times": .number(JSONNumber(times)),
            "path": code == "INVALID_QUERY_LOCATOR" ? "/query/" : "WHERE%20Id%20IN",
        ]
    }

    @Test("what Crossdock itself writes into Salesforce makes no new version")
    func ownWritesAreNoVersion() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                let orders = try PublishedOrders(stack)
                _ = try await stack.startAll()
                try await orders.make(20)
                try await eventually("Salesforce shows NetSuite's numbers", within: .seconds(40)) {
                    try await orders.shown() == 20
                }
                let polls = try await orders.polls()
                try await eventually("three more polls") { try await orders.polls() >= polls + 3 }
                try orders.check()
                #expect(orders.messageCount == 20)
                await orders.close()
            }
        }
    }
}

/// By which fences things were stored.
@Loop
private struct Fences {
    let leader: Int64
    let cursors: Set<Int64>

    init(_ stack: ServiceStack) async throws {
        leader = try await stack.query("select fence from leaders").first?.int64("fence") ?? 0
        let rows = try await stack.query("select fence from cursors where name <> 'order-publisher.start'")
        cursors = Set(try rows.map { row in try row.int64("fence") })
    }
}

extension UTCInstant {
    func minus(seconds: Int64) -> UTCInstant {
        UTCInstant(millisecondsSinceEpoch: millisecondsSinceEpoch - seconds * 1000)
    }
}
