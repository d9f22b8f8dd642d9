import Contracts
import Foundation
import JSONText

@testable import OrderPublisher

/// Records as Salesforce answers them.
enum SampleOrders {
    static let orderId = "801Qk00000aBcDeIAK"
    static let organizationId = "00DQk000000XyZaMAK"

    static func order(_ changes: [String: JSONValue] = [:]) -> JSONObject {
        var order: JSONObject = [
            "attributes": ["type": "Order"], "Id": .string(orderId), "OrderNumber": "00000100", "Status": "Activated",
            "StatusCode": "Activated", "EffectiveDate": "2026-05-28", "AccountId": "001Qk000003EfGhIAK",
            "SystemModstamp": "2026-05-28T20:26:40.000+0000", "ActivatedDate": "2026-05-28T20:26:40.000+0000",
            "EndDate": nil, "PoNumber": "PO-1", "PoDate": "2026-05-27", "Name": nil, "Description": "Vorsicht, Glas",
            "Type": nil,
            "BillingAddress": [
                "street": "Hauptstr. 1\nTor 2", "city": "Berlin", "state": nil, "postalCode": "10115",
                "country": "Germany", "latitude": nil, "longitude": nil, "geocodeAccuracy": nil,
            ],
            "ShippingAddress": nil,
            "Account": [
                "attributes": ["type": "Account"], "Name": "Bäckerei Grün", "AccountNumber": nil, "Phone": "+49 30 1",
                "ParentId": nil, "BillingAddress": nil, "ShippingAddress": nil, "NetSuite_Customer_Id__c": nil,
            ],
        ]
        for (name, value) in changes { order[name] = value }
        return order
    }

    static func line(_ number: Int, _ changes: [String: JSONValue] = [:]) -> JSONObject {
        let ids = ["802Qk00000Ab1CdIAJ", "802Qk00000Ab1CeIAJ", "802Qk00000Ab1CfIAJ"]
        var line: JSONObject = [
            "attributes": ["type": "OrderItem"], "Id": .string(ids[number - 1]), "OrderId": .string(orderId),
            "OrderItemNumber": .string("000000010\(number)"), "Product2Id": "01tQk000000Pr2dIAC",
            "Quantity": .number(decimal("2.0")), "UnitPrice": .number(decimal("49.5")),
            "ListPrice": .number(decimal("55.0")), "Description": nil, "ServiceDate": nil, "EndDate": nil,
            "SystemModstamp": "2026-05-28T20:26:30.000+0000",
            "Product2": ["StockKeepingUnit": " SKU-RED ", "ProductCode": "CODE-RED"],
        ]
        for (name, value) in changes { line[name] = value }
        return line
    }

    static func records(
        _ changes: [String: JSONValue] = [:], lines: [JSONObject] = [line(1), line(2)]
    ) -> OrderRecords {
        OrderRecords(order: order(changes), lines: lines)
    }

    static func decimal(_ text: String) -> JSONNumber { JSONNumber(text: text) ?? JSONNumber(0) }

    /// What a single-currency org without picklists for states shows.
    static var described: OrderFields.Described {
        OrderFields.Described(
            order: [
                "Id", "OrderNumber", "Status", "StatusCode", "EffectiveDate", "AccountId", "SystemModstamp",
                "ActivatedDate", "EndDate", "PoNumber", "PoDate", "Name", "Description", "Type", "BillingAddress",
                "ShippingAddress", "Region__c",
            ],
            line: [
                "Id", "OrderId", "OrderItemNumber", "Product2Id", "Quantity", "UnitPrice", "SystemModstamp",
                "ListPrice", "Description", "ServiceDate", "EndDate",
            ],
            account: [
                "Name", "AccountNumber", "Phone", "ParentId", "BillingAddress", "ShippingAddress",
                "NetSuite_Customer_Id__c",
            ],
            product: ["StockKeepingUnit", "ProductCode"])
    }

    static func fields(
        custom: OrderFields.Custom = .init(), skuSource: OrderFields.SKUSource = .stockKeepingUnit
    ) throws -> OrderFields {
        try OrderFields(described: described, custom: custom, skuSource: skuSource)
    }

    static func building(custom: OrderFields.Custom = .init()) throws -> SnapshotBuilding {
        SnapshotBuilding(
            fields: try fields(custom: custom), organizationId: try SalesforceId(organizationId),
            organizationCurrency: "USD")
    }
}
