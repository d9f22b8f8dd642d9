import Contracts
import JSONText

/// How much of an order's line Salesforce shows as shipped and invoiced.
struct ShownLine: Equatable, Sendable {
    var shipped: ExactDecimal
    var invoiced: ExactDecimal
}

/// What Salesforce shows, or is to show, of one order in the fields that are Crossdock's.
struct ShownOrder: Equatable, Sendable {
    /// Fields of the order by API name; null is an empty field. A field that is absent is not known, and left alone.
    var fields: JSONObject = [:]
    var lines: [SalesforceId: ShownLine] = [:]
}

/// What Salesforce is to show of an order by all that is known of it.
struct WantedOrder: Equatable, Sendable {
    var order = ShownOrder()
    /// Where the order stands in NetSuite, whatever message lies over it.
    var state: OrderState?
    /// Why the amounts of invoices, payments and credits are not shown; nil where they are, or there are none.
    var withheldAmounts: WithheldAmounts?
}

/// Amounts that are in another currency than the order, which a currency field cannot say.
struct WithheldAmounts: Hashable, Sendable {
    /// Of the order in Salesforce; nil where it is not known.
    var orderCurrency: String?
    /// Of the order in NetSuite; nil where it is not known.
    var netSuiteCurrency: String?
}

/// What Salesforce is to show: state and message by the first that applies of open letter, hold, progress and
/// settlement; shipping, invoices and payments by the progress, under an open letter too.
///
/// - Parameter currency: of the order in Salesforce, where it is known.
func whatSalesforceShows(
    settlement: Settlement?, progress: OrderProgress? = nil, currency: String? = nil
) -> WantedOrder {
    typealias Field = CustomField.Order
    let progress = progress.flatMap { isOfAnotherSalesOrder($0, settlement) ? nil : $0 }
    var wanted = WantedOrder(state: progress?.state ?? settlement?.netSuite?.state)
    let (status, message) = words(settlement, progress)
    if let id = progress?.netSuite.id ?? settlement?.netSuite?.id {
        wanted.order.fields[Field.netSuiteId] = .string(id)
    }
    if let number = progress?.netSuite.number ?? settlement?.netSuite?.number {
        wanted.order.fields[Field.netSuiteNumber] = .string(number)
    }
    wanted.order.fields[Field.status] = status.map { .string($0) } ?? .null
    wanted.order.fields[Field.message] =
        message.map { .string(fitting($0, length: ShownOrder.messageLength)) } ?? .null
    if let progress { wanted.addDocuments(of: progress, currency: currency) }
    return wanted
}

/// Whether progress tells of a sales order that another one has replaced: it was deleted, and the order written anew.
private func isOfAnotherSalesOrder(_ progress: OrderProgress, _ settlement: Settlement?) -> Bool {
    guard let settlement, let id = settlement.netSuite?.id, id != progress.netSuite.id else { return false }
    return settlement.settledAt > progress.asOf
}

private func words(_ settlement: Settlement?, _ progress: OrderProgress?) -> (status: String?, message: String?) {
    if let letter = settlement?.letter { return (OrderState.needsAttention.words, letter.sentence) }
    if settlement?.outcome == .dead { return (OrderState.needsAttention.words, DeadLetterClass.refused.sentence) }
    if settlement?.outcome == .held || settlement?.hold != nil {
        let why = settlement?.hold?.sentence ?? "NetSuite cannot take the order yet; Crossdock tries again by itself."
        return (OrderState.waiting.words, why)
    }
    guard let progress else { return (settlement?.netSuite?.state?.words, nil) }
    let isDeleted = progress.state == .deletedInNetSuite
    return (
        progress.state.words, isDeleted ? "The sales order was deleted in NetSuite. See who deleted it there." : nil
    )
}

extension WantedOrder {
    /// Documents that count: voided and rejected ones are as if they had never been.
    private static let withoutEffect: Set<String> = ["voided", "rejected"]

    fileprivate mutating func addDocuments(of progress: OrderProgress, currency: String?) {
        typealias Field = CustomField.Order
        let shipments = progress.shipments.filter { $0.status == "shipped" }
        // Of equal days the later in the list: it is ordered by age.
        let newest = shipments.enumerated().max {
            ($0.element.date?.text ?? "", $0.offset) < ($1.element.date?.text ?? "", $1.offset)
        }?.element
        let invoices = progress.invoices.filter { !Self.withoutEffect.contains($0.status) }
        order.fields[Field.shipDate] = newest?.date.map { .string($0.text) } ?? .null
        order.fields[Field.carrier] = newest?.carrier.map { .string(fitting($0, length: 80)) } ?? .null
        order.fields[Field.trackingNumbers] = text(shipments.flatMap(\.trackingNumbers), length: 2000)
        order.fields[Field.invoiceNumbers] = text(invoices.map(\.number), length: 255)
        addAmounts(of: progress, invoices: invoices, currency: currency)
        for line in progress.lines {
            order.lines[line.id] = ShownLine(shipped: line.shipped, invoiced: line.invoiced)
        }
    }

