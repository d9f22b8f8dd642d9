import EventLoop
import Foundation
import Glibc
import JSONText
import Postgres
import TestSupport
import Testing

/// Processes that end where they stand: nothing is lost and nothing doubled.
@Suite("Kills")
struct KillTests {
    /// Each costs a re-join of the group, six seconds on the embedded broker; raise it for a long run.
    private static let writerKills =
        ProcessInfo.processInfo.environment["CROSSDOCK_WRITER_KILLS"].flatMap { Int($0) } ?? 3

    /// Apache Kafka keeps a killed member for twelve seconds: `CROSSDOCK_KILL_BROKER=real` runs it there.
    private static let broker =
        ProcessInfo.processInfo.environment["CROSSDOCK_KILL_BROKER"].flatMap(KafkaBrokerKind.init) ?? .embedded

    @Test("each order is written once and shown, however often the services are killed", .timeLimit(.minutes(10)))
    func exactlyOnce() async throws {
        let kills = Self.writerKills
        try await onLoop(within: .seconds(60 + 20 * kills)) {
            try await ServiceStack.with(Self.broker) { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                stack.environment["UNKNOWN_CHANGE_WAIT_SECONDS"] = "1"
                // Long enough that kills meet requests under way.
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 100])
                let desk = OrderDesk(stack)
                try await desk.addAccounts(8)
                try await desk.addOrders(40)
                var running = try Service.ofOrders.map { try stack.start($0) }
                for number in 1...kills {
                    try await workGoesOn(desk, stack)
                    try await kill(.netSuiteWriter, of: &running, stack)
                    if number == kills {
                        try await kill(.statusFeedback, of: &running, stack)
                        try await kill(.orderPublisher, of: &running, stack)
                    }
                    try await desk.addOrders(6)
                }
                try await desk.untilAllShown(within: .seconds(40))
                let problems = try await desk.problems()
                #expect(problems.isEmpty, "\(problems)")
            }
        }
    }

    /// Lets the writer come a random way before it is killed.
    @Loop
    private func workGoesOn(_ desk: OrderDesk, _ stack: ServiceStack) async throws {
        let goal = min(try await stack.salesOrders().count + Int.random(in: 1...6), desk.orders.count)
        try await eventually("the writer goes on", within: .seconds(30)) {
            try await stack.salesOrders().count >= goal
        }
    }

    @Loop
    private func kill(_ victim: Service, of running: inout [ServiceProcess], _ stack: ServiceStack) async throws {
        guard let place = running.firstIndex(where: { $0.service == victim }) else { return }
        await running[place].killHard()
        // A dead holder's leases end by themselves, after up to two minutes; the test does not wait for them.
        switch victim {
        case .netSuiteWriter:
            _ = try await stack.query("update orders set lease_until = clock_timestamp() where holder is not null")
        case .statusFeedback:
            _ = try await stack.query(
                "update feedback set lease_until = clock_timestamp() - interval '60 s' where holder is not null")
        case .orderPublisher, .inventoryPoller:
            _ = try await stack.query("update leaders set lease_until = clock_timestamp()")
        }
        running[place] = try stack.start(victim)
    }

    @Test("a second publisher stands by and takes over after a kill of the first")
    func publisherTakesOver() async throws {
        try await onLoop(within: .seconds(60)) {
            try await ServiceStack.with { stack in
                let first = try stack.start(.orderPublisher)
                try await first.untilLogged("leading")
                let second = try stack.start(.orderPublisher)
                try await second.untilLogged("standing by")
                let isReady = await second.readiness()?.status == 200
                #expect(isReady, "one that stands by is ready to take over")
                await first.killHard()
                let killed = MonotonicInstant.now
                let desk = OrderDesk(stack)
                try await desk.addAccounts(1)
                try await desk.addOrders(1)
                try await second.untilLogged("leading", within: .seconds(15))
                try await second.untilLogged("order published", within: .seconds(15) - (MonotonicInstant.now - killed))
                let published = try await stack.query("select count(*) as n from publications").first?.int64("n")
                #expect(published == 1)
            }
        }
    }
}
