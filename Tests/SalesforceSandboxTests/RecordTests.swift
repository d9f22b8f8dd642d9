import EventLoop
import JSONText
import TestSupport
import Testing

@testable import SalesforceSandbox

@Suite("records and collections")
struct RecordTests {
    static let refusals: [(JSONObject, String)] = [
        (["NetSuite_Status__c": "12345678901234567890123456789012345678901"] as JSONObject, "STRING_TOO_LONG"),
        (["Foo__c": "x"], "INVALID_FIELD"), (["OrderNumber": "1"], "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (["TotalAmount": 1], "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (["SystemModstamp": "2026-05-28T20:26:40Z"], "INVALID_FIELD_FOR_INSERT_UPDATE"),
        (["NetSuite_Amount_Paid__c": "12.50"], "JSON_PARSER_ERROR"),
        (["NetSuite_Order_Id__c": 501], "JSON_PARSER_ERROR"),
        (["NetSuite_Synced_At__c": "2026-05-28 20:26"], "JSON_PARSER_ERROR"),
        (["PoDate": "2026-02-30"], "JSON_PARSER_ERROR"),
        (["NetSuite_Amount_Paid__c": 123_456_789_012_345_678], "NUMBER_OUTSIDE_VALID_RANGE"),
        (["Status": "Nonsense"], "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"),
        (["EffectiveDate": nil], "REQUIRED_FIELD_MISSING"), (["Pricebook2Id": "801Qk00000aBcDe"], "MALFORMED_ID"),
        (["BillToContactId": "003Qk00000aBcDe"], "INVALID_CROSS_REFERENCE_KEY"),
        (["BillToContactId": "003Qk00000aBcDeAAA"], "MALFORMED_ID"),
    ]

    @Test(
        "a value that Salesforce refuses is refused, and nothing is written", arguments: Self.refusals)
    func refuses(members: JSONObject, code: String) async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let before = try fixture.stored("Order", id).values
            let answer = try await fixture.rest("PATCH", "/sobjects/Order/\(id)", .object(members))
            #expect(answer.code == code, "\(answer.json.text())")
            #expect(try fixture.stored("Order", id).values == before)
        }
    }

    @Test("a write trims, empties, rounds and stamps as the integration user, to the second")
    func writes() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            await fixture.time.advance(by: .milliseconds(10_900))
            let body: JSONValue = [
                "NetSuite_Status__c": "  shipped ", "NetSuite_Message__c": "",
                "NetSuite_Amount_Paid__c": DecimalText.number("12.345"),
            ]
            #expect(try await fixture.rest("PATCH", "/sobjects/Order/\(id)/", body).status == 204)
            let fields =
                "NetSuite_Status__c,NetSuite_Message__c,NetSuite_Amount_Paid__c,SystemModstamp,LastModifiedById"
            let record = try await fixture.rest("GET", "/sobjects/Order/\(id.prefix(15))?fields=\(fields)").json
            #expect(record["NetSuite_Status__c"] == "shipped" && record["NetSuite_Message__c"] == .null)
            #expect(record["NetSuite_Amount_Paid__c"]?.number?.text == "12.35")
            #expect(record["SystemModstamp"] == "2026-05-28T20:26:50.000+0000")
            #expect(record["LastModifiedById"]?.string == SalesforceOrganization.integrationUserId)
        }
    }

    @Test(
        "a path that names no record says why",
        arguments: [
            ("Order/801Qk00000aBcDeIAA", 400, "MALFORMED_ID"), ("Order/001Qk00000aBcDe", 400, "MALFORMED_ID"),
            ("Order/801Qk00000aBcDe", 404, "NOT_FOUND"), ("Order/Foo__c/1", 404, "NOT_FOUND"),
            ("Order/nonsense", 404, "NOT_FOUND"), ("Foo/801Qk00000aBcDe", 404, "NOT_FOUND"),
            ("Order/NetSuite_Order_Id__c/1", 404, "NOT_FOUND"),
        ])
    func noRecord(path: String, status: Int, code: String) async throws {
        try await onLoop {
            let answer = try await SandboxFixture().rest("GET", "/sobjects/\(path)")
            #expect(answer.status == status && answer.code == code)
        }
    }

    @Test("an upsert creates, then updates, and refuses its key in the body")
    func upserts() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let path = "/sobjects/Account/NetSuite_Customer_Id__c/C%2077"
            let created = try await fixture.rest("PATCH", path, ["Name": "Acme"])
            #expect(created.status == 201 && created.json["created"] == true)
            let id = try #require(created.json["id"]?.string)
            let updated = try await fixture.rest("PATCH", path, ["Name": "Acme Ltd"])
            #expect(updated.status == 200 && updated.json["created"] == false && updated.json["id"]?.string == id)
            #expect(try fixture.stored("Account", id)["NetSuite_Customer_Id__c"] == .text("C 77"))
            for name in ["Id", "NetSuite_Customer_Id__c"] {
                let body: JSONValue = ["Name": "X", name: "C 77"]
                #expect(try await fixture.rest("PATCH", path, body).code == "INVALID_FIELD")
            }
            let only = try await fixture.rest(
                "PATCH", "/sobjects/Account/NetSuite_Customer_Id__c/C78?updateOnly=true", .object([:]))
            #expect(only.status == 404)
        }
    }

    @Test("a collection answers each record on its own, in order, and keeps the good ones")
    func collections() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let ids = [try await fixture.order(), try await fixture.order(), try await fixture.order(activate: false)]
            _ = try await fixture.rest("DELETE", "/sobjects/Order/\(ids[2])")
            let answer = try await fixture.rest(
                "PATCH", "/composite/sobjects",
                [
                    "allOrNone": false,
                    "records": [
                        update(ids[0], ["NetSuite_Order_Id__c": "501"]),
                        update(ids[1], ["NetSuite_Order_Id__c": "501"]),
                        update(ids[2], ["NetSuite_Order_Id__c": "502"]), update("801Qk00000aBcDe", [:]),
                        update("001Qk00000aBcDe", [:]), update("801Qk00000aBcDeXXX", [:]),
                        update(ids[1], ["Foo__c": "x"]),
                    ],
                ])
            #expect(answer.status == 200)
            let results = try #require(answer.json.array)
            #expect(results[0] == ["id": .string(ids[0]), "success": true, "errors": []])
            let codes = results.dropFirst().map { $0["errors"]?[0]?["statusCode"]?.string }
            #expect(
                codes == [
                    "DUPLICATE_VALUE", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MALFORMED_ID",
                    "MALFORMED_ID",
                    "DUPLICATE_VALUE",
                ])
            let message = results[1]["errors"]?[0]?["message"]?.string
            #expect(message?.contains("duplicates value on record with id: \(ids[0].prefix(15))") == true)
        }
    }

    @Test("all or none rolls the good ones back and says so")
    func allOrNone() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let account = try await fixture.account()
            let answer = try await fixture.rest(
                "PATCH", "/composite/sobjects",
                [
                    "allOrNone": true,
                    "records": [
                        update(id, ["NetSuite_Order_Id__c": "501"]),
                        ["attributes": ["type": "Account"], "id": .string(account), "Name": nil],
                    ],
                ])
            #expect(answer.json[0]?["errors"]?[0]?["statusCode"] == "ALL_OR_NONE_OPERATION_ROLLED_BACK")
            #expect(answer.json[1]?["errors"]?[0]?["statusCode"] == "REQUIRED_FIELD_MISSING")
            #expect(try fixture.stored("Order", id)["NetSuite_Order_Id__c"] == .null)
            #expect(fixture.sandbox.journal.entries(after: 0).last?.applied == false)
        }
    }

    @Test("more than 200 records, more than ten chunks, and records without a type refuse the whole call")
    func bounds() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let order = update("801Qk00000aBcDe", [:])
            let account: JSONValue = ["attributes": ["type": "Account"], "id": "001Qk00000aBcDe"]
            let cases: [[JSONValue]] = [
                Array(repeating: order, count: 201), Array(repeating: [order, account], count: 6).flatMap { $0 },
                [["id": "801Qk00000aBcDe"]], [],
            ]
            for records in cases {
                let answer = try await fixture.rest("PATCH", "/composite/sobjects", ["records": .array(records)])
                #expect(answer.status == 400)
            }
        }
    }

    @Test("records read by POST come in the order asked, null for what is not there")
    func reads() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            let body: JSONValue = ["ids": ["801Qk00000aBcDe", .string(id)], "fields": ["Id", "Status"]]
            let answer = try await fixture.rest("POST", "/composite/sobjects/Order", body)
            #expect(answer.json[0] == .null && answer.json[1]?["Status"] == "Activated")
        }
    }

    @Test("describe has our fields, and leaves out what is hidden")
    func describes() async throws {
        try await onLoop {
            let fixture = try SandboxFixture {
                $0.hidden = ["Order.NetSuite_Status__c", "Contact"]
                $0.readOnly = ["Order.NetSuite_Order_Number__c"]
            }
            let answer = try await fixture.rest("GET", "/sobjects/Order/describe")
            let fields = Dictionary(
                uniqueKeysWithValues: (answer.json["fields"]?.array ?? []).map { ($0["name"]?.string ?? "", $0) })
            let key = try #require(fields["NetSuite_Order_Id__c"])
            #expect(key["externalId"] == true && key["unique"] == true && key["length"] == 32)
            #expect(fields["NetSuite_Status__c"] == nil && fields["CurrencyIsoCode"] == nil)
            #expect(fields["NetSuite_Order_Number__c"]?["updateable"] == false)
            #expect(fields["OwnerId"]?["polymorphicForeignKey"] == true)
            #expect(try await fixture.rest("GET", "/sobjects/Contact/describe").code == "NOT_FOUND")
            #expect(try await fixture.query("SELECT NetSuite_Status__c FROM Order").code == "INVALID_FIELD")
            let id = try await fixture.order()
            let write = try await fixture.rest("PATCH", "/sobjects/Order/\(id)", ["NetSuite_Status__c": "x"])
            #expect(write.code == "INVALID_FIELD")
        }
    }

    private func update(_ id: String, _ members: JSONObject) -> JSONValue {
        var record: JSONObject = ["attributes": ["type": "Order"], "id": .string(id)]
        for (name, value) in members.members { record[name] = value }
        return .object(record)
    }
}
