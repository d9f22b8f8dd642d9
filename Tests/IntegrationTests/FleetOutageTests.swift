import EventLoop
import Glibc
import JSONText
import TestSupport
import Testing

/// PostgreSQL and Kafka go away under several writers at work.
@Suite("Outages of a fleet")
struct FleetOutageTests {
    @Test(
        "three writers under load lose nothing and blame no order while PostgreSQL, then Kafka, is away",
        arguments: KafkaBrokerKind.available.suffix(1))
    func comesBack(broker: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with(broker, partitionCount: 6) { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                stack.environment["UNKNOWN_CHANGE_WAIT_SECONDS"] = "1"
                try await stack.netSuite.control.patch(
                    "/settings", ["latencyMilliseconds": 60, "concurrencyLimit": 15])
                let flow = try OrderFlow(stack)
                let fleet = WriterFleet(stack, flow)
                try await fleet.start(3)
                flow.start(every: .milliseconds(100))
                try await flow.untilWritten(try await flow.sendToEachPartition(of: 6), within: .seconds(20))

                await stack.cluster.stop(signal: SIGINT)
                for writer in fleet.writers { try await writer.untilNotReady(because: "PostgreSQL") }
                try await stack.cluster.restart()
                try await goesOn(fleet, flow, within: .seconds(10))

                stack.broker.freeze()
                for writer in fleet.writers { try await writer.untilNotReady(because: "Kafka", within: .seconds(25)) }
                stack.broker.thaw()
                try await goesOn(fleet, flow, within: .seconds(25))

                await flow.rest()
                try await flow.untilAllSettled(within: .seconds(45))
                let problems = try await flow.problems()
                #expect(problems.isEmpty, "\(problems)")
                await flow.close()
            }
        }
    }

    /// Orders flow again on every partition, and every writer says that it is ready.
    @Loop
    private func goesOn(_ fleet: WriterFleet, _ flow: OrderFlow, within limit: Duration) async throws {
        let back = MonotonicInstant.now
        try await flow.untilWritten(try await flow.sendToEachPartition(of: 6), within: limit)
        print("orders flow \((MonotonicInstant.now - back).inMilliseconds) ms after the system is back")
        for writer in fleet.writers { try await writer.untilReady() }
    }
}
