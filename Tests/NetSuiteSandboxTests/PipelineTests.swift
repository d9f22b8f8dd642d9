import EventLoop
import HTTPServer
import JSONText
import SandboxFaults
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Requests on their way")
struct PipelineTests {
    static let records = SandboxHarness.records

    @Test("no more requests than the account's limit are served at once")
    func concurrency() async throws {
        try await onLoop {
            let harness = try await SandboxHarness { $0.concurrencyLimit = 2 }
            harness.sandbox.latency = .milliseconds(100)
            let calls = (1...3).map { _ in
                EventLoop.shared.start { await harness.send("GET", "/services/rest/system/v1/serverTime") }
            }
            try await eventually("all three arrived") {
                harness.sandbox.pool.refused == 1 && harness.sandbox.pool.count == 2
            }
            // Log-ins are not counted.
            #expect(await harness.sandbox.handle(try harness.tokenRequest()).status == 200)
            await harness.time.advance(by: .milliseconds(50))
            try await eventually("the rest of the latency has begun") { !harness.time.isIdle }
            await harness.time.advance(by: .milliseconds(50))
            var statuses: [Int] = []
            for call in calls {
                let answer = try await call.value
                statuses.append(answer.status)
                guard answer.status == 429 else { continue }
                #expect(answer.code == "CONCURRENCY_LIMIT_EXCEEDED")
                #expect(answer.detail == "Concurrent request limit exceeded. Request blocked.")
                #expect(answer.header("Retry-After") == nil && answer.json["title"] == "Bad Request")
            }
            #expect(statuses.sorted() == [200, 200, 429])
            #expect(harness.sandbox.pool.mostAtOnce == 2 && harness.sandbox.pool.count == 0)
        }
    }

    /// Not inside the macro: Swift 6.0 ends at an interpolation there.
    static let wrongCalls: [(String, String, Int, String)] = [
        ("POST", "\(records)/salesOrder/4711", 405, "application/json"),
        ("PUT", "\(records)/salesOrder/4711", 405, "application/json"),
        ("PUT", "\(records)/salesOrder", 400, "application/json"),
        ("GET", "/services/rest/query/v1/suiteql", 405, "application/json"),
        ("POST", "\(records)/salesOrder", 415, "text/xml"),
        ("POST", "\(records)/salesOrder", 400, "application/vnd.oracle.resource+json; type=collection"),
        ("GET", "\(records)/flyingCarpet", 404, "application/json"),
        ("GET", "\(records)/metadata-catalog/flyingCarpet", 404, "application/json"),
        ("GET", "\(records)/salesOrder/99", 404, "application/json"),
        ("GET", "\(records)/salesOrder/eid:a%7Cb", 400, "application/json"),
        ("GET", "\(records)/salesOrder?colour=red", 400, "application/json"),
        ("GET", "/services/rest/system/v1/moonPhase", 404, "application/json"),
        ("GET", "/services/other", 404, "application/json"),
        ("GET", LoginDesk.tokenPath, 405, "application/json"),
    ]

    @Test("wrong methods, types and addresses", arguments: wrongCalls)
    func wrong(method: String, target: String, status: Int, type: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let answer = await harness.send(
                method, target, method == "GET" ? nil : [:], headers: [("Content-Type", type)])
            #expect(answer.status == status)
            #expect(answer.json["status"] == .number(JSONNumber(status)))
        }
    }

    @Test(
        "malformed JSON is refused as invalid content",
        arguments: ["{", "[]", "{\"memo\":1}x", "{\"a\":1,\"a\":2}", ""])
    func malformed(text: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let request = HTTPRequest(
                method: "POST", target: "\(Self.records)/salesOrder",
                headers: ["Authorization": "Bearer \(harness.token)"], body: Array(text.utf8))
            let answer = await harness.sandbox.handle(request)
            #expect(answer.status == 400 && answer.code == "INVALID_CONTENT")
        }
    }

    @Test("the journal says what each request did")
    func journal() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            _ = await harness.send("DELETE", "/control/journal")
            try await harness.createCustomer()
            _ = try await harness.created("salesOrder", orderBody())
            _ = await harness.send("POST", "\(Self.records)/salesOrder", orderBody())
            _ = await harness.send("GET", "\(Self.records)/salesOrder/eid:SF-1?fields=id")
            let journal = await harness.send("GET", "/control/journal").json
            let entries = journal["requests"]?.array ?? []
            #expect(entries.map { $0["applied"] } == [true, true, false, false])
            #expect(entries.map { $0["status"] } == [204, 204, 400, 200])
            #expect(entries.dropFirst().map { $0["externalId"] } == ["SF-1", "SF-1", "SF-1"])
            #expect(entries.map { $0["version"] } == [nil, "17", nil, "17"])
            #expect(entries[1]["internalId"] == "4711" && entries[1]["userAgent"] == "test/1")
            #expect(entries[3]["path"] == .string("\(Self.records)/salesOrder/eid:SF-1?fields=id"))
            let last = entries[2]["sequence"]?.int64 ?? 0
            let rest = await harness.send("GET", "/control/journal?after=\(last)").json
            #expect(rest["requests"]?.array?.count == 1)
        }
    }

    @Test("reset empties the account and keeps the log-in")
    func reset() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            _ = await harness.send("PATCH", "/control/settings", ["concurrencyLimit": 0])
            #expect(await harness.send("GET", "/services/rest/system/v1/serverTime").status == 429)
            let counts = await harness.send("POST", "/control/reset").json
            #expect(counts["customers"] == 0 && counts["items"] == 11)
            let answer = await harness.send("GET", "/services/rest/system/v1/serverTime")
            #expect(answer.json["serverTime"] == "2025-03-14T17:02:30.000Z")
        }
    }

    @Test(
        "controls that cannot be followed say why",
        arguments: [
            ("PATCH", "/control/settings", ["latencyMilliseconds": -1]), ("PATCH", "/control/settings", ["speed": 1]),
            ("POST", "/control/items", ["listPrice": "1"]), ("GET", "/control/orders/7", [:]),
            ("POST", "/control/items", ["sku": "SKU-RED"]), ("GET", "/control/nothing", [:]),
        ] as [(String, String, JSONValue)])
    func controls(method: String, target: String, body: JSONValue) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let answer = await harness.send(method, target, method == "GET" ? nil : body)
            #expect((400...409).contains(answer.status) && answer.json["error"]?.string?.isEmpty == false)
        }
    }

    @Test("a new item can be ordered at once, and GET /control lists every control")
    func newItem() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let made = await harness.send("POST", "/control/items", ["sku": "SKU-NEW", "listPrice": "12.30"])
            #expect(made.json["id"] == "329")
            #expect(try await harness.rows("SELECT id FROM item WHERE itemid = 'SKU-NEW'") == [["id": "329"]])
            let guide = await harness.send("GET", "/control").json
            #expect(guide["controls"]?.array?.count == ControlGuide.entries.count)
        }
    }
}
