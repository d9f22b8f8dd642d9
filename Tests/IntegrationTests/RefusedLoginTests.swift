import EventLoop
import Foundation
import JSONText
import Signing
import TestSupport
import Testing

@Suite("A writer that NetSuite does not let in")
struct RefusedLoginTests {
    @Test("restarted again and again it locks nobody, says until when, and goes on at once with mended settings")
    func restarts() async throws {
        try await onLoop(within: .seconds(120)) {
            try await ServiceStack.with { stack in
                for service in [Service.orderPublisher, .statusFeedback] { _ = try stack.start(service) }
                let desk = OrderDesk(stack)
                try await desk.addAccounts(1)
                try await desk.addOrders(2)
                let wrong = "\(stack.folder)/wrong-key.pem"
                try Data(PrivateKey.generateRSA(bits: 2_048).pem.utf8).write(to: URL(fileURLWithPath: wrong))
                for _ in 0..<3 {
                    let writer = try stack.start(.netSuiteWriter, with: ["NETSUITE_PRIVATE_KEY_FILE": wrong])
                    try await writer.untilNotReady(because: "the next try is at", within: .seconds(30))
                    #expect(await writer.stop() == 0)
                }
                let check = try ForeignProgram.run(
                    BuiltProduct.path("crossdock"), ["check", "--only", "netsuite"],
                    environment: stack.environment.merging(["NETSUITE_PRIVATE_KEY_FILE": wrong]) { _, given in given })
                #expect(check.status == 1 && check.output.contains("the next try is at"), "\(check.output)")
                let counts = try await stack.netSuite.control.get("/counts")
                #expect(counts["failedLogins"] == 3 && counts["isLocked"] == false, "\(counts.text())")
                let writer = try stack.start(.netSuiteWriter)
                try await desk.untilAllShown(within: .seconds(30))
                try await writer.untilReady()
                let problems = try await desk.problems()
                #expect(problems.isEmpty, "\(problems)")
            }
        }
    }
}
