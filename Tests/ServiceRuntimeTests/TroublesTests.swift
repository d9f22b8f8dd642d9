import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("Troubles")
struct TroublesTests {
    @Test("five different orders that fail one after the other are the system's trouble, four or one alone are not")
    func widespread() async throws {
        try await onLoop {
            let health = Health()
            let troubles = Troubles(health: health, metrics: MetricsRegistry(), logger: .silent)
            let stuck = Trouble(.order, "status 500", suspecting: .netSuite)
            for _ in 0..<10 { troubles.note(stuck, of: [1]) }
            for key in UInt8(2)...4 { troubles.note(stuck, of: [key]) }
            #expect(!troubles.isWidespread(.netSuite))
            #expect(troubles.isClear)
            troubles.note(stuck, of: [5])
            #expect(troubles.isWidespread(.netSuite))
            #expect(!troubles.isClear)
            #expect(health.notReady.map(\.reason) == ["status 500"])
            troubles.clear(.netSuite)
            #expect(!troubles.isWidespread(.netSuite))
            #expect(health.notReady.isEmpty)
        }
    }
}
