import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Sales orders")
struct SalesOrderTests {
    static let records = SandboxHarness.records

    @Test("a created order answers with its address and nothing else, and reads back whole")
    func create() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let customer = try await harness.createCustomer()
            let answer = await harness.send("POST", "\(Self.records)/salesOrder", orderBody())
            #expect(answer.status == 204 && answer.body.isEmpty)
            #expect(answer.header("Location") == "\(SandboxHarness.origin)\(Self.records)/salesOrder/4711")
            let read = await harness.send("GET", "\(Self.records)/salesOrder/eid:sf-1?expandSubResources=True")
            #expect(read.header("Content-Type") == "application/vnd.oracle.resource+json; type=singular")
            #expect(read.json["id"] == "4711")
            #expect(read.json["tranId"] == "SO1001")
            #expect(read.json["status"] == ["id": "B", "refName": "Pending Fulfillment"])
            #expect(read.json["entity"]?["id"] == .string(customer))
            #expect(read.json["entity"]?["refName"] == "C1201 Acme Ltd")
            #expect(read.json["total"] == number("109.0"))
            #expect(read.json["createdDate"] == "2025-03-14T17:02:30Z")
            #expect(read.json["shippingAddress"]?["addr1"] == "1 Main St")
            let line = read.json["item"]?["items"]?[0]
            #expect(line?["line"] == 1 && line?["quantity"] == number("2.0") && line?["rate"] == number("49.5"))
            #expect(line?["amount"] == number("99.0") && line?["custcol_crossdock_line_id"] == "802A")
        }
    }

    @Test("without expansion a read shows where sublists are, and `fields` limits it")
    func readOptions() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let id = try await harness.created("salesOrder", orderBody())
            let own = "\(SandboxHarness.origin)\(Self.records)/salesOrder/\(id)"
            let plain = await harness.send("GET", "\(Self.records)/salesOrder/\(id)")
            #expect(plain.json["item"] == ["links": [["rel": "self", "href": .string("\(own)/item")]]])
            let some = await harness.send(
                "GET", "\(Self.records)/salesOrder/\(id)?fields=tranId,status&simpleEnumFormat=true")
            #expect(some.json["tranId"] == "SO1001" && some.json["status"] == "B" && some.json["total"] == nil)
            let lines = await harness.send("GET", "\(Self.records)/salesOrder/\(id)/item")
            #expect(lines.json["totalResults"] == 2 && lines.json["items"]?[1]?["quantity"] == nil)
            #expect(lines.json["items"]?[1]?["links"]?[0]?["href"] == .string("\(own)/item/2"))
            let line = await harness.send("GET", "\(Self.records)/salesOrder/eid:SF-1/item/2")
            #expect(line.json["item"]?["refName"] == "SKU-BLUE")
        }
    }

    @Test("an external id is taken once, in any case of its letters")
    func duplicate() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            _ = try await harness.created("salesOrder", orderBody("SF-801A"))
            let again = await harness.send("POST", "\(Self.records)/salesOrder", orderBody("sf-801a"))
            #expect(again.status == 400 && again.code == "USER_ERROR")
            #expect(again.detail == "Error while accessing a resource. This record already exists.")
            #expect(harness.sandbox.account.salesOrderIds.count == 1)
        }
    }

    static let refusals: [(String, String, String, JSONValue)] = [
        ("entity", "INVALID_CONTENT", "entity", ["externalId": "SFACC-9"]),
        ("entity", "INVALID_CONTENT", "entity", ["id": "99"]),
        ("entity", "USER_ERROR", "no path", nil),
        ("entity", "INVALID_CONTENT", "entity", "1201"),
        ("currency", "INVALID_CONTENT", "currency", ["id": "77"]),
        ("currency", "INVALID_CONTENT", "currency", ["id": "4"]),
        ("location", "INVALID_CONTENT", "location", ["id": "3"]),
        ("terms", "INVALID_CONTENT", "terms", ["id": "9"]),
        ("shipMethod", "INVALID_CONTENT", "shipMethod", ["id": "1"]),
        ("subsidiary", "INVALID_CONTENT", "subsidiary", ["id": "2"]),
        ("orderStatus", "INVALID_CONTENT", "orderStatus", ["id": "G"]),
        ("tranDate", "INVALID_CONTENT", "tranDate", "2025-02-29"),
        ("memo", "INVALID_CONTENT", "memo", 7),
        ("shippingAddress", "INVALID_CONTENT", "shippingAddress.country", ["country": ["id": "XX"]]),
        ("shippingAddress", "INVALID_CONTENT", "shippingAddress.street", ["street": "1 Main St"]),
        ("status", "USER_ERROR", "no path", ["id": "B"]),
        ("colour", "INVALID_CONTENT", "colour", "red"),
        ("item", "USER_ERROR", "no path", ["items": []]),
        ("item", "INVALID_CONTENT", "item", []),
        ("item", "INVALID_CONTENT", "item.items[0].item", ["items": [["item": ["id": "999"], "quantity": 1]]]),
        ("item", "USER_ERROR", "no path", ["items": [["item": ["id": "318"]]]]),
        (
            "item", "INVALID_CONTENT", "item.items[0].quantity",
            ["items": [["item": ["id": "318"], "quantity": number("-1")]]]
        ),
        ("item", "INVALID_CONTENT", "item.items[0].quantity", ["items": [["item": ["id": "318"], "quantity": "2"]]]),
    ]

    @Test("a value that NetSuite would not take is refused, and nothing is made", arguments: refusals)
    func refused(field: String, code: String, path: String, value: JSONValue) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let body = orderBody { $0[field] = value }
            let headers = [("X-NetSuite-PropertyNameValidation", "error")]
            let answer = await harness.send("POST", "\(Self.records)/salesOrder", body, headers: headers)
            #expect(answer.status == 400)
            #expect(answer.header("Content-Type") == "application/vnd.oracle.resource+json; type=error")
            #expect(answer.code == code && answer.path == path)
            #expect(harness.sandbox.account.salesOrderIds.isEmpty)
        }
    }

    @Test("missing mandatory fields are named with commas between")
    func missing() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let body = orderBody { $0["item"] = ["items": [["memo": "x"]]] }
            let answer = await harness.send("POST", "\(Self.records)/salesOrder", body)
            #expect(
                answer.detail == "Error while accessing a resource. Please enter value(s) for: Item, Quantity.")
        }
    }

    @Test("an inactive item is refused")
    func inactiveItem() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            _ = await harness.send("PATCH", "/control/items/SKU-BLUE", ["isInactive": true])
            let answer = await harness.send("POST", "\(Self.records)/salesOrder", orderBody())
            #expect(answer.path == "item.items[1].item")
        }
    }

    @Test("an unknown property is dropped with a warning by default, silently with ignore")
    func unknownProperty() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let target = "\(Self.records)/salesOrder"
            let warned = await harness.send("POST", target, orderBody("SF-1") { $0["colour"] = "red" })
            #expect(warned.status == 204 && warned.header("Warning")?.contains("colour") == true)
            let ignored = await harness.send(
                "POST", target, orderBody("SF-2") { $0["colour"] = "red" },
                headers: [("X-NetSuite-PropertyNameValidation", "ignore")])
            #expect(ignored.status == 204 && ignored.header("Warning") == nil)
            let wrong = await harness.send(
                "POST", target, orderBody("SF-3"), headers: [("X-NetSuite-PropertyNameValidation", "loud")])
            #expect(wrong.code == "INVALID_HEADER")
        }
    }

    @Test("a hidden custom field is an unknown property, and metadata does not list it")
    func hiddenField() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let schema = "\(Self.records)/metadata-catalog/salesOrder"
            let before = await harness.send("GET", schema)
            #expect(before.json["properties"]?["custbody_crossdock_version"] != nil)
            let lines = before.json["properties"]?["item"]?["properties"]?["items"]?["items"]?["properties"]
            #expect(lines?["custcol_crossdock_line_id"] != nil)
            _ = await harness.send(
                "PATCH", "/control/settings", ["hiddenCustomFields": ["custbody_crossdock_version"]])
            let after = await harness.send("GET", schema)
            #expect(after.json["properties"]?["custbody_crossdock_version"] == nil)
            let answer = await harness.send(
                "POST", "\(Self.records)/salesOrder", orderBody(),
                headers: [("X-NetSuite-PropertyNameValidation", "error")])
            #expect(answer.code == "INVALID_CONTENT" && answer.path == "custbody_crossdock_version")
            let column = await harness.query("SELECT custbody_crossdock_version FROM transaction WHERE rownum <= 1")
            #expect(column.detail.contains("Unknown identifier 'custbody_crossdock_version'"))
        }
    }

    @Test(
        "prices: custom rate, amount alone, both, price level",
        arguments: [
            (["price": ["id": "-1"], "rate": number("49.495"), "quantity": 3], "49.495", "148.49"),
            (["rate": number("49.5"), "quantity": 2], "49.5", "99"),
            (["amount": number("90"), "quantity": 4], "22.5", "90"),
            (["price": ["id": "-1"], "rate": 10, "amount": 7, "quantity": 3], "10", "30"),
            (["quantity": 2], "55", "110"),
            (["price": ["id": "1"], "rate": 1, "quantity": 2], "55", "110"),
            (["price": ["id": "-1"], "rate": number("0.005"), "quantity": 1], "0.005", "0.01"),
        ] as [(JSONValue, String, String)])
    func prices(line: JSONValue, rate: String, amount: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            var entry = line.object ?? JSONObject()
            entry["item"] = ["id": "318"]
            let body = orderBody { $0["item"] = ["items": [.object(entry)]] }
            let id = try await harness.created("salesOrder", body)
            let shown = await harness.send("GET", "/control/orders/\(id)").json["lines"]?[0]
            #expect(shown?["rate"] == .string(rate) && shown?["amount"] == .string(amount))
        }
    }
}
