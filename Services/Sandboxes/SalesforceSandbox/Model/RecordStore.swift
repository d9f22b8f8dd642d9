/// One stored record: its id and its values under the canonical field names.
struct Record: Sendable {
    let id: String
    var values: [String: FieldValue]

    subscript(field: String) -> FieldValue {
        get { values[field] ?? .null }
        set { values[field] = newValue }
    }

    /// True when the record lies in the recycle bin.
    var isDeleted: Bool { self["IsDeleted"].flag }
}

/// Every record of the organisation; a value, so a transaction that fails is undone by keeping the old one.
struct RecordStore: Sendable {
    private struct Table: Sendable {
        var records: [String: Record] = [:]
        var ids: [String] = []
    }

    private struct Key: Hashable {
        let object: String
        let field: String
        let value: FieldValue
    }

    private var tables: [String: Table] = [:]
    private var children: [String: [String]] = [:]
    private var uniqueOwners: [Key: String] = [:]
    private var lastNumbers: [String: Int] = [:]

    /// The record, deleted ones included.
    func record(_ object: String, _ id: String) -> Record? {
        tables[object]?.records[id]
    }

    /// The ids of an object in the order of creation, deleted ones included.
    func ids(_ object: String) -> [String] {
        tables[object]?.ids ?? []
    }

    /// The records of an object in the order of creation, deleted ones left out.
    func records(_ object: String) -> [Record] {
        ids(object).compactMap { record(object, $0) }.filter { !$0.isDeleted }
    }

    /// The ids of the children that name this parent, in the order of creation, deleted ones included.
    func children(_ object: String, of parent: String) -> [String] {
        children["\(object)/\(parent)"] ?? []
    }

    /// The ids of the children under a parent's relationship, in the order of creation, deleted ones included.
    func children(of parent: String, through child: ChildRelationship) -> [String] {
        guard !Self.indexed.contains(child.field) else { return children(child.object, of: parent) }
        return ids(child.object).filter { record(child.object, $0)?[child.field].text == parent }
    }

    /// The order's products, deleted ones left out.
    func items(ofOrder id: String) -> [Record] {
        children("OrderItem", of: id).compactMap { record("OrderItem", $0) }.filter { !$0.isDeleted }
    }

    /// The record that holds this value of a unique field.
    func owner(_ object: String, _ field: FieldDefinition, _ value: FieldValue) -> String? {
        uniqueOwners[Key(object: object, field: field.name, value: value.folded(caseSensitive: field.caseSensitive))]
    }

    /// The next id of an object.
    mutating func nextId(prefix: String) -> String {
        let number = next(prefix)
        // A start far from zero gives ids with letters of both cases.
        return RecordId.make(prefix: prefix, number: 11_230_000 + number * 37)
    }

    /// The next number of a counter, from 1.
    mutating func next(_ counter: String) -> Int {
        lastNumbers[counter, default: 0] += 1
        return lastNumbers[counter, default: 0]
    }

    /// Adds a record.
    mutating func insert(_ record: Record, of definition: ObjectDefinition) {
        tables[definition.name, default: Table()].records[record.id] = record
        tables[definition.name]?.ids.append(record.id)
        for field in definition.fields where field.unique {
            own(definition.name, field, record[field.name], record.id)
        }
        for field in definition.fields where field.type == .reference && Self.indexed.contains(field.name) {
            guard let parent = record[field.name].text else { continue }
            children["\(definition.name)/\(parent)", default: []].append(record.id)
        }
    }

    /// Replaces a record's values.
    mutating func replace(_ record: Record, of definition: ObjectDefinition) {
        guard let old = tables[definition.name]?.records[record.id] else { return }
        for field in definition.fields where field.unique && old[field.name] != record[field.name] {
            release(definition.name, field, old[field.name])
            own(definition.name, field, record[field.name], record.id)
        }
        tables[definition.name]?.records[record.id] = record
    }

    /// Moves a record to the recycle bin: its unique values are free again.
    mutating func bin(_ id: String, of definition: ObjectDefinition, stamp: Int64) {
        guard var record = tables[definition.name]?.records[id] else { return }
        for field in definition.fields where field.unique {
            release(definition.name, field, record[field.name])
        }
        record["IsDeleted"] = .flag(true)
        record["SystemModstamp"] = .instant(stamp)
        tables[definition.name]?.records[id] = record
    }

    /// The look-ups by which children are found; none of them can change after creation.
    private static let indexed: Set<String> = ["OrderId"]

    /// True where `children(_:of:)` knows the look-up.
    static func isIndexed(_ field: String) -> Bool { indexed.contains(field) }

    private mutating func own(_ object: String, _ field: FieldDefinition, _ value: FieldValue, _ id: String) {
        guard value != .null else { return }
        uniqueOwners[Key(object: object, field: field.name, value: value.folded(caseSensitive: field.caseSensitive))] =
            id
    }

    private mutating func release(_ object: String, _ field: FieldDefinition, _ value: FieldValue) {
        let key = Key(object: object, field: field.name, value: value.folded(caseSensitive: field.caseSensitive))
        uniqueOwners[key] = nil
    }
}
