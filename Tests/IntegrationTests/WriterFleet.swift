import EventLoop
import Glibc
import TestSupport

/// Writers that share the orders, and are replaced while these flow.
@Loop
final class WriterFleet {
    /// How a writer ends.
    enum End: String, Sendable, CustomStringConvertible {
        case asked = "SIGTERM"
        case killed = "SIGKILL"

        var description: String { rawValue }
    }

    private let stack: ServiceStack
    private let flow: OrderFlow
    private(set) var writers: [ServiceProcess] = []

    init(_ stack: ServiceStack, _ flow: OrderFlow) {
        self.stack = stack
        self.flow = flow
    }

    /// Starts writers and waits until they share the partitions.
    func start(_ count: Int) async throws {
        for _ in 0..<count { writers.append(try stack.start(.netSuiteWriter)) }
        for writer in writers { try await writer.untilReady(within: .seconds(40)) }
    }

    /// Ends the oldest writer and starts a new one at the same moment.
    ///
    /// - Returns: how long it took until orders that were sent from then on, one to each partition, were written.
    func replaceOldest(by end: End, partitionCount: Int, within limit: Duration) async throws -> Duration {
        let leaver = writers.removeFirst()
        let begun = MonotonicInstant.now
        leaver.process.send(signal: end == .asked ? SIGTERM : SIGKILL)
        writers.append(try stack.start(.netSuiteWriter))
        let probes = try await flow.sendToEachPartition(of: partitionCount)
        try await flow.untilWritten(probes, within: limit - (MonotonicInstant.now - begun))
        let took = MonotonicInstant.now - begun
        let status = await leaver.process.waitForExit(within: .seconds(5))
        if end == .asked, status != 0 {
            throw StackFailure(description: "a writer ended with \(status.map(String.init) ?? "nothing"), not 0")
        }
        return took
    }
}
