import JSONText

/// Shows records as the REST API does.
struct RecordRendering {
    let execution: QueryExecution
    /// Nested results longer than this are cut and continued under their own locator.
    let nestedPageSize: Int
    /// Keeps the rest of a nested result and returns its address.
    let keep: (_ rest: [JSONValue], _ total: Int, _ shown: Int) -> String

    /// A record with what the query selects, and how many rows it holds, nested ones included.
    func row(_ record: Record, _ selection: QuerySelection) -> (json: JSONValue, rows: Int) {
        var object: JSONObject = ["attributes": Self.attributes(record, selection.object, execution.basePath)]
        var rows = 1
        for entry in selection.entries {
            switch entry {
            case .field(let field):
                object[field.name] = Self.value(field, of: record, selection.object)
            case .parent(let name, let lookup, let inner):
                let parent = lookup.parent(of: record, in: execution.store, schema: execution.schema)
                object[name] = parent.map { row($0, inner).json } ?? .null
            case .children(let name, let child, let plan):
                let children = execution.children(of: record, child, plan)
                rows += children.count
                object[name] = children.isEmpty ? .null : nested(children, plan)
            }
        }
        return (.object(object), rows)
    }

    private func nested(_ records: [Record], _ plan: QueryPlan) -> JSONValue {
        let all = records.map { row($0, plan.selection).json }
        var object: JSONObject = [
            "totalSize": .number(JSONNumber(all.count)), "done": .bool(all.count <= nestedPageSize),
        ]
        if all.count > nestedPageSize {
            object["nextRecordsUrl"] = .string(keep(Array(all.dropFirst(nestedPageSize)), all.count, nestedPageSize))
        }
        object["records"] = .array(Array(all.prefix(nestedPageSize)))
        return .object(object)
    }

    /// `attributes` of a record.
    static func attributes(_ record: Record, _ object: ObjectDefinition, _ basePath: String) -> JSONValue {
        ["type": .string(object.name), "url": .string("\(basePath)/sobjects/\(object.name)/\(record.id)")]
    }

    /// One field's value; an address is put together from its components.
    static func value(_ field: FieldDefinition, of record: Record, _ object: ObjectDefinition) -> JSONValue {
        guard field.type == .address else { return record[field.name].json(as: field.type) }
        var address = JSONObject()
        var isEmpty = true
        for component in object.fields where component.compoundFieldName == field.name {
            let suffix = component.name.dropFirst(field.name.count - "Address".count)
            let key = suffix.prefix(1).lowercased() + suffix.dropFirst()
            let value = record[component.name]
            if value != .null { isEmpty = false }
            address[key] = value.json(as: component.type)
        }
        return isEmpty ? .null : .object(address)
    }
}
