import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// NetSuite away while many orders come: what the writers ask of it meanwhile, and how they come back.
@Suite("NetSuite away under load")
struct LoadedOutageTests {
    struct Outage: Sendable, CustomStringConvertible {
        let description: String
        let fault: JSONValue
        /// Requests of one attempt at an order.
        let requestsOfProbe: Int
        /// Numbers of tries that must not be reached. A second try may have been due before the outage; and until five
        /// orders have failed, each seems to be stuck by itself.
        let isCounted: ClosedRange<Int>
    }

    static let outages = [
        Outage(
            description: "nothing is answered but with 503", fault: ["kind": "unavailable", "times": .null],
            requestsOfProbe: 1, isCounted: 3...9),
        // Every order looks like one that is stuck; only together they show that it is NetSuite.
        Outage(
            description: "no order can be created, each is answered with 500",
            fault: ["kind": "server-error", "method": "POST", "path": "/salesOrder", "times": .null],
            requestsOfProbe: 4,
            isCounted: 5...9),
    ]

    @Test(
        "writers ask it once in two seconds each, count nothing against an order, and are back within 5 s without a burst"
    )
    func underLoad() async throws {
        try await onLoop(within: .seconds(180)) {
            try await ServiceStack.with(partitionCount: 6) { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "2"
                stack.environment["UNKNOWN_CHANGE_WAIT_SECONDS"] = "1"
                try await stack.netSuite.control.patch(
                    "/settings", ["latencyMilliseconds": 60, "concurrencyLimit": 10])
                let flow = try OrderFlow(stack)
                let fleet = WriterFleet(stack, flow)
                try await fleet.start(2)
                for outage in Self.outages {
                    flow.start(every: .milliseconds(50))
                    try await flow.untilWritten(try await flow.sendToEachPartition(of: 6), within: .seconds(20))
                    try await goAway(outage, stack, flow, fleet)
                    try await comeBack(stack, flow, fleet)
                    try await expectNobodyBlamed(outage, stack, flow, fleet)
                }
                await flow.close()
            }
        }
    }

    @Loop
    private func goAway(_ outage: Outage, _ stack: ServiceStack, _ flow: OrderFlow, _ fleet: WriterFleet) async throws {
        _ = try await stack.netSuite.control.post("/faults", outage.fault)
        for writer in fleet.writers { try await writer.untilNotReady(because: "NetSuite", within: .seconds(15)) }
        try await expectFewRequests(flow, outage, writers: fleet.writers.count)
        await flow.rest()
    }

    @Loop
    private func comeBack(_ stack: ServiceStack, _ flow: OrderFlow, _ fleet: WriterFleet) async throws {
        try await flow.look()
        let before = flow.createdAt.count
        try await stack.netSuite.control.delete("/faults")
        let back = MonotonicInstant.now
        try await eventually("orders are written again", within: .seconds(5)) {
            try await flow.look()
            return flow.createdAt.count > before
        }
        for writer in fleet.writers {
            let elapsed: Duration = MonotonicInstant.now - back
            try await writer.untilReady(within: Duration.seconds(5) - elapsed)
        }
        try await flow.untilAllSettled(within: .seconds(45))
    }

    /// After the first quick looks each process asks at most once in two seconds.
    @Loop
    private func expectFewRequests(_ flow: OrderFlow, _ outage: Outage, writers: Int) async throws {
        // The looks come less often with each; those of the first three seconds are more.
        let settled = MonotonicInstant.now + .seconds(4)
        try await eventually("the first looks are over") { MonotonicInstant.now >= settled }
        try await flow.look()
        let (first, start) = (flow.journal.count, MonotonicInstant.now)
        let probes = 3 * writers
        try await eventually("more probes have come", within: .seconds(30)) {
            try await flow.look()
            return flow.journal.count - first >= probes * outage.requestsOfProbe
        }
        let seconds: Double = (MonotonicInstant.now - start).inSeconds
        let rate = Double(flow.journal.count - first) / seconds
        let budget = Double(writers * outage.requestsOfProbe) / 2
        #expect(rate <= budget * 1.5, "\(rate) requests a second, \(budget) are allowed")
    }

    @Loop
    private func expectNobodyBlamed(
        _ outage: Outage, _ stack: ServiceStack, _ flow: OrderFlow, _ fleet: WriterFleet
    ) async throws {
        let problems = try await flow.problems()
        #expect(problems.isEmpty, "\(problems)")
        let held = try await stack.query("select count(*) as n from settlements where outcome = 'held'").first?
            .int64("n")
        #expect(held == 0)
        let most = try await stack.netSuite.control.get("/journal")["mostAtOnce"]?.number.map { $0.text }
        #expect(most.flatMap { Int($0) }.map { $0 <= 10 } == true, "\(most ?? "nothing") requests at once")
        // The fifth would be the last before an order is held.
        let tries = fleet.writers.flatMap { $0.log.split(separator: "\n") }.filter { line in
            line.contains("without a final outcome") && outage.isCounted.contains { line.contains("attempt=\($0)") }
        }
        #expect(tries.isEmpty, "tries were counted against orders: \(tries.prefix(3))")
    }
}
