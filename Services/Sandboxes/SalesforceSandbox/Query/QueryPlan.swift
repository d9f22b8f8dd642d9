/// A query with its names looked up in what the user may see.
struct QueryPlan: Sendable {
    let object: ObjectDefinition
    let selection: QuerySelection
    let predicate: QueryPredicate?
    let ordering: [(path: FieldPath, descending: Bool, nullsLast: Bool)]
    let limit: Int?
    let offset: Int
    let isCount: Bool
}

/// A field reached from a record over its parents.
struct FieldPath: Sendable {
    /// The look-ups on the way.
    let steps: [FieldDefinition]
    let field: FieldDefinition

    /// The value for a record; null where a parent is missing.
    func value(of record: Record, in store: RecordStore, schema: Schema) -> FieldValue {
        var current = record
        for step in steps {
            guard let parent = step.parent(of: current, in: store, schema: schema) else { return .null }
            current = parent
        }
        return current[field.name]
    }
}

extension FieldDefinition {
    /// The record that the look-up names.
    func parent(of record: Record, in store: RecordStore, schema: Schema) -> Record? {
        guard let id = record[name].text, let target = schema.object(prefix: RecordId.prefix(of: id)) else {
            return nil
        }
        return store.record(target.name, id)
    }
}

/// What an answer shows of each record, in the order of the query.
struct QuerySelection: Sendable {
    enum Entry: Sendable {
        case field(FieldDefinition)
        case parent(name: String, lookup: FieldDefinition, QuerySelection)
        case children(name: String, ChildRelationship, QueryPlan)
    }

    let object: ObjectDefinition
    var entries: [Entry] = []

    /// Adds a field behind parents; the parents of several fields become one object.
    mutating func add(
        _ parents: ArraySlice<(name: String, lookup: FieldDefinition, object: ObjectDefinition)>,
        _ field: FieldDefinition
    ) {
        guard let parent = parents.first else {
            entries.append(.field(field))
            return
        }
        for (position, entry) in entries.enumerated() {
            guard case .parent(let name, let lookup, var inner) = entry, lookup.name == parent.lookup.name else {
                continue
            }
            inner.add(parents.dropFirst(), field)
            entries[position] = .parent(name: name, lookup: lookup, inner)
            return
        }
        var inner = QuerySelection(object: parent.object)
        inner.add(parents.dropFirst(), field)
        entries.append(.parent(name: parent.name, lookup: parent.lookup, inner))
    }
}

/// A condition on one record.
indirect enum QueryPredicate: Sendable {
    case and([QueryPredicate])
    case or([QueryPredicate])
    case not(QueryPredicate)
    case comparison(FieldPath, SOQLOperator, FieldValue)
    case like(FieldPath, String)
    case list(FieldPath, Set<FieldValue>, negated: Bool)
    case subquery(FieldPath, QueryPlan, FieldDefinition, negated: Bool)
}
