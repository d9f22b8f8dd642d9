import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Documents by the control API")
struct DocumentControlTests {
    @Test("an order shows its documents, with numbers, quantities by line, amounts and tracking numbers")
    func order() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let first = await fixture.step(
                "fulfil",
                [
                    "lines": [["line": 1, "quantity": "1"]], "date": "2025-03-13", "carrier": "FedEx",
                    "shipMethod": "Express",
                    "packages": [
                        ["trackingNumber": "1Z1", "description": "box", "weight": "1.2"], ["trackingNumber": "1Z2"],
                    ],
                ])
            #expect(first.json["carrier"] == "FedEx" && first.json["date"] == "2025-03-13")
            #expect(first.json["shipMethod"]?["name"] == "Express" && first.json["orderStatus"] == "D")
            #expect(first.json["packages"]?[0]?["weight"] == "1.2")
            _ = await fixture.step("fulfil", ["packages": [["trackingNumber": "1Z3"]], "carrier": "Bicycle"])
            let invoice = try await fixture.made("bill", ["date": "2025-03-13", "dueDate": "2025-03-20"])
            _ = await fixture.control("invoices/\(invoice)/pay", ["amount": "100", "date": "2025-03-14"])
            _ = await fixture.control("invoices/\(invoice)/credit", ["amount": "9"])
            let shown = await fixture.shown
            #expect(shown.column("fulfilments", "tranId") == ["IF1001", "IF1002"])
            #expect(shown["trackingNumbers"]?.array == ["1Z1", "1Z2", "1Z3"])
            #expect(shown.column("fulfilments", "carrier") == ["FedEx", "Bicycle"])
            #expect(shown.column("invoices", "tranId") == ["INV1001"] && shown["status"] == "G")
            #expect(shown.column("payments", "tranId") == ["PYMT1001"])
            #expect(shown.column("credits", "tranId") == ["CM1001"])
            #expect(shown["amountInvoiced"] == "109" && shown["amountPaid"] == "109")
            #expect(await fixture.quantities == ["2/2/2/2", "1/1/1/1"])
            for name in ["orders", "fulfilments", "invoices", "payments", "credits"] {
                let all = await fixture.control(name, method: "GET").json[name]?.array ?? []
                let id = all.first?["tranId"]?.string ?? "none"
                #expect(await fixture.control("\(name)/\(id)", method: "GET").json["tranId"]?.string == id)
            }
            #expect(await fixture.control("counts", method: "GET").json["fulfilments"] == 2)
        }
    }

    @Test("a change committed late has the stamp that it names")
    func modifiedAt() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let late: JSONValue = "2025-03-14T16:58:10Z"
            let stamp: JSONValue = "2025-03-14T16:58:10.000Z"
            let fulfilment = await fixture.step("fulfil", ["modifiedAt": late])
            #expect(fulfilment.json["lastModifiedDate"] == stamp && fulfilment.json["createdDate"] == stamp)
            #expect(await fixture.step("bill", ["modifiedAt": late]).json["lastModifiedDate"] == stamp)
            let payment = await fixture.control("invoices/INV1001/pay", ["modifiedAt": late])
            #expect(payment.json["lastModifiedDate"] == stamp)
            let credit = await fixture.control(
                "invoices/INV1001/credit", ["modifiedAt": late, "apply": false, "amount": 1])
            #expect(credit.json["lastModifiedDate"] == stamp)
            let edited = await fixture.control(
                "orders/\(fixture.order)", ["memo": "late", "modifiedAt": late], method: "PATCH")
            #expect(edited.json["lastModifiedDate"] == stamp && edited.json["memo"] == "late")
            let made = await fixture.control("orders", DocumentDesk.body("SF-9", nil) { $0["modifiedAt"] = late })
            #expect(made.json["lastModifiedDate"] == stamp)
            #expect(await fixture.step("fulfil", ["modifiedAt": "yesterday"]).status == 400)
        }
    }

    @Test("mistakes are answered with what would be right")
    func mistakes() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let wrong: [(String, JSONValue, String)] = [
                ("orders/\(fixture.order)/fulfil", ["lines": 1], "lines has entries"),
                ("orders/\(fixture.order)/fulfil", ["lines": [["line": 1, "quantity": "x"]]], "lines has entries"),
                ("orders/\(fixture.order)/fulfil", ["status": "Z"], "status is A"),
                ("orders/\(fixture.order)/fulfil", ["location": "9"], "location is one of 1 (Main)"),
                ("orders/\(fixture.order)/fulfil", ["packages": ["1Z1"]], "packages has entries"),
                ("orders/\(fixture.order)/fulfil", ["date": "today"], "date is a date"),
                ("orders/\(fixture.order)/send", [:], "a step is one of"),
                ("orders", ["count": 0], "count is a whole number"),
                ("orders/nothing/bill", [:], "no such sales order"),
                ("invoices/\(fixture.order)/pay", [:], "no such invoice"),
                ("payments/1/unapply", [:], "no such payment"),
            ]
            for (path, body, text) in wrong {
                let answer = await fixture.control(path, body)
                #expect((400...404).contains(answer.status))
                #expect(answer.json["error"]?.string?.contains(text) == true, "\(path): \(answer.text)")
            }
        }
    }

    @Test("all transactions share one pool of ids and of external ids")
    func pool() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let fulfilment = try await fixture.made("fulfil", ["externalId": "X-1"])
            let invoice = try await fixture.made("bill", ["externalId": "X-2"])
            let second = try await fixture.harness.created("salesOrder", orderBody("SF-2"))
            #expect(Set([fixture.order, fulfilment, invoice, second]).count == 4)
            let clash = await fixture.record("POST", "salesOrder", orderBody("x-1"))
            #expect(clash.detail.contains("This record already exists."))
            #expect(await fixture.record("GET", "salesOrder/eid:X-2").status == 404)
            #expect(await fixture.record("DELETE", "invoice/eid:X-2").status == 204)
            #expect(await fixture.record("POST", "salesOrder", orderBody("X-2")).status == 204)
        }
    }

    @Test("metadata lists the documents with their fields")
    func metadata() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let names = await fixture.record("GET", "metadata-catalog").json.column("items", "name")
            #expect(
                names == [
                    "creditmemo", "customer", "customerpayment", "invoice", "itemfulfillment", "salesorder",
                ])
            for (name, field) in [
                ("itemFulfillment", "shipStatus"), ("invoice", "amountRemaining"), ("customerPayment", "unapplied"),
                ("creditMemo", "apply"),
            ] {
                let document = await fixture.record("GET", "metadata-catalog/\(name)").json
                #expect(document["properties"]?[field] != nil && document["properties"]?["id"] != nil)
            }
            #expect(await fixture.record("GET", "serviceSaleItem/327").json["itemId"] == "SKU-SETUP")
            #expect(await fixture.record("GET", "inventoryItem/327").status == 404)
        }
    }

    @Test("sublists answer at their own addresses, and lists give ids")
    func lists() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let id = try await fixture.made("fulfil", ["externalId": "IF-1", "packages": [["trackingNumber": "1Z1"]]])
            let path = "itemFulfillment/\(id)"
            #expect(await fixture.record("GET", "\(path)/item").json["totalResults"] == 2)
            #expect(await fixture.record("GET", "\(path)/item/2").json["orderLine"] == 2)
            #expect(await fixture.read("\(path)/package").column("items", "packageTrackingNumber") == ["1Z1"])
            #expect(await fixture.record("GET", "\(path)/apply").status == 404)
            #expect(await fixture.record("GET", "itemFulfillment").json.column("items", "id") == [id])
            let found = await fixture.record("GET", "itemFulfillment?q=externalId%20IS%20%22if-1%22")
            #expect(found.json["totalResults"] == 1)
            #expect(await fixture.record("GET", "\(path)?fields=tranId,shipStatus").json["shipStatus"] != nil)
            #expect(await fixture.record("PUT", path, [:]).status == 405)
        }
    }

    @Test("many orders with documents stay quick")
    func many() async throws {
        try await onLoop {
            let fixture = try await DocumentDesk()
            let answer = await fixture.control("orders", DocumentDesk.body("M", nil) { $0["count"] = 2000 })
            let orders = answer.json["orders"]?.array ?? []
            #expect(orders.count == 2000 && orders.last?["externalId"] == "M-2000")
            let clock = ContinuousClock()
            let begun = clock.now
            for order in orders.prefix(300) {
                let id = order["id"]?.string ?? ""
                #expect(await fixture.control("orders/\(id)/fulfil").status == 200)
                let invoice = await fixture.control("orders/\(id)/bill").json["id"]?.string ?? ""
                #expect(await fixture.control("invoices/\(invoice)/pay").status == 200)
            }
            // 900 changes; a copy of the whole account for each would take minutes.
            let passed = clock.now - begun
            #expect(passed < .seconds(20))
        }
    }
}
