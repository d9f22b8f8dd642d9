import CommandLineGrammar
import Contracts
import FoundationEssentials
import Ledger
import Telemetry

/// `crossdock orders show` as people read it.
enum OrderPage {
    static func text(_ history: OrderHistory, _ timeLine: TimeLine, _ style: TerminalStyle) -> String {
        let order = history.summary
        let title = "Order \(LogEscaping.escape(order.orderNumber ?? order.orderId))"
        var lines = [style.paint(title, .heading) + "  " + style.paint(order.state, StateColour.role(of: order.state))]
        lines.append(line("Salesforce id", order.orderId))
        if let id = order.netSuiteId {
            lines.append(line("NetSuite", "\(order.netSuiteNumber ?? "number not read yet") (internal id \(id))"))
        } else {
            lines.append(line("NetSuite", "not there yet"))
        }
        let newest = order.newestVersion.map { "\($0)" } ?? "–"
        lines.append(
            line("Version", "newest \(newest), written \(order.writtenVersion.map { "\($0)" } ?? "none")"))
        if let sentence = order.sentence { lines.append(line("Why", sentence)) }
        if let letter = order.letterId {
            lines.append(line("Dead letter", "\(letter), see: crossdock dead-letters show \(letter)"))
        }
        if let hold = history.hold {
            let since = ReadableTime.seconds(hold.heldSince)
            let next = ReadableTime.seconds(hold.nextTryAt)
            lines.append(line("Held", "since \(since), tried \(hold.tries) times, again at \(next) (UTC)"))
        }
        lines += progressLines(timeLine.progress)
        lines.append("")
        var table = OutputTable("TIME (UTC)", "WHAT", "VERSION", "OUTCOME", "DETAIL")
        for entry in timeLine.entries {
            table.add(
                .init(ReadableTime.milliseconds(entry.at), .quiet), .init(entry.words),
                .init(entry.version.map { String($0) }), .init(entry.outcome), .init(entry.text))
        }
        return lines.joined(separator: "\n") + "\n" + table.text(style)
    }

    /// How the order stands in NetSuite; nothing where that was not read yet.
    static func progressLines(_ progress: OrderProgress?) -> [String] {
        guard let progress else { return [] }
        let currency = progress.netSuite.currency
        let asOf = ReadableTime.seconds(progress.asOf.date)
        var lines = [line("In NetSuite", "\(progress.state.words), as of \(asOf) (UTC)")]
        for item in progress.lines {
            let closed = item.closed ? ", closed" : ""
            lines.append(
                line("  line", "\(item.id.text): \(item.shipped.text) shipped, \(item.invoiced.text) invoiced\(closed)")
            )
        }
        func add(_ label: String, _ number: String, _ status: String, _ parts: [String]) {
            lines.append(line("  \(label)", "\(number) (\(status)): \(parts.joined(separator: " · "))"))
        }
        for shipment in progress.shipments {
            add("fulfilment", shipment.number, shipment.status, ProgressWords.parts(of: shipment))
        }
        for invoice in progress.invoices {
            add("invoice", invoice.number, invoice.status, ProgressWords.parts(of: invoice, currency))
        }
        for payment in progress.payments {
            add("payment", payment.number, payment.status, ProgressWords.parts(of: payment, currency))
        }
        for credit in progress.credits {
            add("credit", credit.number, credit.status, ProgressWords.parts(of: credit, currency))
        }
        return lines
    }

    /// A label and what it says, escaped, so that no data can write to the operator's terminal.
    static func line(_ label: String, _ value: String) -> String {
        "  \(label)\(String(repeating: " ", count: max(1, 18 - label.count)))\(LogEscaping.escape(value))"
    }
}
