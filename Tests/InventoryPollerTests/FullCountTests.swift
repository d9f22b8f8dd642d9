import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuiteAccess
import ServiceRuntime
import TestSupport
import Testing

@testable import InventoryPoller

@Suite("The count of all items")
struct FullCountTests {
    @Test("interrupted after its first piece it goes on behind it, and each item is sent at least once")
    func interrupted() async throws {
        try await InventoryBench.with { bench in
            try await bench.addItems(700)
            // What was just made, then the first piece of the count and a part of the second, then Kafka is away.
            try await bench.setClock("2026-01-15T05:00:00Z")
            bench.sendsLeft = 1_300
            await #expect(throws: Trouble.self) { try await bench.pollAll() }
            let text = try #require(try await bench.ledger.cursor("inventory-poller.count"))
            let cursor = try #require(FullCountCursor(text: text))
            #expect((cursor.progress?.lastItem ?? 0) > 0)
            bench.sendsLeft = nil
            try await bench.takeOver()
            let before = bench.sent.count
            try await bench.pollAll()
            // What was stored before is finished, what was counted before is not counted again.
            #expect(bench.sent.count - before < 500)
            #expect(try Set(bench.counts().map(\.sku)).isSuperset(of: (1...700).map { "BULK-\($0)" }))
            #expect(try await bench.ledger.cursor("inventory-poller.count") == "2026-01-14 done")
        }
    }

    @Test("each day has one, also where the clocks skip its hour or show it twice; unchanged counts are sent again")
    func days() async throws {
        try await InventoryBench.with { bench in
            bench.fullCountHour = 2
            try await bench.setClock("2026-03-08T09:59:30Z")
            try await bench.pollAll()
            let all = try Set(bench.counts().map(\.sku)).count
            bench.forgetSent()
            // Los Angeles skips from 01:59:59 to 03:00.
            try await bench.setClock("2026-03-08T10:00:10Z")
            try await bench.pollAll()
            #expect(try Set(bench.counts().map(\.sku)).count == all)
            bench.forgetSent()
            try await bench.setClock("2026-03-08T12:00:10Z")
            try await bench.pollAll()
            #expect(bench.sent.isEmpty)
            bench.fullCountHour = 1
            try await bench.takeOver()
            // 01:30 for the first time, and for the second time.
            try await bench.setClock("2026-11-01T08:30:00Z")
            try await bench.pollAll()
            #expect(try Set(bench.counts().map(\.sku)).count == all)
            bench.forgetSent()
            try await bench.setClock("2026-11-01T09:30:00Z")
            try await bench.pollAll()
            #expect(bench.sent.isEmpty)
        }
    }
}

@Suite("Bad answers to a poll of stock")
struct BadAnswerTests {
    /// What is altered in the answers to queries that have `part` in their text.
    struct Case: Sendable {
        let name: String
        let part: String
        let change: String
        var column: String?
        var row: Int?
        var value: String?
        /// Whether the poll itself fails and says why; else only the item is left for later.
        let failsPoll: Bool
    }

    @Test(
        "a damaged answer publishes nothing false, and the change is there with the next whole one",
        arguments: [
            Case(name: "a page that is cut", part: "FROM item ", change: "cut", row: 0, failsPoll: true),
            Case(name: "stock that is cut", part: "NVL(", change: "cut", row: 1, failsPoll: true),
            Case(name: "more that does not come", part: "NVL(", change: "more", value: "true", failsPoll: true),
            Case(name: "no quantity", part: "NVL(", change: "drop", column: "available", failsPoll: false),
            Case(name: "null for a quantity", part: "NVL(", change: "null", column: "onhand", failsPoll: false),
            Case(
                name: "a word for a quantity", part: "NVL(", change: "text", column: "available", value: "many",
                failsPoll: false),
            Case(
                name: "no item on a row of stock", part: "NVL(", change: "drop", column: "item", row: 0,
                failsPoll: false),
            Case(
                name: "no number of the item", part: "SELECT id, itemid", change: "drop", column: "itemid",
                failsPoll: false),
            Case(name: "no id", part: "SELECT id, itemid", change: "drop", column: "id", row: 0, failsPoll: false),
            Case(
                name: "no stamp", part: "lastquantityavailablechange", change: "drop", column: "stamp", failsPoll: false
            ),
        ])
    func damaged(test: Case) async throws {
        try await InventoryBench.with { bench in
            try await bench.setClock("2026-01-15T18:00:00Z")
            try await bench.pollAll()
            try await bench.advance(20_000)
            try await bench.pollAll()
            bench.forgetSent()
            try await bench.setStock("SKU-RED", "7")
            var fault: JSONObject = [
                "kind": "altered-rows", "path": "suiteql", "body": .string(test.part), "times": .null,
                "change": .string(test.change),
            ]
            fault["column"] = test.column.map(JSONValue.string)
            fault["row"] = test.row.map { .number(JSONNumber($0)) }
            fault["value"] = test.value.map { $0 == "true" ? .bool(true) : .string($0) }
            try await bench.control("POST", "faults", .object(fault))
            if test.failsPoll {
                do {
                    try await bench.poll()
                    Issue.record("\(test.name): the poll went on")
                } catch {
                    #expect(Trouble(ofPoll: error).system == .netSuite, "\(test.name): \(error)")
                }
            } else {
                try await bench.poll()
            }
            let early = try bench.counts(of: "SKU-RED")
            #expect(early.allSatisfy { $0.locations.first?.available.text == "7" }, "\(test.name)")
            #expect(try bench.counts().allSatisfy { $0.active && $0.sku == "SKU-RED" }, "\(test.name)")
            try await bench.control("DELETE", "faults")
            try await bench.poll()
            #expect(try bench.counts(of: "SKU-RED").map { $0.locations.first?.available.text } == ["7"], "\(test.name)")
        }
    }

    @Test("numbers in place of texts are the same counts: nothing is news")
    func numbers() async throws {
        try await InventoryBench.with { bench in
            try await bench.pollAll()
            bench.forgetSent()
            for column in ["available", "onhand", "item", "id", "unitprice"] {
                try await bench.control(
                    "POST", "faults",
                    [
                        "kind": "altered-rows", "path": "suiteql", "times": .null, "change": "number",
                        "column": .string(column),
                    ])
            }
            try await bench.setStock("SKU-RED", "9")
            try await bench.poll()
            #expect(try bench.counts().map(\.sku) == ["SKU-RED"])
        }
    }

    @Test("throttled or slow, a poll waits, says why, and goes on")
    func throttled() async throws {
        try await InventoryBench.with { bench in
            try await bench.pollAll()
            bench.forgetSent()
            try await bench.setStock("SKU-RED", "9")
            try await bench.control("POST", "faults", ["kind": "throttled", "path": "suiteql", "times": 3])
            try await bench.control(
                "POST", "faults", ["kind": "latency", "path": "suiteql", "milliseconds": 700, "times": 4])
            try await bench.poll()
            #expect(try bench.counts(of: "SKU-RED").count == 1)
        }
    }
}
