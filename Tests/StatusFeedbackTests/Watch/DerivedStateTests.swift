import Contracts
import NetSuite
import Testing

@testable import StatusFeedback

/// One row of the table: what NetSuite shows, in a short form, and the state that follows.
///
/// A line is `ordered/shipped/invoiced` with a mark: `x` closed, `s` service, `n` non-inventory. An invoice is
/// `total/unpaid letter`, a voided one by letter V.
struct StateCase: Sendable, CustomTestStringConvertible {
    let what: String
    let letter: String
    let lines: String
    let fulfilments: String
    let invoices: String
    let state: OrderState

    init(
        _ what: String, _ letter: String, _ lines: String, ships fulfilments: String = "", bills invoices: String = "",
        _ state: OrderState
    ) {
        self.what = what
        self.letter = letter
        self.lines = lines
        self.fulfilments = fulfilments
        self.invoices = invoices
        self.state = state
    }

    var testDescription: String { what }

    func evidence() throws -> OrderEvidence {
        var evidence = OrderEvidence(letter: letter)
        for word in lines.split(separator: " ") {
            let parts = word.split(separator: "/")
            let numbers = try parts.prefix(3).map { try ExactDecimal(String($0.filter { !$0.isLetter })) }
            evidence.lines.append(
                OrderEvidence.Line(
                    ordered: numbers[0], shipped: numbers[1], invoiced: numbers[2], isClosed: word.contains("x"),
                    isNeverShipped: word.contains("s"), isPerhapsShipped: word.contains("n")))
        }
        evidence.fulfilments = fulfilments.map { OrderEvidence.Fulfilment(letter: String($0)) }
        for word in invoices.split(separator: " ") {
            let parts = word.split(separator: "/")
            evidence.invoices.append(
                OrderEvidence.Invoice(
                    letter: String(parts[2]), total: try ExactDecimal(String(parts[0])),
                    unpaid: try ExactDecimal(String(parts[1]))))
        }
        return evidence
    }

