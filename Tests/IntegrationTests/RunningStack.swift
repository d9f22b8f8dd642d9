import EventLoop
import Foundation
import HTTPClient
import JSONText
import Kafka
import Postgres
import Signing
import TestSupport

/// Both sandboxes, a broker, a database and the services, each a process of its own, as they run outside of tests.
@Loop
final class RunningStack {
    nonisolated static let topics = ["salesforce.order.submitted.v1", "netsuite.order.settled.v1"]
    /// Stands for the secrets that a service is given; it must be seen nowhere.
    nonisolated static let password = "Secret-ZQXPASS-1"

    let broker: KafkaBroker
    let cluster: PostgresCluster
    let database: PostgresPool
    let folder: String
    private(set) var processes: [(name: String, process: ChildProcess)] = []
    private var addresses: [String: String] = [:]
    private let configuration: PostgresConfiguration
    private let http = HTTPTransport(
        configuration: HTTPTransportConfiguration(userAgent: "bad-input-test"), logger: .silent)

    /// Starts everything but the services.
    init(_ kind: KafkaBrokerKind) async throws {
        folder = try Leftovers.shared.makeDirectory("bad-input")
        // Few partitions, so that poison and good orders stand in each other's way.
        broker = try await KafkaBroker.ready(kind, topics: Self.topics, partitionCount: 3)
        cluster = try await PostgresCluster.shared()
        configuration = try await cluster.newLedgerDatabase()
        database = PostgresPool(configuration: configuration, logger: .silent)
        for system in ["netsuite", "salesforce"] {
            let key = try PrivateKey.generateRSA()
            try write(key.pem, "\(system)-key.pem")
            try write(key.publicKey.pem, "\(system)-public.pem")
            var words = ["--port", "0", "--public-key", "\(folder)/\(system)-public.pem"]
            if system == "salesforce" { words += ["--multi-currency", "--custom-field", "Order.Note__c:string:80"] }
            try await start("\(system)-sandbox", words)
        }
        try write(try mapping(), "mapping.yaml")
    }

    /// The shipped mapping without euros, and with a currency that NetSuite does not have.
    private func mapping() throws -> String {
        let shipped = ForeignProgram.packageFolder.appendingPathComponent("deploy/mapping.yaml")
        return try String(contentsOf: shipped, encoding: .utf8)
            .replacingOccurrences(of: "    EUR: 4\n", with: "    CHF: 99\n")
    }

