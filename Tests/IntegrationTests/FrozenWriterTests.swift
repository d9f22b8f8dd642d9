import Contracts
import EventLoop
import Glibc
import JSONText
import Kafka
import Postgres
import TestSupport
import Testing

/// A writer that stands still and goes on later, as a paused machine does: it must not act on what it believed before.
@Suite("Frozen writers")
struct FrozenWriterTests {
    @Test(
        "a writer frozen in a request, beyond its lease and its session, changes nothing when it goes on",
        arguments: KafkaBrokerKind.available)
    func fenced(broker: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(150)) {
            try await ServiceStack.with(broker, partitionCount: 2) { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                // So that claimed orders wait behind the one that is under way.
                stack.environment["NETSUITE_CONCURRENCY"] = "1"
                stack.environment["UNKNOWN_CHANGE_WAIT_SECONDS"] = "1"
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 600])
                let flow = try OrderFlow(stack)
                let writers = try await pair(stack, flow)
                try await shortFreeze(of: writers.late, flow)

                try await freezeInRequest(writers.late, flow)
                // The other one waits for the session, then for the leases of what the frozen one had begun.
                try await flow.untilAllSettled(within: .seconds(60))
                let settled = Set(flow.sent.keys.map { "SF-\($0)" })
                let committed = try await Self.committedOffsets(stack)
                let before = try await flow.requests(by: writers.late.process.id).count

                let revocations = writers.late.revocationCount
                writers.late.process.send(signal: SIGCONT)
                try await writers.late.untilLogged("partitions revoked", times: revocations + 1)
                try await writers.late.untilReady()
                try await writers.other.untilReady()
                _ = try await flow.sendToEachPartition(of: 2)
                try await flow.untilAllSettled(within: .seconds(30))

