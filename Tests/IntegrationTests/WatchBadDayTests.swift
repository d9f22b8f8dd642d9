import Contracts
import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// What comes in the way of the watch of NetSuite's orders, with status-feedback as processes over both sandboxes.
@Suite("The watch's bad days", .serialized)
struct WatchBadDayTests {
    /// Its messages, and what every test expects of them in the end.
    @Loop
    private static func watch(
        _ stack: ServiceStack, orders count: Int, from instant: String? = nil,
        _ body: @Loop (WatchDesk, PublishedStates) async throws -> Void
    ) async throws {
        stack.environment["LEADER_LEASE_SECONDS"] = "3"
        let desk = WatchDesk(stack)
        if let instant { try await desk.setClock(instant) }
        try await desk.add(count)
        let states = try PublishedStates(stack, Topic.orderProgressed.name)
        try await body(desk, states)
        let differences = try await desk.differences()
        #expect(differences.isEmpty, "\(differences)")
        let problems = states.problems(keys: desk.orders.map(\.id))
        #expect(problems.isEmpty, "\(problems)")
        await states.close()
    }

    @Test(
        "after ten minutes of changes while it was stopped, everything is shown, and told once",
        arguments: KafkaBrokerKind.available)
    func stoppedForTenMinutes(broker: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with(broker) { stack in
                try await Self.watch(stack, orders: 10) { desk, states in
                    let feedback = try stack.start(.statusFeedback)
                    try await desk.untilShown(desk.orders, "pending fulfillment")
                    try await desk.ship(desk.orders[0], 2, tracking: "1Z0A")
                    try await desk.untilShown([0: "partly shipped"])
                    #expect(await feedback.stop() == 0)

                    let began = try await desk.netSuiteTime()
                    try await Self.afternoon(desk)
                    let ended = try await desk.netSuiteTime()
                    #expect(ended.millisecondsSinceEpoch - began.millisecondsSinceEpoch >= 600_000)
                    _ = try stack.start(.statusFeedback)
                    try await desk.untilShown([
                        0: "shipped", 1: "invoiced", 2: "paid", 3: "partly invoiced", 4: "cancelled", 5: "closed",
                        6: "deleted in NetSuite", 7: "partly shipped", 8: "pending fulfillment", 9: "shipped",
                    ])
                    // The first state, what was shown before the stop, and one for all that happened meanwhile.
                    try await eventually("one message for each") {
                        desk.orders.indices.allSatisfy { number in
                            states.events(of: desk.orders[number].id) == [0: 3, 8: 1][number, default: 2]
                        }
                    }
                }
            }
        }
    }

    /// Ten minutes of a busy warehouse; a minute between the changes.
    @Loop
    private static func afternoon(_ desk: WatchDesk) async throws {
        func minute() async throws {
            try await desk.stack.netSuite.control.patch("/clock", ["advanceSeconds": 60])
        }
        try await desk.ship(desk.orders[0], 1, tracking: "1Z0B")
        for order in [1, 2, 3] { try await desk.ship(desk.orders[order], order == 3 ? 2 : 5, tracking: "1Z\(order)") }
        try await minute()
        try await desk.ship(desk.orders[0], 2, tracking: "1Z0C")
        try await minute()
        for order in [1, 2, 3] { try await desk.act(desk.orders[order], "bill") }
        for _ in 0..<3 { try await minute() }
        try await desk.pay(desk.orders[2])
        try await desk.act(desk.orders[4], "cancel")
        try await minute()
        try await desk.act(desk.orders[5], "close")
        try await minute()
        try await desk.stack.netSuite.control.delete("/orders/\(desk.orders[6].netSuiteId)")
        try await desk.ship(desk.orders[7], 4, tracking: "1Z7")
        for _ in 0..<3 { try await minute() }
        try await desk.ship(desk.orders[9], 5, tracking: "1Z9")
    }

    @Test(
        "a thousand orders with one stamp, a change committed late, NetSuite slow and throttling: nothing is left out")
    func thousandWithOneStamp() async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with { stack in
                // Their stamp is one whatever the time that they take, and whatever precision NetSuite shows.
                try await stack.netSuite.control.patch("/clock", ["rate": 0])
                stack.environment["LEADER_LEASE_SECONDS"] = "3"
                let desk = WatchDesk(stack)
                try await desk.add(1_003)
                let states = try PublishedStates(stack, Topic.orderProgressed.name)
                try await stack.netSuite.control.patch("/clock", ["rate": 1])
                _ = try stack.start(.statusFeedback)
                try await desk.untilShown(desk.orders, "pending fulfillment", within: .seconds(60))

                // Behind the mark by now, inside the overlap.
                try await stack.netSuite.control.patch("/clock", ["advanceSeconds": 200])
                try await desk.ship(desk.orders[0], 5, tracking: "1Z0")
                try await desk.untilShown([0: "shipped"])
                let late = try await desk.netSuiteTime().minus(seconds: 100).soqlText
                try await desk.ship(desk.orders[1], 5, tracking: "1Z1", at: late)
                try await desk.untilShown([1: "shipped"])

                // Each answer takes longer than the service waits for one, then every other one is refused.
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 2_500])
                try await desk.ship(desk.orders[2], 5, tracking: "1Z2")
                let asked = try await desk.requests()
                try await eventually("requests are given up, and made again") {
                    try await desk.requests() >= asked + 2
                }
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 300])
                try await stack.netSuite.control.post(
                    "/faults",
                    [
                        "kind": "throttled", "times": nil,
                        "probability": .number(JSONNumber(text: "0.5") ?? JSONNumber(1)), "seed": 7,
                    ])
                try await desk.ship(desk.orders[3], 5, tracking: "1Z3")
                try await desk.untilShown([2: "shipped", 3: "shipped"], within: .seconds(45))
                try await stack.netSuite.control.delete("/faults")

                let problems = states.problems(keys: desk.orders.map(\.id))
                #expect(problems.isEmpty, "\(problems.prefix(5))")
                let told = desk.orders.map { states.events(of: $0.id) }
                #expect(told.prefix(4).allSatisfy { $0 == 2 } && told.dropFirst(4).allSatisfy { $0 == 1 })
                let letters = try await stack.query("select 1 from dead_letters").count
                #expect(letters == 0)
                await states.close()
            }
        }
    }

    @Test("both changes of the clocks in the account's zone: changes before, within and after are shown, each once")
    func daylightSaving() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                // Clocks go back from 2:00 PDT to 1:00 PST at 9:00 UTC: the hour from 1:00 comes twice.
                try await Self.watch(stack, orders: 8, from: "2026-11-01T08:20:00Z") { desk, states in
                    var feedback = try stack.start(.statusFeedback)
                    try await desk.untilShown(desk.orders, "pending fulfillment")
                    for (number, instant) in [(0, "2026-11-01T08:30:00Z"), (1, "2026-11-01T08:58:00Z")] {
                        try await desk.setClock(instant)
                        try await desk.ship(desk.orders[number], 5, tracking: "1Z\(number)")
                    }
                    try await desk.untilShown([0: "shipped", 1: "shipped"])
                    // In local time half an hour before the last change.
                    try await desk.setClock("2026-11-01T09:28:00Z")
                    try await desk.ship(desk.orders[2], 5, tracking: "1Z2")
                    try await desk.untilShown([2: "shipped"])
                    // And while it is stopped, from before the hour's second end to after it.
                    #expect(await feedback.stop() == 0)
                    try await desk.setClock("2026-11-01T09:50:00Z")
                    try await desk.ship(desk.orders[3], 5, tracking: "1Z3")
                    try await desk.setClock("2026-11-01T10:20:00Z")
                    try await desk.ship(desk.orders[4], 5, tracking: "1Z4")
                    feedback = try stack.start(.statusFeedback)
                    try await desk.untilShown([3: "shipped", 4: "shipped"])

                    // Clocks go forward from 2:00 PST to 3:00 PDT at 10:00 UTC.
                    try await desk.setClock("2027-03-14T09:58:00Z")
                    try await desk.ship(desk.orders[5], 5, tracking: "1Z5")
                    try await desk.untilShown([5: "shipped"])
                    try await desk.setClock("2027-03-14T10:02:00Z")
                    try await desk.ship(desk.orders[6], 5, tracking: "1Z6")
                    try await desk.untilShown([6: "shipped"])
                    #expect(desk.orders.prefix(7).allSatisfy { states.events(of: $0.id) == 2 })
                    #expect(states.events(of: desk.orders[7].id) == 1)
                }
            }
        }
    }
}
