import EventLoop
import JSONText
import TestSupport
import Testing

@testable import SalesforceSandbox

@Suite("SOQL")
struct QueryTests {
    @Test(
        "a query that Salesforce refuses is refused with its code",
        arguments: [
            ("SELECT Id FRO Order", "MALFORMED_QUERY"), ("SELECT FROM Order", "MALFORMED_QUERY"),
            ("SELECT Id FROM Order WHERE", "MALFORMED_QUERY"), ("", "MALFORMED_QUERY"),
            ("SELECT Id FROM Order WHERE Name = 'open", "MALFORMED_QUERY"),
            (#"SELECT Id FROM Order WHERE Name = 'a\z'"#, "MALFORMED_QUERY"),
            ("SELECT Id FROM Order WHERE Name = 'a' AND Name = 'b' OR Name = 'c'", "MALFORMED_QUERY"),
            ("SELECT Id FROM Order GROUP BY Id", "MALFORMED_QUERY"),
            ("SELECT Id FROM Order WHERE CreatedDate > 2026-05-28T20:26:40 01:00", "MALFORMED_QUERY"),
            ("SELECT Foo__c FROM Order", "INVALID_FIELD"), ("SELECT Account.Foo FROM Order", "INVALID_FIELD"),
            ("SELECT Nobody.Name FROM Order", "INVALID_FIELD"), ("SELECT Id, Id FROM Order", "INVALID_FIELD"),
            ("SELECT CurrencyIsoCode FROM Order", "INVALID_FIELD"),
            ("SELECT BillingCountryCode FROM Order", "INVALID_FIELD"),
            ("SELECT Id FROM Order WHERE CreatedDate > '2026-05-28T20:26:40Z'", "INVALID_FIELD"),
            ("SELECT Id FROM Order WHERE Name = 5", "INVALID_FIELD"),
            ("SELECT Id FROM Order WHERE TotalAmount = '5'", "INVALID_FIELD"),
            ("SELECT Id FROM Order WHERE NetSuite_Message__c = 'x'", "INVALID_FIELD"),
            ("SELECT Id FROM Order WHERE Id = 'nonsense'", "INVALID_QUERY_FILTER_OPERATOR"),
            ("SELECT Id FROM Foo", "INVALID_TYPE"), ("SELECT Id, (SELECT Id FROM Lines) FROM Order", "INVALID_TYPE"),
            ("SELECT IsoCode FROM CurrencyType", "INVALID_TYPE"),
        ])
    func refuses(soql: String, code: String) async throws {
        try await onLoop {
            let answer = try await SandboxFixture().query(soql)
            #expect(answer.status == 400)
            #expect(answer.code == code, "\(answer.json.text())")
        }
    }

    @Test("an unknown column is named with its entity and place")
    func unknownColumn() async throws {
        try await onLoop {
            let answer = try await SandboxFixture().query("SELECT Id, Foo FROM Order")
            let message = try #require(answer.json[0]?["message"]?.string)
            #expect(message.contains("ERROR at Row:1:Column:12\nNo such column 'Foo' on entity 'Order'. If you are"))
        }
    }

    @Test(
        "conditions find what they say",
        arguments: [
            ("PoNumber = 'PO-1'", ["PO-1"]), ("PoNumber = 'po-1'", ["PO-1"]), (#"PoNumber = 'O\'Brien'"#, ["O'Brien"]),
            ("PoNumber != 'PO-1'", ["O'Brien", "null"]), ("PoNumber = null", ["null"]),
            ("PoNumber IN ('PO-1', 'O\\'Brien')", ["PO-1", "O'Brien"]),
            ("PoNumber NOT IN ('PO-1')", ["O'Brien", "null"]),
            ("PoNumber LIKE 'po%'", ["PO-1"]), ("TotalAmount > 129.00", []),
            ("TotalAmount >= 129", ["PO-1", "O'Brien", "null"]),
            ("NOT (PoNumber = 'PO-1')", ["O'Brien", "null"]),
            ("(PoNumber = 'PO-1' OR PoNumber = null) AND IsDeleted = false", ["PO-1", "null"]),
            ("Account.Name = 'Müller & Söhne' AND EffectiveDate >= 2026-05-28", ["PO-1", "O'Brien", "null"]),
            ("SystemModstamp <= 2026-05-28T20:26:40Z", ["PO-1", "O'Brien", "null"]),
            ("SystemModstamp < 2026-05-28T22:26:40+02:00", []),
            ("Id IN (SELECT OrderId FROM OrderItem WHERE Quantity = 3)", ["PO-1", "O'Brien", "null"]),
        ])
    func conditions(condition: String, numbers: [String]) async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            for number in ["PO-1", "O'Brien"] { _ = try await fixture.order(["poNumber": .string(number)]) }
            _ = try await fixture.order()
            let found = try await fixture.values(
                "SELECT PoNumber FROM Order WHERE \(condition) ORDER BY Id", "PoNumber")
            #expect(found.map { $0.string ?? "null" } == numbers)
        }
    }

