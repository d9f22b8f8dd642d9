import EventLoop
import Foundation
import TestSupport
import Testing

/// `make kills` in small: the services killed at each boundary of their work while orders flow, then every promise checked
/// by a program that shares no code with them.
@Suite("Kill campaign")
struct KillCampaignTests {
    private static let folder = ForeignProgram.packageFolder.appendingPathComponent("Tests/Kills")

    @Test(
        "killed twice at each boundary, on each broker, the services lose nothing and double nothing",
        .timeLimit(.minutes(15)))
    func everyBoundaryTwice() async throws {
        try await onLoop(within: .seconds(880)) {
            if let reason = KafkaBrokerKind.real.whyUnavailable { print("no kills on Apache Kafka: \(reason)") }
            // Side by side: each spends most of its time waiting for leases to end and groups to form.
            let campaigns = KafkaBrokerKind.available.map { kind in
                EventLoop.shared.start {
                    try await EventLoop.shared.runOnHelperThread { try Self.campaign(on: kind) }
                }
            }
            for campaign in campaigns {
                let ending = try await campaign.value
                #expect(ending.status == 0, "\(ending.output)")
                #expect(ending.output.contains("every promise held"), "\(ending.output)")
            }
        }
    }

    private static func campaign(on kind: KafkaBrokerKind) throws -> ForeignProgram.Ending {
        try ForeignProgram.run(
            "/usr/bin/python3",
            [
                folder.appendingPathComponent("crossdock-kills").path, "--rounds", "2", "--broker", kind.rawValue,
                // Three minutes on a machine of its own; beside the other half of the tests it may be twice that.
                "--binaries", DemoTests.binaries, "--seconds", "600",
            ])
    }

    @Test("the check names each broken promise")
    func checkNamesBrokenPromises() throws {
        let ending = try ForeignProgram.run(
            "/usr/bin/python3", [Self.folder.appendingPathComponent("test_promises.py").path])
        #expect(ending.status == 0, "\(ending.output)")
        #expect(ending.output.contains("Ran 6 tests"), "\(ending.output)")
    }
}
