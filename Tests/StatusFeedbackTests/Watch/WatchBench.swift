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
import Testing

@testable import StatusFeedback

/// The watch over a fresh ledger and the sandbox as a process, and a list in Kafka's place.
@Loop
final class WatchBench {
    static let zone = "America/Los_Angeles"
    /// SKU-RED, an item with stock.
    static let red = "318"
    /// SKU-SETUP, a service.
    static let service = "327"

    let ledger: Ledger
    let pool: PostgresPool
    private(set) var client: NetSuiteClient
    private(set) var watch: ProgressWatch
    private(set) var leadership: Leadership
    private(set) var metrics: MetricsRegistry
    /// What Kafka has, in order; a repetition has the event id of the first.
    private(set) var sent: [(headers: CloudEventHeaders, progress: OrderProgress)] = []
    var kafkaIsDown = false
    let health = Health()
    /// NETSUITE_CURRENCY of the process that takes over next.
    var currency: String?
    /// Called before Kafka takes a message, and when it has it.
    var onSend: (@Loop (_ isTaken: Bool) -> Void)?
    /// Orders of this bench by number: NetSuite's internal ids.
    private(set) var orders: [Int: Int64] = [:]
    private let process: ChildProcess
    private let base: String
    private let key: PrivateKey
    private let transport: HTTPTransport
    private var customer = ""