    @Test("parents, missing parents, addresses and children have the shapes of the REST API")
    func shapes() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order(["shipTo": ["street": "Hauptstr. 1\nTor 2", "country": "Germany"]])
            let answer = try await fixture.query(
                """
                SELECT Id, Account.Name, Account.Parent.Name, ShippingAddress, BillingAddress, (SELECT Quantity, UnitPrice, \
                ListPrice, PricebookEntry.Product2.StockKeepingUnit FROM OrderItems WHERE Quantity < 3), \
                (SELECT Id FROM Histories WHERE Field = 'none') FROM Order WHERE Id = '\(id.prefix(15))'
                """)
            let row = try #require(answer.json["records"]?[0])
            #expect(row["Id"]?.string == id)
            #expect(row["attributes"]?["url"]?.string == "/services/data/v67.0/sobjects/Order/\(id)")
            #expect(row["Account"]?["Name"]?.string == "Müller & Söhne")
            #expect(row["Account"]?["Parent"] == .null)
            #expect(
                row["ShippingAddress"] == [
                    "street": "Hauptstr. 1\nTor 2", "city": nil, "state": nil, "postalCode": nil, "country": "Germany",
                    "latitude": nil, "longitude": nil, "geocodeAccuracy": nil,
                ])
            #expect(row["BillingAddress"] == .null)
            #expect(row["Histories"] == .null)
            let items = try #require(row["OrderItems"])
            #expect(items["totalSize"] == 1 && items["done"] == true)
            let line = try #require(items["records"]?[0])
            #expect(line["Quantity"]?.number?.text == "2.0")
            #expect(line["UnitPrice"]?.number?.text == "49.5")
            #expect(line["ListPrice"]?.number?.text == "55.0")
            #expect(line["PricebookEntry"]?["Product2"]?["StockKeepingUnit"] == "SKU-RED")
        }
    }

    @Test("pages follow one another by a locator, which dies of idleness")
    func paging() async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.pageSize = 4 }
            var rows = 0
            var page = try await fixture.query("SELECT Id FROM Product2 ORDER BY Id").json
            #expect(page["totalSize"] == 9 && page["done"] == false)
            while let next = page["nextRecordsUrl"]?.string {
                rows += page["records"]?.array?.count ?? 0
                #expect(next.hasPrefix("/services/data/v67.0/query/01g"))
                page = try await fixture.call("GET", next).json
            }
            #expect(rows + (page["records"]?.array?.count ?? 0) == 9 && page["done"] == true)

            let first = try await fixture.query("SELECT Id FROM Product2").json
            let next = try #require(first["nextRecordsUrl"]?.string)
            #expect(try await fixture.call("GET", next.replacing("/query/", with: "/queryAll/")).status == 200)
            await fixture.time.advance(by: .seconds(900))
            let gone = try await fixture.call("GET", next)
            #expect(gone.status == 400 && gone.code == "INVALID_QUERY_LOCATOR")
        }
    }

    @Test("rows of nested results count toward the page, and long ones have a page of their own")
    func nestedPaging() async throws {
        try await onLoop {
            let fixture = try SandboxFixture {
                $0.pageSize = 5
                $0.nestedPageSize = 1
            }
            for _ in 0..<3 { _ = try await fixture.order() }
            let page = try await fixture.query("SELECT Id, (SELECT Id FROM OrderItems) FROM Order").json
            #expect(page["records"]?.array?.count == 1 && page["totalSize"] == 3)
            let nested = try #require(page["records"]?[0]?["OrderItems"])
            #expect(nested["totalSize"] == 2 && nested["done"] == false && nested["records"]?.array?.count == 1)
            let rest = try await fixture.call("GET", try #require(nested["nextRecordsUrl"]?.string)).json
            #expect(rest["records"]?.array?.count == 1 && rest["done"] == true)
        }
    }

    @Test("count answers a number, deleted rows show in queryAll only, and names ignore letter case")
    func countAndDeleted() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let draft = try await fixture.order(activate: false)
            _ = try await fixture.order()
            #expect(try await fixture.rest("DELETE", "/sobjects/Order/\(draft)").status == 204)
            let count = try await fixture.query("select COUNT() from order").json
            #expect(count == ["totalSize": 1, "done": true, "records": []])
            let all = try await fixture.query("SELECT id FROM Order WHERE isdeleted = true", all: true).json
            #expect(all["records"]?[0]?["Id"]?.string == draft)
        }
    }

    @Test("with several currencies and picklists their fields exist, and codes set the texts")
    func options() async throws {
        try await onLoop {
            let fixture = try SandboxFixture {
                $0.schemaOptions = SchemaOptions(multiCurrency: true, stateAndCountryPicklists: true)
            }
            let address: JSONValue = ["city": "Austin", "countryCode": "US", "stateCode": "TX"]
            _ = try await fixture.order(["currency": "EUR", "billTo": address])
            let soql = "SELECT CurrencyIsoCode, BillingCountry, BillingAddress FROM Order"
            let row = try #require(try await fixture.query(soql).json["records"]?[0])
            #expect(row["CurrencyIsoCode"] == "EUR" && row["BillingCountry"] == "United States")
            #expect(row["BillingAddress"]?["stateCode"] == "TX" && row["BillingAddress"]?["state"] == "Texas")
            #expect(try await fixture.values("SELECT IsoCode FROM CurrencyType", "IsoCode") == ["USD", "EUR"])
            let wrong = try await fixture.call(
                "POST", "/control/accounts", ["name": "X", "billing": ["countryCode": "DE", "stateCode": "TX"]])
            #expect(wrong.status == 409)
            #expect(wrong.json["error"]?.string?.hasPrefix("FIELD_INTEGRITY_EXCEPTION") == true)
        }
    }
}
