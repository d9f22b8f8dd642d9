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

    static let alterations: [(JSONValue, JSONValue)] = [
        (["change": "drop", "column": "status"], [["id": "4711"], ["id": "4718"]]),
        (
            ["change": "drop", "column": "status", "row": 1],
            [["id": "4711", "status": "B"], ["id": "4718"]]
        ),
        (
            ["change": "null", "column": "status", "row": 0],
            [["id": "4711", "status": nil], ["id": "4718", "status": "B"]]
        ),
        (
            ["change": "number", "column": "id"],
            [["id": 4711, "status": "B"], ["id": 4718, "status": "B"]]
        ),
        (
            ["change": "number", "column": "status", "value": 7, "row": 0],
            [["id": "4711", "status": 7], ["id": "4718", "status": "B"]]
        ),
        (
            ["change": "text", "column": "status", "value": "Q"],
            [["id": "4711", "status": "Q"], ["id": "4718", "status": "Q"]]
        ),
        (["change": "cut", "row": 1], [["id": "4711", "status": "B"]]),
        (["change": "cut"], []),
    ]

    @Test("rows of a query are altered, and only of the query that is meant", arguments: alterations)
    func alteredRows(members: JSONValue, rows: JSONValue) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            for number in 1...2 { _ = try await harness.created("salesOrder", orderBody("SF-\(number)")) }
            var fault = members.object ?? [:]
            fault["kind"] = "altered-rows"
            fault["body"] = "FROM transaction"
            #expect(await harness.send("POST", "/control/faults", .object(fault)).status == 201)
            let query = "SELECT id, status FROM transaction ORDER BY id"
            #expect(try await harness.rows("SELECT id FROM currency").count == 3)
            let altered = await harness.query(query).json
            let shown = altered["items"]?.array?.map { item -> JSONValue in
                var object = item.object ?? [:]
                object["links"] = Optional.none
                return .object(object)
            }
            #expect(shown.map(JSONValue.array) == rows)
            #expect(altered["totalResults"] == 2 && altered["count"] == 2)
            #expect(try await harness.rows(query).count == 2)
            let entries = await harness.send("GET", "/control/journal").json["requests"]?.array ?? []
            #expect(entries.suffix(2).map { $0["fault"] } == ["altered-rows", nil])
        }
    }

    @Test("a page's total and its promise of more can be false; what makes no sense is refused")
    func alteredPage() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            for change: JSONValue in [
                ["change": "total", "value": 9], ["change": "more", "value": true], ["change": "cut"],
            ] {
                var fault = change.object ?? [:]
                fault["kind"] = "altered-rows"
                #expect(await harness.send("POST", "/control/faults", .object(fault)).status == 201)
            }
            let page = await harness.query("SELECT id FROM currency").json
            #expect(page["totalResults"] == 9 && page["hasMore"] == true && page["items"] == [])
            for wrong: JSONValue in [
                ["change": "drop"], ["change": "melt", "column": "id"], ["change": "text", "column": "id"],
                ["change": "total", "column": "id", "value": 1], ["change": "more", "value": true, "row": 1],
                ["change": "drop", "column": "id", "moment": "after"],
            ] {
                var fault = wrong.object ?? [:]
                fault["kind"] = "altered-rows"
                #expect(await harness.send("POST", "/control/faults", .object(fault)).status == 400)
            }
            let guide = await harness.send("GET", "/control").text
            #expect(guide.contains("altered-rows {change, column, row, value}"))
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
