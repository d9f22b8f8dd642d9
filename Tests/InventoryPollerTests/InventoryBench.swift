import Contracts
import EventLoop
import Foundation
import HTTPClient
import JSONText
import Ledger
import NetSuite
import NetSuiteAccess
import Postgres
import ServiceRuntime
import Signing
import Telemetry
import TestSupport

@testable import InventoryPoller

/// The poller's pipeline over a fresh ledger, the NetSuite sandbox as a process of its own, and a list in Kafka's place.
@Loop
final class InventoryBench {
    let ledger: Ledger
    let pool: PostgresPool
    private let base: String
    private let key: PrivateKey
    private let transport: HTTPTransport
    private let process: ChildProcess
    private(set) var sent: [(value: [UInt8], headers: CloudEventHeaders)] = []
    var kafkaIsDown = false
    /// Sends that succeed before Kafka fails; nil while it does not.
    var sendsLeft: Int?
    var zone = "America/Los_Angeles"
    var fullCountHour = 3
    var priceCurrency: String?
    private(set) var leadership: Leadership
    private(set) var pipeline: InventoryPollerPipeline?
    private(set) var metrics = MetricsRegistry()
    private(set) var health = Health()

    private init(ledger: Ledger, pool: PostgresPool, base: String, key: PrivateKey, process: ChildProcess) async throws
    {
        (self.ledger, self.pool, self.base, self.key, self.process) = (ledger, pool, base, key, process)
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: .silent)
        leadership = try await Self.acquire(ledger, "first")
    }

    /// Runs a test's body with a bench, and ends its processes.
    nonisolated static func with(
        within limit: Duration = .seconds(120), _ body: @escaping @Loop @Sendable (InventoryBench) async throws -> Void
    ) async throws {
        try await onLoop(within: limit) {
            let bench = try await start()
            do { try await body(bench) } catch {
                await bench.close()
                throw error
            }
            await bench.close()
        }
    }

    private static func start() async throws -> InventoryBench {
        let folder = try Leftovers.shared.makeDirectory("inventory")
        let key = try PrivateKey.generateEC(.p256)
        try key.publicKey.pem.write(toFile: "\(folder)/key.pem", atomically: true, encoding: .utf8)
        let process = try ChildProcess.start(
            [
                try BuiltProduct.path("netsuite-sandbox"), "--port", "0", "--public-key", "\(folder)/key.pem",
                "--latency-milliseconds", "0",
            ], output: "\(folder)/output")
        var origin: String?
        try await eventually("the sandbox listens") {
            let text = (try? String(contentsOfFile: "\(folder)/output", encoding: .utf8)) ?? ""
            origin = text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://") }.map(String.init)
            return origin != nil
        }
        let configuration = try await PostgresCluster.shared().newLedgerDatabase()
        let pool = PostgresPool(configuration: configuration, logger: .silent)
        return try await InventoryBench(
            ledger: Ledger(pool: pool, logger: .silent), pool: pool, base: origin ?? "", key: key, process: process)
    }

    private static func acquire(_ ledger: Ledger, _ holder: String) async throws -> Leadership {
        guard
            let found = try await ledger.acquireLeadership(
                of: "inventory-poller", holder: holder, lease: .seconds(60))
        else { throw ConditionNotMet(description: "nobody else leads") }
        return found
    }

    private func makePipeline() -> InventoryPollerPipeline {
        metrics = MetricsRegistry()
        health = Health()
        let troubles = Troubles(health: health, metrics: metrics, logger: .silent)
        let patience = DatabasePatience(troubles: troubles, time: LoopTime.shared)
        let client = NetSuiteClient(
            configuration: NetSuiteConfiguration(
                baseURL: base, clientId: "crossdock-sandbox-client", certificateId: "crossdock-sandbox-certificate",
                privateKey: key, algorithm: .ES256, concurrency: 1, requestDeadline: .seconds(10),
                operationLimit: .seconds(30)),
            transport: transport, metrics: metrics, logger: .silent)
        let publication = ChangePublication(
            topic: .inventoryCounted, keepsHistory: false, ledger: ledger, patience: patience, logger: .silent,
            time: LoopTime.shared
        ) { [weak self] (value, headers) async throws(Trouble) in
            guard let self, !self.kafkaIsDown, self.sendsLeft.map({ $0 > 0 }) ?? true else {
                throw Trouble(.kafka, "down")
            }
            self.sendsLeft = self.sendsLeft.map { $0 - 1 }
            self.sent.append((value, headers))
        }
        return InventoryPollerPipeline(
            account: WatchedAccount(
                client: client, zone: zone, overlap: .seconds(300), ledger: ledger, patience: patience,
                metrics: metrics, logger: .silent, time: LoopTime.shared),
            ledger: ledger, patience: patience, publication: publication,
            configuration: InventoryPollerConfiguration(
                interval: .seconds(15), leaderLease: .seconds(10), fullCountHour: fullCountHour, priceLevel: 1,
                priceCurrency: priceCurrency),
            measures: InventoryMeasures(metrics), health: health, logger: .silent)
    }

    /// Polls once.
    func poll() async throws {
        let pipeline = pipeline ?? makePipeline()
        self.pipeline = pipeline
        try await pipeline.poll(under: leadership)
    }

    /// Polls until no work is left.
    func pollAll() async throws {
        repeat { try await poll() } while pipeline?.hasWorkLeft == true
    }

    /// Another process takes over, as after a kill: nothing in memory is left.
    func takeOver() async throws {
        try await ledger.release(leadership)
        leadership = try await Self.acquire(ledger, "second")
        pipeline = nil
    }

    func forgetSent() { sent = [] }

    /// What was sent, each read as a consumer reads it.
    func counts(of sku: String? = nil) throws -> [StockCount] {
        try sent.map { message in
            try Topic.inventoryCounted.read(
                key: Array(message.headers.subject.utf8),
                headers: message.headers.encode().map { ($0.0, Array($0.1.utf8)) }, value: message.value
            ).message
        }.filter { sku == nil || $0.sku == sku }
    }

    /// How often NetSuite was asked, by operation.
    func calls() -> Int {
        metrics.prometheusText().split(separator: "\n").filter {
            $0.contains("netsuite_operations") && $0.contains("{")
        }
        .compactMap { $0.split(separator: " ").last.flatMap { Int($0) } }.reduce(0, +)
    }

    func close() async {
        transport.close()
        await process.stop()
        await pool.close()
    }

    // MARK: NetSuite

    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        let answer = try await transport.send(
            HTTPCall(
                method: method, url: "\(base)/control/\(path)", headers: [("Content-Type", "application/json")],
                body: method == "GET" ? nil : body.bytes()))
        let value = try JSONValue.parse(answer.body, limits: .answer)
        guard (200..<300).contains(answer.status) else {
            throw ConditionNotMet(description: "\(method) \(path): \(value)")
        }
        return value
    }

    func setStock(_ sku: String, _ onHand: String, at location: String = "1") async throws {
        try await control(
            "PATCH", "items/\(sku)",
            ["stock": [["location": .string(location), "onHand": .string(onHand)]]])
    }

    func setClock(_ instant: String) async throws { try await control("PATCH", "clock", ["at": .string(instant)]) }

    func advance(_ seconds: Int) async throws {
        try await control("PATCH", "clock", ["advanceSeconds": .number(JSONNumber(seconds))])
    }

    func addItems(_ count: Int, prefix: String = "BULK") async throws {
        for number in 1...count {
            try await control(
                "POST", "items", ["sku": .string("\(prefix)-\(number)"), "kind": "InvtPart", "listPrice": "9.50"])
        }
    }
}