    private mutating func addAmounts(
        of progress: OrderProgress, invoices: [OrderProgress.Invoice], currency: String?
    ) {
        typealias Field = CustomField.Order
        if progress.state == .deletedInNetSuite {
            for field in [Field.amountInvoiced, Field.amountPaid, Field.amountCredited] { order.fields[field] = 0 }
            return
        }
        let payments = progress.payments.filter { !Self.withoutEffect.contains($0.status) }
        let credits = progress.credits.filter { !Self.withoutEffect.contains($0.status) }
        guard let currency, currency == progress.netSuite.currency else {
            let hasAmounts = !(invoices.isEmpty && payments.isEmpty && credits.isEmpty)
            withheldAmounts =
                hasAmounts
                ? WithheldAmounts(orderCurrency: currency, netSuiteCurrency: progress.netSuite.currency) : nil
            return
        }
        for (field, sum) in [
            (Field.amountInvoiced, sum(of: invoices.map(\.total))), (Field.amountPaid, paid(invoices, credits)),
            (Field.amountCredited, sum(of: credits.map(\.total))),
        ] {
            if let sum { order.fields[field] = .number(sum.normalized.jsonNumber) }
        }
    }

    /// What covers the invoices and is no credit: payments, deposits, journals, and cash with the sale.
    private func paid(_ invoices: [OrderProgress.Invoice], _ credits: [OrderProgress.Credit]) -> ExactDecimal? {
        guard let covered = sum(of: invoices.map(\.paid)), let credited = sum(of: credits.map(\.applied)),
            let paid = try? covered - credited
        else { return nil }
        return max(paid, .zero)
    }
}

/// The sum; nil where it is beyond all bounds, so that nothing wrong is shown.
func sum(of amounts: [ExactDecimal]) -> ExactDecimal? {
    try? amounts.reduce(.zero) { (sum, amount) throws in try sum + amount }
}

private func text(_ elements: [String], length: Int) -> JSONValue {
    let joined = joined(elements, length: length)
    return joined.isEmpty ? .null : .string(joined)
}

/// Elements with ", " between them, each once; what does not fit is cut behind an element, and an ellipsis says so.
func joined(_ elements: [String], length: Int) -> String {
    var seen: Set<String> = []
    let elements = elements.map { fitting($0, length: length) }.filter { !$0.isEmpty && seen.insert($0).inserted }
    let whole = elements.joined(separator: ", ")
    guard whole.utf16.count > length else { return whole }
    var text = ""
    for element in elements {
        let next = text.isEmpty ? element : "\(text), \(element)"
        guard next.utf16.count + 3 <= length else { break }
        text = next
    }
    return text.isEmpty ? "…" : "\(text), …"
}

extension ShownOrder {
    static let messageLength = 1000
    private static let linesMember = "lines"

    /// The order's fields to send so that Salesforce, which shows `shown`, shows this; empty where it does already.
    ///
    /// Where it is not known what Salesforce shows all are sent, the empty ones too: an order may be a copy of another.
    func changes(from shown: ShownOrder?) -> JSONObject {
        JSONObject(fields.members.filter { shown?.fields[$0.name] != $0.value }.map { ($0.name, $0.value) })
    }

    /// The same for its lines, in the order of their ids.
    func lineChanges(from shown: ShownOrder?) -> [(line: SalesforceId, fields: JSONObject)] {
        typealias Field = CustomField.OrderItem
        return lines.sorted { $0.key.text < $1.key.text }.compactMap { id, line in
            let before = shown?.lines[id]
            var fields: JSONObject = [:]
            if before?.shipped != line.shipped {
                fields[Field.quantityShipped] = .number(line.shipped.normalized.jsonNumber)
            }
            if before?.invoiced != line.invoiced {
                fields[Field.quantityInvoiced] = .number(line.invoiced.normalized.jsonNumber)
            }
            return fields.isEmpty ? nil : (id, fields)
        }
    }

    /// This, with what Salesforce keeps of `shown`.
    func merged(over shown: ShownOrder?) -> ShownOrder {
        guard var merged = shown else { return self }
        for (name, value) in fields.members { merged.fields[name] = value }
        merged.lines.merge(lines) { $1 }
        return merged
    }

    /// The form in which the ledger keeps it.
    var stored: [UInt8] {
        var object = fields
        var lines: JSONObject = [:]
        for (id, line) in self.lines.sorted(by: { $0.key.text < $1.key.text }) {
            lines[id.text] = .array([.string(line.shipped.text), .string(line.invoiced.text)])
        }
        if !lines.isEmpty { object[Self.linesMember] = .object(lines) }
        return JSONValue.object(object).bytes()
    }

    /// Reads what the ledger kept; `nil` where that is unreadable, so that everything is sent.
    init?(stored: [UInt8]) {
        guard var object = (try? JSONValue.parse(stored))?.object else { return nil }
        for (name, value) in object[Self.linesMember]?.object?.members ?? [] {
            guard let id = try? SalesforceId(complete: name), let shipped = value[0]?.string.flatMap(decimal),
                let invoiced = value[1]?.string.flatMap(decimal)
            else { return nil }
            lines[id] = ShownLine(shipped: shipped, invoiced: invoiced)
        }
        object[Self.linesMember] = nil
        fields = object
    }
}

private func decimal(_ text: String) -> ExactDecimal? { try? ExactDecimal(text) }

/// A text of at most so many UTF-16 units, as Salesforce counts, without control characters but line breaks.
func fitting(_ text: String, length: Int) -> String {
    let clean = String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { $0.value < 0x20 && $0 != "\n" || $0.value == 0x7F ? " " : $0 }))
    guard clean.utf16.count > length else { return clean }
    var short = ""
    var count = 1
    for character in clean {
        count += character.utf16.count
        if count > length { break }
        short.append(character)
    }
    return short + "…"
}
