import FoundationEssentials
import Testing

@testable import NetSuiteSandbox

@Suite("Dates, times and decimals")
struct ValueTests {
    @Test(
        "dates are read strictly",
        arguments: [
            ("2024-02-29", true), ("2025-02-29", false), ("2025-13-01", false), ("2025-1-1", false),
            ("2025-01-01T", false),
            ("+025-01-01", false), ("1900-02-29", false), ("2000-02-29", true),
        ])
    func dates(text: String, isDate: Bool) {
        #expect(CivilDate(iso: text).map(\.iso) == (isDate ? text : nil))
    }

    @Test("days count through leap years", arguments: [0, 59, 60, 11_016, 20_161, 30_000, -1])
    func days(days: Int) {
        #expect(CivilDate(daysSinceEpoch: days).daysSinceEpoch == days)
    }

    @Test(
        "Pacific time changes on the right Sundays at two o'clock",
        arguments: [
            (1_741_514_399, "2025-03-09 01:59:59"), (1_741_514_400, "2025-03-09 03:00:00"),
            (1_762_073_999, "2025-11-02 01:59:59"), (1_762_074_000, "2025-11-02 01:00:00"),
            (1_735_718_400, "2025-01-01 00:00:00"),
        ] as [(Int64, String)])
    func zone(seconds: Int64, text: String) {
        let local = AccountZone.pacific.local(Stamp(milliseconds: seconds * 1000))
        #expect("\(local.date.iso) \(local.timeText)" == text)
    }

    @Test(
        "masks print and read",
        arguments: [
            ("YYYY-MM-DD\"T\"HH24:MI:SS", "2025-03-14T15:04:05"), ("MM/DD/YYYY HH:MI AM", "03/14/2025 03:04 PM"),
            ("YYYY-MM-DD HH24:MI:SS.FF1", "2025-03-14 15:04:05.0"),
        ])
    func masks(mask: String, text: String) throws {
        let date = try #require(CivilDate(iso: "2025-03-14"))
        let time = ClockTime(date: date, secondOfDay: 15 * 3600 + 4 * 60 + 5)
        #expect(try TimeMask(mask).format(time) == text)
        #expect(try TimeMask(mask).parse(text).date == date)
    }

    @Test(
        "amounts round half away from zero",
        arguments: [
            ("1.005", "1.01"), ("1.004999", "1"), ("-1.005", "-1.01"), ("148.485", "148.49"), ("3", "3"),
            ("0.001", "0"),
        ])
    func rounding(text: String, rounded: String) throws {
        let value = try #require(Decimal(exactly: text))
        #expect(value.rounded(toScale: 2).description == rounded)
    }

    @Test("a text that is no number is none", arguments: ["", "1e", "0x1", "1.2.3", "12abc", "١"])
    func noNumber(text: String) {
        #expect(Decimal(exactly: text) == nil)
    }

    @Test("internal ids are unique and do not rise with time")
    func ids() {
        var account = Account(now: Stamp(milliseconds: 0))
        let ids = (1...200).map { _ in account.transactions.next(.salesOrder).id }
        #expect(Set(ids).count == 200 && ids != ids.sorted())
    }
}
