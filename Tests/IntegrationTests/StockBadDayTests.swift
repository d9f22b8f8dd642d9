import Contracts
import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// What comes in the way of stock, with inventory-poller and status-feedback as processes over both sandboxes.
@Suite("Stock's bad days", .serialized)
struct StockBadDayTests {
    @Loop
    private struct Shelf {
        let stack: ServiceStack

        /// What Salesforce shows of every product, by SKU.
        func products() async throws -> [String: JSONValue] {
            let found = try await stack.salesforce.control.get("/products")["products"]?.array ?? []
            return Dictionary(found.map { ($0["sku"]?.string ?? "", $0) }) { first, _ in first }
        }

        func available(_ sku: String) async throws -> Decimal? {
            let value = try await products()[sku]?["netSuite"]?["NetSuite_Available__c"]
            return (value?.string ?? value?.number?.text).flatMap { Decimal(string: $0) }
        }

        func isStale(_ sku: String) async throws -> Bool? {
            try await products()[sku]?["netSuite"]?["NetSuite_Stock_Stale__c"]?.bool
        }

        func count(_ sku: String, onHand: Int) async throws {
            try await stack.netSuite.control.patch(
                "/items/\(sku)", ["stock": [["location": "1", "onHand": .string("\(onHand)")]]])
        }

        func untilAvailable(_ sku: String, _ wanted: Decimal, within limit: Duration = .seconds(30)) async throws {
            var seen: Decimal?
            do {
                try await eventually("\(sku) shows \(wanted)", within: limit) {
                    seen = try await available(sku)
                    return seen == wanted
                }
            } catch {
                throw StackFailure(description: "\(error); it shows \(seen.map { "\($0)" } ?? "nothing")")
            }
        }
    }

    @Test("stopped, killed, answered badly and unknown in Salesforce: what is in stock is shown, each count told once")
    func stockBadDay() async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with { stack in
                stack.environment["LEADER_LEASE_SECONDS"] = "3"
                let shelf = Shelf(stack: stack)
                let states = try PublishedStates(stack, Topic.inventoryCounted.name)
                // Salesforce has never heard of it.
                try await stack.netSuite.control.post(
                    "/items",
                    ["sku": "SKU-UNKNOWN", "listPrice": "5.00", "stock": [["location": "1", "onHand": "7"]]])
                let feedback = try stack.start(.statusFeedback)
                var poller = try stack.start(.inventoryPoller)
                try await shelf.untilAvailable("SKU-RED", 120)
                #expect(await poller.stop() == 0)
                for minute in 1...10 {
                    try await stack.netSuite.control.patch("/clock", ["advanceSeconds": 60])
                    try await shelf.count("SKU-RED", onHand: 100 - minute)
                    if minute == 5 { try await shelf.count("SKU-LAMP", onHand: 0) }
                }
                poller = try stack.start(.inventoryPoller)
                try await shelf.untilAvailable("SKU-RED", 110)
                try await shelf.untilAvailable("SKU-LAMP", 20)
                try await badAnswers(stack, shelf)
                try await changeHands(stack, shelf, poller)
                // The first start reads what was changed, and counts all items besides.
                let problems = states.problems(
                    keys: ["SKU-RED", "SKU-BLUE", "SKU-LAMP", "SKU-UNKNOWN"], fullCounts: 1)
                #expect(problems.isEmpty, "\(problems)")
                #expect((1...2).contains(states.events(of: "SKU-UNKNOWN")))
                #expect(try await stack.query("select 1 from dead_letters").isEmpty)
                try await eventually("ready") { await feedback.readiness()?.status == 200 }
                await states.close()
            }
        }
    }

    @Loop
    private func badAnswers(_ stack: ServiceStack, _ shelf: Shelf) async throws {
        let kinds = ["truncated", "empty", "wrong-type", "cut", "throttled", "server-error"]
        for (number, kind) in kinds.enumerated() {
            try await stack.netSuite.control.post(
                "/faults", ["kind": .string(kind), "path": "/suiteql", "times": 2])
            try await shelf.count("SKU-BLUE", onHand: 50 + number)
            do {
                try await shelf.untilAvailable("SKU-BLUE", Decimal(70 + number))
            } catch {
                throw StackFailure(description: "\(kind): \(error)")
            }
            try await stack.netSuite.control.delete("/faults")
        }
    }

    /// The leader is killed, then its successor frozen.
    @Loop
    private func changeHands(_ stack: ServiceStack, _ shelf: Shelf, _ first: ServiceProcess) async throws {
        let second = try stack.start(.inventoryPoller)
        try await second.untilLogged("standing by")
        await first.killHard()
        try await shelf.count("SKU-RED", onHand: 40)
        try await shelf.untilAvailable("SKU-RED", 60)
        let third = try stack.start(.inventoryPoller)
        try await third.untilLogged("standing by")
        second.process.send(signal: SIGSTOP)
        try await shelf.count("SKU-RED", onHand: 30)
        try await shelf.untilAvailable("SKU-RED", 50)
        second.process.send(signal: SIGCONT)
        try await second.untilLogged("no longer leading")
        try await shelf.count("SKU-RED", onHand: 20)
        try await shelf.untilAvailable("SKU-RED", 40)
    }

    @Test("a count that is too old is marked as stale, and a new one takes the mark away")
    func stale() async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with { stack in
                stack.environment["STOCK_STALE_HOURS"] = "1"
                let shelf = Shelf(stack: stack)
                let clock = try await stack.netSuite.control.get("/clock")
                let now = try UTCInstant(clock["at"]?.string ?? "")
                // The day's full count is not to fall due when the clock leaves the past: it would count all items anew.
                let hour = try #require(
                    (clock["localTime"]?.string?.split(separator: " ").last?.prefix(2)).flatMap { Int($0) })
                stack.environment["FULL_COUNT_HOUR"] = "\((hour + 12) % 24)"
                try await stack.netSuite.control.patch(
                    "/clock", ["at": .string(now.minus(seconds: 7_200).soqlText)])
                let feedback = try stack.start(.statusFeedback)
                _ = try stack.start(.inventoryPoller)
                try await eventually("it is stale", within: .seconds(30)) { try await shelf.isStale("SKU-RED") == true }
                try await stack.netSuite.control.patch("/clock", ["at": .string(now.soqlText)])
                try await shelf.count("SKU-RED", onHand: 90)
                try await eventually("it is fresh", within: .seconds(30)) {
                    try await shelf.isStale("SKU-RED") == false
                }
                #expect(try await shelf.isStale("SKU-BLUE") == true)
                #expect(feedback.process.isRunning)
            }
        }
    }
}
