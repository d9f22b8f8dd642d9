import Contracts
import EventLoop
import HTTPServer
import JSONText
import Kafka
import Telemetry
import TestSupport
import Testing

@testable import WriterBench

@Suite("The bench's driver of orders", .serialized)
struct OrderDriverTests {
    @Loop
    static func withControl(
        _ kind: KafkaBrokerKind, _ body: @Loop (BenchControl, OrderDriver, KafkaBroker) async throws -> Void
    ) async throws {
        let broker = try await KafkaBroker.ready(kind, topics: [Topic.orderSubmitted.name])
        let driver = OrderDriver(connection: broker.connection(), logger: .silent)
        let control = BenchControl(netSuite: FlatNetSuite(), driver: driver)
        do {
            try await body(control, driver, broker)
        } catch {
            await driver.close()
            await broker.stop()
            throw error
        }
        await driver.close()
        await broker.stop()
    }

    @Loop
    static func begin(_ control: BenchControl, _ body: JSONValue) async -> HTTPResponse {
        await control.answer(HTTPRequest(method: "POST", target: "/control/run", body: body.bytes()))
    }

    @Loop
    static func figures(_ control: BenchControl) async throws -> JSONValue {
        try JSONValue.parse(await control.answer(HTTPRequest(method: "GET", target: "/control/figures")).body)
    }

    @Test(
        "all orders of a run reach the topic, repeats after their first, each in the partition of its key",
        arguments: KafkaBrokerKind.available)
    func produces(kind: KafkaBrokerKind) async throws {
        try await onLoop {
            try await Self.withControl(kind) { control, driver, broker in
                #expect(await Self.begin(control, ["orders": 300, "from": 50, "repeatShare": 1]).status == 202)
                try await eventually("the run") { driver.run?.isProduced == true }
                let figures = try await Self.figures(control)
                #expect(figures["produced"]?.int64 == 600 && figures["repeated"]?.int64 == 300)
                #expect(figures["failure"] == nil)
                let keys = try await Self.read(600, from: broker)
                #expect(keys == (0..<300).flatMap { [$0 + 50, $0 + 50] }.sorted())
                // A second run makes new orders.
                #expect(await Self.begin(control, ["orders": 10, "from": 350]).status == 202)
                try await eventually("the second run") { driver.run?.isProduced == true }
                #expect(try await Self.figures(control)["produced"]?.int64 == 10)
            }
        }
    }

    @Test("so far ahead the driver goes, and on when orders reach NetSuite")
    func ahead() async throws {
        try await onLoop {
            try await Self.withControl(.embedded) { control, driver, broker in
                let most = 20_000
                let within = try Self.orders(within: most)
                #expect((12...100).contains(within))
                #expect(
                    await Self.begin(control, ["orders": 400, "aheadBytes": .number(JSONNumber(most))]).status == 202)
                try await eventually("orders as far as it may go") { driver.run?.produced == within }
                // The group takes its time to form, and all the while nothing more may come.
                let read = try await Self.read(within, from: broker)
                #expect(read == Array(0..<within))
                #expect(driver.run?.produced == within)
                try await eventually("the rest") {
                    for number in 0..<400 { _ = driver.run?.arrived(number, at: monotonicNanoseconds()) }
                    return driver.run?.isProduced == true
                }
                #expect(driver.run?.produced == 400)
            }
        }
    }

    /// How many orders come before the first that would take its partition too far.
    static func orders(within most: Int) throws -> Int {
        let factory = try OrderFactory(RunSettings())
        var bytes = Array(repeating: 0, count: 12)
        for number in 0..<400 {
            let message = try factory.message(number)
            let partition = Placement.partition(of: message.key, among: 12)
            bytes[partition] += message.size
            if bytes[partition] > most { return number }
        }
        return 400
    }

    @Test("a rate is kept, and the time from hand-over to NetSuite is counted")
    func rate() async throws {
        try await onLoop {
            try await Self.withControl(.embedded) { control, driver, _ in
                let began = MonotonicInstant.now
                #expect(await Self.begin(control, ["orders": 100, "rate": 200]).status == 202)
                try await eventually("the run") { driver.run?.isProduced == true }
                #expect(MonotonicInstant.now - began >= .milliseconds(490))
                let now = monotonicNanoseconds()
                control.netSuite.onOrder?(0, now)
                control.netSuite.onOrder?(99, now)
                control.netSuite.onOrder?(100, now)
                let added = try await Self.figures(control)["addedLatencyMicroseconds"]
                #expect(added?["count"]?.int64 == 2)
                let (most, least) = (added?["max"]?.int64 ?? 0, added?["p50"]?.int64 ?? 0)
                #expect(most - least >= 480_000)
            }
        }
    }

    @Test("a run is refused while another goes on, and where the topic has other partitions")
    func refused() async throws {
        try await onLoop {
            try await Self.withControl(.embedded) { control, driver, _ in
                #expect(await Self.begin(control, ["partitions": 11]).status == 400)
                #expect(await Self.begin(control, ["orders": 100, "rate": 100]).status == 202)
                #expect(await Self.begin(control, ["orders": 1]).status == 400)
                #expect(await Self.begin(control, ["order": 1]).status == 400)
            }
        }
    }

    /// The numbers of so many messages of the topic, each proven to lie in its key's partition.
    @Loop
    static func read(_ count: Int, from broker: KafkaBroker) async throws -> [Int] {
        var configuration = KafkaConsumerConfiguration(connection: broker.connection(), groupId: "bench-test")
        configuration.sessionTimeout = .seconds(10)
        let consumer = try KafkaConsumer(configuration: configuration, logger: .silent)
        try consumer.subscribe([Topic.orderSubmitted.name])
        // By place: a group that forms in two rounds reads again what nobody committed.
        var numbers: [TopicPartition: [Int64: Int]] = [:]
        try await eventually("\(count) messages") {
            while let event = consumer.poll() {
                switch event {
                case .assigned(let partitions): consumer.assign(partitions)
                case .revoked: consumer.unassign()
                case .message(let message):
                    let key = try #require(message.key)
                    #expect(Placement.partition(of: key, among: 12) == Int(message.partition))
                    let number = try #require(OrderFactory.number(endingWith: key))
                    numbers[message.topicPartition, default: [:]][message.offset] = number
                default: break
                }
            }
            return numbers.values.map(\.count).reduce(0, +) >= count
        }
        await consumer.close(within: .seconds(2))
        return numbers.values.flatMap(\.values).sorted()
    }
}
