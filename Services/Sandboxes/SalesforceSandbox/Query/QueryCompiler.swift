/// Looks up the names of a query and checks its literals against the types of the fields.
struct QueryCompiler {
    /// What the user may see.
    let schema: Schema
    let text: String

    private static let advice =
        "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
        + "Please reference your WSDL or the describe call for the appropriate names."

    /// Compiles a statement whose text was `text`.
    func compile(_ statement: SOQLStatement) throws(SOQLError) -> QueryPlan {
        guard let object = schema.object(statement.object.text) else {
            throw failure(
                statement.object, "INVALID_TYPE",
                "sObject type '\(statement.object.text)' is not supported. If you are attempting to use a custom object, "
                    + "be sure to append the '__c' after the entity name. Please reference your WSDL or the describe call "
                    + "for the appropriate names.")
        }
        return try compile(statement, on: object)
    }

    private func compile(_ statement: SOQLStatement, on object: ObjectDefinition) throws(SOQLError) -> QueryPlan {
        let selection = try self.selection(statement, object)
        var predicate: QueryPredicate?
        if let condition = statement.condition { predicate = try self.predicate(condition, object) }
        var ordering: [(path: FieldPath, descending: Bool, nullsLast: Bool)] = []
        for key in statement.ordering {
            let path = try self.path(key.field, object)
            guard path.field.filterable else {
                throw failure(
                    key.field, "MALFORMED_QUERY", "field '\(key.field.text)' can not be sorted in a query call")
            }
            ordering.append((path, key.descending, key.nullsLast))
        }
        if let offset = statement.offset, offset > 2_000 {
            throw SOQLError(code: "NUMBER_OUTSIDE_VALID_RANGE", message: "Maximum SOQL offset allowed is 2000")
        }
        return QueryPlan(
            object: object, selection: selection, predicate: predicate, ordering: ordering, limit: statement.limit,
            offset: statement.offset ?? 0, isCount: statement.isCount)
    }

    // MARK: Names

    private func selection(_ statement: SOQLStatement, _ object: ObjectDefinition) throws(SOQLError) -> QuerySelection {
        var result = QuerySelection(object: object)
        var seen: Set<String> = []
        for item in statement.items {
            switch item {
            case .field(let name):
                guard seen.insert(name.text.lowercased()).inserted else {
                    throw failure(name, "INVALID_FIELD", "duplicate field selected: \(name.text)")
                }
                let (parents, field) = try resolve(name, object)
                result.add(parents[...], field)
            case .children(let inner):
                guard let child = object.child(inner.object.text), let childObject = schema.object(child.object) else {
                    throw failure(
                        inner.object, "INVALID_TYPE",
                        "Didn't understand relationship '\(inner.object.text)' in FROM part of query call. If you are "
                            + "attempting to use a custom relationship, be sure to append the '__r' after the custom "
                            + "relationship name. Please reference your WSDL or the describe call for the appropriate "
                            + "names.")
                }
                guard !inner.isCount else {
                    throw failure(inner.object, "MALFORMED_QUERY", "count() is not allowed in a nested query")
                }
                result.entries.append(.children(name: child.name, child, try compile(inner, on: childObject)))
            }
        }
        return result
    }

    private func resolve(
        _ name: SOQLName, _ object: ObjectDefinition
    ) throws(SOQLError) -> (
        parents: [(name: String, lookup: FieldDefinition, object: ObjectDefinition)], field: FieldDefinition
    ) {
        var path = name.path
        // The object's own name may stand before its fields.
        if path.count > 1, path[0].lowercased() == object.name.lowercased(), object.parentField(path[0]) == nil {
            path.removeFirst()
        }
        var parents: [(name: String, lookup: FieldDefinition, object: ObjectDefinition)] = []
        var current = object
        guard path.count <= 6 else {
            throw failure(name, "INVALID_FIELD", "a field path may cross at most five relationships")
        }
        for step in path.dropLast() {
            guard let lookup = current.parentField(step), let target = target(of: lookup) else {
                throw failure(
                    name, "INVALID_FIELD",
                    "Didn't understand relationship '\(step)' in field path. If you are attempting to use a custom "
                        + "relationship, be sure to append the '__r' after the custom relationship name. Please reference "
                        + "your WSDL or the describe call for the appropriate names.")
            }
            parents.append((lookup.relationshipName ?? step, lookup, target))
            current = target
        }
        guard let last = path.last, let field = current.field(last) else {
            throw failure(
                name, "INVALID_FIELD",
                "No such column '\(path.last ?? "")' on entity '\(current.name)'. \(Self.advice)")
        }
        return (parents, field)
    }

