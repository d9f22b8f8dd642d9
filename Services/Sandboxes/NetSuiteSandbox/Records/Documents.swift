import FoundationEssentials

/// What every transaction that follows from an order has.
struct DocumentHead: Equatable, Sendable {
    let id: String
    let kind: TransactionKind
    let tranId: String
    var externalId: String?
    var date: CivilDate
    var customer: Reference
    var currency: Reference
    /// Plain fields as the record service names them, such as `memo`, `shipMethod` or `terms`.
    var values: [String: FieldValue] = [:]
    var created: Stamp
    var modified: Stamp
}

/// A transaction that follows from an order, or pays for one.
protocol TransactionDocument: Equatable, Sendable {
    var head: DocumentHead { get set }
    /// Empty for a payment.
    var lines: [DocumentLine] { get }
}

extension TransactionDocument {
    var id: String { head.id }
    var tranId: String { head.tranId }
}

/// One line of a fulfilment, an invoice or a credit memo. Quantities and amounts are positive.
struct DocumentLine: Equatable, Sendable {
    /// The line's key in its document, from 1.
    let line: Int
    let uniqueKey: Int
    /// The line it comes from: of the order for fulfilments and invoices, of the invoice for credit memos.
    let sourceLine: Int?
    let item: Reference
    var quantity: Decimal
    var rate: Decimal?
    var amount = Decimal(0)
    var location: Reference?
    var description: String?
}

/// One package of a fulfilment; nothing says which line is in which.
struct Package: Equatable, Sendable {
    var description: String?
    var weight: Decimal?
    var trackingNumber: String?
    var cartonNumber: Int?
}

/// A fulfilment: goods of one order that were picked, packed or shipped together.
struct Fulfilment: TransactionDocument {
    enum Status: String, Comparable, Sendable {
        case picked = "A"
        case packed = "B"
        case shipped = "C"

        static func < (left: Status, right: Status) -> Bool { left.rawValue < right.rawValue }
    }

    var head: DocumentHead
    let orderId: String
    var status: Status
    /// Who carries it, such as `ups`, with the name that people read.
    var carrier: ListEntry?
    var packages: [Package] = []
    var lines: [DocumentLine]

    var trackingNumbers: [String] { packages.compactMap(\.trackingNumber) }
}

/// An invoice; what is paid follows from the documents that are applied to it.
struct Invoice: TransactionDocument {
    enum Approval: String, Sendable {
        case pending = "1"
        case approved = "2"
        case rejected = "3"
    }

    var head: DocumentHead
    /// The order it bills; nil for one that was entered by itself.
    let orderId: String?
    var dueDate: CivilDate
    var approval = Approval.approved
    /// A voided invoice keeps its lines, with quantities and amounts of zero.
    var isVoided = false
    var lines: [DocumentLine]
    /// Shipping and handling, billed with an order's first invoice.
    var charges = Decimal(0)

    var subtotal: Decimal { lines.reduce(0) { $0 + $1.amount } }
    var total: Decimal { subtotal + charges }
}

/// What of a payment or credit memo is applied to one invoice.
struct Application: Equatable, Sendable {
    let invoiceId: String
    var amount: Decimal
}

/// A document that pays for invoices.
protocol PayingDocument: TransactionDocument {
    /// What it has to give.
    var total: Decimal { get }
    var apply: [Application] { get set }
    /// The letter of `status`.
    var state: String { get }
}

extension PayingDocument {
    var applied: Decimal { apply.reduce(0) { $0 + $1.amount } }
    var unapplied: Decimal { total - applied }
}

/// A customer's payment.
struct CustomerPayment: PayingDocument {
    var head: DocumentHead
    let amount: Decimal
    /// A unapproved, B not deposited, C deposited, R rejected.
    var state: String
    var apply: [Application] = []

    var total: Decimal { amount }
    var lines: [DocumentLine] { [] }
}

/// A credit memo.
struct CreditMemo: PayingDocument {
    var head: DocumentHead
    /// The invoice it credits; nil for one that was entered by itself.
    let invoiceId: String?
    var isVoided = false
    var lines: [DocumentLine]
    /// What of the invoice's shipping and handling is credited too.
    var charges = Decimal(0)
    var apply: [Application] = []

    var subtotal: Decimal { lines.reduce(0) { $0 + $1.amount } }
    var total: Decimal { subtotal + charges }
    var state: String { isVoided ? "V" : unapplied <= 0 ? "B" : "A" }
}
