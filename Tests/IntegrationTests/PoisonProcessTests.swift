import EventLoop
import Foundation
import Glibc
import JSONText
import Postgres
import TestSupport
import Testing

/// A message that ends the process, among good ones; and a writer that others end.
@Suite("Messages that end the process")
struct PoisonProcessTests {
    /// Each costs a re-join of the group; raise it for a long run.
    private static let kills =
        ProcessInfo.processInfo.environment["CROSSDOCK_OUTSIDE_KILLS"].flatMap { Int($0) } ?? 0

    @Test(
        "it becomes a letter with its bytes after five ends alone, the others flow, and kills from outside make no letter",
        .timeLimit(.minutes(10)))
    func poison() async throws {
        let kills = Self.kills
        try await onLoop(within: .seconds(150 + 15 * kills)) {
            try await ServiceStack.with { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 100])
                let desk = OrderDesk(stack)
                try await desk.addAccounts(4)
                let around = [try stack.start(.orderPublisher), try stack.start(.statusFeedback)]
                for service in around { try await service.untilReady() }
                for _ in 0..<kills {
                    try await desk.addOrders(4)
                    try await killAtWork(desk, stack)
                }
                let innocent = try await letters(stack)
                #expect(innocent.isEmpty, "a kill from outside made a letter")

                try await desk.addOrders(12)
                let poison = desk.orders[desk.orders.count - 6]
                let bytes = try await publishedBytes(of: poison, stack)
                let deaths = try await startUntilLetter(poison, stack)
                // Nobody could know at the first end, unless there had been a kill before; then one beside others, five alone.
                #expect(deaths == (kills == 0 ? 7 : 6))

                try await eventually("all others are written and shown", within: .seconds(40)) {
                    try await desk.shownCount() == desk.orders.count - 1
                }
                let found = try await letters(stack)
                #expect(found.map(\.orderId) == [poison])
                #expect(found.first?.letterClass == "poison")
                #expect(found.first?.value == bytes, "the letter has other bytes than the message")
                try await eventually("Salesforce says so") {
                    let orders = try await stack.salesforce.control.get("/orders")["orders"]?.array ?? []
                    let shown = orders.first { $0["id"]?.string == poison }
                    return shown?["netSuite"]?["NetSuite_Status__c"]?.string == "needs attention"
                }
                try await eventually("it is no suspect any more") {
                    let rows = try await stack.query(
                        """
                        select 1 from poison_suspects join dead_letters
                            using (cluster_id, topic, partition, message_offset)
                        """)
                    return rows.isEmpty
                }
                let problems = try await desk.problems()
                #expect(problems.count == 2, "the poison order is not in NetSuite and has a letter: \(problems)")
            }
        }
    }

    /// Starts the writer and kills it when it has written something more.
    @Loop
    private func killAtWork(_ desk: OrderDesk, _ stack: ServiceStack) async throws {
        let goal = min(try await stack.salesOrders().count + 1, desk.orders.count)
        let writer = try stack.start(.netSuiteWriter)
        try await eventually("the writer goes on", within: .seconds(30)) {
            try await stack.salesOrders().count >= goal
        }
        await writer.killHard()
        try await endLeases(stack)
    }

    /// A dead holder's leases end by themselves; the test does not wait for them.
    @Loop
    private func endLeases(_ stack: ServiceStack) async throws {
        _ = try await stack.query("update orders set lease_until = clock_timestamp() where holder is not null")
    }

    /// Starts a writer that the poison ends, as a supervisor would, until there is a letter; returns how often it ended.
    @Loop
    private func startUntilLetter(_ poison: String, _ stack: ServiceStack) async throws -> Int {
        for deaths in 0..<12 {
            let writer = try stack.start(
                .netSuiteWriter, with: ["CROSSDOCK_CRASH_POINT": "poison@\(poison)"])
            try await eventually("it ends, or there is a letter", within: .seconds(30)) {
                if !writer.process.isRunning { return true }
                return try await letters(stack).count > 0
            }
            if writer.process.isRunning { return deaths }
            try await endLeases(stack)
        }
        return .max
    }

    @Loop
    private func publishedBytes(of order: String, _ stack: ServiceStack) async throws -> [UInt8] {
        try await eventually("it is published") { try await payload(of: order, stack) != nil }
        return try #require(try await payload(of: order, stack))
    }

    @Loop
    private func payload(of order: String, _ stack: ServiceStack) async throws -> [UInt8]? {
        try await stack.query("select payload from publications where order_id = \(order)").first?
            .optionalBytes("payload")
    }

    private struct Letter {
        let orderId: String?
        let letterClass: String
        let value: [UInt8]?
    }

    @Loop
    private func letters(_ stack: ServiceStack) async throws -> [Letter] {
        try await stack.query(
            "select order_id, class, value from dead_letters left join dead_letter_messages using (letter_id)"
        ).map { row in
            Letter(
                orderId: try row.optionalString("order_id"), letterClass: try row.string("class"),
                value: try row.optionalBytes("value"))
        }
    }
}
