import EventLoop
import JSONText
import SandboxFaults
import TestSupport
import Testing

@testable import SalesforceSandbox

@Suite("the life of an order, and the control API")
struct OrderLifeTests {
    @Test("activation is an update of the status alone, needs a product, and sets code and date")
    func activation() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order(activate: false)
            let both = try await fixture.rest(
                "PATCH", "/sobjects/Order/\(id)", ["Status": "Activated", "PoNumber": "PO-1"])
            #expect(both.code == "FIELD_INTEGRITY_EXCEPTION")
            #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["Status": "Activated"]).status == 204)
            let order = try fixture.stored("Order", id)
            #expect(order["StatusCode"] == .text("Activated"))
            #expect(order["ActivatedById"] == .text(SalesforceOrganization.integrationUserId))
            let empty = try await fixture.order(activate: false, ["lines": []])
            let refused = try await fixture.rest("PATCH", "/sobjects/Order/\(empty)", ["Status": "Activated"])
            #expect(refused.code == "FAILED_ACTIVATION")
        }
    }

    @Test("an activated order keeps its products, its account and itself; custom fields and other statuses can change")
    func activated() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let line = try #require(fixture.sandbox.organization.store.items(ofOrder: id).first)
            let other = try await fixture.account("Other")
            let path = "/sobjects/Order/\(id)"
            #expect(try await fixture.rest("DELETE", path).code == "DELETE_FAILED")
            #expect(try await fixture.rest("DELETE", "/sobjects/OrderItem/\(line.id)").code == "DELETE_FAILED")
            #expect(try await fixture.rest("PATCH", path, ["AccountId": .string(other)]).code != nil)
            let added: JSONValue = [
                "OrderId": .string(id), "PricebookEntryId": line["PricebookEntryId"].json(as: .reference),
                "Quantity": 1,
            ]
            #expect(try await fixture.rest("POST", "/sobjects/OrderItem", added).code == "FIELD_INTEGRITY_EXCEPTION")
            let written: JSONValue = ["Status": "Fulfilled", "NetSuite_Status__c": "shipped"]
            #expect(try await fixture.rest("PATCH", path, written).status == 204)
            #expect(try fixture.stored("Order", id)["StatusCode"] == .text("Activated"))
            #expect(try await fixture.rest("PATCH", path, ["Status": "Draft"]).status == 204)
            #expect(try await fixture.rest("DELETE", path).status == 204)
            #expect(try await fixture.rest("GET", path).code == "ENTITY_IS_DELETED")
        }
    }

    @Test(
        "an edited product moves the order's stamp as the switch says",
        arguments: [(OrderTouch.always, true, true), (.total, true, false), (.never, false, false)])
    func touch(touch: OrderTouch, byTotal: Bool, byText: Bool) async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.orderTouch = touch }
            let id = try await fixture.order()
            let line = try #require(fixture.sandbox.organization.store.items(ofOrder: id).first)
            let edits: [(JSONObject, Bool)] = [(["Quantity": 7], byTotal), (["Description": "x"], byText)]
            for (members, moves) in edits {
                await fixture.time.advance(by: .seconds(5))
                let before = try fixture.stored("Order", id)["SystemModstamp"]
                let path = "/sobjects/OrderItem/\(line.id)"
                #expect(try await fixture.rest("PATCH", path, .object(members)).status == 204)
                #expect((try fixture.stored("Order", id)["SystemModstamp"] != before) == moves)
                #expect(try fixture.stored("OrderItem", line.id)["SystemModstamp"] == .instant(fixture.sandbox.now))
            }
            #expect(try fixture.stored("Order", id)["TotalAmount"].number == DecimalText.read("376.5"))
        }
    }

    @Test("without the permission an activated order is read-only for the integration")
    func permission() async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.mayEditActivatedOrders = false }
            let id = try await fixture.order()
            let answer = try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["NetSuite_Status__c": "x"])
            #expect(answer.code == "INSUFFICIENT_ACCESS_OR_READONLY")
        }
    }

    @Test("history tells who changed what")
    func history() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            _ = try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["NetSuite_Status__c": "shipped"])
            let soql = "SELECT Field, NewValue, CreatedById FROM OrderHistory WHERE OrderId = '\(id)' ORDER BY Id"
            let rows = try #require(try await fixture.query(soql).json["records"]?.array)
            #expect(rows.map { $0["Field"]?.string } == ["created", "Status", "NetSuite_Status__c"])
            #expect(rows[1]["CreatedById"]?.string == SalesforceOrganization.salesUserId)
            #expect(rows[2]["CreatedById"]?.string == SalesforceOrganization.integrationUserId)
            #expect(rows[2]["NewValue"] == "shipped")

            let told = try await fixture.call("GET", "/control/orders/\(id)/history").json["history"]?.array ?? []
            #expect(told.map { $0["field"]?.string } == rows.map { $0["Field"]?.string })
            #expect(told[2]["new"] == "shipped" && told[2]["by"] == rows[2]["CreatedById"])
        }
    }

    @Test("an amendment reopens, changes and adds lines, or changes nothing at all")
    func amends() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let body: JSONValue = [
                "reopen": true, "poNumber": "PO-2",
                "lines": [["sku": "SKU-RED", "quantity": "4", "unitPrice": "45.00"]],
                "addLines": [["sku": "SKU-LAMP", "quantity": 1]], "removeLines": ["SKU-BLUE"],
            ]
            let answer = try await fixture.call("PATCH", "/control/orders/\(id)", body)
            #expect(answer.status == 200)
            #expect(answer.json["totalAmount"]?.number?.text == "219.95" && answer.json["status"] == "Activated")
            #expect(answer.json["lines"]?.array?.map { $0["sku"]?.string } == ["SKU-RED", "SKU-LAMP"])

            let refused = try await fixture.call(
                "PATCH", "/control/orders/\(id)",
                ["poNumber": "PO-3", "addLines": [["sku": "SKU-MAT", "quantity": 1]]])
            #expect(refused.status == 409)
            #expect(try fixture.stored("Order", id)["PoNumber"] == .text("PO-2"))
            #expect(try await fixture.call("PATCH", "/control/orders/\(id)", ["ponumber": "x"]).status == 400)
        }
    }

    @Test("orders can be committed late with an older stamp, and many with one")
    func stamps() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let late = try await fixture.order(["stamp": "2026-05-28T20:26:30Z"])
            #expect(try fixture.stored("Order", late)["SystemModstamp"] == .instant(1_779_999_990))
            let account = try await fixture.account()
            let many = try await fixture.call(
                "POST", "/control/orders",
                [
                    "accountId": .string(account), "count": 40, "activate": true,
                    "lines": [["sku": "SKU-MAT", "quantity": 1]],
                ])
            let ids = (many.json["orders"]?.array ?? []).compactMap { $0["id"]?.string }
            #expect(Set(ids).count == 40)
            #expect(Set(try ids.map { try fixture.stored("Order", $0)["SystemModstamp"] }).count == 1)
        }
    }

    @Test("an order made with an address has all of its parts, the postal code too")
    func addresses() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order([
                "shipTo": ["street": "Hauptstr. 1", "city": "Berlin", "postalCode": "10115", "countryCode": "DE"]
            ])
            let stored = try fixture.stored("Order", id)
            #expect(stored["ShippingPostalCode"] == .text("10115"))
            // Without the picklists a person types the code as the country.
            #expect(stored["ShippingCountry"] == .text("DE"))
        }
    }

    @Test("the journal tells what was applied, and by whom")
    func journal() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            _ = try await fixture.rest(
                "PATCH", "/sobjects/Order/\(id)", ["NetSuite_Status__c": "x"],
                headers: [("Sforce-Call-Options", "client=crossdock, defaultNamespace=x")])
            _ = try await fixture.query("SELECT Id FROM Order WHERE PoNumber = 'secret'")
            let requests = try #require(try await fixture.call("GET", "/control/journal").json["requests"]?.array)
            #expect(requests.count == 2)
            #expect(requests[0]["applied"] == true && requests[0]["client"] == "crossdock")
            #expect(requests[0]["recordIds"] == [.string(id)] && requests[0]["userAgent"] == "fixture")
            #expect(requests[1]["applied"] == false && requests[1]["path"] == "/services/data/v67.0/query")
            #expect(requests[1]["soql"] == "SELECT Id FROM Order WHERE PoNumber = '…'")
        }
    }

    @Test("a fault strikes before the effect or after it, as often as asked")
    func faults() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            for (moment, written) in [("before", FieldValue.null), ("after", .text("x"))] {
                let fault: JSONValue = [
                    "kind": "unavailable", "method": "PATCH", "path": "/sobjects/Order", "moment": .string(moment),
                ]
                _ = try await fixture.call("POST", "/control/faults", fault)
                let body: JSONValue = ["NetSuite_Status__c": "x"]
                #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(id)", body).status == 503)
                #expect(try fixture.stored("Order", id)["NetSuite_Status__c"] == written)
            }
            #expect(fixture.sandbox.faults.entries.map(\.struck) == [1, 1])
        }
    }

    @Test("reset leaves the seed: nine products priced in every currency, no orders")
    func reset() async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.schemaOptions.multiCurrency = true }
            _ = try await fixture.order()
            #expect(try await fixture.call("POST", "/control/reset").status == 200)
            #expect(fixture.sandbox.organization.store.records("Order").isEmpty)
            let products = try #require(try await fixture.call("GET", "/control/products").json["products"]?.array)
            #expect(products.count == 9)
            #expect(products.allSatisfy { $0["prices"]?.array?.count == 2 })
            #expect(try await fixture.rest("GET", "/limits").code == "INVALID_SESSION_ID")
        }
    }
}
