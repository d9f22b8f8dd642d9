import JSONText
import Testing

@testable import NetSuiteWriter

@Suite("The difference between a message and NetSuite's order")
struct OrderDifferenceTests {
    static let lineA = "802000000000001AAA"
    static let lineB = "802000000000002AAA"

    static func wanted(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONObject {
        var order: JSONObject = [
            "externalId": "SF-801000000000001AAA", "entity": ["id": "7"], "custbody_crossdock_version": "200",
            "otherRefNum": "PO-1", "memo": nil, "currency": ["id": "1"], "shipComplete": false,
            "shippingAddress": ["addressee": "Acme", "addr1": "1 Main St", "country": ["id": "US"]],
            "item": ["items": [line(lineA, "318", quantity: 2), line(lineB, "319", quantity: 1)]],
        ]
        change(&order)
        return order
    }

    static func line(_ id: String, _ item: String, quantity: Int, rate: String = "49.50") -> JSONValue {
        [
            "item": ["id": .string(item)], "quantity": .number(JSONNumber(quantity)), "price": ["id": "-1"],
            "rate": .number(JSONNumber(text: rate) ?? JSONNumber(0)), "custcol_crossdock_line_id": .string(id),
        ]
    }

    static func shownLine(
        _ id: String?, key: Int, item: String, quantity: String, rate: String = "49.5", isClosed: Bool = false
    ) -> JSONValue {
        var line: JSONObject = [
            "line": .number(JSONNumber(key)), "item": ["id": .string(item), "refName": "x"],
            "quantity": .number(JSONNumber(text: quantity) ?? JSONNumber(0)),
            "rate": .number(JSONNumber(text: rate) ?? JSONNumber(0)),
            "isClosed": .bool(isClosed),
        ]
        if let id { line["custcol_crossdock_line_id"] = .string(id) }
        return .object(line)
    }

    static func actual(_ change: (inout JSONObject) -> Void = { _ in }) -> JSONObject {
        var record: JSONObject = [
            "id": "4711", "custbody_crossdock_version": "100", "otherRefNum": "PO-1",
            "currency": ["id": "1", "refName": "USD"],
            "shippingAddress": [
                "addressee": "Acme", "addr1": "1 Main St", "country": ["id": "US", "refName": "United States"],
            ],
            "item": [
                "items": [
                    shownLine(lineA, key: 1, item: "318", quantity: "2.0"),
                    shownLine(lineB, key: 4, item: "319", quantity: "1.0"),
                    shownLine(nil, key: 5, item: "900", quantity: "1"),
                ]
            ],
        ]
        change(&record)
        return record
    }

    @Test("an order that shows what the message says needs no request, whatever form NetSuite gives the values")
    func equal() {
        #expect(OrderDifference.between(wanted: Self.wanted(), actual: Self.actual()) == .nothing)
    }

    @Test("only the header field that differs is sent, with the version")
    func header() {
        let difference = OrderDifference.between(
            wanted: Self.wanted { $0["otherRefNum"] = "PO-2" }, actual: Self.actual())
        #expect(difference == .patch(["otherRefNum": "PO-2", "custbody_crossdock_version": "200"]))
    }

    @Test("a null clears what NetSuite shows")
    func null() {
        let difference = OrderDifference.between(wanted: Self.wanted(), actual: Self.actual { $0["memo"] = "old" })
        #expect(difference == .patch(["memo": nil, "custbody_crossdock_version": "200"]))
    }

    @Test("an address that differs in one part is sent whole")
    func address() {
        let difference = OrderDifference.between(
            wanted: Self.wanted(),
            actual: Self.actual {
                $0["shippingAddress"] = ["addressee": "Acme", "addr1": "2 Main St", "country": ["id": "US"]]
            })
        #expect(
            difference
                == .patch([
                    "shippingAddress": ["addressee": "Acme", "addr1": "1 Main St", "country": ["id": "US"]],
                    "custbody_crossdock_version": "200",
                ]))
    }

    @Test("a changed line goes with NetSuite's key, a new one without, a removed one is closed, people's lines stay")
    func lines() {
        let lineC = "802000000000003AAA"
        let wanted = Self.wanted {
            $0["item"] = ["items": [Self.line(Self.lineA, "318", quantity: 3), Self.line(lineC, "320", quantity: 1)]]
        }
        guard case .patch(let body) = OrderDifference.between(wanted: wanted, actual: Self.actual()) else {
            Issue.record("a difference was expected")
            return
        }
        let entries = body["item"]?["items"]?.array ?? []
        #expect(entries.count == 3)
        #expect(entries.first?["line"] == 1)
        #expect(entries.first?["quantity"] == 3)
        #expect(entries.dropFirst().first?["line"] == nil)
        #expect(entries.dropFirst().first?["custcol_crossdock_line_id"] == .string(lineC))
        #expect(entries.last == ["line": 4, "isClosed": true])
    }

