import FoundationEssentials

/// What may be set about the account.
struct AccountSettings: Equatable, Sendable {
    /// Custom text fields by script id: `custbody_…` on sales orders, `custcol_…` on lines, `custentity_…` on customers.
    var customFields = ["custbody_crossdock_version", "custcol_crossdock_line_id"]
    /// Those of them that the account does not have for now.
    var hiddenCustomFields: Set<String> = []
    /// Ids of currencies that every new customer may use besides its own.
    var customerCurrencies: [String] = []
    /// The state of an order that says nothing about its approval.
    var startsPendingApproval = false
    /// New invoices wait for an approval.
    var invoicesNeedApproval = false
    /// Whether fulfilments and invoices move the time stamp of their order, and what is applied that of its invoice.
    var childTouchesOrder = false
    var zone = AccountZone.pacific
    /// How long SuiteQL takes to show a change.
    var suiteQLLag = Duration.zero
    /// Tables of SuiteQL, in lower case, that the role may not see or whose feature is off: they do not exist.
    var hiddenTables: Set<String> = []
    /// Whether the table `pricing` has a column `currency`, and a row for each of the account's currencies.
    var hasPricingCurrency = false

    var visibleCustomFields: [String] { customFields.filter { !hiddenCustomFields.contains($0) } }
}

/// Everything that the account holds, as one value.
struct Account: Sendable {
    var settings: AccountSettings
    private(set) var items: [Item]
    var stock = Stock()
    /// The oldest first.
    var deletions: [Deletion] = []
    private(set) var customers: [String: Customer] = [:]
    private(set) var salesOrders: [String: SalesOrder] = [:]
    /// In the order of creation.
    private(set) var customerIds: [String] = []
    private(set) var salesOrderIds: [String] = []
    private var customersByExternalId: [String: String] = [:]
    private var customersByName: [String: String] = [:]
    /// Fulfilments, invoices, payments and credit memos.
    var documents = DocumentStore()
    var transactions = TransactionIndex()
    /// Sales orders by their last change.
    private(set) var salesOrderStamps = StampIndex()
    private var itemsById: [String: Int] = [:]
    private var itemsBySku: [String: Int] = [:]
    private var customerCount = 0
    private var lineKeyCount = 0
    private var addressCount = 0

    init(settings: AccountSettings = AccountSettings(), now: Stamp) {
        self.settings = settings
        items = []
        for item in Catalogue.items(at: now) {
            add(item)
            openStock(of: item, onHand: Catalogue.stock, now: now)
        }
    }

    /// Internal ids are unique in their group and never used again, but they do not rise with time.
    static func id(first: Int, _ count: Int) -> String { String(first + count / 10 * 10 + count * 7 % 10) }

    mutating func nextCustomerId() -> String {
        defer { customerCount += 1 }
        return Account.id(first: 1201, customerCount)
    }

    mutating func nextLineKey() -> Int {
        lineKeyCount += 1
        return 20_000 + lineKeyCount
    }

    mutating func nextAddressId() -> String {
        addressCount += 1
        return String(600 + addressCount)
    }

    // MARK: Items

    mutating func add(_ item: Item) {
        itemsById[item.id] = items.count
        itemsBySku[item.sku.lowercased()] = items.count
        items.append(item)
    }

    mutating func replace(_ item: Item) {
        if let index = itemsById[item.id] { items[index] = item }
    }

    func item(id: String) -> Item? { itemsById[id].map { items[$0] } }

    func item(sku: String) -> Item? { itemsBySku[sku.lowercased()].map { items[$0] } }

    var nextItemId: String { String((items.compactMap { Int($0.id) }.max() ?? 317) + 1) }

    // MARK: Customers

    func customer(externalId: String) -> Customer? {
        customersByExternalId[externalId.lowercased()].flatMap { customers[$0] }
    }

    /// The entity that has this company name or entity id.
    func customer(named name: String) -> Customer? {
        customersByName[name.lowercased()].flatMap { customers[$0] }
    }

    /// Stores a new customer, or a new state of a stored one.
    mutating func store(_ customer: Customer) {
        forgetNames(of: customer.id)
        if customers[customer.id] == nil { customerIds.append(customer.id) }
        customers[customer.id] = customer
        if let externalId = customer.externalId { customersByExternalId[externalId.lowercased()] = customer.id }
        for name in [customer.name, customer.entityId] where !name.isEmpty {
            customersByName[name.lowercased()] = customer.id
        }
    }

    mutating func removeCustomer(_ id: String) {
        forgetNames(of: id)
        customers[id] = nil
        customerIds.removeAll { $0 == id }
    }

    private mutating func forgetNames(of id: String) {
        guard let old = customers[id] else { return }
        if let externalId = old.externalId { customersByExternalId[externalId.lowercased()] = nil }
        for name in [old.name, old.entityId] where customersByName[name.lowercased()] == id {
            customersByName[name.lowercased()] = nil
        }
    }

    // MARK: Sales orders

    func salesOrder(externalId: String) -> SalesOrder? {
        transactions.id(externalId: externalId).flatMap { salesOrders[$0] }
    }

    mutating func store(_ order: SalesOrder) {
        let old = salesOrders.updateValue(order, forKey: order.id)
        if old == nil { salesOrderIds.append(order.id) }
        moveDemand(from: old, to: order)
        salesOrderStamps.move(order.id, from: old?.modified, to: order.modified)
        transactions.note(
            .salesOrder, id: order.id, tranId: order.tranId, externalId: order.externalId, formerly: old?.externalId)
    }

    mutating func removeSalesOrder(_ id: String) {
        guard let order = salesOrders.removeValue(forKey: id) else { return }
        moveDemand(from: order, to: nil)
        salesOrderStamps.move(id, from: order.modified, to: nil)
        transactions.forget(id: id, tranId: order.tranId, externalId: order.externalId)
        salesOrderIds.removeAll { $0 == id }
    }

    // MARK: References

    /// What a reference by internal id points to, if it may be used.
    func resolve(_ target: ReferenceTarget, id: String) -> Reference? {
        let name: String? =
            switch target {
            case .customer: customers[id].flatMap { $0.isInactive ? nil : $0.displayName }
            case .item: item(id: id).flatMap { $0.isInactive ? nil : $0.sku }
            // Which customer's book it must be in is known only with the whole order.
            case .addressEntry: ""
            case .none: nil
            case .salesOrder, .invoice: transactionName(target, id: id)
            default: Catalogue.list(target).first { $0.id == id }?.name
            }
        return name.map { Reference(target: target, id: id, name: $0) }
    }

    /// The same by external id, of which customers, items and transactions have any.
    func resolve(_ target: ReferenceTarget, externalId: String) -> Reference? {
        switch target {
        case .customer: customer(externalId: externalId).flatMap { resolve(.customer, id: $0.id) }
        case .item:
            items.first { $0.externalId?.lowercased() == externalId.lowercased() }.flatMap { resolve(.item, id: $0.id) }
        case .salesOrder, .invoice:
            transactions.id(externalId: externalId).flatMap { resolve(target, id: $0) }
        default: nil
        }
    }

    /// `Invoice #INV1001`; nil for an id of another kind.
    private func transactionName(_ target: ReferenceTarget, id: String) -> String? {
        guard let kind = TransactionKind(rawValue: target.rawValue) else { return nil }
        let number = kind == .salesOrder ? salesOrders[id]?.tranId : documents.invoices[id]?.tranId
        return number.map { "\(kind.words) #\($0)" }
    }
}
