import EventLoop
import Foundation
import JSONText
import TestSupport
import Testing

/// `crossdock check` against both sandboxes, as they are and with each thing missing.
@Suite("crossdock check finds what is missing")
struct CheckTests {
    /// What the check says, by name.
    @Loop
    private static func findings(
        _ stack: ServiceStack, only area: String, with changes: [String: String] = [:]
    ) throws -> (status: Int32, findings: [String: JSONValue]) {
        let ending = try ForeignProgram.run(
            BuiltProduct.path("crossdock"), ["check", "--json", "--only", area],
            environment: stack.environment.merging(changes) { _, given in given })
        let list = try JSONValue.parse(ending.output)["findings"]?.array ?? []
        return (
            ending.status,
            Dictionary(list.map { ($0["name"]?.string ?? "", $0) }) { first, _ in first }
        )
    }

    /// Orders that were changed then, so that they show the account's time zone.
    @Loop
    private static func addOrders(_ stack: ServiceStack, at instants: [String]) async throws {
        let control = stack.netSuite.control
        let customer = try await control.make(
            "/customers", ["companyName": "Check", "subsidiary": ["id": "1"], "currency": ["id": "1"]])
        for instant in instants {
            try await control.post(
                "/orders",
                [
                    "entity": ["id": .string(customer)], "tranDate": "2026-01-05", "modifiedAt": .string(instant),
                    "item": ["items": [["item": ["id": "318"], "quantity": 1, "price": ["id": "-1"], "rate": 10]]],
                ])
        }
    }

    @Test("NetSuite: tables and records may be read, each lacking table names its permission, the zone is proven")
    func netSuite() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                let first = try Self.findings(stack, only: "netsuite")
                #expect(first.status == 0, "\(first.findings)")
                #expect(first.findings["time zone"]?["verdict"] == "attention", "no order shows it yet")
                for name in [
                    "orders and documents", "lines of documents", "links of documents", "tracking numbers",
                    "deleted records", "stock by location", "items' activity", "list prices", "currencies",
                    "item fulfilments", "invoices", "customer payments", "credit memos",
                ] { #expect(first.findings[name]?["verdict"] == "good", "\(name): \(first.findings)") }

                // Late in a summer, with a winter before it.
                try await stack.netSuite.control.patch("/clock", ["at": "2026-08-20T12:00:00Z"])
                try await Self.addOrders(stack, at: ["2026-01-15T12:00:00Z", "2026-07-15T12:00:00Z"])
                let proven = try Self.findings(stack, only: "netsuite")
                #expect(proven.findings["time zone"]?["verdict"] == "good", "\(proven.findings)")
                let detail = proven.findings["time zone"]?["detail"]?.string ?? ""
                #expect(detail.contains("each part of the year"), "\(detail)")
                for (zone, part) in [
                    ("Europe/Berlin", "set NETSUITE_TIME_ZONE to the account's time zone"),
                    ("America/Los_Angles", "PostgreSQL does not know America/Los_Angles"),
                    ("Los Angeles", "is no name of a time zone"),
                ] {
                    let wrong = try Self.findings(stack, only: "netsuite", with: ["NETSUITE_TIME_ZONE": zone])
                    #expect(wrong.status == 1)
                    let found = wrong.findings["time zone"]
                    #expect(found?["verdict"] == "bad" && found?["detail"]?.string?.contains(part) == true, "\(wrong)")
                }

                try await stack.netSuite.control.patch(
                    "/settings",
                    ["hiddenTables": ["deletedrecord", "aggregateitemlocation", "trackingnumbermap", "pricing"]])
                let lacking = try Self.findings(stack, only: "netsuite")
                #expect(lacking.status == 1)
                for (name, verdict, permission) in [
                    ("deleted records", "attention", "Deleted Records"),
                    ("stock by location", "bad", "Lists > Items (View)"),
                    ("tracking numbers", "bad", "Item Fulfillment (View)"),
                    ("list prices", "attention", "no list price is shown"),
                ] {
                    let found = lacking.findings[name]
                    #expect(found?["verdict"] == .string(verdict), "\(name): \(lacking.findings)")
                    #expect(found?["mend"]?.string?.contains(permission) == true, "\(name): \(lacking.findings)")
                }
                #expect(lacking.findings["orders and documents"]?["verdict"] == "good")
            }
        }
    }

    @Test("Salesforce: each new field must be there and writable; what is not shown need not be granted")
    func salesforce() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                let first = try Self.findings(stack, only: "salesforce")
                #expect(first.status == 0, "\(first.findings)")
                for name in ["Order", "OrderItem", "Product2", "PricebookEntry", "standard price book"] {
                    #expect(first.findings[name]?["verdict"] == "good", "\(name): \(first.findings)")
                }
                try await stack.salesforce.control.patch(
                    "/settings",
                    [
                        "hidden": [
                            "Order.NetSuite_Tracking_Numbers__c", "OrderItem.NetSuite_Quantity_Shipped__c",
                            "Product2.NetSuite_Stock_Stale__c",
                        ],
                        "readOnly": [
                            "Order.NetSuite_Amount_Paid__c", "Order.Status", "PricebookEntry.UnitPrice",
                            "Product2.IsActive",
                        ],
                    ])
                let lacking = try Self.findings(stack, only: "salesforce")
                #expect(lacking.status == 1)
                for (name, part) in [
                    ("Order.NetSuite_Tracking_Numbers__c", "does not exist or is not granted"),
                    ("OrderItem.NetSuite_Quantity_Shipped__c", "does not exist or is not granted"),
                    ("Product2.NetSuite_Stock_Stale__c", "does not exist or is not granted"),
                    ("Order.NetSuite_Amount_Paid__c", "cannot be written"),
                    ("PricebookEntry.UnitPrice", "cannot be written"), ("Product2.IsActive", "cannot be written"),
                ] {
                    let found = lacking.findings[name]
                    #expect(found?["verdict"] == "bad", "\(name): \(lacking.findings)")
                    #expect(found?["detail"]?.string?.contains(part) == true, "\(name): \(lacking.findings)")
                }
                let without = try Self.findings(
                    stack, only: "salesforce", with: ["SHOW_PRICE": "false", "SHOW_ACTIVE": "false"])
                #expect(lacking.findings["Order.Status"] == nil, "nothing writes it")
                let setting = try Self.findings(
                    stack, only: "salesforce", with: ["ORDER_STATUS_BY_STATE": "shipped=Fulfilled"])
                #expect(setting.findings["Order.Status"]?["detail"] == "cannot be written")
                #expect(without.findings["Product2.IsActive"] == nil && without.findings["PricebookEntry"] == nil)
                #expect(without.findings["standard price book"] == nil)
            }
        }
    }
}
