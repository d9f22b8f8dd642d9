import Contracts
import Foundation
import JSONText
import TestSupport
import Testing

@testable import OrderPublisher

@Suite("Snapshots of what was read")
struct SnapshotBuildingTests {
    @Test("every field of the contract is carried, empty ones as null, unread ones not at all")
    func fieldsAreCarried() throws {
        let snapshot = try SampleOrders.building(custom: .init(order: ["Region__c"]))
            .snapshot(of: SampleOrders.records(["Region__c": "Nord 🧭"]), version: 7)
        #expect(snapshot.orderId.text == SampleOrders.orderId)
        #expect(snapshot.version == 7)
        #expect(snapshot.source.organizationId.text == SampleOrders.organizationId)
        #expect(snapshot.currency == "USD")
        #expect(snapshot.poNumber == .value("PO-1"))
        #expect(snapshot.endDate == .null)
        #expect(snapshot.billTo.value?.street == "Hauptstr. 1\nTor 2")
        #expect(snapshot.billTo.value?.countryCode == nil)
        #expect(snapshot.shipTo == .null)
        #expect(snapshot.account.name == "Bäckerei Grün")
        #expect(snapshot.account.netSuiteId == .null)
        #expect(snapshot.account.email == .absent)
        #expect(snapshot.custom["Region__c"]?.string == "Nord 🧭")
        let line = try #require(snapshot.lines.first)
        #expect(line.sku == "SKU-RED")
        #expect(line.quantity == ExactDecimal(whole: 2))
        #expect(line.unitPrice.plainText == "49.5")
        #expect(snapshot.lines.map(\.number) == ["0000000101", "0000000102"])
    }

    @Test("a multi-currency org's orders say their own currency")
    func currencyOfTheOrder() throws {
        var described = SampleOrders.described
        described.order.insert("CurrencyIsoCode")
        let fields = try OrderFields(described: described, custom: .init(), skuSource: .stockKeepingUnit)
        #expect(fields.order.contains("CurrencyIsoCode"))
        #expect(fields.digest.contains("Order.CurrencyIsoCode"))
        let building = SnapshotBuilding(
            fields: fields, organizationId: try SalesforceId(SampleOrders.organizationId), organizationCurrency: "USD")
        let snapshot = try building.snapshot(of: SampleOrders.records(["CurrencyIsoCode": "EUR"]), version: 1)
        #expect(snapshot.currency == "EUR")
    }

    @Test("in a single-currency org the field is not selected: selecting it is an error")
    func absentFieldsAreNotSelected() throws {
        let fields = try SampleOrders.fields()
        #expect(!fields.order.contains("CurrencyIsoCode"))
        #expect(!fields.order.contains { $0.hasPrefix("BillToContact") })
        #expect(fields.order.contains("Account.Name"))
        #expect(fields.line.contains("Product2.StockKeepingUnit"))
    }

    @Test("fields that must be there and are not are all named")
    func missingFieldsAreNamed() throws {
        var described = SampleOrders.described
        described.order.remove("StatusCode")
        described.product = []
        let error = try caught(MissingFields.self) {
            try OrderFields(described: described, custom: .init(line: ["Colour__c"]), skuSource: .stockKeepingUnit)
        }
        #expect(error.names == ["Order.StatusCode", "OrderItem.Colour__c", "Product2.StockKeepingUnit"])
    }

    struct Unusable: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var order: [String: JSONValue] = [:]
        var lines: [JSONObject] = [SampleOrders.line(1)]
        let field: String
    }

    static let unusable: [Unusable] = [
        Unusable(testDescription: "no lines", lines: [], field: "Order.OrderItems"),
        Unusable(
            testDescription: "no SKU",
            lines: [SampleOrders.line(1, ["Product2": ["StockKeepingUnit": nil, "ProductCode": " "]])],
            field: "Product2.StockKeepingUnit, Product2.ProductCode"),
        Unusable(testDescription: "no account", order: ["Account": nil], field: "Order.AccountId"),
        Unusable(testDescription: "wrong suffix", order: ["AccountId": "001Qk000003EfGhAAA"], field: "Order.AccountId"),
        Unusable(
            testDescription: "day outside sense", order: ["EffectiveDate": "9999-01-01"], field: "Order.EffectiveDate"),
        Unusable(
            testDescription: "40 digits",
            lines: [
                SampleOrders.line(
                    1, ["UnitPrice": .number(SampleOrders.decimal("1234567890123456789012345678901234567890"))])
            ], field: "OrderItem.UnitPrice"),
        Unusable(
            testDescription: "no quantity", lines: [SampleOrders.line(1, ["Quantity": nil])],
            field: "OrderItem.Quantity"),
        Unusable(
            testDescription: "negative quantity", lines: [SampleOrders.line(1, ["Quantity": -1])],
            field: "lines[0].quantity"),
    ]

    @Test("an order that cannot be a message names its field and the mend", arguments: unusable)
    func unusableOrdersAreNamed(row: Unusable) throws {
        let building = try SampleOrders.building()
        let error = try caught(UnusableOrder.self) {
            try building.snapshot(of: SampleOrders.records(row.order, lines: row.lines), version: 1)
        }
        #expect(error.field == row.field)
        #expect(!error.mend.isEmpty)
    }

    @Test("ids of 15 characters are completed at the door")
    func shortIds() throws {
        let records = SampleOrders.records(["Id": "801Qk00000aBcDe", "AccountId": "001Qk000003EfGh"])
        let snapshot = try SampleOrders.building().snapshot(of: records, version: 1)
        #expect(snapshot.orderId.text == "801Qk00000aBcDeIAK")
        #expect(snapshot.account.id.text == "001Qk000003EfGhIAK")
    }

    @Test("the product code stands in for a SKU that is empty, and alone where so configured")
    func skuSources() throws {
        let line = SampleOrders.line(1, ["Product2": ["StockKeepingUnit": "", "ProductCode": "CODE-RED"]])
        let fallback = try SampleOrders.building().snapshot(of: SampleOrders.records(lines: [line]), version: 1)
        #expect(fallback.lines.map(\.sku) == ["CODE-RED"])
        let building = SnapshotBuilding(
            fields: try SampleOrders.fields(skuSource: .productCode),
            organizationId: try SalesforceId(SampleOrders.organizationId), organizationCurrency: "USD")
        let code = try building.snapshot(of: SampleOrders.records(), version: 1)
        #expect(code.lines.map(\.sku) == ["CODE-RED", "CODE-RED"])
    }
}
