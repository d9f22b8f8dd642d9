import FoundationEssentials

@testable import NetSuiteSandbox

/// An order with everything that can follow from it, put into the account as the rules of the documents would leave it:
/// fulfilled in two parts, the first in two packages, billed in two parts, the first invoice paid in part, credited in part.
enum DocumentFixture {
    static let item = Reference(target: .item, id: "318", name: "SKU-RED")
    static let other = Reference(target: .item, id: "319", name: "SKU-BLUE")
    static let customer = Reference(target: .customer, id: "1201", name: "Acme")
    static let dollar = Reference(target: .currency, id: "1", name: "US Dollar")
    static let main = Reference(target: .location, id: "1", name: "Main")

    /// Internal ids of what was made.
    struct Ids {
        var fulfilments: [String] = []
        var invoices: [String] = []
        var payment = ""
        var memo = ""
    }

    static func date(_ text: String) -> CivilDate { CivilDate(iso: text) ?? CivilDate(daysSinceEpoch: 0) }

    static func head(_ kind: TransactionKind, _ day: String, in account: inout Account, at now: Stamp) -> DocumentHead {
        let (id, number) = account.transactions.next(kind)
        account.transactions.note(kind, id: id, tranId: number, externalId: nil, formerly: nil)
        return DocumentHead(
            id: id, kind: kind, tranId: number, externalId: nil, date: date(day), customer: customer, currency: dollar,
            created: now, modified: now)
    }

    static func line(
        _ line: Int, of source: Int, _ item: Reference, _ quantity: Decimal, amount: Decimal = 0
    ) -> DocumentLine {
        DocumentLine(
            line: line, uniqueKey: 30_000 + line, sourceLine: source, item: item, quantity: quantity,
            amount: amount, location: main)
    }

    /// Follows up on the order of `orderBody()`: two of SKU-RED at 49.50 and one of SKU-BLUE at 10.00.
    static func follow(_ order: SalesOrder, in account: inout Account, at now: Stamp) -> Ids {
        var ids = Ids()
        var order = order
        for (index, (day, number)) in [("2025-03-15", 1), ("2025-03-17", 2)].enumerated() {
            let carrier = Catalogue.carriers.first { $0.id == "ups" }
            var fulfilment = Fulfilment(
                head: head(.itemFulfillment, day, in: &account, at: now), orderId: order.id, status: .shipped,
                carrier: carrier, lines: [line(1, of: 1, item, 1)])
            fulfilment.packages = (index == 0 ? [1, 2] : [3]).map { Package(trackingNumber: "1Z00\($0)") }
            if number == 2 {
                fulfilment.lines.append(line(2, of: 2, other, 1))
                fulfilment.packages.append(Package(description: "without a number"))
            }
            account.documents.store(fulfilment)
            ids.fulfilments.append(fulfilment.id)
            let amount = Decimal(string: "49.5") ?? 0
            var lines = [line(1, of: 1, item, 1, amount: amount)]
            if number == 2 { lines.append(line(2, of: 2, other, 1, amount: 10)) }
            let invoice = Invoice(
                head: head(.invoice, day, in: &account, at: now), orderId: order.id, dueDate: date("2025-04-15"),
                lines: lines)
            account.documents.store(invoice)
            ids.invoices.append(invoice.id)
        }
        let payment = CustomerPayment(
            head: head(.customerPayment, "2025-03-20", in: &account, at: now), amount: 40, state: "C",
            apply: [Application(invoiceId: ids.invoices[0], amount: 30)])
        account.documents.store(payment)
        ids.payment = payment.id
        let memo = CreditMemo(
            head: head(.creditMemo, "2025-03-21", in: &account, at: now), invoiceId: ids.invoices[1],
            lines: [line(1, of: 2, other, 1, amount: 10)], apply: [Application(invoiceId: ids.invoices[1], amount: 10)])
        account.documents.store(memo)
        ids.memo = memo.id
        for index in order.lines.indices {
            order.lines[index].picked = order.lines[index].quantity
            order.lines[index].packed = order.lines[index].quantity
            order.lines[index].fulfilled = order.lines[index].quantity
            order.lines[index].billed = order.lines[index].quantity
        }
        account.store(order)
        return ids
    }
}