    init() async throws {
        let folder = try Leftovers.shared.makeDirectory("watched")
        key = try PrivateKey.generateEC(.p256)
        try key.publicKey.pem.write(toFile: "\(folder)/key.pem", atomically: true, encoding: .utf8)
        let output = "\(folder)/output"
        process = try ChildProcess.start(
            [try BuiltProduct.path("netsuite-sandbox"), "--port", "0", "--public-key", "\(folder)/key.pem"],
            output: output)
        var origin: String?
        try await eventually("the sandbox listens") {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            origin = text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://") }.map(String.init)
            return origin != nil
        }
        base = origin ?? ""
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: .quiet)
        pool = PostgresPool(configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .quiet)
        ledger = Ledger(pool: pool, logger: .quiet)
        leadership = try await Self.acquire(ledger, holder: "first")
        metrics = MetricsRegistry()
        client = Self.newClient(base, key, transport)
        watch = try Self.newWatch(client, ledger, metrics, health, currency: nil) { (_, _) async throws(Trouble) in }
        watch = try makeWatch()
        customer = try await newCustomer()
        // Nothing promises that an order's stamp moves with its documents, or an invoice's with what is applied to it.
        try await control("PATCH", "settings", ["childTouchesOrder": false])
    }

    private static func acquire(_ ledger: Ledger, holder: String) async throws -> Leadership {
        let found = try await ledger.acquireLeadership(
            of: ProgressWatchService.name, holder: holder, lease: .seconds(300))
        return try #require(found)
    }

    private static func newClient(_ base: String, _ key: PrivateKey, _ transport: HTTPTransport) -> NetSuiteClient {
        NetSuiteClient(
            configuration: NetSuiteConfiguration(
                baseURL: base, clientId: "crossdock-sandbox-client", certificateId: "crossdock-sandbox-certificate",
                privateKey: key, algorithm: .ES256, concurrency: 1, requestDeadline: .seconds(5),
                operationLimit: .seconds(30), quietPeriod: .seconds(1)),
            transport: transport, logger: .quiet)
    }

    private static func newWatch(
        _ client: NetSuiteClient, _ ledger: Ledger, _ metrics: MetricsRegistry, _ health: Health, currency: String?,
        send: @escaping EventProducer.Send
    ) throws -> ProgressWatch {
        let troubles = Troubles(health: health, metrics: metrics, logger: .quiet)
        let patience = DatabasePatience(troubles: troubles, time: LoopTime.shared)
        let account = WatchedAccount(
            client: client, zone: Self.zone, overlap: .seconds(300), ledger: ledger, patience: patience,
            metrics: metrics, logger: .quiet, time: LoopTime.shared)
        let publication = ChangePublication<OrderProgress>(
            topic: .orderProgressed, keepsHistory: true, ledger: ledger, patience: patience, logger: .quiet,
            time: LoopTime.shared, send: send)
        return ProgressWatch(
            account: account, accountCurrency: currency, interval: .seconds(15), ledger: ledger, patience: patience,
            publication: publication, measures: WatchMeasures(metrics), health: health, logger: .quiet)
    }

    private func makeWatch() throws -> ProgressWatch {
        try Self.newWatch(client, ledger, metrics, health, currency: currency) {
            [weak self] (value, headers) async throws(Trouble) in
            guard let self else { throw Trouble(.kafka, "gone") }
            self.onSend?(false)
            guard !self.kafkaIsDown else { throw Trouble(.kafka, "down") }
            guard let progress = try? OrderProgress.decode(value) else { throw Trouble(.kafka, "no progress") }
            self.sent.append((headers, progress))
            self.onSend?(true)
        }
    }

    func poll() async throws { try await watch.poll(under: leadership) }

    /// Lets the minutes of all stamps go by, so that only what is changed from now on is shown.
    func settle() async throws {
        try await control("PATCH", "clock", ["advanceSeconds": 300])
        try await poll()
    }

    /// Another process takes over, as after a kill: nothing of the first one's memory is left.
    func takeOver() async throws {
        try await ledger.release(leadership)
        leadership = try await Self.acquire(ledger, holder: UUID().uuidString)
        metrics = MetricsRegistry()
        client = Self.newClient(base, key, transport)
        onSend = nil
        watch = try makeWatch()
    }

    func close() async {
        transport.close()
        await process.stop()
        await pool.close()
    }

    // MARK: The account

    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSONValue? = nil) async throws -> JSONValue {
        let answer = try await transport.send(
            HTTPCall(method: method, url: "\(base)/control/\(path)", body: body?.bytes()))
        let text = String(decoding: answer.body.prefix(300), as: UTF8.self)
        #expect((200...299).contains(answer.status), "\(method) \(path): \(text)")
        return answer.body.isEmpty ? .null : try JSONValue.parse(answer.body, limits: .answer)
    }

    /// The id of the record that a control call made.
    func made(_ path: String, _ body: JSONValue? = [:]) async throws -> String {
        try #require(try await control("POST", path, body)["id"]?.string)
    }

    private func newCustomer() async throws -> String {
        let body: JSONValue = [
            "externalId": "SFACC-001000000000001AAA", "isPerson": false, "companyName": "Acme Ltd",
            "subsidiary": ["id": "1"], "currency": ["id": "1"],
        ]
        guard case .applied(let id) = try await client.createCustomer(body) else {
            throw ConditionUnmet("the customer was refused")
        }
        return id
    }

    func body(_ externalId: String?, lines: [(item: String, quantity: Int)] = [(red, 10)]) -> JSONValue {
        var object: JSONObject = [
            "entity": ["id": .string(customer)], "tranDate": "2026-05-28", "orderStatus": ["id": "B"],
            "location": ["id": "1"],
            "item": [
                "items": .array(
                    lines.enumerated().map { index, line in
                        [
                            "item": ["id": .string(line.item)], "quantity": .number(JSONNumber(line.quantity)),
                            "price": ["id": "-1"], "rate": 10,
                            "custcol_crossdock_line_id": .string(Self.lineId(index + 1)),
                        ]
                    })
            ],
        ]
        object["externalId"] = externalId.map { .string($0) }
        return .object(object)
    }

    static func lineId(_ number: Int) -> String { "80200000000000\(number)AAA" }

    /// Writes an order as netsuite-writer does.
    @discardableResult
    func write(_ number: Int, lines: [(item: String, quantity: Int)] = [(red, 10)]) async throws -> String {
        let id = try await created(number, lines: lines)
        try await record([number: id])
        return id
    }

    /// An order in NetSuite that the ledger does not know yet.
    func created(_ number: Int, lines: [(item: String, quantity: Int)] = [(red, 10)]) async throws -> String {
        let externalId = ExternalId.salesOrder(try Make.orderId(number))
        guard case .applied(let id) = try await client.createSalesOrder(body(externalId, lines: lines)) else {
            throw ConditionUnmet("the order was refused")
        }
        return id
    }

    func record(_ written: [Int: String]) async throws {
        let numbers = written.keys.sorted()
        for start in stride(from: 0, to: numbers.count, by: 500) {
            let part = numbers[start..<min(start + 500, numbers.count)]
            let claims = try await ledger.claim(
                try part.map { number in
                    ClaimRequest(
                        orderId: try Make.orderId(number).text, orderNumber: "\(number)",
                        accountId: "001000000000001AAA", version: 1,
                        bodyDigest: [1], eventId: UUID().uuidString, traceParent: TraceContext.new().traceparent,
                        replayOf: nil)
                }, holder: "writer", lease: .seconds(60))
            var records: [AttemptRecord] = []
            for (number, answer) in zip(part, claims) {
                guard case .claimed(let claim) = answer, let id = written[number].flatMap({ Int64($0) }) else {
                    throw ConditionUnmet("order \(number) was not claimed")
                }
                orders[number] = id
                records.append(
                    AttemptRecord(
                        claim: claim, outcome: .written(WrittenOrder(netSuiteId: id)),
                        settlementEventId: UUID().uuidString, customer: nil,
                        answer: AttemptAnswer(status: 204, code: nil, summary: "created")))
            }
            _ = try await ledger.record(records)
        }
    }

    // MARK: What Kafka has

    /// What was published of an order, each event once.
    func progress(of number: Int) throws -> [OrderProgress] {
        let id = try Make.orderId(number)
        var seen: Set<String> = []
        return sent.filter { $0.progress.orderId == id && seen.insert($0.headers.id.text).inserted }.map(\.progress)
    }

    func newest(of number: Int) throws -> OrderProgress { try #require(try progress(of: number).last) }

    func states(of number: Int) throws -> [OrderState] { try progress(of: number).map(\.state) }

    /// A figure of the metrics, its labels included.
    func figure(_ line: String) -> Double? {
        metrics.prometheusText().split(separator: "\n").first { $0.hasPrefix("crossdock_\(line) ") }
            .flatMap { $0.split(separator: " ").last }.flatMap { Double($0) }
    }
}

struct ConditionUnmet: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Runs with a bench, and closes it whatever comes.
func withWatch(_ body: @escaping @Loop @Sendable (WatchBench) async throws -> Void) async throws {
    try await onLoop {
        let bench = try await WatchBench()
        do { try await body(bench) } catch {
            await bench.close()
            throw error
        }
        await bench.close()
    }
}