    @Test("of two open lines with one of our ids the later one is closed, and a closed one counts as gone")
    func doubled() {
        let twice = Self.actual {
            $0["item"] = [
                "items": [
                    Self.shownLine(Self.lineB, key: 9, item: "319", quantity: "1"),
                    Self.shownLine(Self.lineA, key: 1, item: "318", quantity: "2"),
                    Self.shownLine(Self.lineB, key: 4, item: "319", quantity: "1"),
                ]
            ]
        }
        #expect(
            OrderDifference.between(wanted: Self.wanted(), actual: twice)
                == .patch([
                    "item": ["items": [["line": 9, "isClosed": true]]], "custbody_crossdock_version": "200",
                ]))
        let closed = Self.actual {
            $0["item"] = [
                "items": [
                    Self.shownLine(Self.lineA, key: 1, item: "318", quantity: "2"),
                    Self.shownLine(Self.lineB, key: 4, item: "319", quantity: "1", isClosed: true),
                ]
            ]
        }
        #expect(
            OrderDifference.between(wanted: Self.wanted(), actual: closed)
                == .patch([
                    "item": ["items": [Self.line(Self.lineB, "319", quantity: 1)]],
                    "custbody_crossdock_version": "200",
                ]))
    }

    @Test("a line whose id NetSuite dropped is taken for ours by its content, and not added again")
    func droppedLineId() {
        let oneLost = Self.actual {
            $0["item"] = [
                "items": [
                    Self.shownLine(Self.lineA, key: 1, item: "318", quantity: "2"),
                    Self.shownLine(nil, key: 4, item: "319", quantity: "1"),
                    Self.shownLine(nil, key: 5, item: "900", quantity: "1"),
                ]
            ]
        }
        #expect(Self.entries(Self.wanted(), oneLost).map(\.object?["line"]) == [4])
        #expect(Self.entries(Self.wanted(), oneLost).first?["custcol_crossdock_line_id"] == .string(Self.lineB))
        let changed = Self.wanted {
            $0["item"] = [
                "items": [Self.line(Self.lineA, "318", quantity: 2), Self.line(Self.lineB, "319", quantity: 7)]
            ]
        }
        #expect(Self.entries(changed, oneLost).map(\.object?["line"]) == [nil], "a person's line is left alone")
    }

    @Test("where no line kept its id, lines are known by their items, each once")
    func allLineIdsDropped() {
        let lost = Self.actual {
            $0["item"] = [
                "items": [
                    Self.shownLine(nil, key: 1, item: "318", quantity: "2"),
                    Self.shownLine(nil, key: 4, item: "319", quantity: "1"),
                ]
            ]
        }
        let changed = Self.wanted {
            $0["item"] = [
                "items": [
                    Self.line(Self.lineA, "318", quantity: 5), Self.line(Self.lineB, "319", quantity: 1),
                    Self.line("802000000000003AAA", "319", quantity: 1),
                ]
            ]
        }
        #expect(Self.entries(changed, lost).map(\.object?["line"]) == [1, 4, nil])
    }

    private static func entries(_ wanted: JSONObject, _ actual: JSONObject) -> [JSONValue] {
        guard case .patch(let body) = OrderDifference.between(wanted: wanted, actual: actual) else { return [] }
        return body["item"]?["items"]?.array ?? []
    }

    @Test(
        "values are compared by what they mean",
        arguments: [
            ("2", "2.0", true), ("2", "2.5", false), ("\"49.50\"", "\"49.50\"", true), ("\"a\\n\"", "\"a\"", true),
            ("{\"id\":\"5\"}", "{\"id\":\"5\",\"refName\":\"x\"}", true), ("{\"id\":\"5\"}", "\"5\"", true),
            ("{\"id\":\"5\"}", "5", true), ("{\"id\":\"5\"}", "{\"id\":\"6\"}", false), ("null", "\"\"", true),
            ("false", "null", true), ("true", "false", false), ("[1,2]", "[1,2.0]", true), ("[1,2]", "[1]", false),
        ])
    func values(wanted: String, actual: String, expected: Bool) throws {
        #expect(OrderDifference.shows(try JSONValue.parse(actual), try JSONValue.parse(wanted)) == expected)
    }
}
