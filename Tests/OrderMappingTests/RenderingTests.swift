import Contracts
import Foundation
import JSONText
import TestSupport
import Testing

@testable import OrderMapping

@Suite("Rendering")
struct RenderingTests {
    static func shipped() throws -> OrderMapping {
        try OrderMapping.load(path: ForeignProgram.packageFolder.appendingPathComponent("deploy/mapping.yaml").path)
    }

    static func mapping(_ order: String = "", customer: String = "", lines: String = "", tables: String = "")
        throws -> OrderMapping
    {
        let text = MappingFileTests.file(customer: customer, order: order, lines: lines, tables: tables)
        return try OrderMapping.parse(Array(text.utf8), name: "mapping.yaml")
    }

    static func snapshot() throws -> OrderSnapshot {
        var account = OrderSnapshot.Account(id: try SalesforceId("001000000000001AAA"), name: "Müller & Söhne GmbH")
        account.email = .value("einkauf@mueller.example")
        account.phone = .null
        account.billTo = .value(
            PostalAddress(street: "Hauptstraße 1", city: "Köln", postalCode: "50667", country: "Germany"))
        account.shipTo = account.billTo
        var first = OrderSnapshot.Line(
            id: try SalesforceId("802000000000001AAA"), number: "0000000001", sku: "SKU-RED",
            productId: try SalesforceId("01t000000000001AAA"), quantity: try ExactDecimal("3.00"),
            unitPrice: try ExactDecimal("49.995"))
        first.description = .value("red 😀")
        let second = OrderSnapshot.Line(
            id: try SalesforceId("802000000000002AAA"), number: "0000000002", sku: "SKU-BLUE",
            productId: try SalesforceId("01t000000000002AAA"), quantity: try ExactDecimal("1"),
            unitPrice: try ExactDecimal("10"))
        var snapshot = OrderSnapshot(
            orderId: try SalesforceId("801000000000001AAA"), orderNumber: "00001234", version: 1_741_946_813_000,
            source: .init(organizationId: try SalesforceId("00D000000000001EAA")), status: "Activated",
            effectiveDate: try CalendarDate("2025-03-14"), currency: "EUR", account: account, lines: [first, second])
        snapshot.poNumber = .value("PO-7781")
        snapshot.shipTo = .value(
            PostalAddress(
                street: "Dock 4\r\nGate B\n\nFloor 2\nBox 7", city: "San José", state: "California", stateCode: "CA",
                postalCode: "95110", country: "United States", countryCode: "US"))
        snapshot.billTo = .null
        snapshot.custom = ["Payment_Terms__c": "Net 60", "Shipping_Method__c": .null]
        return snapshot
    }

    static let items = ["SKU-RED": "318", "SKU-BLUE": "319"]

    @Test("the shipped mapping makes NetSuite's order")
    func order() throws {
        let bytes = try Self.shipped().renderOrder(Self.snapshot(), customerId: "1207", items: Self.items)
        let expected = try JSONValue.parse(
            """
            {"externalId":"SF-801000000000001AAA","entity":{"id":"1207"},"tranDate":"2025-03-14",
             "otherRefNum":"PO-7781","memo":"Salesforce order 00001234","currency":{"id":"4"},"location":{"id":"2"},
             "terms":{"id":"3"},"shipMethod":{"id":"92"},"orderStatus":{"id":"B"},
             "shippingAddress":{"addressee":"Müller & Söhne GmbH","addr1":"Dock 4","addr2":"Gate B",
               "addr3":"Floor 2, Box 7","city":"San José","state":"CA","zip":"95110","country":{"id":"US"}},
             "custbody_crossdock_version":"1741946813000",
             "item":{"items":[
               {"item":{"id":"318"},"quantity":3,"price":{"id":"-1"},"rate":49.995,"amount":149.99,
                "description":"red 😀","custcol_crossdock_line_id":"802000000000001AAA"},
               {"item":{"id":"319"},"quantity":1,"price":{"id":"-1"},"rate":10,"amount":10.00,
                "custcol_crossdock_line_id":"802000000000002AAA"}]}}
            """)
        #expect(try JSONValue.parse(bytes) == expected, "\(String(decoding: bytes, as: UTF8.self))")
    }