                let later = try await flow.requests(by: writers.late.process.id).dropFirst(before)
                let late = later.filter { $0.externalId.map(settled.contains) == true && $0["method"]?.string != "GET" }
                #expect(late.count <= 1, "more than one late request: \(late)")
                #expect(late.allSatisfy { $0["applied"]?.bool != true }, "a late request had an effect: \(late)")
                let problems = try await flow.problems()
                #expect(problems.isEmpty, "\(problems)")
                let settledTwice = try await stack.query(
                    "select order_id from settlements group by order_id, version having count(*) > 1")
                #expect(settledTwice.isEmpty)
                for (partition, offset) in try await Self.committedOffsets(stack) {
                    #expect(offset >= committed[partition] ?? 0, "the offset of \(partition) went back")
                }
                await flow.close()
            }
        }
    }

    @Test("a change that may have come behind its next holder's has its order sent afresh")
    func lateChange() async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with(partitionCount: 2) { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                stack.environment["UNKNOWN_CHANGE_WAIT_SECONDS"] = "1"
                try await stack.netSuite.control.patch("/settings", ["latencyMilliseconds": 600])
                let flow = try OrderFlow(stack)
                let writers = try await pair(stack, flow)
                try await flow.untilAllSettled(within: .seconds(20))
                for number in 1...flow.sent.count { try await flow.sendNextVersion(of: number) }
                try await freeze(writers.late, whileWorkingOn: "PATCH", flow)
                try await flow.untilAllSettled(within: .seconds(40))
                writers.late.process.send(signal: SIGCONT)
                try await eventually("the order is to be sent afresh", within: .seconds(20)) {
                    let requests = try await stack.query("select requested_by from publish_requests")
                    return try requests.contains { try $0.string("requested_by").hasPrefix("netsuite-writer") }
                }
                await flow.close()
            }
        }
    }

    @Test("a writer whose only thread is stuck ends itself, and another one takes its orders")
    func watchdog() async throws {
        try await onLoop(within: .seconds(90)) {
            try await ServiceStack.with(.embedded, partitionCount: 2) { stack in
                stack.environment["NETSUITE_REQUEST_SECONDS"] = "1"
                let flow = try OrderFlow(stack)
                let stuck = try stack.start(
                    .netSuiteWriter,
                    with: ["CROSSDOCK_CRASH_POINT": "stuck@\(try OrderMessage.id("801", 1))", "WATCHDOG_SECONDS": "5"])
                try await stuck.untilReady()
                let sent = MonotonicInstant.now
                for _ in 1...4 { try await flow.sendOrder() }
                let status = await stuck.process.waitForExit(within: .seconds(15))
                #expect(status == 70, "\(stuck.tail)")
                #expect(MonotonicInstant.now - sent > .seconds(4), "it ended too early")
                #expect(stuck.log.contains("the event loop has stood still for 5 s"))
                _ = try stack.start(.netSuiteWriter)
                try await flow.untilAllSettled(within: .seconds(40))
                let problems = try await flow.problems()
                #expect(problems.isEmpty, "\(problems)")
                await flow.close()
            }
        }
    }

    /// Two writers with a partition each.
    @Loop
    private func pair(
        _ stack: ServiceStack, _ flow: OrderFlow
    ) async throws -> (late: ServiceProcess, other: ServiceProcess) {
        let fleet = WriterFleet(stack, flow)
        try await fleet.start(2)
        for writer in fleet.writers { try await writer.untilLogged("count=1") }
        // Both know NetSuite's token before anything freezes.
        try await flow.untilWritten(try await flow.sendToEachPartition(of: 2), within: .seconds(20))
        return (fleet.writers[0], fleet.writers[1])
    }

    /// Shorter than lease and session: nobody notices, and the answer that came meanwhile is taken.
    @Loop
    private func shortFreeze(of writer: ServiceProcess, _ flow: OrderFlow) async throws {
        let revocations = writer.revocationCount
        try await freezeInRequest(writer, flow)
        try await eventually("NetSuite has answered to the frozen writer") {
            try await flow.requests(by: writer.process.id).allSatisfy { $0["status"]?.number != nil }
        }
        writer.process.send(signal: SIGCONT)
        try await flow.untilAllSettled(within: .seconds(20))
        #expect(writer.revocationCount == revocations, "a short freeze cost a rebalance")
    }

    /// Sends orders and freezes the writer while NetSuite works on a create of one of them.
    @Loop
    private func freezeInRequest(_ writer: ServiceProcess, _ flow: OrderFlow) async throws {
        for _ in 0..<3 { _ = try await flow.sendToEachPartition(of: 2) }
        try await freeze(writer, whileWorkingOn: "POST", flow)
    }

    @Loop
    private func freeze(_ writer: ServiceProcess, whileWorkingOn method: String, _ flow: OrderFlow) async throws {
        try await eventually("NetSuite works on a \(method) of the writer's") {
            try await flow.requests(by: writer.process.id).contains {
                $0["status"]?.number == nil && $0["method"]?.string == method
                    && $0["path"]?.string?.contains("/salesOrder") == true
            }
        }
        try await writer.process.freeze()
    }

    @Loop
    private static func committedOffsets(_ stack: ServiceStack) async throws -> [TopicPartition: Int64] {
        let observer = try KafkaConsumer(
            configuration: KafkaConsumerConfiguration(
                connection: stack.broker.connection(), groupId: Service.netSuiteWriter.rawValue), logger: .silent)
        let partitions = [0, 1].map { TopicPartition(topic: Topic.orderSubmitted.name, partition: $0) }
        let offsets = try await observer.committedOffsets(of: partitions, within: .seconds(10))
        await observer.close(within: .seconds(1))
        return offsets
    }
}

extension JSONValue {
    fileprivate var externalId: String? { self["externalId"]?.string }
}

extension ServiceProcess {
    /// How often partitions were taken from it.
    fileprivate var revocationCount: Int { occurrences(of: "partitions revoked") }

    private func occurrences(of text: String) -> Int {
        log.split(separator: "\n").count { $0.contains(text) }
    }

    /// Waits until so many lines of its log hold this text.
    fileprivate func untilLogged(_ text: String, times: Int) async throws {
        try await eventually("\(service) logs \(text) \(times) times", within: .seconds(30)) {
            self.occurrences(of: text) >= times
        }
    }
}
