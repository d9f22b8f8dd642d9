import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import ServiceRuntime
import Telemetry
import TestSupport
import Testing

@testable import InventoryPoller

@Suite("Changes that no stamp of stock shows")
struct UnseenChangeTests {
    @Test(
        "an item that cannot be read for longer than the overlap reaches is published when it can, by the next leader")
    func longUnreadable() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2027-01-15T18:00:00Z")
            try await bench.pollAll()
            try await bench.advance(20_000)
            try await bench.pollAll()
            bench.forgetSent()
            let red = try #require(try await bench.item("SKU-RED").string)
            try await bench.control(
                "POST", "faults",
                [
                    "kind": "altered-rows", "path": "suiteql", "body": .string("item IN (\(red)"), "times": .null,
                    "change": "drop", "column": "available", "row": 0,
                ])
            try await bench.setStock("SKU-RED", "7")
            try await bench.pollAll()
            // Another change carries the mark along, until the overlap of four hours does not reach back any more.
            try await bench.advance(15_000)
            try await bench.setStock("SKU-BLUE", "8")
            try await bench.pollAll()
            try await bench.pollAll()
            #expect(try bench.counts().map(\.sku) == ["SKU-BLUE"])
            try await bench.control("DELETE", "faults")
            try await bench.takeOver()
            try await bench.pollAll()
            #expect(try bench.counts(of: "SKU-RED").compactMap { $0.locations.first?.available.text } == ["7"])
            #expect(try await bench.ledger.cursor("inventory-poller.unreadable items") == "")
        }
    }

    @Test("back-orders of an empty item and a shipment of committed goods, which leave what is available alone")
    func movements() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2027-01-15T18:00:00Z")
            try await bench.setStock("SKU-RED", "5")
            let first = try await bench.order("SKU-RED", 5)
            try await bench.pollAll()
            #expect(try bench.main("SKU-RED") == "0/5/0")
            try await bench.passOverlap()
            _ = try await bench.order("SKU-RED", 3)
            try await bench.pollAll()
            #expect(try bench.counts().map(\.sku) == ["SKU-RED"])
            #expect(try bench.main("SKU-RED") == "0/5/3")
            try await bench.passOverlap()
            try await bench.control("POST", "orders/\(first)/fulfil", ["lines": [["line": 1, "quantity": 5]]])
            try await bench.pollAll()
            #expect(try bench.counts().map(\.sku) == ["SKU-RED"])
            #expect(try bench.main("SKU-RED") == "0/0/3")
        }
    }

    @Test("an answer about lines that cannot be read fails the poll, holds up no other change, and loses nothing")
    func damagedLines() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2027-01-15T18:00:00Z")
            try await bench.setStock("SKU-RED", "0")
            try await bench.pollAll()
            try await bench.passOverlap()
            try await bench.control(
                "POST", "faults",
                [
                    "kind": "altered-rows", "path": "suiteql", "body": "FROM transactionline", "times": .null,
                    "change": "drop", "column": "item",
                ])
            _ = try await bench.order("SKU-RED", 3)
            try await bench.setStock("SKU-BLUE", "8")
            await #expect(throws: NetSuiteFailure.self) { try await bench.poll() }
            #expect(try bench.counts().map(\.sku) == ["SKU-BLUE"])
            try await bench.control("DELETE", "faults")
            try await bench.poll()
            #expect(try bench.main("SKU-RED") == "0/0/3")
        }
    }

    @Test("permissions that are given later are noticed within an hour, and what was not seen before is found")
    func laterPermissions() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2027-01-15T18:00:00Z")
            try await bench.control(
                "PATCH", "settings", ["hiddenTables": ["pricing", "deletedrecord", "transactionline"]])
            try await bench.setStock("SKU-RED", "0")
            try await bench.pollAll()
            try await bench.passOverlap()
            _ = try await bench.order("SKU-RED", 3)
            try await bench.pollAll()
            let hidden = ["deleted items", "list prices", "movements of goods"]
            #expect(bench.health.warnings.map(\.component) == hidden)
            #expect(bench.sent.isEmpty)
            try await bench.control("PATCH", "settings", ["hiddenTables": []])
            try await bench.advance(600)
            try await bench.pollAll()
            // Refused scans are not asked for at each poll.
            #expect(bench.health.warnings.map(\.component) == hidden && bench.sent.isEmpty)
            try await bench.advance(3_100)
            try await bench.pollAll()
            #expect(bench.health.warnings.isEmpty)
            #expect(try bench.main("SKU-RED") == "0/0/3")
            #expect(try bench.counts(of: "SKU-RED").last?.listPrice != nil)
        }
    }
}