    @Test("the shipped mapping makes NetSuite's customer, nulls left out, equal addresses once")
    func customer() throws {
        let bytes = try Self.shipped().renderCustomer(Self.snapshot())
        let expected = try JSONValue.parse(
            """
            {"externalId":"SFACC-001000000000001AAA","isPerson":false,"companyName":"Müller & Söhne GmbH",
             "email":"einkauf@mueller.example","subsidiary":{"id":"1"},"currency":{"id":"4"},"terms":{"id":"3"},
             "addressBook":{"items":[{"label":"Main","defaultBilling":true,"defaultShipping":true,
               "isResidential":false,"addressBookAddress":{"addressee":"Müller & Söhne GmbH","addr1":"Hauptstraße 1",
               "city":"Köln","zip":"50667","country":{"id":"DE"}}}]}}
            """)
        #expect(try JSONValue.parse(bytes) == expected, "\(String(decoding: bytes, as: UTF8.self))")
    }

    @Test("absent is not sent, null is sent as null, a default stands for both")
    func threeStates() throws {
        let mapping = try Self.mapping(
            "memo: { from: custom.M__c }\n  otherRefNum: { from: custom.P__c, default: none }")
        var snapshot = try Self.snapshot()
        for (value, memo, reference) in [
            (JSONValue?.none, JSONValue?.none, "none"), (.some(.null), .some(.null), "none"),
            (.some("x"), .some("x"), "x"), (.some(""), .some(.null), "none"),
        ] as [(JSONValue?, JSONValue?, String)] {
            snapshot.custom = [:]
            if let value { snapshot.custom = ["M__c": value, "P__c": value] }
            let header = try mapping.renderHeader(snapshot, purpose: .create)
            #expect(header["memo"] == memo)
            #expect(header["otherRefNum"] == .string(reference))
        }
    }

    @Test("a change clears what is empty and never approves")
    func change() throws {
        var snapshot = try Self.snapshot()
        snapshot.shipTo = .value(PostalAddress(street: "One line", city: "Austin", countryCode: "us"))
        let header = try Self.shipped().renderHeader(snapshot, purpose: .change)
        #expect(header["orderStatus"] == nil)
        #expect(header["billingAddress"] == .some(.null))
        let address = try #require(header["shippingAddress"])
        #expect(address["addr1"] == "One line" && address["addr2"] == .some(.null) && address["zip"] == .some(.null))
        #expect(address["country"]?["id"] == "US")
        #expect(try Self.shipped().renderHeader(snapshot, purpose: .create)["billingAddress"] == nil)
    }

    @Test("custom fields keep their types")
    func customTypes() throws {
        let mapping = try Self.mapping(
            """
            custbody_text: { from: custom.Any__c }
              custbody_date: { from: poDate }
              custbody_list: { from: custom.Id__c, as: reference }
              custbody_flag: { from: custom.Flag__c, as: boolean }
              custbody_number: { from: custom.Number__c, as: number }
              custbody_first: { from: [custom.Missing__c, name, orderNumber] }
            """,
            lines: "custcol_price: { from: line.listPrice }\n  custcol_colour: { from: line.custom.Colour__c }")
        var snapshot = try Self.snapshot()
        snapshot.poDate = .value(try CalendarDate("2025-03-01"))
        snapshot.custom = ["Any__c": 12, "Id__c": "7", "Flag__c": true, "Number__c": "1.50"]
        snapshot.lines[0].listPrice = .value(try ExactDecimal("55.00"))
        snapshot.lines[0].custom = ["Colour__c": "rot"]
        let header = try mapping.renderHeader(snapshot, purpose: .create)
        #expect(header["custbody_text"] == "12")
        #expect(header["custbody_date"] == "2025-03-01")
        #expect(header["custbody_list"] == ["id": "7"])
        #expect(header["custbody_flag"] == true)
        #expect(header["custbody_number"]?.number?.text == "1.50")
        #expect(header["custbody_first"] == "00001234")
        let line = try mapping.renderLine(snapshot.lines[0], of: snapshot, itemId: "1")
        #expect(line["custcol_price"]?.number?.text == "55.00")
        #expect(line["custcol_colour"] == "rot")
        #expect(mapping.customFieldsRead.line == ["Colour__c"])
    }

