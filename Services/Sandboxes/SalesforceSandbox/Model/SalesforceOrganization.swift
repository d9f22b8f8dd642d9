import FoundationEssentials
import JSONText

/// Who writes, and when.
struct WriteContext: Sendable {
    let userId: String
    /// The time of the transaction, seconds since 1970; an older one makes a record that is committed late.
    let now: Int64
}

/// Whether a change of an order's product also moves the order's `SystemModstamp`.
enum OrderTouch: String, Sendable, CaseIterable {
    /// Every change of a product does.
    case always
    /// Only a change of the order's total does.
    case total
    /// Only a product that comes or goes does.
    case never
}

/// The organisation: its schema, its records, and the rules of every write.
struct SalesforceOrganization: Sendable {
    static let organizationId = "00DQk000000XyZaMAK"
    static let integrationUserId = RecordId.completed("005Qk000001AbCd")
    static let salesUserId = RecordId.completed("005Qk000001SaLe")

    /// Everything that exists; a user may see less of it.
    let schema: Schema
    let options: SchemaOptions
    var orderTouch: OrderTouch
    var store = RecordStore()

    init(schema: Schema, options: SchemaOptions, orderTouch: OrderTouch) {
        self.schema = schema
        self.options = options
        self.orderTouch = orderTouch
    }

    /// Creates a record with what `access` may write, and returns its id.
    mutating func create(
        _ object: String, _ members: JSONObject, access: Schema, context: WriteContext
    ) throws(RecordError) -> String {
        guard let visible = access.object(object), visible.createable, let whole = schema.object(object) else {
            throw .notFound
        }
        // The reader holds a copy of the store: kept alive, it would make every write copy whole tables.
        var values = try FieldInput(definition: visible, store: store, schema: schema).read(members, for: .create)
        let missing = whole.fields.filter { $0.requiredOnCreate && (values[$0.name] ?? .null) == .null }
        guard missing.isEmpty else { throw .missing(missing.map(\.name)) }
        for field in whole.fields where values[field.name] == nil {
            values[field.name] = field.defaultValue
        }
        try checkAddresses(&values, old: nil, whole)
        try checkUnique(values, whole, except: nil)
        if whole.field("OwnerId") != nil, (values["OwnerId"] ?? .null) == .null {
            values["OwnerId"] = .text(context.userId)
        }
        try derive(&values, of: whole)
        stamp(&values, created: true, context)
        let record = Record(id: store.nextId(prefix: whole.keyPrefix), values: values)
        insert(record, of: whole)
        afterCreate(record, of: whole, context)
        return record.id
    }

    /// Adds a record as it is, with its id among its values.
    mutating func insert(_ record: Record, of definition: ObjectDefinition) {
        var record = record
        record["Id"] = .text(record.id)
        store.insert(record, of: definition)
    }

    /// Changes a record by what `access` may write.
    mutating func update(
        _ object: String, _ id: String, _ members: JSONObject, access: Schema, context: WriteContext
    ) throws(RecordError) {
        guard let visible = access.object(object), let whole = schema.object(object) else { throw .notFound }
        guard let old = store.record(whole.name, id) else { throw .invalidCrossReference }
        guard !old.isDeleted else { throw .deleted }
        guard visible.updateable else {
            throw RecordError(
                code: "INSUFFICIENT_ACCESS_OR_READONLY", message: "insufficient access rights on object id")
        }
        var values = try FieldInput(definition: visible, store: store, schema: schema).read(members, for: .update)
        try checkAddresses(&values, old: old, whole)
        try checkUnique(values, whole, except: id)
        if whole.name == "Order" { try OrderRules.checkUpdate(old, values, store: store) }
        if whole.name == "PricebookEntry" { try CatalogueRules.checkUpdate(old, values, store: store) }
        var new = old
        for (name, value) in values { new[name] = value }
        if whole.name == "Order" { OrderRules.derive(&new, old: old, context: context) }
        if whole.name == "OrderItem" { try OrderRules.deriveItem(&new.values) }
        stamp(&new.values, created: false, context)
        if whole.name == "PricebookEntry" { CatalogueRules.derive(&new, store: store) }
        store.replace(new, of: whole)
        if whole.name == "PricebookEntry" { followStandardPrice(new, of: whole, context) }
        afterUpdate(old: old, new: new, of: whole, context)
    }

