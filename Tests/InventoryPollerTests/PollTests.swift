import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuiteAccess
import Postgres
import ServiceRuntime
import TestSupport
import Testing

@testable import InventoryPoller

@Suite("A poll of stock")
struct PollTests {
    private static func available(_ count: StockCount?) -> [String] {
        (count?.locations ?? []).map { "\($0.name) \($0.available.text)/\($0.onHand.text)/\($0.backOrdered.text)" }
    }

    @Test("the first start counts every item with price, locations and activity; the next poll sends nothing")
    func firstStart() async throws {
        try await InventoryBench.with { bench in
            try await bench.control("POST", "items", ["sku": "SRV-1", "kind": "Service", "listPrice": "80"])
            try await bench.control(
                "POST", "items", ["sku": "OLD-1", "kind": "InvtPart", "listPrice": "5", "isInactive": true])
            try await bench.pollAll()
            let items = try await bench.control("GET", "items")["items"]?.array ?? []
            #expect(
                try Set(bench.counts().map(\.sku)) == Set(items.compactMap { $0["sku"]?.string }) && items.count > 3)
            let red = try #require(try bench.counts(of: "SKU-RED").first)
            #expect(red.active && red.listPrice?.currency == "USD" && red.locations.map(\.name) == ["Main", "West"])
            let service = try #require(try bench.counts(of: "SRV-1").first)
            #expect(service.locations.isEmpty && service.listPrice?.amount.text == "80")
            #expect(try bench.counts(of: "OLD-1").first?.active == false)
            bench.forgetSent()
            try await bench.pollAll()
            #expect(bench.sent.isEmpty)
            #expect(try await bench.ledger.unacknowledgedStates(topic: Topic.inventoryCounted.name).isEmpty)
        }
    }

    @Test("a change of stock, price or activity is sent once, complete, and a touch is not")
    func changes() async throws {
        try await InventoryBench.with { bench in
            try await bench.pollAll()
            bench.forgetSent()
            try await bench.setStock("SKU-RED", "7")
            try await bench.control("PATCH", "items/SKU-BLUE", ["listPrice": "12.50"])
            try await bench.control("PATCH", "items/SKU-MAT", ["isInactive": true])
            try await bench.pollAll()
            try await bench.pollAll()
            #expect(try bench.counts().map(\.sku).sorted() == ["SKU-BLUE", "SKU-MAT", "SKU-RED"])
            #expect(Self.available(try bench.counts(of: "SKU-RED").first).first?.hasPrefix("Main 7/7/0") == true)
            #expect(try bench.counts(of: "SKU-BLUE").first?.listPrice?.amount.text == "12.5")
            #expect(try bench.counts(of: "SKU-MAT").first?.active == false)
            bench.forgetSent()
            try await bench.control("PATCH", "items/SKU-BLUE", ["listPrice": "12.50"])
            try await bench.pollAll()
            #expect(bench.sent.isEmpty)
            // Twice within the minute: the second one too.
            try await bench.setStock("SKU-RED", "6")
            try await bench.poll()
            try await bench.setStock("SKU-RED", "5")
            try await bench.poll()
            #expect(try bench.counts(of: "SKU-RED").compactMap { $0.locations.first?.available.text } == ["6", "5"])
            let instants = try bench.counts(of: "SKU-RED").map(\.asOf)
            #expect(instants == instants.sorted() && Set(instants).count == 2)
        }
    }

    @Test("ten minutes away, and a change committed late: both are found")
    func awayAndLate() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2026-01-15T18:00:00Z")
            try await bench.pollAll()
            bench.forgetSent()
            try await bench.advance(60)
            try await bench.setStock("SKU-RED", "11")
            try await bench.advance(300)
            try await bench.control("PATCH", "items/SKU-BLUE", ["listPrice": "3"])
            try await bench.advance(240)
            try await bench.takeOver()
            try await bench.pollAll()
            #expect(try bench.counts().map(\.sku).sorted() == ["SKU-BLUE", "SKU-RED"])
            // Stamped four minutes ago, visible now.
            try await bench.control(
                "PATCH", "items/SKU-MAT", ["isInactive": true, "modifiedAt": "2026-01-15T18:06:10Z"])
            try await bench.poll()
            #expect(try bench.counts(of: "SKU-MAT").count == 1)
        }
    }

    @Test("what Kafka did not confirm is sent again under the same event id, also by the next leader")
    func unconfirmed() async throws {
        try await InventoryBench.with { bench in
            try await bench.pollAll()
            bench.forgetSent()
            bench.kafkaIsDown = true
            try await bench.setStock("SKU-RED", "3")
            await #expect(throws: Trouble.self) { try await bench.poll() }
            let stored = try await bench.ledger.unacknowledgedStates(topic: Topic.inventoryCounted.name)
            #expect(stored.map(\.key) == ["SKU-RED"])
            bench.kafkaIsDown = false
            try await bench.takeOver()
            try await bench.pollAll()
            #expect(bench.sent.map(\.headers.id.text) == stored.map(\.eventId))
            #expect(try await bench.ledger.unacknowledgedStates(topic: Topic.inventoryCounted.name).isEmpty)
        }
    }

    @Test("who lost the lead stores and sends nothing any more")
    func fenced() async throws {
        try await InventoryBench.with { bench in
            try await bench.pollAll()
            bench.forgetSent()
            try await bench.setStock("SKU-RED", "3")
            _ = try await bench.pool.query("update leaders set holder = 'other', fence = fence + 1")
            await #expect(throws: LeadershipLost.self) { try await bench.poll() }
            #expect(bench.sent.isEmpty)
        }
    }

    @Test("a thousand items of one stamp cost a bounded number of calls, an idle poll three or four")
    func cost() async throws {
        try await InventoryBench.with { bench in
            try await bench.addItems(1_200)
            try await bench.pollAll()
            #expect(try Set(bench.counts().map(\.sku)).count > 1_200)
            // Behind the overlap of a zone that no order shows yet: then a page holds what is read again.
            try await bench.advance(18_000)
            try await bench.setStock("SKU-RED", "2")
            try await bench.control("PATCH", "items/SKU-RED", ["listPrice": "2"])
            try await bench.pollAll()
            try await bench.advance(18_000)
            try await bench.pollAll()
            let before = bench.calls()
            try await bench.poll()
            #expect(bench.calls() - before == 3)
            // Each minute the transactions that move goods, besides.
            try await bench.advance(60)
            try await bench.poll()
            #expect(bench.calls() - before == 3 + 4)
            try await bench.setStock("BULK-1", "3")
            try await bench.poll()
            #expect(bench.calls() - before == 3 + 4 + 6)
            bench.forgetSent()
            for number in 1...1_000 { try await bench.setStock("BULK-\(number)", "4") }
            let idle = bench.calls()
            try await bench.poll()
            #expect(try bench.counts().count == 1_000)
            // Time, a page of items and two of stock; two chunks of 500, and one for what the second page adds, each of
            // items, stock and prices.
            #expect(bench.calls() - idle <= 13, "\(bench.calls() - idle) calls")
        }
    }

    @Test(
        "a zone that NetSuite contradicts stops the watch, says which setting is wrong, and lets it go on when mended")
    func contradictedZone() async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2026-01-15T18:00:00Z")
            try await bench.control(
                "POST", "orders",
                [
                    "entity": ["id": try await bench.customer()],
                    "item": ["items": [["item": ["id": try await bench.item("SKU-RED")], "quantity": 1]]],
                ])
            bench.zone = "Europe/Berlin"
            do {
                try await bench.poll()
                Issue.record("the poll went on")
            } catch {
                let trouble = Trouble(ofPoll: error)
                #expect(trouble.system == .netSuite)
                #expect(trouble.reason.contains("Europe/Berlin was UTC+1:00 on 2026-01-15"))
                #expect(trouble.reason.contains("UTC-8:00: set NETSUITE_TIME_ZONE"))
            }
            #expect(bench.sent.isEmpty)
            bench.zone = "Nowhere/Land"
            try await bench.takeOver()
            await #expect(throws: UnknownTimeZone.self) { try await bench.poll() }
            bench.zone = "America/Los_Angeles"
            try await bench.takeOver()
            try await bench.pollAll()
            #expect(!bench.sent.isEmpty)
        }
    }

    @Test("the configured currency is one of the account's, and prices of others are not taken for it")
    func currencies() async throws {
        try await InventoryBench.with { bench in
            bench.priceCurrency = "SEK"
            await #expect(throws: Trouble.self) { try await bench.poll() }
            try await bench.control("PATCH", "settings", ["hasPricingCurrency": true])
            bench.priceCurrency = "EUR"
            try await bench.takeOver()
            try await bench.pollAll()
            let euro = try #require(try bench.counts(of: "SKU-RED").first?.listPrice)
            #expect(euro.currency == "EUR")
            bench.priceCurrency = nil
            try await bench.takeOver()
            bench.forgetSent()
            // The price list is read with the count of all, which is not due: the next change shows the currency.
            try await bench.setStock("SKU-RED", "1")
            try await bench.pollAll()
            let dollar = try #require(try bench.counts(of: "SKU-RED").first?.listPrice)
            #expect(dollar.currency == "USD" && dollar.amount != euro.amount)
        }
    }

    @Test("a role that does not see prices or deletions counts on without them, and health says what is missing")
    func hiddenTables() async throws {
        try await InventoryBench.with { bench in
            try await bench.control("PATCH", "settings", ["hiddenTables": ["pricing", "deletedrecord"]])
            try await bench.pollAll()
            #expect(try bench.counts(of: "SKU-RED").first?.listPrice == nil)
            #expect(try bench.counts(of: "SKU-RED").first?.locations.isEmpty == false)
            #expect(bench.health.warnings.map(\.component) == ["deleted items", "list prices"])
        }
    }
}

extension InventoryBench {
    func item(_ sku: String) async throws -> JSONValue {
        try await control("GET", "items/\(sku)")["id"] ?? .null
    }

    func customer() async throws -> JSONValue {
        try await control("POST", "customers", ["companyName": "Acme", "subsidiary": ["id": "1"]])["id"] ?? .null
    }
}