    @Test(
        "amounts are rounded to the currency's places, half away from zero",
        arguments: [
            ("3", "49.995", "EUR", "149.99"), ("1", "0.005", "USD", "0.01"), ("2.5", "3", "JPY", "8"),
            ("1", "1.2345", "KWD", "1.235"), ("0.3333", "0.03", "USD", "0.01"), ("7", "0", "USD", "0.00"),
        ])
    func amounts(quantity: String, price: String, currency: String, amount: String) throws {
        var snapshot = try Self.snapshot()
        snapshot.currency = currency
        snapshot.lines[0].quantity = try ExactDecimal(quantity)
        snapshot.lines[0].unitPrice = try ExactDecimal(price)
        let line = try Self.mapping().renderLine(snapshot.lines[0], of: snapshot, itemId: "1")
        let (wantedAmount, wantedRate) = (try ExactDecimal(amount), try ExactDecimal(price))
        #expect(line["amount"]?.number.flatMap { try? ExactDecimal($0) } == wantedAmount)
        #expect(line["rate"]?.number.flatMap { try? ExactDecimal($0) } == wantedRate)
    }

    static let wrongOrders: [(MappingProblem.Code, String, @Sendable (inout OrderSnapshot) throws -> Void)] = [
        (.notInTable, "currency", { $0.currency = "CHF" }),
        (.notInTable, "custom.Payment_Terms__c", { $0.custom = ["Payment_Terms__c": "Net 45"] }),
        (.wrongType, "custom.Payment_Terms__c", { $0.custom = ["Payment_Terms__c": ["a"]] }),
        (.notInTable, "shipTo.country", { $0.shipTo = .value(PostalAddress(city: "X", country: "Utopia")) }),
        (
            .tooLong, "shipTo.street",
            {
                $0.shipTo = .value(PostalAddress(street: String(repeating: "a", count: 151), countryCode: "US"))
            }
        ),
        (.tooLong, "account.email", { $0.account.email = .value(String(repeating: "a", count: 255)) }),
        (.missingItem, "lines[1].sku", { $0.lines[1].sku = "SKU-MISSING" }),
        (.missingValue, "lines", { $0.lines = [] }),
        (.tooManyLines, "lines", { $0.lines = Array(repeating: $0.lines[0], count: 501) }),
        (.outOfRange, "effectiveDate", { $0.effectiveDate = try CalendarDate("2150-01-01") }),
        (
            .outOfRange, "lines[1].unitPrice",
            {
                $0.lines[1].quantity = try ExactDecimal("999999999999999999")
                $0.lines[1].unitPrice = try ExactDecimal("999999999999999999")
            }
        ),
    ]

    @Test("an order that cannot be mapped is refused with field, code and a sentence", arguments: wrongOrders.indices)
    func refused(index: Int) throws {
        let (code, field, spoil) = Self.wrongOrders[index]
        var snapshot = try Self.snapshot()
        try spoil(&snapshot)
        let problem = try caught(MappingProblem.self) {
            _ = try Self.shipped().renderCustomer(snapshot)
            _ = try Self.shipped().renderOrder(snapshot, customerId: "1", items: Self.items)
        }
        #expect(problem.code == code)
        #expect(problem.field == field)
        #expect(problem.sentence.hasSuffix("."))
        #expect(!problem.description.contains("aaaa"))
    }

    @Test("long texts are cut between characters only")
    func cutting() throws {
        var snapshot = try Self.snapshot()
        snapshot.account.name = String(repeating: "👨‍👩‍👧‍👦", count: 30)
        let body = try JSONValue.parse(Self.shipped().renderCustomer(snapshot))
        let name = try #require(body["companyName"]?.string)
        #expect(name == String(repeating: "👨‍👩‍👧‍👦", count: 11))
    }

    @Test("right-to-left text and emoji pass unchanged")
    func foreignText() throws {
        var snapshot = try Self.snapshot()
        snapshot.account.name = "שלום עולם بيع 😀"
        #expect(try JSONValue.parse(Self.shipped().renderCustomer(snapshot))["companyName"] == "שלום עולם بيع 😀")
    }

    @Test("an account with one currency sends none, and refuses others")
    func singleCurrency() throws {
        let text = """
            version: 1
            singleCurrency: USD
            customer: { companyName: { from: account.name } }
            order: { tranDate: { from: effectiveDate } }
            """
        let mapping = try OrderMapping.parse(Array(text.utf8), name: "m")
        var snapshot = try Self.snapshot()
        #expect(throws: MappingProblem.self) { try mapping.renderHeader(snapshot, purpose: .create) }
        snapshot.currency = "USD"
        #expect(try mapping.renderHeader(snapshot, purpose: .create)["currency"] == nil)
    }
}
