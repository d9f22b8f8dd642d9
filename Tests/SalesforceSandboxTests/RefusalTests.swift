import EventLoop
import FoundationEssentials
import JSONText
import TestSupport
import Testing

@testable import SalesforceSandbox

@Suite("what an organisation refuses of its integration user")
struct RefusalTests {
    private static let kinds: [(kind: String, code: String)] = [
        ("validation-rule", "FIELD_CUSTOM_VALIDATION_EXCEPTION"), ("row-locked", "UNABLE_TO_LOCK_ROW"),
        ("approval-lock", "ENTITY_IS_LOCKED"), ("no-access", "INSUFFICIENT_ACCESS_OR_READONLY"),
        ("trigger-fails", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"),
    ]

    @Test("a refusal strikes its object, field and record so often, and people's own writes never", arguments: kinds)
    func strikes(kind: String, code: String) async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let other = try await fixture.order()
            let made = try await fixture.call(
                "POST", "/control/refusals",
                [
                    "kind": .string(kind), "object": "Order", "field": "NetSuite_Status__c", "recordId": .string(id),
                    "times": 2,
                ])
            #expect(made.status == 201)
            let write: JSONValue = ["NetSuite_Status__c": "shipped"]
            #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(other)", write).status == 204)
            #expect(
                try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["NetSuite_Carrier__c": "UPS"]).status == 204)
            let people = try await fixture.call(
                "PATCH", "/control/orders/\(id)", ["fields": ["NetSuite_Status__c": "by hand"]])
            #expect(people.status == 200)
            #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(id)", write).code == code)
            let results = try await fixture.rest(
                "PATCH", "/composite/sobjects",
                [
                    "records": [
                        ["attributes": ["type": "Order"], "id": .string(id), "NetSuite_Status__c": "shipped"],
                        ["attributes": ["type": "Order"], "id": .string(other), "NetSuite_Status__c": "paid"],
                    ]
                ]
            ).json
            #expect(results[0]?["errors"]?[0]?["statusCode"]?.string == code)
            #expect(results[1]?["success"] == true)
            #expect(try fixture.stored("Order", id)["NetSuite_Status__c"] == .text("by hand"))
            #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(id)", write).status == 204, "struck twice")
        }
    }

    @Test("a refusal without end stays until it is removed, and one of an unknown object or field is told so")
    func removal() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let refusal: JSONValue = ["kind": "validation-rule", "object": "Order", "message": "Ask sales first."]
            let number = try #require(
                try await fixture.call("POST", "/control/refusals", refusal).json["number"]?.int64)
            for _ in 0..<3 {
                let answer = try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["NetSuite_Carrier__c": "UPS"])
                #expect(answer.json[0]?["message"] == "Ask sales first.")
            }
            #expect(try await fixture.call("GET", "/control/refusals").json["refusals"]?.array?.count == 1)
            #expect(try await fixture.call("DELETE", "/control/refusals/\(number)").status == 200)
            #expect(try await fixture.call("DELETE", "/control/refusals/\(number)").status == 404)
            #expect(
                try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["NetSuite_Carrier__c": "UPS"]).status == 204)
            for wrong: JSONValue in [
                ["kind": "nonsense", "object": "Order"], ["kind": "no-access", "object": "Nothing"],
                ["kind": "no-access", "object": "Order", "field": "Nothing__c"],
                ["kind": "no-access", "object": "Order", "times": 0],
            ] {
                #expect(try await fixture.call("POST", "/control/refusals", wrong).status == 400)
            }
        }
    }

    @Test("the new fields' history says who wrote, and other objects say it by their last change")
    func history() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let write: JSONValue = [
                "NetSuite_Tracking_Numbers__c": "1Z1, 1Z2", "NetSuite_Ship_Date__c": "2026-06-02",
                "NetSuite_Amount_Paid__c": 49.into(),
            ]
            #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(id)", write).status == 204)
            let rows = try await fixture.query(
                "SELECT Field, NewValue, CreatedById FROM OrderHistory WHERE OrderId = '\(id)'"
            ).json["records"]?.array?.filter { $0["Field"]?.string?.hasPrefix("NetSuite_") == true }
            #expect(
                Set(rows?.compactMap { $0["Field"]?.string } ?? []) == [
                    "NetSuite_Tracking_Numbers__c", "NetSuite_Ship_Date__c", "NetSuite_Amount_Paid__c",
                ])
            let user = SalesforceOrganization.integrationUserId
            #expect(rows?.allSatisfy { $0["CreatedById"]?.string == user } == true)
            let line = try #require(
                try await fixture.values("SELECT Id FROM OrderItem WHERE OrderId = '\(id)'", "Id").first?.string)
            let quantity: JSONValue = ["NetSuite_Quantity_Shipped__c": 2]
            #expect(try await fixture.rest("PATCH", "/sobjects/OrderItem/\(line)", quantity).status == 204)
            #expect(try fixture.stored("OrderItem", line)["LastModifiedById"] == .text(user))
        }
    }

    @Test(
        "products are found by SKU with their standard entries, and a price that follows the standard one is not written"
    )
    func prices() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let found = try await fixture.query(
                """
                SELECT Id, StockKeepingUnit, ProductCode, IsActive, NetSuite_Available__c, \
                (SELECT Id, UnitPrice, IsActive, UseStandardPrice FROM PricebookEntries \
                WHERE Pricebook2.IsStandard = true) FROM Product2 WHERE StockKeepingUnit IN ('SKU-RED','SKU-NONE') \
                OR (StockKeepingUnit = null AND ProductCode IN ('SKU-RED','SKU-NONE')) ORDER BY Id
                """)
            #expect(found.status == 200, "\(found.json.text())")
            let product = try #require(found.json["records"]?[0])
            #expect(found.json["totalSize"] == 1 && product["StockKeepingUnit"] == "SKU-RED")
            let entry = try #require(product["PricebookEntries"]?["records"]?[0])
            #expect(entry["UnitPrice"]?.number?.text == "55.0" || entry["UnitPrice"]?.number?.text == "55.00")
            let standard = try #require(entry["Id"]?.string)
            let book = try await fixture.rest("POST", "/sobjects/Pricebook2", ["Name": "Retail", "IsActive": true])
            let custom = try await fixture.rest(
                "POST", "/sobjects/PricebookEntry",
                [
                    "Pricebook2Id": book.json["id"] ?? .null, "Product2Id": product["Id"] ?? .null, "UnitPrice": 50,
                    "IsActive": true, "UseStandardPrice": true,
                ])
            let follower = try #require(custom.json["id"]?.string, "\(custom.json.text())")
            #expect(
                try await fixture.rest("PATCH", "/sobjects/PricebookEntry/\(follower)", ["UnitPrice": 51]).code
                    == "FIELD_INTEGRITY_EXCEPTION")
            #expect(
                try await fixture.rest("PATCH", "/sobjects/PricebookEntry/\(standard)", ["UseStandardPrice": true]).code
                    == "FIELD_INTEGRITY_EXCEPTION")
            #expect(
                try await fixture.rest("PATCH", "/sobjects/PricebookEntry/\(standard)", ["UnitPrice": 60]).status == 204
            )
            #expect(try fixture.stored("PricebookEntry", follower)["UnitPrice"] == .number(60))
            // Both types in one call, each of its own kind, each with its result.
            let results = try await fixture.rest(
                "PATCH", "/composite/sobjects",
                [
                    "records": [
                        [
                            "attributes": ["type": "Product2"], "id": product["Id"] ?? .null,
                            "NetSuite_Available__c": 12, "NetSuite_Stock_Stale__c": false,
                        ], ["attributes": ["type": "PricebookEntry"], "id": .string(standard), "UnitPrice": 61],
                    ]
                ])
            #expect(results.json.array?.allSatisfy { $0["success"] == true } == true, "\(results.json.text())")
        }
    }

    @Test("eleven runs of records of one type are too many, ten are not")
    func chunks() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let lines = try await fixture.values("SELECT Id FROM OrderItem WHERE OrderId = '\(id)'", "Id")
            let products = try await fixture.values("SELECT Id FROM Product2 ORDER BY Id", "Id")
            for (runs, status) in [(10, 200), (11, 400)] {
                let records = (0..<runs).map { run -> JSONValue in
                    run % 2 == 0
                        ? [
                            "attributes": ["type": "OrderItem"], "id": lines[run / 2 % 2],
                            "NetSuite_Quantity_Shipped__c": 1,
                        ] : ["attributes": ["type": "Product2"], "id": products[run / 2], "NetSuite_Available__c": 1]
                }
                let answer = try await fixture.rest("PATCH", "/composite/sobjects", ["records": .array(records)])
                #expect(answer.status == status)
            }
        }
    }
}

extension Int {
    fileprivate func into() -> JSONValue { .number(JSONNumber(self)) }
}
