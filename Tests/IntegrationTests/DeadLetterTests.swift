import Contracts
import EventLoop
import Foundation
import Glibc
import JSONText
import Kafka
import Postgres
import TestSupport
import Testing

/// The whole life of dead letters over running services: what the order desk decides, and what both systems show of it.
@Suite("Dead letters")
struct DeadLetterTests {
    @Test("letters are replayed, discarded, opened again and overtaken, and Salesforce says each time how it stands")
    func wholeLife() async throws {
        try await onLoop(within: .seconds(240)) {
            try await ServiceStack.with { stack in
                _ = try await stack.startAll()
                let desk = try await LetterDesk.open(stack)
                for sku in ["SKU-NEW", "SKU-OLD", "SKU-LATE", "SKU-HALF"] { try await desk.addProduct(sku) }
                let written = try await Self.resolve(desk)
                try await Self.replayGarbage(desk, of: written)
                try await Self.discardAndReopen(desk)
                try await Self.overtake(desk)
                try await Self.killHalfWay(desk)
                let open = try await stack.query(
                    "select count(*) as n from dead_letters where state in ('open', 'replaying')")
                #expect(try open.first?.int64("n") == 0)
            }
        }
    }

    /// The item is missing, is created, and the letter replayed.
    @Loop
    private static func resolve(_ desk: LetterDesk) async throws -> String {
        let order = try await desk.addOrder("SKU-NEW")
        let letter = try await desk.letter(of: order)
        try await desk.untilNeedingAttention(order)
        let shown = try desk.decide("show", letter)
        for words in ["Dead letter \(letter)  open", "missing-item", "The SKU is SKU-NEW.", "ce_id", "netsuite-writer"]
        {
            #expect(shown.contains(words), "\(words) is not in \(shown)")
        }
        #expect(!shown.contains("Dead Letters & Sons"), "customers' data is not shown unasked")
        #expect(try desk.decide("show", letter, "--raw", "-").contains("Dead Letters & Sons"))

        let tooEarly = try desk.run("replay", letter, "--within", "30")
        #expect(tooEarly.status == 1)
        #expect(tooEarly.output.contains("it failed again: NetSuite has no active item"), "\(tooEarly.output)")
        #expect(try await desk.state(letter) == "open")
        try await desk.addItem("SKU-NEW")
        #expect(try desk.decide("replay", letter, "--by", "ann", "--within", "30").contains("resolved"))
        try await desk.untilWritten(order)
        let again = try desk.run("replay", letter)
        #expect(again.status == 1 && again.output.contains("nothing is left to do"), "\(again.output)")
        let trail = try JSONValue.parse(try desk.decide("show", letter, "--json"))["trail"]?.array ?? []
        #expect(
            trail.compactMap { $0["act"]?.string } == ["opened", "replayed", "replay-failed", "replayed", "resolved"])
        #expect(trail.compactMap { $0["by"]?.string }.dropFirst(3).first == "ann")
        return order
    }

    /// Bytes that say nothing, with headers that say nothing: their replays open their own letters, and no others.
    @Loop
    private static func replayGarbage(_ desk: LetterDesk, of order: String) async throws {
        let producer = try KafkaProducer(
            configuration: KafkaProducerConfiguration(connection: desk.stack.broker.connection()), logger: .silent)
        for topic in [Topic.orderSubmitted.name, Topic.orderSettled.name] {
            _ = try await producer.send(
                topic: topic, key: Array(order.utf8), value: Array("no order".utf8),
                headers: [KafkaHeader("ce_id", "no id"), KafkaHeader("ce_id", "twice")])
        }
        await producer.close(within: .seconds(1))
        var letters: [String] = []
        try await eventually("both letters", within: .seconds(30)) {
            let rows = try await desk.stack.query(
                "select letter_id::text as id from dead_letters where state = 'open' order by letter_id")
            letters = try rows.map { row throws(PostgresError) in try row.string("id") }
            return letters.count == 2
        }
        let failed = try desk.run("replay", letters[0], letters[1], "--yes", "--within", "30")
        #expect(failed.status == 1 && failed.output.contains("2 letters: 2 open"), "\(failed.output)")
        let rows = try await desk.stack.query(
            "select count(*) as n, min(state) as state from dead_letters where state = 'open'")
        #expect(try rows.first?.int64("n") == 2)
        try desk.decide("discard", letters[0], letters[1], "--yes")
        try await desk.untilWritten(order)
    }

    /// Given up and taken up again; the first time nobody could tell Kafka, so a writer does.
    @Loop
    private static func discardAndReopen(_ desk: LetterDesk) async throws {
        let order = try await desk.addOrder("SKU-OLD")
        let letter = try await desk.letter(of: order)
        try await desk.untilNeedingAttention(order)
        let nowhere = ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"]
        let told = try desk.decide("discard", letter, "--note", "Entered by hand.", with: nowhere)
        #expect(told.contains("netsuite-writer will tell Salesforce"), "\(told)")
        try await desk.untilSilent(order, within: .seconds(45))
        try desk.decide("reopen", letter)
        try await desk.untilNeedingAttention(order)
        try desk.decide("discard", letter)
        try await desk.untilSilent(order)
        try desk.decide("reopen", letter)
        try await desk.addItem("SKU-OLD")
        try desk.decide("replay", letter, "--within", "30")
        try await desk.untilWritten(order)
    }

    /// A newer version closes the letter; opened again, it cannot be replayed any more.
    @Loop
    private static func overtake(_ desk: LetterDesk) async throws {
        let order = try await desk.addOrder("SKU-LATE")
        let letter = try await desk.letter(of: order)
        try await desk.addItem("SKU-LATE")
        try await desk.stack.salesforce.control.patch("/orders/\(order)", ["poNumber": "A newer one"])
        try await desk.untilWritten(order)
        #expect(try await desk.state(letter) == "superseded")
        try desk.decide("reopen", letter)
        try await desk.untilNeedingAttention(order)
        let refused = try desk.run("replay", letter)
        #expect(refused.status == 1)
        #expect(refused.output.contains("an older one never overwrites it"), "\(refused.output)")
        try desk.decide("discard", letter)
        try await desk.untilWritten(order)
    }

    /// The command is killed after the ledger knows of the replay and before Kafka does.
    @Loop
    private static func killHalfWay(_ desk: LetterDesk) async throws {
        let order = try await desk.addOrder("SKU-HALF")
        let letter = try await desk.letter(of: order)
        try await desk.addItem("SKU-HALF")
        let changes = ["KAFKA_BOOTSTRAP_SERVERS": "127.0.0.1:1"]
        let killed = try ChildProcess.start(
            [try BuiltProduct.path("crossdock"), "dead-letters", "replay", letter],
            environment: desk.stack.environment.merging(changes) { _, given in given })
        try await eventually("the ledger knows of the replay") { try await desk.state(letter) == "replaying" }
        killed.send(signal: SIGKILL)
        await killed.waitForExit(within: .seconds(5))
        let repeated = try desk.decide("replay", letter, "--within", "30")
        #expect(repeated.contains("resolved"), "\(repeated)")
        try await desk.untilWritten(order)
        let trail = try JSONValue.parse(try desk.decide("show", letter, "--json"))["trail"]?.array ?? []
        #expect(trail.compactMap { $0["act"]?.string } == ["opened", "replayed", "replay-repeated", "resolved"])
        #expect(Set(trail.compactMap { $0["eventId"]?.string }).count == 1, "one event, however often it is asked for")
    }

    @Test("two hundred letters of one cause are one group, worth what their orders are, and replayed by one command")
    func bulk() async throws {
        try await onLoop(within: .seconds(240)) {
            try await ServiceStack.with { stack in
                _ = try await stack.startAll()
                let desk = try await LetterDesk.open(stack)
                try await desk.addProduct("SKU-BULK")
                var orders: [String] = []
                for _ in 0..<200 { orders.append(try await desk.addOrder("SKU-BULK")) }
                try await eventually("their letters", within: .seconds(60)) {
                    let rows = try await stack.query("select 1 from dead_letters where state = 'open'")
                    return rows.count == 200
                }
                let groups = try JSONValue.parse(try desk.decide("groups", "--json"))["groups"]?.array ?? []
                #expect(groups.map { $0["count"]?.int64 } == [200])
                #expect(groups.first?["totals"] == [["currency": "USD", "amount": "5700.00"]])
                #expect(groups.first?["withoutTotal"]?.int64 == 0)
                let fingerprint = try #require(groups.first?["fingerprint"]?.string)

                let unasked = try desk.run("replay", "--fingerprint", fingerprint)
                #expect(unasked.status == 64)
                #expect(unasked.output.contains("these are 200 letters: give --yes"), "\(unasked.output)")
                #expect(try desk.decide("replay", "--fingerprint", fingerprint, "--dry-run").contains("200 letters"))
                let open = try await stack.query("select 1 from dead_letters where state = 'open'")
                #expect(open.count == 200, "a dry run changes nothing")

                try await desk.addItem("SKU-BULK")
                let done = try desk.decide(
                    "replay", "--fingerprint", fingerprint, "--yes", "--within", "120", "--json")
                #expect(try JSONValue.parse(done)["counts"] == ["resolved": 200], "\(done.suffix(500))")
                let written = try await stack.salesOrders()
                #expect(orders.allSatisfy { written["SF-\($0)"]?.count == 1 })
                #expect(try desk.decide("groups") == "No dead letters.\n")
                #expect(try desk.decide("replay", "--class", "missing-item", "--yes") == "No dead letters.\n")
            }
        }
    }
}
