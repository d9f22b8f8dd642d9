import Contracts
import Foundation
import JSONText
import Testing

@Suite("Ids, decimals, dates and instants are exact")
struct ValueTests {
    @Test(
        "15 characters are completed and 18 are checked",
        arguments: [
            ("801Qk00000aBcDe", "801Qk00000aBcDeIAK"), ("000000000000000", "000000000000000AAA"),
            ("001Qk000003EfGh", "001Qk000003EfGhIAK"), ("802Qk00000Ab1Cd", "802Qk00000Ab1CdIAJ"),
        ])
    func salesforceIds(_ short: String, _ long: String) throws {
        #expect(try SalesforceId(short).text == long)
        #expect(try SalesforceId(long).text == long)
        #expect(throws: ContractError.self) { try SalesforceId(complete: short) }
        #expect(throws: ContractError.self) { try SalesforceId(long.lowercased() + "x") }
    }

    @Test("external ids are made from Salesforce ids and read back")
    func externalIds() throws {
        let id = try SalesforceId(Samples.orderId)
        #expect(ExternalId.salesOrder(id).hasSuffix("-\(Samples.orderId)"))
        #expect(ExternalId.order(fromSalesOrder: ExternalId.salesOrder(id)) == id)
        #expect(ExternalId.order(fromSalesOrder: ExternalId.customer(id)) == nil)
    }

    @Test(
        "decimals keep their decimals and lose their exponents",
        arguments: [
            ("49.50", "49.50"), ("-0.05", "-0.05"), ("0", "0"), ("-0", "0"), ("1.2e3", "1200"), ("1.25E-2", "0.0125"),
            ("1e0", "1"), ("999999999999999999", "999999999999999999"),
            ("0.000000000000000001", "0.000000000000000001"),
            ("1.50000000000000000000000000", "1.50000000000000000"), ("2.0", "2.0"),
        ])
    func decimalText(_ given: String, _ text: String) throws {
        #expect(try ExactDecimal(given).text == text)
    }

    @Test(
        "what does not fit is refused, never rounded",
        arguments: [
            ("1234567890123456789012345678901234567890", ExactDecimalError.outOfRange), ("1e130000", .outOfRange),
            ("1e99999999999999999999", .outOfRange), ("1e19", .outOfRange), ("0.0000000000000000001", .outOfRange),
            ("", .malformed), ("1,5", .malformed), ("+1", .malformed), (" 1", .malformed), ("٣", .malformed),
            ("1.", .malformed),
        ])
    func decimalsOutOfRange(_ given: String, _ expected: ExactDecimalError) {
        #expect(throws: expected) { try ExactDecimal(given) }
    }

    @Test("sums, differences and products are exact")
    func arithmetic() throws {
        let price = try ExactDecimal("49.50")
        let quantity = try ExactDecimal("3")
        #expect(try (price * quantity).text == "148.50")
        #expect(try (price + ExactDecimal("0.005")).text == "49.505")
        #expect(try (price - ExactDecimal("50")).text == "-0.50")
        #expect(try ExactDecimal("1.5") == ExactDecimal("1.50"))
        #expect(try Set([ExactDecimal("1.5"), ExactDecimal("1.500")]).count == 1)
        let large = try ExactDecimal("999999999999999999")
        #expect(throws: ExactDecimalError.overflow) { try large * large }
        #expect(try (ExactDecimal("0.1000000000000") * ExactDecimal("10.000000000")).plainText == "1")
    }

    @Test(
        "a half goes away from zero",
        arguments: [
            ("0.125", 2, "0.13"), ("-0.125", 2, "-0.13"), ("0.1249", 2, "0.12"), ("2.5", 0, "3"), ("1", 2, "1.00"),
        ])
    func rounding(_ given: String, _ places: Int, _ expected: String) throws {
        #expect(try ExactDecimal(given).rounded(toScale: places).text == expected)
    }

    @Test(
        "instants read both forms and are written in one",
        arguments: [
            ("2026-05-28T20:26:40.000+0000", "2026-05-28T20:26:40.000Z"),
            ("2026-05-28T20:26:40Z", "2026-05-28T20:26:40.000Z"),
            ("2024-02-29T23:59:59.5Z", "2024-02-29T23:59:59.500Z"),
            ("1969-12-31T23:59:59.999999999+00:00", "1969-12-31T23:59:59.999Z"),
        ])
    func instants(_ given: String, _ text: String) throws {
        #expect(try UTCInstant(given).text == text)
        #expect(try UTCInstant(text) == UTCInstant(given))
    }

    @Test(
        "what is no instant in UTC is refused",
        arguments: [
            "2026-05-28", "2026-05-28T20:26:40", "2026-05-28T20:26:40+0200", "2026-02-29T00:00:00Z",
            "2026-05-28T24:00:00Z", "2026-05-28 20:26:40Z", "2026-05-28T20:26:40.Z", "2026-05-28T20:26:60Z",
        ])
    func noInstants(_ text: String) {
        #expect(throws: ContractError.self) { try UTCInstant(text) }
    }

    @Test("every day of two centuries agrees with Foundation's calendar")
    func daysAgree() throws {
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = try #require(TimeZone(secondsFromGMT: 0))
        for day in stride(from: -25_000, through: 84_000, by: 37) {
            let date = Date(timeIntervalSince1970: Double(day) * 86_400)
            let parts = calendar.dateComponents([.year, .month, .day], from: date)
            let text = UTCInstant(date: date).text.prefix(10)
            let expected = CalendarDate(year: parts.year ?? 0, month: parts.month ?? 0, day: parts.day ?? 0)
            #expect(try CalendarDate(String(text)) == expected)
            #expect(try UTCInstant("\(text)T00:00:00Z").millisecondsSinceEpoch == Int64(day) * 86_400_000)
        }
    }

    @Test("new event ids are UUIDs of version 7 that sort by time")
    func eventIds() throws {
        let early = EventId.new(at: Date(timeIntervalSince1970: 1_780_000_000))
        let late = EventId.new(at: Date(timeIntervalSince1970: 1_780_000_001))
        #expect(early.text < late.text)
        #expect(try EventId(early.text.uppercased()) == early)
        #expect(UUID(uuidString: early.text) != nil)
        #expect(Array(early.text)[14] == "7" && "89ab".contains(Array(early.text)[19]))
        #expect(throws: ContractError.self) { try EventId("not-a-uuid") }
    }
}
