import Contracts
import NetSuite
import ServiceRuntime

/// Makes the message of one order from what NetSuite shows of it.
struct ProgressRendering: Sendable {
    /// ISO 4217 codes by NetSuite's id of the currency.
    let currencies: [String: String]
    /// The code of every order where NetSuite shows no currencies.
    var accountCurrency: String?

    /// The complete state of an order at an instant of NetSuite's clock.
    func progress(of facts: OrderFacts, orderId: SalesforceId, asOf: UTCInstant) -> OrderProgress {
        var progress = OrderProgress(
            orderId: orderId,
            netSuite: .init(
                id: String(facts.id), number: facts.number, total: facts.total.map(amount),
                currency: currencies.isEmpty ? accountCurrency : facts.currencyId.flatMap { currencies[$0] }),
            state: orderState(of: OrderEvidence(facts)), asOf: asOf)
        let marks = marks(of: facts)
        progress.lines = lines(of: facts, marks)
        progress.shipments = facts.fulfilments.map { shipment($0, marks) }
        progress.invoices = facts.invoices.map { invoice in
            OrderProgress.Invoice(
                id: String(invoice.id), number: invoice.number, date: invoice.date, status: invoice.status,
                total: amount(invoice.total), paid: amount(invoice.paid), unpaid: amount(invoice.unpaid))
        }
        progress.payments = facts.payments.map { payment in
            OrderProgress.Payment(
                id: String(payment.id), number: payment.number, date: payment.date, status: payment.status,
                applied: amount(payment.applied))
        }
        progress.credits = facts.credits.map { credit in
            OrderProgress.Credit(
                id: String(credit.id), number: credit.number, date: credit.date, status: credit.status,
                total: amount(credit.total), applied: amount(credit.applied))
        }
        return progress
    }

    /// An order that NetSuite does not have any more: its id is all that can be said.
    static func deleted(_ netSuiteId: Int64, orderId: SalesforceId, asOf: UTCInstant) -> OrderProgress {
        OrderProgress(
            orderId: orderId, netSuite: .init(id: String(netSuiteId)), state: .deletedInNetSuite, asOf: asOf)
    }

    /// The Salesforce lines by NetSuite's; what people added has none.
    private func marks(of facts: OrderFacts) -> [Int64: SalesforceId] {
        var marks: [Int64: SalesforceId] = [:]
        for line in facts.lines { marks[line.line] = line.mark.flatMap { try? SalesforceId(complete: $0) } }
        return marks
    }

    /// Each Salesforce line once: a doubled one was closed by the writer, and both of them count.
    private func lines(of facts: OrderFacts, _ marks: [Int64: SalesforceId]) -> [OrderProgress.Line] {
        var lines: [OrderProgress.Line] = []
        for line in facts.lines {
            guard let id = marks[line.line] else { continue }
            guard let known = lines.firstIndex(where: { $0.id == id }) else {
                lines.append(
                    .init(
                        id: id, shipped: line.shipped.normalized, invoiced: line.invoiced.normalized,
                        closed: line.isClosed))
                continue
            }
            lines[known].shipped = sum(lines[known].shipped, line.shipped)
            lines[known].invoiced = sum(lines[known].invoiced, line.invoiced)
            lines[known].closed = lines[known].closed && line.isClosed
        }
        return lines
    }

    private func shipment(
        _ fulfilment: OrderFacts.Fulfilment, _ marks: [Int64: SalesforceId]
    ) -> OrderProgress.Shipment {
        var shipment = OrderProgress.Shipment(
            id: String(fulfilment.id), number: fulfilment.number, date: fulfilment.date, status: fulfilment.status,
            carrier: fulfilment.carrier)
        shipment.trackingNumbers = fulfilment.trackingNumbers
        for part in fulfilment.quantities {
            guard let id = marks[part.line] else { continue }
            if let known = shipment.lines.firstIndex(where: { $0.id == id }) {
                shipment.lines[known].quantity = sum(shipment.lines[known].quantity, part.quantity)
            } else {
                shipment.lines.append(.init(id: id, quantity: part.quantity.normalized))
            }
        }
        return shipment
    }

    /// A sum that does not fit 64 bits is no quantity of an order; then the larger part stands.
    private func sum(_ left: ExactDecimal, _ right: ExactDecimal) -> ExactDecimal {
        ((try? left + right) ?? max(left, right)).normalized
    }

    /// One form for one amount, whether NetSuite wrote `109`, `109.0` or `109.00`: two decimals, more where it has more.
    private func amount(_ value: ExactDecimal) -> ExactDecimal {
        let plain = value.normalized
        return plain.scale <= 2 ? (try? plain.rounded(toScale: 2)) ?? plain : plain
    }
}

extension OrderProgress {
    /// Why the message cannot be published: readers would refuse it, or Kafka; nil where it can.
    var problem: String? {
        let message = encode()
        guard message.count <= EventProducer.maximumValueBytes else {
            return "its message of \(message.count) bytes is more than Kafka takes (\(EventProducer.maximumValueBytes))"
        }
        do throws(ContractError) {
            _ = try OrderProgress.decode(message)
            return nil
        } catch {
            return "its message would be refused: \(error.path) \(error.reason)"
        }
    }
}

extension OrderEvidence {
    /// What counts of the facts of an order.
    init(_ facts: OrderFacts) {
        self.init(
            letter: facts.letter,
            lines: facts.lines.filter { !$0.ordered.isZero }.map { line in
                Line(
                    ordered: line.ordered, shipped: line.shipped, invoiced: line.invoiced, isClosed: line.isClosed,
                    isNeverShipped: line.isNeverShipped, isPerhapsShipped: line.itemType == "NonInvtPart")
            },
            fulfilments: facts.fulfilments.map { Fulfilment(letter: $0.letter) },
            invoices: facts.invoices.map {
                Invoice(letter: $0.letter, isVoided: $0.isVoided, total: $0.total, unpaid: $0.unpaid)
            })
    }
}

// Words of the letters ("Status letters" of NetSuite's records); one that is not known is shown as it is.

private func word(_ letter: String, _ words: [String: String]) -> String { words[letter] ?? "status \(letter)" }

extension OrderFacts.Fulfilment {
    var status: String { word(letter, ["A": "picked", "B": "packed", "C": "shipped"]) }
}

extension OrderFacts.Invoice {
    var status: String {
        if isVoided { return "voided" }
        if isCashSale { return "paid" }
        return word(letter, ["A": "open", "B": "paid", "D": "pending approval", "E": "rejected"])
    }
}

extension OrderFacts.Payment {
    var status: String {
        if isVoided { return "voided" }
        return switch type {
        // The application of a deposit has no states: the money came with the deposit.
        case "DepAppl": "deposited"
        case "CustCred": word(letter, ["A": "open", "B": "fully applied", "V": "voided"])
        default: word(letter, ["A": "unapproved", "B": "not deposited", "C": "deposited", "R": "rejected"])
        }
    }
}

extension OrderFacts.Credit {
    var status: String { isVoided ? "voided" : word(letter, ["A": "open", "B": "fully applied"]) }
}
