import CommandLineGrammar
import Contracts
import Foundation
import JSONText
import Testing

@testable import Crossdock

@Suite("Output")
struct OutputTests {
    @Test("columns line up, data is escaped, colours stand around the text only")
    func table() {
        var table = OutputTable("ORDER", "STATE", "WHY")
        table.add(.init("1"), .init("needs attention", .bad), .init("bell \u{07} and \u{1b}[2J"))
        table.add(.init(nil), .init("paid", .good), .init(""))
        #expect(
            table.text(TerminalStyle(isColoured: false)) == """
                ORDER  STATE            WHY
                1      needs attention  bell \\u0007 and \\u001b[2J
                –      paid             

                """)
        let coloured = table.text(TerminalStyle(isColoured: true))
        #expect(coloured.contains("\u{1b}[31mneeds attention\u{1b}[0m  "))
        #expect(coloured.contains("\u{1b}[32mpaid\u{1b}[0m             "))
    }

    @Test("times are printed in UTC")
    func times() {
        let date = Date(timeIntervalSince1970: 1_741_946_813.589)
        #expect(ReadableTime.seconds(date) == "2025-03-14 10:06:53")
        #expect(ReadableTime.milliseconds(date).hasPrefix("2025-03-14 10:06:53.5"))
    }

    @Test(
        "a clock is judged by how far it is off",
        arguments: [
            (0 as Int64, Finding.Verdict.good), (9_999, .good), (-9_999, .good), (30_000, .attention),
            (-119_000, .attention),
            (120_000, .bad), (-600_000, .bad),
        ])
    func clocks(milliseconds: Int64, verdict: Finding.Verdict) {
        #expect(Finding.clock("x", aheadBy: milliseconds).verdict == verdict)
    }

    @Test("items are given by SKU, others get placeholders")
    func itemIds() throws {
        var lines: [OrderSnapshot.Line] = []
        for (number, sku) in ["A=B", "C", "D", "C"].enumerated() {
            lines.append(
                OrderSnapshot.Line(
                    id: try SalesforceId("80200000000000\(number)AAA"), number: "\(number)", sku: sku,
                    productId: try SalesforceId("01t000000000001AAA"), quantity: try ExactDecimal("1"),
                    unitPrice: try ExactDecimal("1")))
        }
        let snapshot = OrderSnapshot(
            orderId: try SalesforceId("801000000000001AAA"), orderNumber: "1", version: 1,
            source: .init(organizationId: try SalesforceId("00D000000000001EAA")), status: "Activated",
            effectiveDate: try CalendarDate("2025-03-14"), currency: "EUR",
            account: .init(id: try SalesforceId("001000000000001AAA"), name: "A"), lines: lines)
        #expect(MappingCommand.itemIds(["A=B=318", "nothing"], snapshot) == ["A=B": "318", "C": "2", "D": "3"])
    }
}
