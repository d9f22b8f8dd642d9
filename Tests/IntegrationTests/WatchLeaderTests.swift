import Contracts
import EventLoop
import Foundation
import Glibc
import JSONText
import Postgres
import TestSupport
import Testing

/// A watch that ends or stands still in the middle of its work, and another that takes over.
@Suite("Watches that change hands", .serialized)
struct WatchLeaderTests {
    @Test(
        "a leader killed at each step, then one frozen beyond its lease: no event has two contents, nothing goes back")
    func killedAndFrozen() async throws {
        try await onLoop(within: .seconds(180)) {
            try await ServiceStack.with { stack in
                stack.environment["LEADER_LEASE_SECONDS"] = "3"
                // Its dead predecessor's claims on rows for Salesforce end sooner.
                stack.environment["SALESFORCE_REQUEST_SECONDS"] = "1"
                let desk = WatchDesk(stack)
                try await desk.add(8)
                let states = try PublishedStates(stack, Topic.orderProgressed.name)
                var shipped = 0
                // One that is shot at each step while a change is on its way; the next finishes what it finds.
                for point in ["state-stored", "state-produced", "state-acknowledged", "cursor-moved"] {
                    let doomed = try stack.start(.statusFeedback, with: ["CROSSDOCK_CRASH_POINT": point])
                    shipped += 1
                    try await desk.ship(desk.orders[0], 1, tracking: "1Z\(shipped)")
                    let ended = await doomed.process.waitForExit(within: .seconds(30))
                    #expect(ended != nil, "\(point) was not passed:\n\(doomed.tail)")
                }
                let first = try stack.start(.statusFeedback)
                try await desk.untilShown([0: "partly shipped", 1: "pending fulfillment"], within: .seconds(60))
                try await frozen(stack, desk, first)
                try await desk.untilShown(desk.orders.dropFirst(2).map { $0 }, "shipped", within: .seconds(40))
                let differences = try await desk.differences()
                #expect(differences.isEmpty, "\(differences)")
                let problems = states.problems(keys: desk.orders.map(\.id))
                #expect(problems.isEmpty, "\(problems)")
                try await expectEverythingTold(stack, states)
                try await expectNothingWentBack(stack, desk)
                await states.close()
            }
        }
    }

    /// Stops the leader in the middle of a reading, has another take over, and lets it go on with what it read.
    @Loop
    private func frozen(_ stack: ServiceStack, _ desk: WatchDesk, _ first: ServiceProcess) async throws {
        let second = try stack.start(.statusFeedback)
        try await second.untilLogged("standing by")
        try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 300])
        for order in desk.orders.dropFirst(2) { try await desk.ship(order, 2, tracking: "1Y\(order.netSuiteId)") }
        let begun = try await desk.requests()
        try await eventually("the leader reads") { try await desk.requests() > begun }
        first.process.send(signal: SIGSTOP)
        for order in desk.orders.dropFirst(2) { try await desk.ship(order, 3, tracking: "1X\(order.netSuiteId)") }
        try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 0])
        try await second.untilLogged("leading", within: .seconds(20))
        try await eventually("the other has told the newer state") {
            let rows = try await stack.query(
                "select 1 from published_states where acknowledged_at is not null and key = any(\(desk.orders.dropFirst(2).map(\.id)))"
            )
            return rows.count >= 6
        }
        first.process.send(signal: SIGCONT)
        try await first.untilLogged("no longer leading")
    }

    /// What a leader stored and did not live to tell, its successor told under the same event id.
    @Loop
    private func expectEverythingTold(_ stack: ServiceStack, _ states: PublishedStates) async throws {
        let rows = try await stack.query("select event_id, acknowledged_at is null as open from published_states")
        for row in rows {
            let id = try row.string("event_id")
            #expect(try !row.bool("open"), "\(id) was stored and never confirmed")
            #expect(states.contains(event: id), "\(id) was stored and never told")
        }
    }

    /// A state that Salesforce showed once and left does not come back.
    @Loop
    private func expectNothingWentBack(_ stack: ServiceStack, _ desk: WatchDesk) async throws {
        for order in desk.orders {
            let rows = try await stack.salesforce.control.get("/orders/\(order.id)/history")["history"]?.array ?? []
            let shown = rows.filter { $0["field"]?.string == "NetSuite_Status__c" }.compactMap { $0["new"]?.string }
            #expect(Set(shown).count == shown.count, "\(order.id): \(shown)")
        }
    }
}
