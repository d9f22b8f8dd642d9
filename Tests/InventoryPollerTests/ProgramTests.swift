import TestSupport
import Testing

@Suite("inventory-poller as a process")
struct ProgramTests {
    @Test("a configuration that cannot work is named, status 78")
    func configuration() throws {
        let ending = try ForeignProgram.run(
            BuiltProduct.path("inventory-poller"), [], environment: ["NETSUITE_TIME_ZONE": "Los Angeles"])
        #expect(ending.status == 78)
        #expect(ending.output.contains("NETSUITE_TIME_ZONE"), "\(ending.output)")
    }
}
