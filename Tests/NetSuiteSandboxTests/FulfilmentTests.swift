import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Item fulfilments")
struct FulfilmentTests {
    @Test("an empty transform ships all that is left, from the order's location")
    func emptyTransform() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let answer = await fixture.transform("salesOrder/\(fixture.order)", "itemFulfillment")
            let location = answer.header("Location") ?? "none"
            #expect(answer.status == 204 && answer.body.isEmpty && location.contains("/itemFulfillment/"))
            let id = location.split(separator: "/").last.map(String.init) ?? ""
            let made = await fixture.read("itemFulfillment/\(id)")
            #expect(made["tranId"] == "IF1001" && made["shipStatus"]?["id"] == "C")
            #expect(made["status"]?["refName"] == "Shipped")
            #expect(made["createdFrom"]?["id"]?.string == fixture.order)
            #expect(made["createdFrom"]?["refName"] == "Sales Order #SO1001")
            #expect(made["tranDate"] == "2025-03-14" && made["shippedDate"] == "2025-03-14")
            #expect(made.column("item", "orderLine") == ["1", "2"])
            #expect(made.column("item", "quantity") == ["2.0", "1.0"])
            #expect(made.column("item", "location") == ["2", "2"])
            #expect(await fixture.quantities == ["2/2/2/0", "1/1/1/0"])
        }
    }

    @Test("lines that are not mentioned go with all that is left; itemReceive false and quantity 0 leave one out")
    func partial() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let source = "salesOrder/eid:SF-1"
            let first = try await fixture.transformed(
                source, "itemfulfillment",
                [
                    "externalId": "IF-1",
                    "item": [
                        "items": [["orderLine": 1, "quantity": 1], ["orderLine": 2, "itemReceive": false]]
                    ],
                ])
            #expect(await fixture.read("itemFulfillment/eid:IF-1")["id"]?.string == first)
            #expect(await fixture.quantities == ["1/1/1/0", "0/0/0/0"])
            #expect(await fixture.state == "D")
            let second = try await fixture.transformed(
                source, "itemFulfillment", ["item": ["items": [["orderLine": 1, "quantity": 0]]]])
            #expect(await fixture.read("itemFulfillment/\(second)").column("item", "orderLine") == ["2"])
            #expect(await fixture.read("itemFulfillment/\(first)").column("item", "quantityRemaining") == ["1.0"])
        }
    }

    @Test("picked, packed and shipped, each by PATCH, with packages added on the way; never back")
    func steps() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let id = try await fixture.transformed(
                "salesOrder/\(fixture.order)", "itemFulfillment", ["shipStatus": ["id": "A"]])
            let path = "itemFulfillment/\(id)"
            #expect(await fixture.quantities == ["2/0/0/0", "1/0/0/0"])
            let order = "salesOrder/\(fixture.order)"
            #expect(await fixture.record("PATCH", order, ["orderStatus": ["id": "A"]]).path == "orderStatus")
            let fewer: JSONValue = ["item": ["items": [["line": 1, "quantity": 1]]]]
            #expect(await fixture.record("PATCH", order, fewer).status == 400)
            #expect(await fixture.state == "B")
            _ = await fixture.control("clock", ["advanceSeconds": 86_400], method: "PATCH")
            #expect(await fixture.record("PATCH", path, ["shipStatus": ["id": "B"]]).status == 204)
            #expect(await fixture.quantities == ["2/2/0/0", "1/1/0/0"])
            let boxes: JSONValue = [
                "items": [
                    ["packageTrackingNumber": "1Z1", "packageWeight": number("1.2"), "packageDescr": "box"],
                    ["packageTrackingNumber": "1Z2"],
                ]
            ]
            let shipped: JSONValue = ["shipStatus": ["id": "C"], "package": boxes, "shipCarrier": ["id": "ups"]]
            #expect(await fixture.record("PATCH", path, shipped).status == 204)
            #expect(await fixture.quantities == ["2/2/2/0", "1/1/1/0"])
            #expect(await fixture.state == "F")
            let read = await fixture.read(path)
            #expect(read["pickedDate"] == "2025-03-14" && read["shippedDate"] == "2025-03-15")
            #expect(read["shipCarrier"]?["refName"] == "UPS")
            #expect(read.column("package", "packageTrackingNumber") == ["1Z1", "1Z2"])
            #expect(read.column("package", "packageCartonNumber") == ["1", "2"])
            #expect(await fixture.read("salesOrder/\(fixture.order)")["linkedTrackingNumbers"] == "1Z1 1Z2")
            let back = await fixture.record("PATCH", path, ["shipStatus": ["id": "A"]])
            #expect(back.status == 400 && back.path == "shipStatus")
            _ = await fixture.record("PATCH", path + "?replace=package", ["package": ["items": []]])
            #expect(await fixture.read("salesOrder/\(fixture.order)")["linkedTrackingNumbers"] == nil)
        }
    }

    /// A transform that is refused, with where its fault lies.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let body: String
        let path: String
        let text: String
        var testDescription: String { body }
    }

    static let refusals: [Wrong] = [
        Wrong(
            body: #"{"item":{"items":[{"orderLine":1,"quantity":3}]}}"#, path: "item.items[0].quantity",
            text: "Invalid Field Value 3 for the following field: quantity."),
        Wrong(
            body: #"{"item":{"items":[{"orderLine":2},{"orderLine":9}]}}"#, path: "item.items[1].orderLine",
            text: "Invalid Field Value 9 for the following field: orderLine."),
        Wrong(body: #"{"item":{"items":[{"quantity":1}]}}"#, path: "item.items[0].orderLine", text: "Order Line"),
        Wrong(
            body: #"{"item":{"items":[{"orderLine":1,"location":{"id":"7"}}]}}"#, path: "item.items[0].location",
            text: "Invalid Field Value 7 for the following field: location."),
        Wrong(
            body: #"{"item":{"items":[{"orderLine":1,"itemReceive":false},{"orderLine":2,"itemReceive":false}]}}"#,
            path: "no path", text: "You must enter at least one line item for this transaction."),
        Wrong(body: #"{"shipStatus":{"id":"D"}}"#, path: "shipStatus", text: "Invalid Field Value D"),
        Wrong(body: #"{"externalId":"sf-1"}"#, path: "no path", text: "This record already exists."),
    ]

    @Test("a transform that cannot be is refused with its place, and makes nothing", arguments: refusals)
    func refused(_ wrong: Wrong) async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let body = try JSONValue.parse(Array(wrong.body.utf8))
            let answer = await fixture.transform("salesOrder/\(fixture.order)", "itemFulfillment", body)
            #expect(answer.status == 400 && answer.path == wrong.path)
            #expect(answer.detail.contains(wrong.text))
            #expect(await fixture.shown["fulfilments"]?.array?.isEmpty == true)
        }
    }

    @Test("a line needs a location where its order has none")
    func location() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk { $0["location"] = nil }
            let source = "salesOrder/\(fixture.order)"
            let answer = await fixture.transform(source, "itemFulfillment")
            #expect(answer.status == 400 && answer.code == "USER_ERROR" && answer.path == "item.items[0].location")
            #expect(answer.detail.hasSuffix("Please enter value(s) for: Location."))
            let lines: JSONValue = [
                ["orderLine": 1, "location": ["id": "1"]], ["orderLine": 2, "itemReceive": false],
            ]
            let id = try await fixture.transformed(source, "itemFulfillment", ["item": ["items": lines]])
            #expect(await fixture.read("itemFulfillment/\(id)").column("item", "location") == ["1"])
        }
    }

    @Test("the wrong state, the wrong record and the wrong method are refused")
    func wrongState() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let source = "salesOrder/\(fixture.order)"
            let unbilled = await fixture.transform(source, "invoice")
            #expect(unbilled.status == 400 && unbilled.code == "USER_ERROR")
            #expect(unbilled.detail.contains("You can not initialize invoice: invalid reference \(fixture.order)."))
            let id = try await fixture.transformed(source, "itemFulfillment")
            #expect(await fixture.transform(source, "itemFulfillment").status == 400)
            #expect(await fixture.transform(source, "cashSale").status == 400)
            #expect(await fixture.transform("salesOrder/99", "itemFulfillment").status == 404)
            #expect(await fixture.record("GET", "\(source)/!transform/invoice").status == 405)
            #expect(await fixture.record("POST", "itemFulfillment", [:]).status == 400)
            let wrongName = await fixture.record("GET", "invoice/\(id)")
            #expect(wrongName.status == 400 && wrongName.detail.contains("Transaction type specified is incorrect."))
            #expect(await fixture.record("GET", "salesOrder/\(id)").detail.contains("Transaction type"))
            #expect(await fixture.record("GET", "itemFulfillment/99").code == "NONEXISTENT_ID")
        }
    }

    @Test("a create form shows the document and saves nothing")
    func createForm() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let answer = await fixture.harness.send(
                "POST", "\(DocumentDesk.records)/salesOrder/\(fixture.order)/!transform/itemFulfillment", [:],
                headers: [("Accept", "application/vnd.oracle.resource+json; type=create-form")])
            #expect(answer.status == 200 && answer.json.column("item", "quantity") == ["2.0", "1.0"])
            #expect(answer.json["id"] == nil)
            #expect(await fixture.state == "B")
            #expect(await fixture.shown["fulfilments"]?.array?.isEmpty == true)
        }
    }

    @Test("a deleted fulfilment gives its quantities back and is gone; one that was billed stays")
    func deletion() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let first = try await fixture.made(
                "fulfil", ["lines": [["line": 1, "quantity": 1]], "externalId": "IF-1"])
            let second = try await fixture.made("fulfil")
            #expect(await fixture.record("DELETE", "itemFulfillment/\(second)").status == 204)
            #expect(await fixture.quantities == ["1/1/1/0", "0/0/0/0"])
            #expect(await fixture.state == "D")
            #expect(await fixture.record("GET", "itemFulfillment/\(second)").code == "NONEXISTENT_ID")
            let invoice = try await fixture.made("bill")
            let kept = await fixture.record("DELETE", "itemFulfillment/\(first)")
            #expect(kept.status == 400 && kept.detail.contains("linked to by one or more transactions"))
            #expect(await fixture.record("DELETE", "salesOrder/\(fixture.order)").status == 400)
            #expect(await fixture.record("DELETE", "invoice/\(invoice)").status == 204)
            #expect(await fixture.record("DELETE", "itemFulfillment/eid:IF-1").status == 204)
            #expect(await fixture.record("DELETE", "salesOrder/\(fixture.order)").status == 204)
        }
    }

    @Test("what is shipped leaves the stock of its location, a kit's members too; a picked line does not")
    func stock() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk(lines: ["RED×2@49.5", "SET×3@915", "SETUP×1@95"])
            func onHand(_ sku: String) async -> String {
                let item = await fixture.control("items/\(sku)", method: "GET").json
                return item["stock"]?.array?.first { $0["location"] == "2" }?["onHand"]?.string ?? "none"
            }
            let before = await [onHand("SKU-RED"), onHand("SKU-DESK"), onHand("SKU-LAMP")]
            #expect(before == ["20", "20", "20"])
            let id = try await fixture.made("fulfil", ["status": "A"])
            #expect(await [onHand("SKU-RED"), onHand("SKU-DESK"), onHand("SKU-LAMP")] == before)
            _ = await fixture.control("fulfilments/\(id)/ship")
            #expect(await [onHand("SKU-RED"), onHand("SKU-DESK"), onHand("SKU-LAMP")] == ["18", "17", "14"])
            _ = await fixture.control("fulfilments/\(id)", method: "DELETE")
            #expect(await [onHand("SKU-RED"), onHand("SKU-DESK"), onHand("SKU-LAMP")] == before)
        }
    }
}
