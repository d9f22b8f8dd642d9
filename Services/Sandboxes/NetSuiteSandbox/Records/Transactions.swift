/// The kinds of transactions that the account keeps. All share one pool of internal ids and one of external ids.
enum TransactionKind: String, CaseIterable, Sendable {
    case salesOrder, itemFulfillment, invoice, customerPayment, creditMemo

    /// As the record service names it.
    var recordName: String { rawValue }

    /// As SuiteQL's `transaction.type` names it.
    var queryType: String {
        switch self {
        case .salesOrder: "SalesOrd"
        case .itemFulfillment: "ItemShip"
        case .invoice: "CustInvc"
        case .customerPayment: "CustPymt"
        case .creditMemo: "CustCred"
        }
    }

    /// As people read it.
    var words: String {
        switch self {
        case .salesOrder: "Sales Order"
        case .itemFulfillment: "Item Fulfillment"
        case .invoice: "Invoice"
        case .customerPayment: "Payment"
        case .creditMemo: "Credit Memo"
        }
    }

    /// The letters before the number of a document of this kind.
    var numberPrefix: String {
        switch self {
        case .salesOrder: "SO"
        case .itemFulfillment: "IF"
        case .invoice: "INV"
        case .customerPayment: "PYMT"
        case .creditMemo: "CM"
        }
    }

    /// Words for the letters of `status`.
    var states: [String: String] {
        switch self {
        case .salesOrder: Shapes.orderStates
        case .itemFulfillment: Shapes.fulfilmentStates
        case .invoice: Shapes.invoiceStates
        case .customerPayment: Shapes.paymentStates
        case .creditMemo: Shapes.creditMemoStates
        }
    }
}

/// How transactions of every kind are found, and where their ids and numbers come from.
struct TransactionIndex: Sendable {
    private var kinds: [String: TransactionKind] = [:]
    private var byExternalId: [String: String] = [:]
    private var byNumber: [String: String] = [:]
    private var idCount = 0
    private var numberCounts: [TransactionKind: Int] = [:]

    /// An internal id that no transaction ever had, and the next number of the kind.
    mutating func next(_ kind: TransactionKind) -> (id: String, tranId: String) {
        defer {
            idCount += 1
            numberCounts[kind, default: 0] += 1
        }
        return (
            Account.id(first: 4711, idCount), "\(kind.numberPrefix)\(1001 + numberCounts[kind, default: 0])"
        )
    }

    func kind(of id: String) -> TransactionKind? { kinds[id] }

    /// The internal id of the transaction, of whatever kind, that holds this external id.
    func id(externalId: String) -> String? { byExternalId[externalId.lowercased()] }

    func id(number: String) -> String? { byNumber[number] }

    /// Takes in a new transaction, or a stored one whose external id may have changed.
    mutating func note(
        _ kind: TransactionKind, id: String, tranId: String, externalId: String?, formerly former: String?
    ) {
        kinds[id] = kind
        byNumber[tranId] = id
        if let former { byExternalId[former.lowercased()] = nil }
        if let externalId { byExternalId[externalId.lowercased()] = id }
    }

    mutating func forget(id: String, tranId: String, externalId: String?) {
        kinds[id] = nil
        byNumber[tranId] = nil
        if let externalId { byExternalId[externalId.lowercased()] = nil }
    }
}
