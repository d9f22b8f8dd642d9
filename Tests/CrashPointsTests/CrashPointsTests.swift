import Testing

@testable import CrashPoints

@Suite("Crash points")
struct CrashPointsTests {
    @Test(
        "a name, a passing and an order are read",
        arguments: [
            ("t0-sent", "t0-sent", 1, nil), ("t0-sent:3", "t0-sent", 3, nil),
            ("poison@8010000000000AAAAA", "poison", 1, "8010000000000AAAAA"),
        ] as [(String, String, Int, String?)])
    func requestsAreRead(text: String, name: String, hit: Int, orderId: String?) {
        let armed = CrashPoint.Armed(text)
        #expect(armed?.name == name)
        #expect(armed?.hit == hit)
        #expect(armed?.orderId == orderId)
    }

    @Test(
        "what names no crash point asks for nothing",
        arguments: ["", "t0", "t0-sent:", "t0-sent:0", "t0-sent:x", "t0-sent@801", "poison", "poison@", "poison:1"])
    func othersAreRefused(text: String) {
        #expect(CrashPoint.Armed(text) == nil)
    }

    @Test("no name is there twice")
    func namesDiffer() {
        #expect(Set(CrashPoint.names).count == CrashPoint.names.count)
    }
}
