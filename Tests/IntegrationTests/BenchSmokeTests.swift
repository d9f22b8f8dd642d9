import EventLoop
import Foundation
import TestSupport
import Testing

/// `make bench-smoke`: the bench of netsuite-writer in small, for its checks and not for its figures.
@Suite("Bench in small")
struct BenchSmokeTests {
    private static let folder = ForeignProgram.packageFolder.appendingPathComponent("Tests/Bench")

    @Test(
        "2,000 orders, some twice, and a slow NetSuite of five slots: each order once, and nothing left",
        .timeLimit(.minutes(5)),
        arguments: KafkaBrokerKind.available)
    func everyCheckHolds(kind: KafkaBrokerKind) async throws {
        try await onLoop(within: .seconds(280)) {
            let ending = try await EventLoop.shared.runOnHelperThread {
                Result {
                    try ForeignProgram.run(
                        "/usr/bin/python3",
                        [
                            Self.folder.appendingPathComponent("crossdock-bench").path, "--smoke", "--broker",
                            kind.rawValue, "--binaries", DemoTests.binaries,
                        ])
                }
            }.get()
            #expect(ending.status == 0, "\(ending.output)")
            #expect(ending.output.contains("every check held: 2,200 orders"), "\(ending.output)")
        }
    }

    @Test("the check names each thing that is wrong, and the table says what was measured")
    func checkAndTable() throws {
        let ending = try ForeignProgram.run(
            "/usr/bin/python3", [Self.folder.appendingPathComponent("test_bench.py").path])
        #expect(ending.status == 0, "\(ending.output)")
        #expect(ending.output.contains("Ran 10 tests"), "\(ending.output)")
    }
}
