import EventLoop
import HTTPServer
import JSONText
import SandboxFaults
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Faults of NetSuite")
struct FaultTests {
    static let records = SandboxHarness.records

    static let refusals: [(JSONValue, Int, String)] = [
        (["kind": "throttled"], 429, "CONCURRENCY_LIMIT_EXCEEDED"),
        (["kind": "unauthorized"], 401, "INVALID_LOGIN"),
        (["kind": "server-error"], 500, "UNEXPECTED_ERROR"),
        (["kind": "record-locked"], 400, "TRANS_IN_USE"),
        (["kind": "workflow-lock"], 400, "USER_ERROR"),
        (["kind": "record-changed"], 400, "RCRD_HAS_BEEN_CHANGED"),
    ]

    @Test("refusals in NetSuite's own words, before the effect and after it", arguments: refusals)
    func refused(fault: JSONValue, status: Int, code: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            for (index, moment) in ["before", "after"].enumerated() {
                var object = fault.object ?? [:]
                object["moment"] = .string(moment)
                object["path"] = "/salesOrder"
                #expect(await harness.send("POST", "/control/faults", .object(object)).status == 201)
                let answer = await harness.send("POST", "\(Self.records)/salesOrder", orderBody("SF-\(index)"))
                #expect(answer.status == status && answer.code == code)
                #expect(harness.sandbox.account.salesOrderIds.count == index)
            }
            let entries = await harness.send("GET", "/control/journal").json["requests"]?.array ?? []
            #expect(entries.suffix(2).map { $0["applied"] } == [false, true])
            #expect(entries.suffix(2).map { $0["fault"] } == [fault["kind"], fault["kind"]])
        }
    }

    @Test("a struck log-in counts toward the lock, and ended tokens are refused")
    func logins() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            _ = await harness.send(
                "POST", "/control/faults", ["kind": "unauthorized", "path": "/oauth2/", "times": 5])
            for _ in 0..<5 {
                let answer = await harness.sandbox.handle(try harness.tokenRequest())
                #expect(answer.status == 401 && answer.json["error"] == "invalid_client")
            }
            #expect(await harness.send("GET", "/control/counts").json["isLocked"] == true)
            _ = await harness.send("POST", "/control/logins/unlock")
            _ = await harness.send("POST", "/control/faults", ["kind": "unauthorized", "expires": true])
            let target = "/services/rest/system/v1/serverTime"
            #expect(await harness.send("GET", target).status == 401)
            #expect(await harness.send("GET", target).status == 401)
            #expect(harness.sandbox.faults.entries.last?.struck == 1)
        }
    }

    @Test("a query does not show a fresh record, a read does")
    func staleQuery() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            _ = await harness.send(
                "POST", "/control/faults", ["kind": "stale-query", "seconds": 30, "times": nil])
            try await harness.createCustomer()
            let id = try await harness.created("salesOrder", orderBody())
            #expect(try await harness.rows("SELECT id FROM transaction WHERE type = 'SalesOrd'").isEmpty)
            #expect(await harness.send("GET", "\(Self.records)/salesOrder/\(id)").status == 200)
            await harness.time.advance(by: .seconds(31))
            #expect(try await harness.rows("SELECT id FROM transaction WHERE type = 'SalesOrd'") == [["id": "\(id)"]])
        }
    }

    @Test("a field of every line is dropped silently")
    func droppedField() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            _ = await harness.send(
                "POST", "/control/faults", ["kind": "dropped-field", "field": "item.items.custcol_crossdock_line_id"])
            let answer = await harness.send("POST", "\(Self.records)/salesOrder", orderBody())
            #expect(answer.status == 204 && answer.header("Warning") == nil)
            let order = harness.sandbox.account.salesOrder(externalId: "SF-1")
            #expect(order?.lines.compactMap { $0.values.text("custcol_crossdock_line_id") } == [])
            #expect(order?.values.text("custbody_crossdock_version") == "17")
        }
    }

    @Test("a late effect comes without an answer, and holds a place until its client has gone")
    func late() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            _ = await harness.send("POST", "/control/faults", ["kind": "late", "seconds": 20, "path": "/salesOrder"])
            let call = EventLoop.shared.start {
                await harness.send("POST", "\(Self.records)/salesOrder", orderBody())
            }
            try await eventually("the request waits") { harness.sandbox.pool.count == 1 && !harness.time.isIdle }
            #expect(harness.sandbox.account.salesOrderIds.isEmpty)
            await harness.time.advance(by: .seconds(20))
            let answer = try await call.value
            #expect(harness.sandbox.account.salesOrderIds.count == 1)
            #expect(answer.delivery == .silence(limit: .seconds(900)))
            let journal = await harness.send("GET", "/control/journal").json["requests"]?.array?.last
            #expect(journal?["applied"] == true && journal?["endedAt"] == nil && journal?["status"] == .null)
            #expect(harness.sandbox.pool.count == 1)
            answer.whenOver?()
            #expect(harness.sandbox.pool.count == 0 && harness.sandbox.pool.mostAtOnce == 1)
            let ended = await harness.send("GET", "/control/journal").json["requests"]?.array?.last
            #expect(ended?["endedAt"] == "2025-03-14T17:02:50.000Z" && ended?["status"] == 0)
        }
    }
}
