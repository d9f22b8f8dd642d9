import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Changes of a sales order")
struct SalesOrderChangeTests {
    static let records = SandboxHarness.records

    /// A sandbox with one order, and a PATCH of that order.
    @Loop
    struct Fixture {
        let harness: SandboxHarness
        let id: String

        init() async throws {
            harness = try await SandboxHarness()
            try await harness.createCustomer()
            id = try await harness.created("salesOrder", orderBody())
        }

        func patch(_ body: JSONValue, _ query: String = "") async -> HTTPResponse {
            await harness.send("PATCH", "\(SandboxHarness.records)/salesOrder/\(id)\(query)", body)
        }

        var order: JSONValue { get async { await harness.send("GET", "/control/orders/\(id)").json } }

        /// `line:sku×quantity`, with a `!` behind closed ones.
        var lines: [String] {
            get async {
                (await order["lines"]?.array ?? []).map { line in
                    let key = line["line"]?.int64 ?? 0
                    let closed = line["isClosed"] == true ? "!" : ""
                    return "\(key):\(line["item"]?.string ?? "")×\(line["quantity"]?.string ?? "")\(closed)"
                }
            }
        }

        func step(_ name: String, _ body: JSONValue? = nil) async -> HTTPResponse {
            await harness.send("POST", "/control/orders/\(id)/\(name)", body)
        }
    }

    @Test("a line with its key is changed, one without is added, and keys are not used again")
    func merge() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let added: JSONValue = ["item": ["id": "320"], "quantity": 1]
            let answer = await fixture.patch(["item": ["items": [["line": 1, "quantity": 5], added]]])
            #expect(answer.status == 204 && answer.header("Location")?.hasSuffix("/salesOrder/\(fixture.id)") == true)
            #expect(await fixture.lines == ["1:SKU-RED×5", "2:SKU-BLUE×1", "3:SKU-GREEN×1"])
            #expect(await fixture.order["lines"]?[0]?["amount"] == "247.5")
            _ = await fixture.patch(["item": ["items": [["line": 1], ["line": 2]]]], "?replace=item")
            _ = await fixture.patch(["item": ["items": [added]]])
            #expect(await fixture.lines == ["1:SKU-RED×5", "2:SKU-BLUE×1", "4:SKU-GREEN×1"])
        }
    }

    @Test("an upsert sent again without keys doubles the lines")
    func upsertDoubles() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let target = "\(Self.records)/salesOrder/eid:SF-1"
            let again = await fixture.harness.send("PUT", target, orderBody())
            #expect(again.status == 204)
            #expect(await fixture.lines == ["1:SKU-RED×2", "2:SKU-BLUE×1", "3:SKU-RED×2", "4:SKU-BLUE×1"])
            let made = await fixture.harness.send("PUT", "\(Self.records)/salesOrder/eid:SF-2", orderBody("SF-2"))
            #expect(made.status == 204 && made.header("Location")?.hasSuffix("/\(fixture.id)") == false)
            let other = await fixture.harness.send("PUT", target, orderBody("SF-3"))
            #expect(other.status == 400)
            let byId = await fixture.harness.send("PUT", "\(Self.records)/salesOrder/\(fixture.id)", orderBody())
            #expect(byId.status == 405)
        }
    }

    @Test("null clears a field, absence leaves it")
    func clear() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            _ = await fixture.patch(["memo": "one", "otherRefNum": "PO-1"])
            _ = await fixture.patch(["memo": nil])
            #expect(await fixture.order["memo"] == nil)
            #expect(await fixture.order["otherRefNum"] == "PO-1")
            #expect(await fixture.patch(["entity": nil]).detail.contains("Please enter value(s) for: Customer."))
            #expect(await fixture.patch(["currency": ["id": "2"]]).path == "currency")
        }
    }

    @Test("a refused change changes nothing")
    func refusedChange() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let answer = await fixture.patch([
                "memo": "x", "item": ["items": [["line": 1, "quantity": 9], ["line": 7, "quantity": 1]]],
            ])
            #expect(answer.path == "item.items[1].line")
            #expect(await fixture.order["memo"] == nil)
            #expect(await fixture.lines == ["1:SKU-RED×2", "2:SKU-BLUE×1"])
        }
    }

    @Test("an order must keep a line")
    func lastLine() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            #expect(await fixture.patch(["item": ["items": []]], "?replace=item").status == 400)
            #expect(await fixture.patch(["item": ["items": []]], "?replace=colour").status == 400)
        }
    }

    @Test("closing all lines closes the order; the amounts stay")
    func close() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            _ = await fixture.patch(["item": ["items": [["line": 1, "isClosed": true]]]])
            #expect(await fixture.order["status"] == "B")
            _ = await fixture.patch(["item": ["items": [["line": 2, "isClosed": true]]]])
            #expect(await fixture.order["status"] == "H")
            #expect(await fixture.order["total"] == "109")
            #expect(await fixture.patch(["item": ["items": [["line": 1, "quantity": 3]]]]).status == 400)
            #expect(await fixture.patch(["item": ["items": [["line": 1, "isClosed": false]]]]).status == 204)
        }
    }

    @Test("states follow fulfilments and bills")
    func states() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let one: JSONValue = ["lines": [["line": 1, "quantity": 1]]]
            #expect(await fixture.step("bill").status == 400)
            #expect(await fixture.step("fulfil", one).json["orderStatus"] == "D")
            #expect(await fixture.step("bill").json["orderStatus"] == "E")
            #expect(await fixture.step("fulfil").json["orderStatus"] == "F")
            #expect(await fixture.step("bill").json["orderStatus"] == "G")
            #expect(await fixture.step("cancel").status == 400)
            #expect(await fixture.patch(["item": ["items": [["line": 1, "quantity": 4]]]]).code == "USER_ERROR")
            #expect(await fixture.patch(["memo": "still possible"]).status == 204)
            let deletion = await fixture.harness.send("DELETE", "\(Self.records)/salesOrder/\(fixture.id)")
            #expect(deletion.status == 400)
        }
    }

    @Test("approval is written as A or B and only before anything was shipped")
    func approval() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            #expect(await fixture.patch(["orderStatus": ["id": "A"]]).status == 204)
            #expect(await fixture.order["status"] == "A")
            #expect(await fixture.step("fulfil").status == 400)
            #expect(await fixture.patch(["orderStatus": ["id": "B"]]).status == 204)
            _ = await fixture.step("fulfil", ["lines": [["line": 1, "quantity": 1]]])
            #expect(await fixture.patch(["orderStatus": ["id": "A"]]).path == "orderStatus")
        }
    }

    @Test("a deleted order is gone, and so is its external id's claim")
    func delete() async throws {
        try await onLoop {
            let fixture = try await Fixture()
            let target = "\(Self.records)/salesOrder/eid:SF-1"
            #expect(await fixture.harness.send("DELETE", target).status == 204)
            let gone = await fixture.harness.send("GET", target)
            #expect(gone.status == 404 && gone.code == "NONEXISTENT_ID")
            let next = try await fixture.harness.created("salesOrder", orderBody())
            #expect(next != fixture.id)
        }
    }
}
