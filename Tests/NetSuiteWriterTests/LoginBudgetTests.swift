import EventLoop
import Foundation
import HTTPClient
import JSONText
import Ledger
import NetSuite
import NetSuiteAccess
import Postgres
import Signing
import Telemetry
import TestSupport
import Testing

@Suite("Log-ins of all processes together")
struct LoginBudgetTests {
    /// A sandbox, a database, and as many processes of the account as are asked for.
    @Loop
    private final class Scene {
        let base: String
        private let rightKey: PrivateKey
        private let wrongKey: PrivateKey
        private let process: ChildProcess
        private let pool: PostgresPool
        private let transport: HTTPTransport
        private let logger = Logger(label: "test", sink: { _ in })

        init() async throws {
            let folder = try Leftovers.shared.makeDirectory("log-ins")
            rightKey = try PrivateKey.generateEC(.p256)
            wrongKey = try PrivateKey.generateEC(.p256)
            try rightKey.publicKey.pem.write(toFile: "\(folder)/key.pem", atomically: true, encoding: .utf8)
            process = try ChildProcess.start(
                [
                    try BuiltProduct.path("netsuite-sandbox"), "--port", "0", "--public-key", "\(folder)/key.pem",
                    "--latency-milliseconds", "0",
                ], output: "\(folder)/output")
            var origin = ""
            try await eventually("the sandbox listens") {
                let text = (try? String(contentsOfFile: "\(folder)/output", encoding: .utf8)) ?? ""
                origin =
                    text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://") }.map(String.init) ?? ""
                return !origin.isEmpty
            }
            base = origin
            pool = PostgresPool(configuration: try await PostgresCluster.shared().newDatabase(), logger: logger)
            _ = try await Ledger.migrate(pool: pool, logger: logger)
            transport = HTTPTransport(
                configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: logger)
        }

        /// A process that has just started.
        func newProcess(isRight: Bool) -> NetSuiteClient {
            NetSuiteClient(
                configuration: NetSuiteConfiguration(
                    baseURL: base, clientId: "crossdock-sandbox-client",
                    certificateId: "crossdock-sandbox-certificate", privateKey: isRight ? rightKey : wrongKey,
                    algorithm: .ES256),
                transport: transport,
                loginBudget: LedgerLoginBudget(
                    ledger: Ledger(pool: pool, logger: logger), url: base, holder: "writer"),
                logger: logger)
        }

        func control(_ method: String, _ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
            let answer = try await transport.send(
                HTTPCall(method: method, url: "\(base)/control/\(path)", body: method == "POST" ? body.bytes() : nil))
            return try JSONValue.parse(answer.body, limits: .answer)
        }

        /// How many token requests came.
        func tokenRequests() async throws -> Int {
            let requests = try await control("GET", "journal")["requests"]?.array ?? []
            return requests.count { $0["path"]?.string?.contains("/oauth2/") == true }
        }

        func end() async {
            transport.close()
            await pool.close()
            await process.stop()
        }
    }

    @Loop
    private static func reason(_ client: NetSuiteClient) async -> String {
        do {
            _ = try await client.serverTime()
            return "logged in"
        } catch {
            return error.description
        }
    }

    @Test(
        "six wrong processes at once, then a restart loop: three tries in all, no lock, and mended settings serve at once"
    )
    func wrongProcesses() async throws {
        try await onLoop {
            let scene = try await Scene()
            let starts = (0..<6).map { _ in
                let client = scene.newProcess(isRight: false)
                return EventLoop.shared.start { await Self.reason(client) }
            }
            for start in starts { #expect(try await start.value.hasPrefix("login: ")) }
            for _ in 0..<4 {
                let reason = await Self.reason(scene.newProcess(isRight: false))
                #expect(reason.contains("the next try is at ") && reason.contains("in 30 min"), "\(reason)")
                #expect(reason.contains("changed settings are tried once at the next start"))
            }
            #expect(try await scene.tokenRequests() == 3)
            let counts = try await scene.control("GET", "counts")
            #expect(counts["failedLogins"] == 3 && counts["isLocked"] == false)
            #expect(await Self.reason(scene.newProcess(isRight: true)) == "logged in")
            await scene.end()
        }
    }

    @Test("a success gives the tries back to all")
    func success() async throws {
        try await onLoop {
            let scene = try await Scene()
            let first = scene.newProcess(isRight: true)
            let second = scene.newProcess(isRight: true)
            _ = try await scene.control(
                "POST", "faults", ["kind": "unauthorized", "path": "/oauth2/", "times": 2])
            #expect(await Self.reason(first).contains("refused"))
            #expect(await Self.reason(second).contains("refused"))
            #expect(await Self.reason(first) == "logged in")
            try await eventually("the refusals are forgotten") {
                _ = try await scene.control("POST", "logins/expire")
                return await Self.reason(second) == "logged in"
            }
            _ = try await scene.control(
                "POST", "faults", ["kind": "unauthorized", "path": "/oauth2/", "times": 2])
            _ = try await scene.control("POST", "logins/expire")
            #expect(await Self.reason(first).contains("refused"))
            #expect(await Self.reason(second).contains("refused"))
            #expect(await Self.reason(second) == "logged in")
            await scene.end()
        }
    }

    @Test("trouble of the network takes nothing from the budget")
    func network() async throws {
        try await onLoop {
            let scene = try await Scene()
            let client = scene.newProcess(isRight: true)
            _ = try await scene.control("POST", "faults", ["kind": "cut", "path": "/oauth2/", "times": 6])
            for _ in 0..<6 { #expect(await Self.reason(client).hasPrefix("network: ")) }
            #expect(await Self.reason(client) == "logged in")
            await scene.end()
        }
    }
}