    /// Moves a record to the recycle bin, with the children that go along.
    mutating func delete(_ object: String, _ id: String, context: WriteContext) throws(RecordError) {
        guard let definition = schema.object(object), definition.deletable else { throw .notFound }
        guard let old = store.record(definition.name, id) else { throw .notFound }
        guard !old.isDeleted else { throw .deleted }
        try OrderRules.checkDelete(old, of: definition.name, store: store)
        for child in definition.children where child.cascadeDelete {
            guard let childDefinition = schema.object(child.object) else { continue }
            for childId in store.children(of: id, through: child) {
                store.bin(childId, of: childDefinition, stamp: context.now)
            }
        }
        store.bin(id, of: definition, stamp: context.now)
        if definition.name == "OrderItem", let orderId = old["OrderId"].text {
            rollUp(orderId, touch: true, context)
        }
    }

    // MARK: Steps of a write

    private func checkUnique(
        _ values: [String: FieldValue], _ definition: ObjectDefinition, except id: String?
    ) throws(RecordError) {
        for field in definition.fields where field.unique {
            guard let value = values[field.name], value != .null,
                let owner = store.owner(definition.name, field, value), owner != id
            else { continue }
            throw RecordError(
                code: "DUPLICATE_VALUE",
                message: "duplicate value found: \(field.name) duplicates value on record with id: \(owner.prefix(15))",
                fields: [])
        }
    }

    /// Values that follow from others when a record is created.
    private mutating func derive(_ values: inout [String: FieldValue], of definition: ObjectDefinition)
        throws(RecordError)
    {
        switch definition.name {
        case "Order":
            try OrderRules.checkCreate(&values, store: store)
            values["OrderNumber"] = .text(Self.padded(store.next("OrderNumber") + 100, 8))
            values["TotalAmount"] = .number(0)
            values["StatusCode"] = .text("Draft")
        case "OrderItem":
            try OrderRules.deriveNewItem(&values, store: store)
            values["OrderItemNumber"] = .text(Self.padded(store.next("OrderItemNumber") + 200, 10))
        case "PricebookEntry":
            try CatalogueRules.checkNewEntry(&values, store: store)
        case "Contact":
            let names = [values["FirstName"], values["LastName"]].compactMap { $0?.text }
            values["Name"] = .text(names.joined(separator: " "))
        default:
            break
        }
    }

    private mutating func afterCreate(_ record: Record, of definition: ObjectDefinition, _ context: WriteContext) {
        if definition.name == "Order" {
            addHistory(orderId: record.id, field: "created", type: "", old: .null, new: .null, context)
        }
        if definition.name == "OrderItem", let orderId = record["OrderId"].text {
            rollUp(orderId, touch: true, context)
        }
    }

    private mutating func afterUpdate(
        old: Record, new: Record, of definition: ObjectDefinition, _ context: WriteContext
    ) {
        if definition.name == "Order" { trackChanges(old: old, new: new, definition, context) }
        guard definition.name == "OrderItem", let orderId = new["OrderId"].text else { return }
        let totalChanged = old["TotalPrice"] != new["TotalPrice"]
        let touch =
            switch orderTouch {
            case .always: true
            case .total: totalChanged
            case .never: false
            }
        rollUp(orderId, touch: touch, context)
    }

    /// Entries that take the standard price follow it.
    private mutating func followStandardPrice(
        _ standard: Record, of definition: ObjectDefinition, _ context: WriteContext
    ) {
        for var entry in CatalogueRules.followers(of: standard, store: store) {
            entry["UnitPrice"] = standard["UnitPrice"]
            stamp(&entry.values, created: false, context)
            store.replace(entry, of: definition)
        }
    }

    /// Sums the order's products into its total; the stamp moves, the last user's name does not.
    private mutating func rollUp(_ orderId: String, touch: Bool, _ context: WriteContext) {
        guard var order = store.record("Order", orderId), let definition = schema.object("Order") else { return }
        let total = store.items(ofOrder: orderId).reduce(Decimal(0)) { $0 + ($1["TotalPrice"].number ?? 0) }
        order["TotalAmount"] = .number(total)
        if touch { order["SystemModstamp"] = .instant(context.now) }
        store.replace(order, of: definition)
    }

    private func stamp(_ values: inout [String: FieldValue], created: Bool, _ context: WriteContext) {
        if created {
            values["CreatedDate"] = .instant(context.now)
            values["CreatedById"] = .text(context.userId)
            values["IsDeleted"] = .flag(false)
        }
        values["LastModifiedDate"] = .instant(context.now)
        values["LastModifiedById"] = .text(context.userId)
        values["SystemModstamp"] = .instant(context.now)
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
