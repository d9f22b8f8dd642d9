import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import Postgres
import ServiceRuntime
import Telemetry
import TestSupport
import Testing

@testable import OrderPublisher

/// A publisher over a fresh ledger, a Salesforce in memory, and a list in Kafka's place.
@Loop
final class PublisherBench {
    let salesforce = FakeSalesforce()
    let ledger: Ledger
    private let pool: PostgresPool
    private(set) var sent: [(value: [UInt8], headers: CloudEventHeaders)] = []
    var kafkaIsDown = false
    /// How often it was told that the start is known.
    private(set) var startsKnown = 0
    private(set) var leadership: Leadership
    private(set) var pipeline: OrderPublisherPipeline

    init() async throws {
        let configuration = try await PostgresCluster.shared().newLedgerDatabase()
        pool = PostgresPool(configuration: configuration, logger: .silent)
        ledger = Ledger(pool: pool, logger: .silent)
        leadership = try await Self.acquire(ledger, holder: "first")
        pipeline = Self.unusable(ledger, salesforce)
        pipeline = makePipeline()
    }

    private static func acquire(_ ledger: Ledger, holder: String) async throws -> Leadership {
        let found = try await ledger.acquireLeadership(of: "order-publisher", holder: holder, lease: .seconds(60))
        return try #require(found)
    }

    private static func unusable(_ ledger: Ledger, _ source: FakeSalesforce) -> OrderPublisherPipeline {
        makePipeline(ledger, source, onStartKnown: {}) { (_, _) async throws(Trouble) in }
    }

    private func makePipeline() -> OrderPublisherPipeline {
        Self.makePipeline(ledger, salesforce, onStartKnown: { [weak self] in self?.startsKnown += 1 }) {
            [weak self] (value, headers) async throws(Trouble) in
            guard let self, !self.kafkaIsDown else { throw Trouble(.kafka, "down") }
            self.sent.append((value, headers))
        }
    }

    private static func makePipeline(
        _ ledger: Ledger, _ source: FakeSalesforce, onStartKnown: @escaping @Loop @Sendable () -> Void,
        send: @escaping EventProducer.Send
    ) -> OrderPublisherPipeline {
        let metrics = MetricsRegistry()
        let troubles = Troubles(health: Health(), metrics: metrics, logger: .silent)
        let configuration = OrderPublisherConfiguration(
            pollInterval: .seconds(30), overlap: .seconds(600), leaderLease: .seconds(10),
            reservePercent: 20,
            startFrom: try? UTCInstant("2026-05-28T20:00:00Z"), skuSource: .stockKeepingUnit, currency: nil,
            customFields: .init())
        return OrderPublisherPipeline(
            source: source, ledger: ledger, patience: DatabasePatience(troubles: troubles, time: LoopTime.shared),
            configuration: configuration, measures: PublisherMeasures(metrics), logger: .silent,
            time: LoopTime.shared, onStartKnown: onStartKnown, send: send)
    }

    func poll() async throws { try await pipeline.poll(under: leadership) }

    /// Another process takes over, as after a crash.
    func takeOver() async throws {
        try await ledger.release(leadership)
        leadership = try await Self.acquire(ledger, holder: "second")
        pipeline = makePipeline()
    }

    func close() async { await pool.close() }

    /// Versions sent of an order, each read as a consumer reads it.
    func versions(of number: Int) throws -> [Int64] {
        try sent.filter { $0.headers.subject == FakeSalesforce.id("801Qk", number) }.map { message in
            let read = try Topic.orderSubmitted.read(
                key: Array(message.headers.subject.utf8),
                headers: message.headers.encode().map { ($0.0, Array($0.1.utf8)) }, value: message.value)
            #expect(read.headers.traceparent.flatMap(TraceContext.init(traceparent:)) != nil)
            return read.message.version
        }
    }
}

@Suite("The publisher's poll")
struct PipelineTests {
    private func withBench(_ body: @escaping @Loop @Sendable (PublisherBench) async throws -> Void) async throws {
        try await onLoop {
            let bench = try await PublisherBench()
            do { try await body(bench) } catch {
                await bench.close()
                throw error
            }
            await bench.close()
        }
    }

    private static func milliseconds(_ text: String) throws -> Int64 { try UTCInstant(text).millisecondsSinceEpoch }

