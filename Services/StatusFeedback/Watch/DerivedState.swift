import Contracts
import NetSuite

/// What the order's state is derived from: the letter, the quantities of every line that counts something, the documents.
struct OrderEvidence: Sendable, Equatable {
    /// NetSuite's status letter; any other text is one that is not known.
    var letter: String
    var lines: [Line] = []
    var fulfilments: [Fulfilment] = []
    var invoices: [Invoice] = []

    struct Line: Sendable, Equatable {
        var ordered: ExactDecimal
        var shipped: ExactDecimal = .zero
        var invoiced: ExactDecimal = .zero
        var isClosed = false
        /// Of a kind that nobody ships, such as a service.
        var isNeverShipped = false
        /// Of a kind that some ship and some do not: a non-inventory item.
        var isPerhapsShipped = false
    }

    struct Fulfilment: Sendable, Equatable {
        var letter: String
    }

    struct Invoice: Sendable, Equatable {
        var letter: String
        var isVoided = false
        var total: ExactDecimal
        var unpaid: ExactDecimal

        /// A voided or a rejected invoice asks for no money and says nothing about the order.
        var counts: Bool { !isVoided && letter != "V" && letter != "E" }
        /// One that waits for approval is not paid, whatever it amounts to.
        var isPaid: Bool { letter != "D" && unpaid <= .zero }
    }
}

/// Derives where an order stands.
///
/// Documents and quantities decide; the letter decides only what they cannot know: that an order waits for approval, that
/// it was cancelled, that it was closed by hand, and whether non-inventory items are shipped here. The first that applies:
///
/// 1. *cancelled*: letter C, nothing shipped, no invoice that counts.
/// 2. Nothing shipped and no invoice that counts: *closed* where every line is closed or the letter is H; *pending
///    approval* where the letter is A; else *pending fulfillment*.
/// 3. Nothing left to ship and nothing left to invoice, and there is an invoice: *paid* where every invoice that counts is
///    paid (by whatever: payment, deposit, credit, or because it amounts to nothing), else *invoiced*.
/// 4. Closed by hand (letter H, or every line closed and the letter none that says more will be billed) with something
///    shipped that nobody will invoice any more: *closed*.
/// 5. An invoice that counts: *partly invoiced*. So is an order that was invoiced whole before all of it was shipped: an
///    order is invoiced or paid only when nothing is left to ship.
/// 6. Something left to ship: *partly shipped*; else *shipped*.
///
/// Left to ship of a line is what was ordered less what was shipped, nothing for closed lines and for items that nobody
/// ships; left to invoice is what was ordered less what was invoiced, for a closed line what was shipped less what was
/// invoiced. More shipped or invoiced than ordered leaves nothing. A picked or packed fulfilment has shipped nothing.
/// Voided and rejected invoices count nowhere.
func orderState(of evidence: OrderEvidence) -> OrderState {
    let lines = evidence.lines.map { CountedLine($0, letter: evidence.letter) }
    let invoices = evidence.invoices.filter(\.counts)
    // Quantities alone show a delivery by a supplier; documents alone one of lines that are not shown.
    let isAnythingShipped =
        lines.contains { $0.line.shipped > .zero } || evidence.fulfilments.contains { $0.letter == "C" }
    // Without documents, the quantity is what a form of billing that is not read here leaves behind.
    let isAnythingInvoiced =
        !invoices.isEmpty || (evidence.invoices.isEmpty && lines.contains { $0.line.invoiced > .zero })
    let isEveryLineClosed = !lines.isEmpty && lines.allSatisfy(\.line.isClosed)

    if !isAnythingShipped, !isAnythingInvoiced {
        switch evidence.letter {
        case "C": return .cancelled
        case "H": return .closed
        case _ where isEveryLineClosed: return .closed
        case "A": return .pendingApproval
        default: return .pendingFulfillment
        }
    }
    let isLeftToShip = lines.contains { $0.isLeftToShip }
    let isLeftToInvoice = lines.contains { $0.isLeftToInvoice(isAnythingInvoiced: isAnythingInvoiced) }
    if isAnythingInvoiced, !isLeftToShip, !isLeftToInvoice {
        return invoices.allSatisfy(\.isPaid) && !invoices.isEmpty ? .paid : .invoiced
    }
    if evidence.letter == "H" { return .closed }
    if isAnythingInvoiced { return .partlyInvoiced }
    return isLeftToShip ? .partlyShipped : .shipped
}

/// A line as the letter lets it count.
private struct CountedLine {
    let line: OrderEvidence.Line
    /// An order that is closed by hand has closed lines, whatever they show.
    let isClosed: Bool
    let isNeverShipped: Bool

    init(_ line: OrderEvidence.Line, letter: String) {
        self.line = line
        isClosed = line.isClosed || letter == "H"
        // F and G: NetSuite itself waits for no fulfilment of it any more.
        isNeverShipped =
            line.isNeverShipped || (line.isPerhapsShipped && line.shipped.isZero && ["F", "G"].contains(letter))
    }

    var isLeftToShip: Bool { !isClosed && !isNeverShipped && line.shipped < line.ordered }

    /// Where every invoice was voided, quantities that NetSuite still shows as billed are not.
    func isLeftToInvoice(isAnythingInvoiced: Bool) -> Bool {
        let invoiced = isAnythingInvoiced ? line.invoiced : .zero
        return invoiced < (isClosed ? min(line.shipped, line.ordered) : line.ordered)
    }
}
