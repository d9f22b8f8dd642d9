import Contracts
import JSONText
import TestSupport
import Testing

@Suite("A settlement is read strictly and written exactly")
struct SettlementTests {
    @Test("what is written reads back")
    func roundTrip() throws {
        let settlement = try Samples.settlement()
        #expect(try Settlement.decode(settlement.encode()) == settlement)
        let least = Settlement(
            orderId: settlement.orderId, sequence: 1, outcome: .superseded, settledAt: settlement.settledAt)
        #expect(try Settlement.decode(least.encode()) == least)
    }

    @Test(
        "a bad field is refused with its path",
        arguments: [
            (#"{"sequence":0}"#, "sequence"), (#"{"outcome":"gone"}"#, "outcome"),
            (#"{"settledAt":"now"}"#, "settledAt"),
            (#"{"netSuite":{"state":"Pending Fulfillment"}}"#, "netSuite.state"),
            (#"{"netSuite":{"total":"1.2.3"}}"#, "netSuite.total"), (#"{"letter":{"class":"odd"}}"#, "letter.class"),
            (#"{"letter":{"id":"1","class":"refused"}}"#, "letter.sentence"), (#"{"outcome":"written"}"#, "orderId"),
        ])
    func badFields(_ text: String, _ path: String) throws {
        let error = try caught(ContractError.self) { try Settlement.decode(Array(text.utf8)) }
        #expect(error.path == path)
    }

    @Test("each of NetSuite's status letters has its state", arguments: ["A", "B", "C", "D", "E", "F", "G", "H"])
    func statusLetters(_ letter: String) {
        #expect(OrderState(netSuiteStatus: letter) != nil)
        #expect(OrderState(netSuiteStatus: "SalesOrd:\(letter)") == OrderState(netSuiteStatus: letter))
    }

    @Test("a letter that is no status has no state", arguments: ["", "Y", "b", "Pending Fulfillment"])
    func unknownLetters(_ letter: String) {
        #expect(OrderState(netSuiteStatus: letter) == nil)
    }

    @Test("each class has a sentence that says what to do", arguments: DeadLetterClass.allCases)
    func sentences(_ letterClass: DeadLetterClass) {
        #expect(letterClass.sentence.hasSuffix(".") && letterClass.sentence.utf8.count < 255)
    }
}
