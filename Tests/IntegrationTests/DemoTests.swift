import Contracts
import EventLoop
import Foundation
import TestSupport
import Testing

/// The demo end to end: everything as separate processes, a day played, both systems compared.
@Suite("The demo")
struct DemoTests {
    /// The folder of the executables: the one this test program stands in, unless the environment names another.
    static let binaries =
        ProcessInfo.processInfo.environment["CROSSDOCK_BINARIES"]
        ?? URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path

    @Test(
        "a day with all that goes wrong: each order written once, its progress shown, equal in both systems",
        .timeLimit(.minutes(5)),
        arguments: KafkaBrokerKind.available)
    func dayHolds(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(240)) {
            // The demo starts the embedded broker itself.
            let kafka = kind == .real ? try await KafkaBroker.start(.real, topics: ServiceEnvironment.topics) : nil
            let words = kafka.map { ["--kafka", $0.bootstrapServers] } ?? []
            let demo = ForeignProgram.packageFolder.appendingPathComponent("deploy/demo/crossdock-demo").path
            let result = try await EventLoop.shared.runOnHelperThread {
                Result {
                    try ForeignProgram.run("/usr/bin/python3", [demo, "demo", "--binaries", Self.binaries] + words)
                }
            }
            await kafka?.stop()
            let ending = try result.get()
            #expect(ending.status == 0, "\(ending.output)")
            #expect(ending.output.contains("each order exactly once: 25 of 25"), "\(ending.output)")
            #expect(ending.output.contains("every line's quantity, price and amount equal"))
            #expect(ending.output.contains("every dead letter closed: resolved and superseded"))
            #expect(ending.output.contains("tracking numbers, invoices and amounts of 25 orders are what"))
            #expect(ending.output.contains("from a fulfilment in NetSuite to its tracking number in Salesforce: p50"))
            #expect(ending.output.contains("across the kill of the leading watch: another led after"))
            #expect(!ending.output.contains("FAILED"))
        }
    }

    @Test(
        "the demo's checks find each kind of difference", arguments: [("test_checker.py", 4), ("test_evening.py", 5)])
    func checksFindDifferences(file: String, tests: Int) throws {
        let test = ForeignProgram.packageFolder.appendingPathComponent("deploy/demo/\(file)").path
        let ending = try ForeignProgram.run("/usr/bin/python3", [test])
        #expect(ending.status == 0, "\(ending.output)")
        #expect(ending.output.contains("Ran \(tests) tests"))
    }
}
