import EventLoop
import JSONText
import TestSupport
import Testing

/// Every fault of NetSuite's sandbox at each request of the writer, before the effect and after it.
@Suite("Faults of NetSuite")
struct FaultMatrixTests {
    @Test(
        "whichever fault hits whichever request, order and customer exist once, and no line is doubled",
        .timeLimit(.minutes(5)))
    func everyFaultAtEveryRequest() async throws {
        try await onLoop(within: .seconds(280)) {
            try await ServiceStack.with { stack in
                stack.environment.merge([
                    "NETSUITE_REQUEST_SECONDS": "1", "UNKNOWN_CHANGE_WAIT_SECONDS": "3", "HELD_RETRY_SECONDS": "1",
                    "NETSUITE_CONCURRENCY": "16",
                ]) { $1 }
                try await stack.netSuite.control.patch("/settings", ["concurrencyLimit": 100])
                // Each with a breaker of its own: what makes one of them wait lets the others go on.
                let writers = try (1...3).map { _ in try stack.start(.netSuiteWriter) }
                for writer in writers { try await writer.untilReady() }
                let matrix = try FaultMatrix(stack)
                try await matrix.strikeCreates()
                try await matrix.untilAllSettled(within: .seconds(90))
                try await matrix.strikeChanges()
                try await matrix.untilAllSettled(within: .seconds(90))
                try await matrix.strikeLate()
                try await matrix.untilAllSettled(within: .seconds(30))
                try await matrix.strikeLogins()
                try await matrix.untilQuiet()
                let problems = try await matrix.problems()
                #expect(problems.isEmpty, "\(problems.joined(separator: "\n"))")
                await matrix.close()
            }
        }
    }
}
