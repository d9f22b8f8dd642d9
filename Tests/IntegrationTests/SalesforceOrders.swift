import EventLoop
import JSONText
import Postgres
import TestSupport
import Testing

/// Orders that come the whole way, from Salesforce through the publisher.
@Loop
struct SalesforceOrders {
    /// Those that can be written.
    private(set) var written: [String] = []
    /// One of those: deleted in Salesforce before it is told.
    private(set) var deleted = ""
    /// Those of which no message can be made, for their product has no SKU.
    private(set) var unusable: [String] = []
    /// One in a currency that the mapping lacks.
    private(set) var unmapped = ""

    static func make(_ stack: ServiceStack) async throws -> SalesforceOrders {
        var orders = SalesforceOrders()
        for name in ["Plain", "שלום 😀 Søn", "Tab\tand\u{1}control", "Deleted later"] {
            let id = try await order(
                stack, name,
                [
                    "lines": [["sku": "SKU-RED", "quantity": "1", "unitPrice": "49.50"]],
                    "description": .string(String(repeating: "long \(OrderMessage.mark) ", count: 1_500)),
                    "fields": ["Note__c": .string("\(OrderMessage.mark) note")],
                ])
            orders.written.append(id)
            orders.deleted = id
        }
        orders.unmapped = try await order(
            stack, "In euros",
            ["currency": "EUR", "lines": [["sku": "SKU-RED", "quantity": "1", "unitPrice": "45.00"]]])
        let products = try await stack.salesforce.control.get("/products")["products"]?.array ?? []
        for (sku, code) in [("SKU-MAT", JSONValue.null), ("SKU-CABLE", " \t")] {
            guard let id = products.first(where: { $0["sku"]?.string == sku })?["id"]?.string else {
                throw ConditionNotMet(description: "no product \(sku)")
            }
            let order = try await order(
                stack, "Without SKU",
                [
                    "lines": [["sku": .string(sku), "quantity": "1", "unitPrice": "4.25"]], "activate": false,
                ])
            try await stack.salesforce.control.patch(
                "/products/\(id)", ["fields": ["StockKeepingUnit": code, "ProductCode": code]])
            try await stack.salesforce.control.post("/orders/\(order)/activate")
            orders.unusable.append(order)
        }
        return orders
    }

    private static func order(_ stack: ServiceStack, _ name: String, _ more: JSONObject) async throws -> String {
        let address: JSONValue = [
            "street": "\(OrderMessage.mark) Lane 1", "city": "Springfield", "country": "United States",
        ]
        let account = try await stack.salesforce.control.make(
            "/accounts",
            [
                "name": .string("\(name) \(OrderMessage.mark)"), "billing": address, "shipping": address,
                "phone": .string("+1 \(OrderMessage.mark)"),
            ])
        var body: JSONObject = [
            "accountId": .string(account), "currency": "USD", "poNumber": .string(OrderMessage.mark),
            "billTo": address, "shipTo": address, "activate": true,
        ]
        for (name, value) in more.members { body[name] = value }
        return try await stack.salesforce.control.make("/orders", .object(body))
    }

    /// One more, while the services run.
    static func another(_ stack: ServiceStack) async throws -> String {
        try await order(
            stack, "Another", ["lines": [["sku": "SKU-BLUE", "quantity": "1", "unitPrice": "10.00"]]])
    }

    /// Waits for NetSuite's orders and for the publisher's letters.
    func waitForLetters(_ stack: ServiceStack) async throws {
        try await eventually("all orders of Salesforce are in NetSuite", within: .seconds(30)) {
            let orders = try await stack.salesOrders()
            return written.allSatisfy { orders["SF-\($0)"] != nil }
        }
        var letters: [String: String] = [:]
        try await eventually("the publisher's letters") {
            let rows = try await stack.query(
                """
                select object_id, class, field, sentence from crossdock.dead_letters where origin = 'publisher'
                """)
            for row in rows {
                letters[try row.string("object_id")] =
                    try row.string("class") + " " + row.string("field") + " " + row.string("sentence")
            }
            return letters.count >= unusable.count
        }
        #expect(Set(letters.keys) == Set(unusable))
        for text in letters.values {
            #expect(text.hasPrefix("invalid-message Product2.StockKeepingUnit, Product2.ProductCode"), "\(text)")
            #expect(text.contains("has no SKU"), "\(text)")
        }
    }
}