    private func write(_ text: String, _ name: String) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
    }

    /// Starts a service and waits until it says that it is ready.
    func startService(_ name: String) async throws {
        try await start(name, [])
        try await eventually("\(name) is ready", within: .seconds(30)) {
            try await self.get(name, "/health/ready").status == 200
        }
    }

    private func start(_ name: String, _ words: [String]) async throws {
        let log = "\(folder)/\(name).log"
        let process = try ChildProcess.start(
            [try BuiltProduct.path(name)] + words, environment: words.isEmpty ? environment : [:], output: log)
        processes.append((name, process))
        try await eventually("the address of \(name)") {
            guard process.isRunning else { throw ConditionNotMet(description: "\(name) ended: \(self.log(of: name))") }
            let text = self.log(of: name)
            guard let range = text.range(of: #"127\.0\.0\.1:\d+"#, options: .regularExpression) else { return false }
            self.addresses[name] = "http://\(text[range])"
            return true
        }
    }

    private var environment: [String: String] {
        [
            "KAFKA_BOOTSTRAP_SERVERS": broker.bootstrapServers,
            "KAFKA_EMBEDDED": broker.kind == .embedded ? "true" : "false",
            "POSTGRES_HOST": configuration.host, "POSTGRES_PORT": String(configuration.port),
            "POSTGRES_DATABASE": configuration.database, "POSTGRES_USER": configuration.user,
            "POSTGRES_TLS": "disable", "POSTGRES_PASSWORD": Self.password,
            "SALESFORCE_LOGIN_URL": addresses["salesforce-sandbox"] ?? "",
            "SALESFORCE_AUDIENCE": "https://login.salesforce.com",
            "SALESFORCE_CLIENT_ID": "crossdock-sandbox-client",
            "SALESFORCE_USERNAME": "integration@crossdock.example",
            "SALESFORCE_PRIVATE_KEY_FILE": "\(folder)/salesforce-key.pem",
            "NETSUITE_URL": addresses["netsuite-sandbox"] ?? "", "NETSUITE_CLIENT_ID": "crossdock-sandbox-client",
            "NETSUITE_CERTIFICATE_ID": "crossdock-sandbox-certificate",
            "NETSUITE_PRIVATE_KEY_FILE": "\(folder)/netsuite-key.pem", "NETSUITE_SIGNATURE_ALGORITHM": "PS256",
            "MAPPING_FILE": "\(folder)/mapping.yaml", "POLL_INTERVAL_SECONDS": "1",
            "ORDER_CUSTOM_FIELDS": "Note__c", "LOG_FORMAT": "json", "LOG_LEVEL": "debug",
        ]
    }

    // MARK: Asking

    func log(of name: String) -> String {
        FileManager.default.contents(atPath: "\(folder)/\(name).log").map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    func process(_ name: String) -> ChildProcess? { processes.last { $0.name == name }?.process }

    func get(_ name: String, _ path: String) async throws -> (status: Int, body: String) {
        let answer = try await http.send(
            HTTPCall(method: "GET", url: (addresses[name] ?? "") + path, deadline: .seconds(10)))
        return (answer.status, String(decoding: answer.body, as: UTF8.self))
    }

    /// Does something as a person of the remote system would.
    @discardableResult
    func control(_ name: String, _ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await http.send(
            HTTPCall(
                method: method, url: "\(addresses[name] ?? "")/control\(path)",
                headers: [("Content-Type", "application/json")], body: body?.bytes(), deadline: .seconds(10),
                maximumAnswerBytes: 16 << 20))
        guard answer.status < 300 else {
            throw ConditionNotMet(
                description: "\(method) \(path): \(answer.status) \(String(decoding: answer.body, as: UTF8.self))")
        }
        return answer.body.isEmpty ? .null : try JSONValue.parse(answer.body, limits: .answer)
    }

    /// NetSuite's orders by the Salesforce id in their external id.
    func netSuiteOrders() async throws -> [String: JSONValue] {
        let orders = try await control("netsuite-sandbox", "GET", "/orders")["orders"]?.array ?? []
        return Dictionary(
            orders.compactMap { order in order["externalId"]?.string.map { (String($0.dropFirst(3)), order) } },
            uniquingKeysWith: { first, _ in first })
    }

    /// Ends a service as an operator does; gives its exit status.
    func stopService(_ name: String) async -> Int32? {
        guard let process = process(name) else { return nil }
        process.send(signal: SIGTERM)
        return await process.waitForExit(within: .seconds(5))
    }

    /// Ends everything.
    func stop() async {
        for (_, process) in processes.reversed() { await process.stop() }
        http.close()
        await database.close()
        await broker.release()
        Leftovers.shared.removeDirectory(folder)
    }
}

/// Reads a topic from its beginning, or where its group stands.
@Loop
final class TopicReader {
    private(set) var messages: [KafkaMessage] = []
    private let consumer: KafkaConsumer

    init(_ broker: KafkaBroker, group: String, topic: String) throws {
        consumer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(connection: broker.connection(), groupId: group),
            logger: .silent)
        consumer.onReadable = { [weak self] in self?.drain() }
        try consumer.subscribe([topic])
    }

    private func drain() {
        while let event = consumer.poll() {
            switch event {
            case .message(let message): messages.append(message)
            case .assigned(let partitions): consumer.assign(partitions)
            case .revoked: consumer.unassign()
            case .failed, .statistics: break
            }
        }
    }

    func close() async { await consumer.close(within: .seconds(3)) }
}