    /// The object behind a look-up; a polymorphic one is read as a user.
    private func target(of lookup: FieldDefinition) -> ObjectDefinition? {
        lookup.referenceTo.lazy.compactMap { schema.object($0) }.first
    }

    private func path(_ name: SOQLName, _ object: ObjectDefinition) throws(SOQLError) -> FieldPath {
        let (parents, field) = try resolve(name, object)
        return FieldPath(steps: parents.map(\.lookup), field: field)
    }

    private func failure(_ name: SOQLName, _ code: String, _ reason: String) -> SOQLError {
        .at(name.position, of: text, code: code, reason)
    }

    // MARK: Conditions

    private func predicate(
        _ condition: SOQLCondition, _ object: ObjectDefinition
    ) throws(SOQLError) -> QueryPredicate {
        switch condition {
        case .and(let parts):
            return .and(try all(parts, object))
        case .or(let parts):
            return .or(try all(parts, object))
        case .not(let inner):
            return .not(try predicate(inner, object))
        case .comparison(let name, let comparison, let literal):
            let path = try filterPath(name, object)
            return .comparison(path, comparison, try value(literal, for: path.field, name))
        case .like(let name, let literal):
            let path = try filterPath(name, object)
            guard path.field.type.isText, path.field.type != .id, path.field.type != .reference,
                case .string(let pattern) = literal
            else {
                throw failure(
                    name, "INVALID_QUERY_FILTER_OPERATOR", "invalid operator on \(path.field.type.filterName) field")
            }
            return .like(path, pattern.lowercased())
        case .list(let name, let literals, let negated):
            let path = try filterPath(name, object)
            var values: Set<FieldValue> = []
            for literal in literals {
                let value = try self.value(literal, for: path.field, name)
                values.insert(value.folded(caseSensitive: path.field.comparesCase))
            }
            return .list(path, values, negated: negated)
        case .subquery(let name, let statement, let negated):
            let path = try filterPath(name, object)
            let plan = try compile(statement)
            guard plan.selection.entries.count == 1, case .field(let field) = plan.selection.entries[0],
                path.field.type == .id || path.field.type == .reference, field.type == .id || field.type == .reference
            else {
                throw failure(name, "MALFORMED_QUERY", "a semi-join compares one id field with one id field")
            }
            return .subquery(path, plan, field, negated: negated)
        }
    }

    private func all(_ parts: [SOQLCondition], _ object: ObjectDefinition) throws(SOQLError) -> [QueryPredicate] {
        var result: [QueryPredicate] = []
        for part in parts { result.append(try predicate(part, object)) }
        return result
    }

    private func filterPath(_ name: SOQLName, _ object: ObjectDefinition) throws(SOQLError) -> FieldPath {
        let path = try self.path(name, object)
        guard path.field.filterable else {
            throw failure(name, "INVALID_FIELD", "field '\(name.text)' can not be filtered in a query call")
        }
        return path
    }

    private func value(
        _ literal: SOQLLiteral, for field: FieldDefinition, _ name: SOQLName
    ) throws(SOQLError) -> FieldValue {
        let enclosed = field.type.isText
        switch (literal, field.type) {
        case (.null, _):
            return .null
        case (.string(let text), .id), (.string(let text), .reference):
            if text.isEmpty { return .null }
            guard case .id(let id) = RecordId.read(text) else {
                throw failure(name, "INVALID_QUERY_FILTER_OPERATOR", "invalid ID field: \(text)")
            }
            return .text(id)
        case (.string(let text), _) where enclosed:
            return text.isEmpty ? .null : .text(text)
        case (.number(let text), .int), (.number(let text), .double), (.number(let text), .currency):
            return DecimalText.read(text).map(FieldValue.number) ?? .null
        case (.boolean(let flag), .boolean):
            return .flag(flag)
        case (.instant(let seconds), .datetime):
            return .instant(seconds)
        case (.day(let day), .date):
            return .day(day)
        default:
            throw failure(
                name, "INVALID_FIELD",
                "value of filter criterion for field '\(field.name)' must be of type \(field.type.filterName) and should "
                    + "\(enclosed ? "" : "not ")be enclosed in quotes")
        }
    }
}

extension FieldDefinition {
    /// Ids and case-sensitive keys compare exactly, all other texts ignore letter case.
    var comparesCase: Bool { caseSensitive || type == .id || type == .reference }
}
