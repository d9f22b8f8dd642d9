import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Stock, prices and activity")
struct StockTests {
    static let query =
        "SELECT location, quantityonhand AS hand, quantityavailable AS free, quantitycommitted AS held, "
        + "quantitybackordered AS owed FROM aggregateItemLocation WHERE item = 318 ORDER BY location"

    @Test("open orders commit stock and owe the rest; closing gives it back, a shipment takes it away")
    func commitment() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            _ = await harness.send(
                "PATCH", "/control/items/SKU-RED",
                ["stock": [["location": "1", "onHand": "5"], ["location": 2, "onHand": 0]]])
            @Loop
            func main() async throws -> [String: String]? { try await harness.rows(Self.query).first }
            #expect(try await main() == ["location": "1", "hand": "5", "free": "5", "held": "0", "owed": "0"])
            let order = orderBody("SF-1") { $0["item"] = ["items": [["item": ["id": "318"], "quantity": 7]]] }
            let id = try await harness.created("salesOrder", order)
            #expect(try await main() == ["location": "1", "hand": "5", "free": "0", "held": "5", "owed": "2"])
            harness.sandbox.account.takeFromStock(item: "318", location: "1", quantity: 3, now: harness.sandbox.now)
            var moved = try #require(harness.sandbox.account.salesOrders[id])
            moved.lines[0].fulfilled = 3
            harness.sandbox.account.store(moved)
            #expect(try await main() == ["location": "1", "hand": "2", "free": "0", "held": "2", "owed": "2"])
            _ = await harness.send("POST", "/control/orders/\(id)/close")
            #expect(try await main() == ["location": "1", "hand": "2", "free": "2", "held": "0", "owed": "0"])
            let shown = await harness.send("GET", "/control/items/SKU-RED").json
            #expect(shown["stock"]?[0]?["available"] == "2" && shown["stock"]?[1]?["onHand"] == "0")
        }
    }

    @Test("an order that waits for its approval commits nothing")
    func approval() async throws {
        try await onLoop {
            let harness = try await SandboxHarness { $0.account.startsPendingApproval = true }
            try await harness.createCustomer()
            let id = try await harness.created("salesOrder", orderBody())
            #expect(try await harness.rows(Self.query).first?["held"] == "0")
            _ = await harness.send("POST", "/control/orders/\(id)/approve")
            #expect(try await harness.rows(Self.query).first?["held"] == "2")
        }
    }

    @Test("only inventory has stock; a kit takes from its members")
    func kinds() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            try await harness.createCustomer()
            let made = await harness.send(
                "POST", "/control/items", ["sku": "SKU-HOUR", "kind": "Service", "listPrice": "80"])
            #expect(made.json["kind"] == "Service" && made.json["stock"] == [])
            let rows = try await harness.rows(
                "SELECT i.itemid, i.itemtype, a.quantityonhand AS hand FROM item i LEFT JOIN aggregateItemLocation a "
                    + "ON a.item = i.id AND a.location = 1 WHERE i.itemid IN ('SKU-RED', 'SKU-SET', 'SKU-HOUR') ORDER BY i.id"
            )
            #expect(
                rows == [
                    ["itemid": "SKU-RED", "itemtype": "InvtPart", "hand": "100"],
                    ["itemid": "SKU-SET", "itemtype": "Kit"], ["itemid": "SKU-HOUR", "itemtype": "Service"],
                ])
            let set = try #require(harness.sandbox.account.item(sku: "SKU-SET"))
            _ = try await harness.created(
                "salesOrder",
                orderBody { $0["item"] = ["items": [["item": ["id": .string(set.id)], "quantity": 3]]] })
            let held = try await harness.rows(
                "SELECT item, quantitycommitted AS held FROM aggregateItemLocation WHERE location = 1 "
                    + "AND quantitycommitted > 0 ORDER BY item")
            #expect(held == [["item": "322", "held": "3"], ["item": "323", "held": "6"]])
            let refused = await harness.send(
                "PATCH", "/control/items/SKU-HOUR", ["stock": [["location": "1", "onHand": "1"]]])
            #expect(refused.status == 400)
        }
    }

    @Test("price and activity move the item's stamp, stock only that of the available quantity")
    func stamps() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let query =
                "SELECT TO_CHAR(i.lastmodifieddate, 'HH24:MI') AS item, TO_CHAR(a.lastquantityavailablechange, 'HH24:MI') AS stock "
                + "FROM item i JOIN aggregateItemLocation a ON a.item = i.id WHERE i.id = 318 AND a.location = 1"
            await harness.time.advance(by: .seconds(60))
            _ = await harness.send("PATCH", "/control/items/SKU-RED", ["stock": [["location": "1", "onHand": "9"]]])
            #expect(try await harness.rows(query) == [["item": "10:02", "stock": "10:03"]])
            await harness.time.advance(by: .seconds(60))
            _ = await harness.send("PATCH", "/control/items/SKU-RED", ["listPrice": "56"])
            #expect(try await harness.rows(query) == [["item": "10:04", "stock": "10:03"]])
            _ = await harness.send(
                "PATCH", "/control/items/SKU-RED", ["isInactive": true, "modifiedAt": "2025-03-14T16:00:00Z"])
            #expect(try await harness.rows(query) == [["item": "09:00", "stock": "10:03"]])
        }
    }
}