    @Test("an order that became active is published once, complete, under its stamp")
    func publishesOnce() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            try await bench.poll()
            #expect(try bench.versions(of: 1) == [try Self.milliseconds("2026-05-28T20:26:40Z")])
            #expect(try await bench.ledger.unacknowledgedPublications(under: bench.leadership).isEmpty)
        }
    }

    @Test("an edit of a line is a new version, a touch is none, and an undone edit is a third")
    func versionsFollowContent() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            bench.salesforce.change(
                lineOf: 1, ["Quantity": 5, "SystemModstamp": "2026-05-28T20:30:00.000+0000"])
            try await bench.poll()
            bench.salesforce.change(
                order: 1, ["Status": "Fulfilled", "SystemModstamp": "2026-05-28T20:31:00.000+0000"])
            try await bench.poll()
            bench.salesforce.change(
                lineOf: 1, ["Quantity": 2, "SystemModstamp": "2026-05-28T20:31:00.000+0000"])
            try await bench.poll()
            #expect(
                try bench.versions(of: 1) == [
                    Self.milliseconds("2026-05-28T20:26:40Z"), Self.milliseconds("2026-05-28T20:30:00Z"),
                    Self.milliseconds("2026-05-28T20:31:00Z"),
                ])
        }
    }

    @Test("a change within the second in which an order was read is a version of its own")
    func twoChangesInOneSecond() async throws {
        try await withBench { bench in
            let second = try UTCInstant("2026-05-28T20:26:40Z")
            bench.salesforce.serverTime = second
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try bench.salesforce.activate(2, at: "2026-05-28T20:26:40.000+0000")
            bench.salesforce.change(order: 2, ["Status": "Draft", "StatusCode": "Draft"])
            try await bench.poll()
            bench.salesforce.change(lineOf: 1, ["Quantity": 5])
            bench.salesforce.change(order: 2, ["Status": "Activated", "StatusCode": "Activated"])
            try await bench.poll()
            let stamp = second.millisecondsSinceEpoch
            #expect(try bench.versions(of: 1) == [stamp, stamp + 1])
            #expect(try bench.versions(of: 2) == [stamp])
            bench.salesforce.serverTime = try UTCInstant("2026-05-28T20:26:43Z")
            try await bench.poll()
            let before = bench.salesforce.queries.count
            try await bench.poll()
            #expect(bench.salesforce.queries.count - before == 2)
            #expect(bench.sent.count == 3)
        }
    }

    @Test("what Kafka did not confirm is sent again under the same event id, also by the next leader")
    func sendsAgainWithTheSameId() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            bench.kafkaIsDown = true
            await #expect(throws: Trouble.self) { try await bench.poll() }
            let stored = try await bench.ledger.unacknowledgedPublications(under: bench.leadership)
            #expect(stored.count == 1)
            await #expect(throws: Trouble.self) { try await bench.poll() }
            bench.kafkaIsDown = false
            try await bench.takeOver()
            try await bench.poll()
            #expect(bench.sent.map(\.headers.id.text) == stored.map(\.eventId))
            #expect(try await bench.ledger.unacknowledgedPublications(under: bench.leadership).isEmpty)
        }
    }

    @Test("orders activated before the start are left out until they are asked for")
    func earlierOrdersAreLeftOut() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T19:59:59.000+0000")
            bench.salesforce.change(
                order: 1, ["PoNumber": "touched", "SystemModstamp": "2026-05-28T20:40:00.000+0000"])
            try await bench.poll()
            #expect(bench.sent.isEmpty)
            try await bench.ledger.requestPublication(of: [FakeSalesforce.id("801Qk", 1)], by: "test")
            try await bench.poll()
            #expect(try bench.versions(of: 1).count == 1)
            #expect(try await bench.ledger.publishRequests().isEmpty)
        }
    }

    @Test("it tells in each term that its start is durable, and not before it is")
    func startKnown() async throws {
        try await withBench { bench in
            try await bench.ledger.release(bench.leadership)
            await #expect(throws: LeadershipLost.self) { try await bench.poll() }
            #expect(bench.startsKnown == 0, "nobody stored it")
            try await bench.takeOver()
            try await bench.poll()
            try await bench.poll()
            #expect(bench.startsKnown == 1)
            #expect(try await bench.ledger.cursor("order-publisher.start") != nil)
            try await bench.takeOver()
            try await bench.poll()
            #expect(bench.startsKnown == 2)
        }
    }

    @Test("an order without SKU becomes one dead letter and keeps nobody else")
    func unreadableOrdersBecomeLetters() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try bench.salesforce.activate(2, at: "2026-05-28T20:26:40.000+0000")
            bench.salesforce.change(lineOf: 1, ["Product2": nil])
            try await bench.poll()
            try await bench.takeOver()
            try await bench.poll()
            #expect(try bench.versions(of: 1).isEmpty)
            #expect(try bench.versions(of: 2).count == 1)
            let letters = try await bench.ledger.deadLetters()
            #expect(letters.count == 1)
            #expect(letters.first?.orderId == FakeSalesforce.id("801Qk", 1))
        }
    }

    @Test("an order whose unreadable change is undone is sent again, and its letter closes")
    func undoneChangesCloseTheirLetters() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            let line = FakeSalesforce.id("802Qk", 1)
            let product = try #require(bench.salesforce.lines[line]?["Product2"])
            bench.salesforce.change(
                lineOf: 1, ["Quantity": 9, "Product2": nil, "SystemModstamp": "2026-05-28T20:30:00.000+0000"])
            try await bench.poll()
            #expect(try await bench.ledger.deadLetters().count == 1)
            bench.salesforce.change(
                lineOf: 1, ["Quantity": 2, "Product2": product, "SystemModstamp": "2026-05-28T20:31:00.000+0000"])
            try await bench.poll()
            #expect(try await bench.ledger.deadLetters().isEmpty)
            #expect(try bench.versions(of: 1).count == 2)
            bench.salesforce.change(order: 1, ["SystemModstamp": "2026-05-28T20:32:00.000+0000"])
            try await bench.poll()
            #expect(try bench.versions(of: 1).count == 2)
        }
    }

    @Test("thousands of orders of one second are all found, page by page")
    func ties() async throws {
        try await withBench { bench in
            let count = ChangeDetection.pageSize + 300
            for number in 1...count { try bench.salesforce.activate(number, at: "2026-05-28T20:26:40.000+0000") }
            try await bench.poll()
            #expect(Set(bench.sent.map(\.headers.subject)).count == count)
            #expect(bench.sent.count == count)
        }
    }

    @Test("a row that appears behind the cursor is found within the overlap")
    func lateCommitsAreFound() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            try bench.salesforce.activate(2, at: "2026-05-28T20:17:00.000+0000")
            try await bench.poll()
            #expect(try bench.versions(of: 2).count == 1)
            #expect(try bench.versions(of: 1).count == 1)
        }
    }

    @Test("a change that the whole reading does not show yet is found by a later one", arguments: [true, false])
    func laggingReadingsAreRepeated(isLine: Bool) async throws {
        try await withBench { bench in
            let salesforce = bench.salesforce
            try salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            let (orderId, lineId) = (FakeSalesforce.id("801Qk", 1), FakeSalesforce.id("802Qk", 1))
            let changed = isLine ? lineId : orderId
            salesforce.lagging[changed] = isLine ? salesforce.lines[lineId] : salesforce.orders[orderId]
            let stamp: JSONValue = "2026-05-28T20:30:00.000+0000"
            if isLine {
                salesforce.change(lineOf: 1, ["Quantity": 5, "SystemModstamp": stamp])
            } else {
                salesforce.change(order: 1, ["PoNumber": "changed", "SystemModstamp": stamp])
            }
            // One that no whole reading shows at all.
            try salesforce.activate(2, at: "2026-05-28T20:30:00.000+0000")
            salesforce.lagging.updateValue(nil, forKey: FakeSalesforce.id("801Qk", 2))
            try await bench.poll()
            #expect(bench.sent.count == 1)
            salesforce.lagging = [:]
            try await bench.poll()
            let version = try Self.milliseconds("2026-05-28T20:30:00Z")
            #expect(try bench.versions(of: 1).last == version)
            #expect(try bench.versions(of: 2) == [version])
        }
    }

    @Test("an order whose message Kafka would refuse becomes a dead letter and keeps nobody else")
    func tooLargeForKafka() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try bench.salesforce.activate(2, at: "2026-05-28T20:26:40.000+0000")
            let line = bench.salesforce.lines[FakeSalesforce.id("802Qk", 1)] ?? [:]
            for number in 1_000..<2_500 {
                let id = FakeSalesforce.id("802Qk", number)
                bench.salesforce.lines[id] = line
                bench.salesforce.lines[id]?["Id"] = .string(id)
                bench.salesforce.lines[id]?["Description"] = .string(String(repeating: "long ", count: 160))
            }
            try await bench.poll()
            #expect(bench.sent.map(\.headers.subject) == [FakeSalesforce.id("801Qk", 2)])
            let letter = try await bench.ledger.deadLetters().first
            #expect(letter?.sentence.contains("more than Kafka takes") == true, "\(letter?.sentence ?? "none")")
        }
    }

    @Test("a poll that finds nothing costs two calls")
    func idlePollsAreCheap() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            let before = bench.salesforce.queries.count
            try await bench.poll()
            #expect(bench.salesforce.queries.count - before == 2)
        }
    }

    @Test("an order that leaves Activated sends nothing and is kept in its history")
    func leavingIsRecorded() async throws {
        try await withBench { bench in
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            try await bench.poll()
            bench.salesforce.change(
                order: 1,
                ["StatusCode": "Draft", "Status": "Draft", "SystemModstamp": "2026-05-28T20:50:00.000+0000"])
            try await bench.poll()
            #expect(try bench.versions(of: 1).count == 1)
            let history = try await bench.ledger.history(of: FakeSalesforce.id("801Qk", 1))
            #expect(history != nil)
        }
    }

    @Test("who lost the lead stores and sends nothing any more")
    func theFenceHolds() async throws {
        try await withBench { bench in
            try await bench.poll()
            let old = (bench.pipeline, bench.leadership)
            try await bench.takeOver()
            try bench.salesforce.activate(1, at: "2026-05-28T20:26:40.000+0000")
            await #expect(throws: LeadershipLost.self) { try await old.0.poll(under: old.1) }
            #expect(bench.sent.isEmpty)
            try await bench.poll()
            #expect(try bench.versions(of: 1).count == 1)
        }
    }
}
