import EventLoop
import Foundation
import JSONText
import Postgres
import TestSupport
import Testing

/// Several writers on one topic: they share the orders, hand them over, and none is lost, doubled or turned round.
@Suite("Many writers")
struct ManyWritersTests {
    /// How many of the six are replaced in this way: a few, unless `CROSSDOCK_REPLACED_WRITERS` says how many. A kill
    /// costs the session's six seconds, and every change as much again on the embedded broker.
    private static func replacements(by end: WriterFleet.End, on broker: KafkaBrokerKind) -> Int {
        ProcessInfo.processInfo.environment["CROSSDOCK_REPLACED_WRITERS"].flatMap { Int($0) }
            ?? (broker == .real ? (end == .asked ? 6 : 2) : (end == .asked ? 0 : 1))
    }

    /// The embedded broker lets a group re-join only after its session timeout, twice when one leaves as one joins.
    private static func limit(on broker: KafkaBrokerKind) -> Duration {
        broker == .real ? .seconds(10) : .seconds(25)
    }

    @Test(
        "six writers are replaced one by one under load: each order once, and flow again in time",
        .timeLimit(.minutes(10)), arguments: KafkaBrokerKind.available)
    func replacedOneByOne(broker: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(400)) {
            try await ServiceStack.with(broker, partitionCount: 6) { stack in
                stack.environment["NETSUITE_CONCURRENCY"] = "3"
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                stack.environment["UNKNOWN_CHANGE_WAIT_SECONDS"] = "1"
                stack.environment["LOG_LEVEL"] = "info"
                try await stack.netSuite.control.patch(
                    "/settings", ["latencyMilliseconds": 60, "concurrencyLimit": 18])
                let flow = try OrderFlow(stack)
                let fleet = WriterFleet(stack, flow)
                try await fleet.start(6)
                flow.start(every: .milliseconds(120))
                // The killed ones first: their leases end while the others are replaced.
                for end in [WriterFleet.End.killed, .asked] {
                    for number in 0..<Self.replacements(by: end, on: broker) {
                        let took = try await fleet.replaceOldest(
                            by: end, partitionCount: 6, within: Self.limit(on: broker))
                        print(
                            "\(broker): writer \(number + 1) replaced after \(end): flow after \(took.inMilliseconds) ms"
                        )
                    }
                }
                await flow.rest()
                // What a killed writer had claimed waits for its lease.
                try await flow.untilAllSettled(within: .seconds(60))
                let problems = try await flow.problems()
                #expect(problems.isEmpty, "\(problems)")
                await flow.close()
            }
        }
    }

    @Test("one writer keeps NetSuite busy with the orders of one partition, and waits for another's lease alone")
    func busyBeyondPartitions() async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with(.embedded, partitionCount: 1) { stack in
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 150])
                let flow = try OrderFlow(stack)
                let writer = try stack.start(.netSuiteWriter)
                try await writer.untilReady()
                // The very first order is another's, that has told nobody how far it came.
                let leased = try OrderMessage.id("801", 1)
                _ = try await stack.query(
                    """
                    insert into orders (order_id, holder, fence, lease_until)
                    values (\(leased), 'another process', 7, clock_timestamp() + interval '9 s')
                    """)
                for number in 1...30 {
                    try await flow.sendOrder()
                    if number % 10 == 5 { try await flow.sendNextVersion(of: number) }
                }
                try await flow.untilAllSettled(within: .seconds(8), but: [leased])
                let early = try await stack.query(
                    "select lease_until > clock_timestamp() as early from orders where holder = 'another process'")
                #expect(try early.first?.bool("early") == true, "the others took longer than the lease")
                let before = try await flow.requests(of: leased)
                #expect(before.isEmpty, "another's order was touched: \(before)")
                try await flow.untilAllSettled(within: .seconds(20))
                let problems = try await flow.problems()
                #expect(problems.isEmpty, "\(problems)")
                let most = try await stack.netSuite.control.get("/journal")["mostAtOnce"]?.number?.text
                #expect(most == "5", "most at once: \(most ?? "nothing")")
                await flow.close()
            }
        }
    }
}
