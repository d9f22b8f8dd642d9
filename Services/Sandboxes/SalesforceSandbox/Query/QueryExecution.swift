import JSONText

/// Runs a compiled query over the records.
struct QueryExecution {
    let store: RecordStore
    let schema: Schema
    /// `/services/data/v67.0`, before the paths of records and further pages.
    let basePath: String
    /// `queryAll` shows the recycle bin too.
    let includesDeleted: Bool

    /// The records that match, sorted and cut.
    func records(_ plan: QueryPlan) -> [Record] {
        cut(sorted(candidates(plan), plan), plan)
    }

    /// The children of a record under a nested query.
    func children(of record: Record, _ child: ChildRelationship, _ plan: QueryPlan) -> [Record] {
        let ids = store.children(of: record.id, through: child)
        return cut(sorted(matching(ids, plan), plan), plan)
    }

    private func cut(_ records: [Record], _ plan: QueryPlan) -> [Record] {
        let tail = records.dropFirst(plan.offset)
        return Array(plan.limit.map { tail.prefix($0) } ?? tail)
    }

    /// Narrows by ids where the condition names them, so that a look-up of a few records reads only those.
    private func candidates(_ plan: QueryPlan) -> [Record] {
        for part in Self.conjuncts(plan.predicate) {
            guard let (field, ids) = Self.namedIds(part) else { continue }
            if field.type == .id {
                return matching(ids.filter { store.record(plan.object.name, $0) != nil }, plan)
            }
            if RecordStore.isIndexed(field.name) {
                return matching(ids.flatMap { store.children(plan.object.name, of: $0) }, plan)
            }
        }
        return matching(store.ids(plan.object.name), plan)
    }

    private static func conjuncts(_ predicate: QueryPredicate?) -> [QueryPredicate] {
        guard let predicate else { return [] }
        if case .and(let parts) = predicate { return parts }
        return [predicate]
    }

    private static func namedIds(_ predicate: QueryPredicate) -> (FieldDefinition, [String])? {
        switch predicate {
        case .comparison(let path, .equal, .text(let id)) where path.steps.isEmpty:
            (path.field, [id])
        case .list(let path, let values, negated: false) where path.steps.isEmpty:
            (path.field, values.compactMap(\.text).sorted())
        default: nil
        }
    }

    private func matching(_ ids: [String], _ plan: QueryPlan) -> [Record] {
        let predicate = plan.predicate.map(prepared)
        return ids.compactMap { id in
            guard let record = store.record(plan.object.name, id), includesDeleted || !record.isDeleted,
                predicate.map({ holds($0, record) }) ?? true
            else { return nil }
            return record
        }
    }

    /// Replaces semi-joins by the ids they find.
    private func prepared(_ predicate: QueryPredicate) -> QueryPredicate {
        switch predicate {
        case .and(let parts): .and(parts.map(prepared))
        case .or(let parts): .or(parts.map(prepared))
        case .not(let inner): .not(prepared(inner))
        case .subquery(let path, let plan, let field, let negated):
            .list(path, Set(records(plan).map { $0[field.name] }), negated: negated)
        default: predicate
        }
    }

    private func holds(_ predicate: QueryPredicate, _ record: Record) -> Bool {
        switch predicate {
        case .and(let parts): return parts.allSatisfy { holds($0, record) }
        case .or(let parts): return parts.contains { holds($0, record) }
        case .not(let inner): return !holds(inner, record)
        case .comparison(let path, let comparison, let wanted):
            return compare(path.value(of: record, in: store, schema: schema), comparison, wanted, path.field)
        case .like(let path, let pattern):
            guard let text = path.value(of: record, in: store, schema: schema).text else { return false }
            return Self.matches(Array(text.lowercased())[...], Array(pattern)[...])
        case .list(let path, let values, let negated):
            let value = path.value(of: record, in: store, schema: schema)
            return values.contains(value.folded(caseSensitive: path.field.comparesCase)) != negated
        case .subquery:
            return false
        }
    }

    private func compare(
        _ value: FieldValue, _ comparison: SOQLOperator, _ wanted: FieldValue, _ field: FieldDefinition
    ) -> Bool {
        let order = value.compared(to: wanted, caseSensitive: field.comparesCase)
        switch comparison {
        case .equal: return value == wanted || order == 0
        case .notEqual: return value != wanted && order != 0
        case .less: return order.map { $0 < 0 } ?? false
        case .lessOrEqual: return order.map { $0 <= 0 } ?? false
        case .greater: return order.map { $0 > 0 } ?? false
        case .greaterOrEqual: return order.map { $0 >= 0 } ?? false
        }
    }

    private static func matches(_ text: ArraySlice<Character>, _ pattern: ArraySlice<Character>) -> Bool {
        guard let mark = pattern.first else { return text.isEmpty }
        if mark == "%" {
            return (text.startIndex...text.endIndex).contains { matches(text[$0...], pattern.dropFirst()) }
        }
        guard let first = text.first, mark == "_" || mark == first else { return false }
        return matches(text.dropFirst(), pattern.dropFirst())
    }

    private func sorted(_ records: [Record], _ plan: QueryPlan) -> [Record] {
        guard !plan.ordering.isEmpty else { return records }
        let keyed = records.enumerated().map { position, record in
            (record, position, plan.ordering.map { $0.path.value(of: record, in: store, schema: schema) })
        }
        return keyed.sorted { left, right in
            for (index, key) in plan.ordering.enumerated() {
                let order = Self.order(left.2[index], right.2[index], key.path.field, nullsLast: key.nullsLast)
                if order.isByNull, order.sign != 0 { return order.sign < 0 }
                if order.sign != 0 { return key.descending ? order.sign > 0 : order.sign < 0 }
            }
            return left.1 < right.1
        }.map(\.0)
    }

    /// Nulls stand first unless the query says otherwise, whatever the direction.
    private static func order(
        _ left: FieldValue, _ right: FieldValue, _ field: FieldDefinition, nullsLast: Bool
    ) -> (sign: Int, isByNull: Bool) {
        if left == .null || right == .null {
            guard left != right else { return (0, true) }
            return ((left == .null) == nullsLast ? 1 : -1, true)
        }
        return (left.compared(to: right, caseSensitive: field.comparesCase) ?? 0, false)
    }
}