    static let all: [StateCase] = [
        // Nothing has happened yet: the letter says what it alone knows.
        .init("approval is waited for", "A", "10/0/0", .pendingApproval),
        .init("approved", "B", "10/0/0", .pendingFulfillment),
        .init("cancelled", "C", "10/0/0", .cancelled),
        .init("cancelled, and NetSuite closed the lines", "C", "10/0/0x", .cancelled),
        .init("closed by hand before anything was shipped", "H", "10/0/0x 5/0/0x", .closed),
        .init("closed by hand, and the lines do not show it yet", "H", "10/0/0", .closed),
        .init("every line closed, and the letter lags", "B", "10/0/0x", .closed),
        .init("every line closed while approval is waited for", "A", "10/0/0x", .closed),
        .init("one of two lines closed, nothing shipped", "B", "10/0/0x 5/0/0", .pendingFulfillment),
        .init("a letter that is not known, nothing shipped", "Q", "10/0/0", .pendingFulfillment),
        .init("a letter that is not known, every line closed", "Q", "10/0/0x", .closed),
        .init("the letter says billed, and there is neither document nor quantity", "G", "10/0/0", .pendingFulfillment),
        .init("the letter says shipped in part, and there is neither", "D", "10/0/0", .pendingFulfillment),
        .init("services only, nothing invoiced", "F", "3/0/0s", .pendingFulfillment),
        .init("an order without a line that counts", "B", "", .pendingFulfillment),
        .init("an order of nothing, cancelled", "C", "", .cancelled),
        // Shipping.
        .init("picked: nothing is shipped", "B", "10/0/0", ships: "A", .pendingFulfillment),
        .init("packed: nothing is shipped", "B", "10/0/0", ships: "AB", .pendingFulfillment),
        .init("picked before approval", "A", "10/0/0", ships: "A", .pendingApproval),
        .init("a part shipped", "D", "10/4/0", ships: "C", .partlyShipped),
        .init("a part shipped, the rest picked", "D", "10/4/0", ships: "CA", .partlyShipped),
        .init("one of two lines shipped", "D", "10/10/0 5/0/0", ships: "C", .partlyShipped),
        .init("shipped in two parts", "F", "10/10/0", ships: "CC", .shipped),
        .init("shipped, and the letter lags", "B", "10/10/0", ships: "C", .shipped),
        .init("shipped, and the letter is not known", "Q", "10/10/0", ships: "C", .shipped),
        .init("shipped, and the letter still says approval", "A", "10/10/0", ships: "C", .shipped),
        .init("shipped, and the letter says cancelled", "C", "10/4/0", ships: "C", .partlyShipped),
        .init("a fulfilment, and the quantities lag", "D", "10/0/0", ships: "C", .partlyShipped),
        .init("delivered by a supplier: a quantity and no fulfilment", "F", "10/10/0", .shipped),
        .init("a fraction is missing", "D", "2.5/2.4999/0", ships: "C", .partlyShipped),
        .init("a fraction, the same in other decimals", "F", "2.50/2.5/0", ships: "C", .shipped),
        .init("more shipped than ordered", "F", "10/12/0", ships: "C", .shipped),
        .init("more of one line, less of the other", "D", "10/12/0 5/3/0", ships: "C", .partlyShipped),
        .init("the rest closed after a part was shipped", "F", "10/6/0x", ships: "C", .shipped),
        .init("one line shipped, the other closed", "F", "10/10/0 5/0/0x", ships: "C", .shipped),
        .init("goods shipped, a service to be billed", "F", "10/10/0 1/0/0s", ships: "C", .shipped),
        .init("goods in part, a service", "D", "10/4/0 1/0/0s", ships: "C", .partlyShipped),
        .init("a non-inventory item that nobody ships here", "F", "10/10/0 1/0/0n", ships: "C", .shipped),
        .init("a non-inventory item that is waited for", "D", "10/10/0 1/0/0n", ships: "C", .partlyShipped),
        .init("a fulfilment whose letter is not known", "B", "10/0/0", ships: "Z", .pendingFulfillment),
        .init("a fulfilment whose letter is not known, and a quantity", "D", "10/4/0", ships: "Z", .partlyShipped),
        .init("closed by hand, and what was shipped is never invoiced", "H", "10/6/0x", ships: "C", .closed),
        .init("closed by hand, shipped in whole", "H", "10/10/0x", ships: "C", .closed),
        // Invoices.
        .init("a part shipped and invoiced", "E", "10/4/4", ships: "C", bills: "40/40/A", .partlyInvoiced),
        .init("a part shipped, invoiced and paid", "E", "10/4/4", ships: "C", bills: "40/0/B", .partlyInvoiced),
        .init("all shipped, a part invoiced", "F", "10/10/4", ships: "C", bills: "40/40/A", .partlyInvoiced),
        .init("all invoiced", "G", "10/10/10", ships: "C", bills: "100/100/A", .invoiced),
        .init("all invoiced, the letter lags", "B", "10/10/10", ships: "C", bills: "100/100/A", .invoiced),
        .init("all invoiced, the letter is not known", "Q", "10/10/10", ships: "C", bills: "100/100/A", .invoiced),
        .init("invoiced before shipping", "B", "10/0/10", bills: "100/100/A", .partlyInvoiced),
        .init("paid before shipping", "B", "10/0/10", bills: "100/0/B", .partlyInvoiced),
        .init("paid, and a part shipped", "D", "10/4/10", ships: "C", bills: "100/0/B", .partlyInvoiced),
        .init("the service invoiced, the goods not shipped", "B", "10/0/0 1/0/1s", bills: "9/9/A", .partlyInvoiced),
        .init("services only, invoiced", "G", "3/0/3s", bills: "30/30/A", .invoiced),
        .init("services only, paid", "G", "3/0/3s", bills: "30/0/B", .paid),
        .init("two invoices, one paid", "G", "10/10/10", ships: "C", bills: "40/0/B 60/60/A", .invoiced),
        .init("an invoice paid in part", "G", "10/10/10", ships: "C", bills: "100/1/A", .invoiced),
        .init("an invoice that waits for approval", "G", "10/10/10", ships: "C", bills: "100/0/D", .invoiced),
        .init("a rejected invoice", "F", "10/10/10", ships: "C", bills: "100/100/E", .shipped),
        .init("an invoice whose letter is not known", "G", "10/10/10", ships: "C", bills: "100/100/Z", .invoiced),
        .init("a billed quantity that no invoice shows", "G", "10/10/10", ships: "C", .invoiced),
        // Money.
        .init("paid", "G", "10/10/10", ships: "C", bills: "100/0/B", .paid),
        .init("paid by two payments, the letter of the invoice lags", "G", "9/9/9", ships: "C", bills: "9/0/A", .paid),
        .init("paid too much", "G", "10/10/10", ships: "C", bills: "100/-5/B", .paid),
        .init("paid by a credit memo", "G", "10/10/10", ships: "C", bills: "100/0.00/B", .paid),
        .init("two invoices, both paid", "G", "10/10/10", ships: "CC", bills: "40/0/B 60/0/B", .paid),
        .init("an order that costs nothing", "G", "10/10/10", ships: "C", bills: "0/0/B", .paid),
        .init("an order that costs nothing, and is not invoiced", "F", "10/10/0", ships: "C", .shipped),
        .init("paid, an invoice of unknown letter", "G", "10/10/10", ships: "C", bills: "100/0/Z", .paid),
        .init("more invoiced than ordered", "G", "10/12/12", ships: "C", bills: "120/0/B", .paid),
        .init("more shipped than invoiced, all that was ordered", "G", "10/12/10", ships: "C", bills: "9/0/B", .paid),
        // Voided.
        .init("the only invoice voided", "G", "10/10/10", ships: "C", bills: "0/0/V", .shipped),
        .init("the only invoice voided, nothing shipped", "B", "10/0/10", bills: "0/0/V", .pendingFulfillment),
        .init("voided and made again", "G", "10/10/10", ships: "C", bills: "0/0/V 100/0/B", .paid),
        .init("one of two voided", "F", "10/10/4", ships: "C", bills: "0/0/V 40/0/B", .partlyInvoiced),
        // Closed after something has happened.
        .init("the rest closed, the part invoiced", "G", "10/6/6x", ships: "C", bills: "60/60/A", .invoiced),
        .init("the rest closed, the part paid", "G", "10/6/6x", ships: "C", bills: "60/0/B", .paid),
        .init("closed by hand, the part paid", "H", "10/6/6x", ships: "C", bills: "60/0/B", .paid),
        .init("closed by hand, the part invoiced", "H", "10/6/6", ships: "C", bills: "60/60/A", .invoiced),
        .init("closed by hand, less invoiced than shipped", "H", "10/6/3x", ships: "C", bills: "30/0/B", .closed),
        .init("one line paid, the other closed", "G", "10/10/10 5/0/0x", ships: "C", bills: "100/0/B", .paid),
        .init("a service closed, the goods paid", "G", "9/9/9 1/0/0sx", ships: "C", bills: "9/0/B", .paid),
        .init("cancelled, and yet paid", "C", "10/10/10", ships: "C", bills: "100/0/B", .paid),
    ]
}

@Suite("Where an order stands")
struct DerivedStateTests {
    @Test("documents and quantities decide, the letter only what they cannot know", arguments: StateCase.all)
    func state(of row: StateCase) throws {
        #expect(orderState(of: try row.evidence()) == row.state)
    }

    @Test("the table is as large as was asked for, and shows every state that NetSuite has")
    func table() {
        #expect(StateCase.all.count >= 40)
        #expect(Set(StateCase.all.map(\.what)).count == StateCase.all.count)
        let others: Set<OrderState> = [.deletedInNetSuite, .waiting, .needsAttention]
        #expect(Set(StateCase.all.map(\.state)) == Set(OrderState.allCases).subtracting(others))
    }

    @Test("the order of lines, fulfilments and invoices means nothing", arguments: StateCase.all)
    func orderOfEvidence(of row: StateCase) throws {
        var evidence = try row.evidence()
        evidence.lines.reverse()
        evidence.fulfilments.reverse()
        evidence.invoices.reverse()
        #expect(orderState(of: evidence) == row.state)
    }
}
