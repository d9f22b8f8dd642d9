import Contracts
import EventLoop
import Foundation
import HTTPClient
import JSONText
import Kafka
import Postgres
import Signing
import Telemetry
import TestSupport
import Testing

/// Two publishers as processes over the Salesforce sandbox, a private PostgreSQL and a broker.
@Suite("Publishers as processes", .serialized)
struct PublisherProcessTests {
    @Test(
        "when the leader is killed the second publishes on, each order once, complete and valid",
        arguments: KafkaBrokerKind.available)
    func takeOverLosesNothing(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(120)) {
            let stack = try await PublisherStack(kind)
            do {
                let first = try stack.startPublisher()
                try await stack.untilLeading(first)
                let second = try stack.startPublisher()
                try await stack.makeOrders(30)
                try await eventually("the first thirty orders") { stack.orderIds.count == 30 }
                try await stack.makeOrders(20)
                first.process.send(signal: SIGKILL)
                try await stack.makeOrders(5)
                try await eventually("all orders", within: .seconds(60)) { stack.orderIds.count == 55 }
                try await stack.checkMessages()
                // SIGTERM while nothing hangs: far below the five seconds that are promised.
                second.process.send(signal: SIGTERM)
                #expect(await second.process.waitForExit(within: .seconds(5)) == 0)
            } catch {
                await stack.stop()
                throw error
            }
            await stack.stop()
        }
    }
}

@Loop
private final class PublisherStack {
    struct Publisher {
        let process: ChildProcess
        let log: String
    }

    private let broker: KafkaBroker
    private let sandbox: ChildProcess
    private let directory: String
    private let address: String
    private let environment: [String: String]
    private let transport: HTTPTransport
    private let consumer: KafkaConsumer
    private var publishers: [Publisher] = []
    private var messages: [KafkaMessage] = []

    init(_ kind: KafkaBrokerKind) async throws {
        directory = try Leftovers.shared.makeDirectory("publishers")
        let key = try PrivateKey.generateRSA(bits: 2048)
        try Data(key.pem.utf8).write(to: URL(fileURLWithPath: directory + "/key.pem"))
        try Data(key.publicKey.pem.utf8).write(to: URL(fileURLWithPath: directory + "/public.pem"))
        let topic = Topic.orderSubmitted.name
        broker = try await KafkaBroker.start(kind, topics: [topic])
        let port = UInt16.random(in: 20_000...29_999)
        address = "http://127.0.0.1:\(port)"
        sandbox = try ChildProcess.start(
            [
                try BuiltProduct.path("salesforce-sandbox"), "--public-key", "\(directory)/public.pem", "--port",
                "\(port)",
            ], output: "\(directory)/sandbox.log")
        let database = try await PostgresCluster.shared().newLedgerDatabase()
        environment = [
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers, "KAFKA_EMBEDDED": "\(kind == .embedded)",
            "POSTGRES_HOST": database.host, "POSTGRES_PORT": "\(database.port)", "POSTGRES_TLS": "disable",
            "POSTGRES_DATABASE": database.database, "POSTGRES_USER": database.user, "POLL_INTERVAL_SECONDS": "1",
            "SALESFORCE_LOGIN_URL": address, "SALESFORCE_CLIENT_ID": "crossdock-sandbox-client",
            "SALESFORCE_USERNAME": "integration@crossdock.example",
            "SALESFORCE_PRIVATE_KEY_FILE": "\(directory)/key.pem",
        ]
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "test"), time: LoopTime.shared, logger: .silent)
        consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: "test"),
            logger: .silent)
        consumer.onReadable = { [weak self] in self?.read() }
        try consumer.subscribe([topic])
        try await eventually("the sandbox answers") { await self.control("GET", "/control", nil) != nil }
    }

    private func read() {
        while let event = consumer.poll() {
            switch event {
            case .message(let message): messages.append(message)
            case .assigned(let partitions): consumer.assign(partitions)
            case .revoked: consumer.unassign()
            case .failed, .statistics: break
            }
        }
    }

    private func control(_ method: String, _ path: String, _ body: JSONValue?) async -> HTTPAnswer? {
        let call = HTTPCall(
            method: method, url: address + path, headers: [("Content-Type", "application/json")],
            body: body?.bytes(), deadline: .seconds(10))
        return try? await transport.send(call)
    }

    func startPublisher() throws -> Publisher {
        let log = "\(directory)/publisher\(publishers.count).log"
        let process = try ChildProcess.start(
            [try BuiltProduct.path("order-publisher")], environment: environment, output: log)
        let publisher = Publisher(process: process, log: log)
        publishers.append(publisher)
        return publisher
    }

    func untilLeading(_ publisher: Publisher) async throws {
        try await eventually("the first publisher's first poll") {
            try #require(publisher.process.isRunning, "the publisher ended")
            let log = FileManager.default.contents(atPath: publisher.log) ?? Data()
            return String(decoding: log, as: UTF8.self).contains("first start")
        }
    }

    /// Makes active orders, all with one stamp.
    func makeOrders(_ count: Int) async throws {
        let answer = await control(
            "POST", "/control/orders",
            [
                "account": ["name": "Bäckerei Grün"], "count": .number(JSONNumber(count)), "activate": true,
                "lines": [
                    ["sku": "SKU-RED", "quantity": 2, "unitPrice": "49.50"], ["sku": "SKU-MAT", "quantity": 1],
                ],
            ])
        #expect(answer.map { (200..<300).contains($0.status) } == true)
    }

    var orderIds: Set<String> { Set(messages.compactMap { $0.key.map { String(decoding: $0, as: UTF8.self) } }) }

    /// Each message reads as a consumer reads it; repeated ones are the same event to the byte.
    func checkMessages() async throws {
        var events: [String: (id: String, value: [UInt8]?)] = [:]
        for message in messages {
            let read = try Topic.orderSubmitted.read(
                key: message.key, headers: message.headers.map { ($0.name, $0.value) }, value: message.value)
            let order = read.message
            #expect(order.account.name == "Bäckerei Grün" && order.currency == "USD")
            #expect(order.lines.map(\.sku) == ["SKU-RED", "SKU-MAT"])
            #expect(order.lines.first?.unitPrice.plainText == "49.5")
            #expect(read.headers.traceparent != nil)
            let known = events[order.orderId.text]
            #expect(known == nil || (known?.id == read.headers.id.text && known?.value == message.value))
            events[order.orderId.text] = (read.headers.id.text, message.value)
        }
    }

    func stop() async {
        for publisher in publishers { await publisher.process.stop() }
        await consumer.close(within: .seconds(1))
        transport.close()
        await sandbox.stop()
        await broker.stop()
        Leftovers.shared.removeDirectory(directory)
    }
}