@Suite("Numbers that are no item's any more")
struct GoneItemTests {
    @Test("each count of all says them again, so that they are as fresh as the others, and asks for none of them")
    func gone() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2027-01-15T18:00:00Z")
            // An item that was there in its time, and was deleted while nobody watched.
            var old = StockCount(
                sku: "GONE-1", itemId: "999999", active: true, asOf: try UTCInstant("2027-01-10T18:00:00Z"))
            old.listPrice = StockCount.Price(amount: try ExactDecimal("5"), currency: "USD")
            let stored = try await bench.ledger.storeStates(
                [
                    NewState(
                        key: old.sku, asOfMilliseconds: old.asOf.millisecondsSinceEpoch, content: old.encode(),
                        value: old.encode(), eventId: EventId.new(at: LoopTime.shared.wallClock).text,
                        traceParent: TraceContext.new().traceparent)
                ], topic: Topic.inventoryCounted.name, evenIfUnchanged: false, keepsHistory: false,
                under: bench.leadership)
            try await bench.ledger.acknowledgeStates(stored.map(\.eventId))
            try await bench.pollAll()
            #expect(try bench.counts(of: "GONE-1").map(\.active) == [false])
            #expect(try bench.counts(of: "GONE-1").first?.listPrice == nil)
            for day in ["2027-01-16T18:00:00Z", "2027-01-17T18:00:00Z"] {
                bench.forgetSent()
                try await bench.setClock(day)
                // Whoever asks for it has no answer.
                try await bench.control(
                    "POST", "faults",
                    [
                        "kind": "altered-rows", "path": "suiteql", "body": "999999", "times": .null, "change": "more",
                        "value": true,
                    ])
                try await bench.pollAll()
                let counts = try bench.counts()
                #expect(counts.filter { $0.sku == "GONE-1" }.map(\.asOf.text) == [counts.last?.asOf.text], "\(day)")
                #expect(try bench.counts(of: "GONE-1").first?.active == false, "\(day)")
            }
        }
    }
}

extension InventoryBench {
    /// Lets time pass until no scan shows again what was changed before, polls, and forgets what was sent; as the zone is
    /// proven by nothing the overlap has four hours. Not longer than the day's count is away, and so that the next poll
    /// looks at transactions.
    func passOverlap() async throws {
        try await advance(16_000)
        try await pollAll()
        try await advance(60)
        forgetSent()
    }

    /// An approved order of one line; gives its internal id.
    func order(_ sku: String, _ quantity: Int) async throws -> String {
        var buyer = try await control("GET", "customers")["customers"]?.array?.first?["id"]
        if buyer == nil { buyer = try await customer() }
        let order: JSONValue = [
            "entity": ["id": buyer ?? .null],
            "item": ["items": [["item": ["id": try await item(sku)], "quantity": .number(JSONNumber(quantity))]]],
        ]
        return try await control("POST", "orders", order)["id"]?.string ?? ""
    }

    /// The newest count at the first location: available, on hand, back-ordered.
    func main(_ sku: String) throws -> String? {
        try counts(of: sku).last?.locations.first.map {
            "\($0.available.text)/\($0.onHand.text)/\($0.backOrdered.text)"
        }
    }
}
