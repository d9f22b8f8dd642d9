import Foundation
import JSONText
import Testing

@testable import SalesforceSandbox

@Suite("ids, times and numbers")
struct PureRuleTests {
    @Test(
        "an id of 15 characters gets the suffix that published ids have",
        arguments: [
            ("801Qk00000aBcDe", "801Qk00000aBcDeIAK"), ("000000000000000", "000000000000000AAA"),
            ("00DQk000000XyZa", "00DQk000000XyZaMAK"),
        ])
    func completes(fifteen: String, eighteen: String) {
        #expect(RecordId.read(fifteen) == .id(eighteen))
        #expect(RecordId.read(eighteen) == .id(eighteen))
    }

    @Test("a wrong suffix is told apart from what is no id")
    func refuses() {
        #expect(RecordId.read("801Qk00000aBcDeIAA") == .wrongSuffix)
        #expect(RecordId.read("801Qk00000aBcDeIA") == .notAnId)
        #expect(RecordId.read("801Qk00000aBc_e") == .notAnId)
    }

    @Test("ids made later sort later and carry their object's prefix")
    func rising() {
        let ids = (1...500).map { RecordId.make(prefix: "801", number: 11_230_000 + $0 * 37) }
        #expect(ids == ids.sorted { Array($0.utf8).lexicographicallyPrecedes(Array($1.utf8)) })
        #expect(Set(ids).count == 500)
        #expect(ids.allSatisfy { RecordId.read($0) == .id($0) && RecordId.prefix(of: $0) == "801" })
    }

    @Test(
        "instants are read in every form that the API takes, and written in its one form",
        arguments: [
            "2026-05-28T20:26:40Z", "2026-05-28T20:26:40.000Z", "2026-05-28T20:26:40.999+0000",
            "2026-05-28T22:26:40+02:00", "2026-05-28T12:26:40-0800",
        ])
    func instants(text: String) throws {
        #expect(CalendarText.salesforce(try #require(CalendarText.instant(text))) == "2026-05-28T20:26:40.000+0000")
    }

    @Test(
        "what is no instant or day is refused",
        arguments: [
            "2026-02-29T00:00:00Z", "2026-05-28T24:00:00Z", "2026-05-28T20:26:40", "2026-05-28T20:26:40 01:00", "",
        ])
    func noInstants(text: String) {
        #expect(CalendarText.instant(text) == nil)
        #expect(!CalendarText.isDate(String(text.prefix(10))) || text.hasPrefix("2026-05"))
    }

    @Test("days agree with Foundation over four centuries")
    func days() throws {
        let formatter = ISO8601DateFormatter()
        for step in stride(from: -5_000_000_000, to: 9_000_000_000, by: 97_654_321) {
            let seconds = Int64(step)
            let expected = formatter.string(from: Date(timeIntervalSince1970: Double(seconds)))
            #expect(CalendarText.iso(seconds) == expected)
            #expect(CalendarText.instant(expected) == seconds)
        }
    }

    @Test(
        "decimals round half up away from zero",
        arguments: [("1.005", "1.01"), ("1.004", "1"), ("-1.005", "-1.01"), ("12", "12"), ("0.999", "1")])
    func rounds(text: String, rounded: String) throws {
        #expect(DecimalText.plain(DecimalText.rounded(try #require(DecimalText.read(text)), scale: 2)) == rounded)
    }

    @Test("numbers that are no JSON numbers are refused", arguments: ["12-3", "1.", "", "abc", "1e", "0x10", "+1"])
    func noNumbers(text: String) {
        #expect(DecimalText.read(text) == nil)
    }

    @Test("calls are forgotten after a day")
    func rollingDay() {
        var usage = APIUsage(limit: 2)
        let counted = [0, 3_600, 7_200, 86_460].map { usage.count(at: $0) }
        #expect(counted == [true, true, false, true])
        let used = usage.used(at: 86_460)
        #expect(used == 2)
    }

    @Test("the journal masks strings of a query, and keeps ids")
    func masks() {
        let soql = #"SELECT Id FROM Account WHERE Name = 'O\'Brien' AND Id IN ('801Qk00000aBcDeIAK')"#
        #expect(
            Journal.masked(soql) == "SELECT Id FROM Account WHERE Name = '…' AND Id IN ('801Qk00000aBcDeIAK')")
    }

    @Test(
        "a custom field is read from an option, and nonsense is refused",
        arguments: [
            ("Order.Terms__c:string:40", true), ("Order.Terms:string", false), ("Terms__c:string", false),
            ("Order.Terms__c:blob", false), ("Order.Due__c:date", true), ("", false),
        ])
    func customFields(text: String, isField: Bool) {
        #expect((SandboxSettings.customField(text) != nil) == isField)
    }
}
