import HTTPServer
import JSONText

/// Up to 200 records in one call, each with a result of its own.
extension SalesforceSandbox {
    private static let most = 200
    private static let mostChunks = 10

    func collections(_ call: APICall, _ segments: [String]) throws(RecordError) -> APIAnswer {
        switch (call.request.method, segments.count) {
        case ("POST", 0):
            return try write(call) { [self] object, members throws(RecordError) in
                guard object.createable else { throw Self.notAllowed(object, "insert") }
                let id = try organization.create(object.name, members, access: access, context: integrationContext)
                return (id, nil)
            }
        case ("PATCH", 0): return try updateAll(call)
        case ("DELETE", 0): return try deleteAll(call)
        case ("PATCH", 2): return try upsertAll(call, segments[0], segments[1])
        case ("GET", 1), ("POST", 1): return try readAll(call, segments[0])
        default:
            if segments.count > 2 { throw .notFound }
            try call.require("GET", "POST", "PATCH", "DELETE")
            throw .notFound
        }
    }

    private typealias Write = (ObjectDefinition, JSONObject) throws(RecordError) -> (id: String, created: Bool?)

    private func updateAll(_ call: APICall) throws(RecordError) -> APIAnswer {
        var seen: Set<String> = []
        return try write(call) { [self] object, members throws(RecordError) in
            var members = members
            guard let name = members.keys.first(where: { $0.lowercased() == "id" }), let text = members[name]?.string
            else { throw RecordError(code: "MISSING_ARGUMENT", message: "Id not specified in an update call") }
            members[name] = nil
            guard case .id(let id) = RecordId.read(text) else { throw .malformedId(text) }
            guard RecordId.prefix(of: id) == object.keyPrefix else { throw .wrongObject(nil, text) }
            guard seen.insert(id).inserted else {
                throw RecordError(code: "DUPLICATE_VALUE", message: "duplicate id in list: \(id)", fields: ["Id"])
            }
            try update(object, id, members)
            return (id, nil)
        }
    }

    private func upsertAll(_ call: APICall, _ objectName: String, _ keyName: String) throws(RecordError) -> APIAnswer {
        guard let object = access.object(objectName) else { throw .notFound }
        guard let key = object.field(keyName), key.externalId else { throw .notAnExternalId(keyName) }
        var seen: Set<String> = []
        return try write(call) { [self] found, members throws(RecordError) in
            var members = members
            guard found.name == object.name else {
                throw RecordError(code: "INVALID_TYPE", message: "all records must be of type \(object.name)")
            }
            if let name = members.keys.first(where: { $0.lowercased() == "id" }) {
                throw RecordError(
                    code: "INVALID_FIELD", message: "The \(name) field should not be specified in the sobject data.",
                    fields: [name])
            }
            guard let keyMember = members.keys.first(where: { $0.lowercased() == key.name.lowercased() }),
                let value = members[keyMember]?.string, !value.isEmpty
            else {
                throw RecordError(code: "MISSING_ARGUMENT", message: "\(key.name) not specified", fields: [key.name])
            }
            guard seen.insert(value).inserted else {
                throw RecordError(
                    code: "DUPLICATE_VALUE", message: "Duplicate external id specified: \(value)", fields: [key.name])
            }
            let matches = records(object, key, value)
            guard matches.count <= 1 else {
                throw RecordError(
                    code: "DUPLICATE_EXTERNAL_ID",
                    message: "\(key.name): more than one record found for external id field")
            }
            guard let stored = matches.first else {
                return (
                    try organization.create(object.name, members, access: access, context: integrationContext), true
                )
            }
            members[keyMember] = nil
            try update(object, stored.id, members)
            return (stored.id, false)
        }
    }

    /// Applies one write to each record of the body, keeps the order, and undoes all where all or none was asked.
    private func write(_ call: APICall, _ apply: Write) throws(RecordError) -> APIAnswer {
        let body = try call.object()
        let records = try typedRecords(body)
        let allOrNone = body["allOrNone"]?.bool ?? false
        let before = allOrNone ? organization : nil
        var results: [JSONValue] = []
        var changed: [String] = []
        var hasFailed = false
        for (object, members) in records {
            do throws(RecordError) {
                let (id, created) = try apply(object, members)
                results.append(Self.saved(id, created: created))
                changed.append(id)
            } catch {
                hasFailed = true
                results.append(["success": false, "errors": [error.resultJSON]])
            }
        }
        if hasFailed, let before {
            organization = before
            changed = []
            results = results.map { $0["success"]?.bool == true ? Self.rolledBack : $0 }
        }
        return .json(.array(results)).changing(changed)
    }

    private static let rolledBack: JSONValue = [
        "success": false,
        "errors": [
            RecordError(
                code: "ALL_OR_NONE_OPERATION_ROLLED_BACK",
                message:
                    "Record rolled back because not all records were valid and the request was using AllOrNone header"
            ).resultJSON
        ],
    ]

    /// The records of the body with their objects; the whole request is refused where it is not well formed.
    private func typedRecords(_ body: JSONObject) throws(RecordError) -> [(ObjectDefinition, JSONObject)] {
        guard let entries = body["records"]?.array, !entries.isEmpty else {
            throw RecordError(code: "REQUIRED_FIELD_MISSING", message: "Required fields are missing: [records]")
        }
        guard entries.count <= Self.most else {
            throw RecordError(
                code: "LIMIT_EXCEEDED",
                message: "a request holds at most \(Self.most) records, this one \(entries.count)")
        }
        var result: [(ObjectDefinition, JSONObject)] = []
        var chunks = 0
        for entry in entries {
            guard let members = entry.object, let type = members["attributes"]?["type"]?.string else {
                throw RecordError(
                    code: "INVALID_TYPE", message: "the attribute type must be specified for each record")
            }
            guard let object = access.object(type) else {
                throw RecordError(code: "INVALID_TYPE", message: "sObject type '\(type)' is not supported.")
            }
            if result.last?.0.name != object.name { chunks += 1 }
            result.append((object, members))
        }
        guard chunks <= Self.mostChunks else {
            throw RecordError(
                code: "LIMIT_EXCEEDED",
                message: "a request holds at most \(Self.mostChunks) chunks of records of one type, this one \(chunks)")
        }
        return result
    }

    private func deleteAll(_ call: APICall) throws(RecordError) -> APIAnswer {
        let texts = (call.request.query("ids") ?? "").split(separator: ",").map(String.init)
        guard !texts.isEmpty, texts.count <= Self.most else {
            throw RecordError(code: "LIMIT_EXCEEDED", message: "ids must hold 1 to \(Self.most) ids")
        }
        let before = call.request.query("allOrNone") == "true" ? organization : nil
        var results: [JSONValue] = []
        var changed: [String] = []
        for text in texts {
            do throws(RecordError) {
                guard case .id(let id) = RecordId.read(text) else { throw .malformedId(text) }
                guard let object = access.object(prefix: RecordId.prefix(of: id)), object.deletable else {
                    throw .invalidCrossReference
                }
                try organization.delete(object.name, id, context: integrationContext)
                results.append(Self.saved(id))
                changed.append(id)
            } catch {
                results.append(["success": false, "errors": [error.resultJSON]])
            }
        }
        if let before, changed.count < texts.count {
            organization = before
            changed = []
            results = results.map { $0["success"]?.bool == true ? Self.rolledBack : $0 }
        }
        return .json(.array(results)).changing(changed)
    }

    private func readAll(_ call: APICall, _ name: String) throws(RecordError) -> APIAnswer {
        guard let object = access.object(name) else { throw .notFound }
        let ids: [String]
        let fields: [String]
        if call.request.method == "POST" {
            let body = try call.object()
            ids = body["ids"]?.array?.compactMap(\.string) ?? []
            fields = body["fields"]?.array?.compactMap(\.string) ?? []
        } else {
            ids = (call.request.query("ids") ?? "").split(separator: ",").map(String.init)
            fields = (call.request.query("fields") ?? "").split(separator: ",").map(String.init)
        }
        guard !ids.isEmpty, !fields.isEmpty else {
            throw RecordError(code: "REQUIRED_FIELD_MISSING", message: "Required fields are missing: [ids, fields]")
        }
        guard ids.count <= Self.most else {
            throw RecordError(code: "LIMIT_EXCEEDED", message: "a request holds at most \(Self.most) ids")
        }
        var rows: [JSONValue] = []
        for text in ids {
            guard case .id(let id) = RecordId.read(text) else { throw .malformedId(text) }
            guard let record = organization.store.record(object.name, id), !record.isDeleted else {
                rows.append(.null)
                continue
            }
            rows.append(try shown(record, object, fields: fields.joined(separator: ","), call.basePath))
        }
        return .json(.array(rows))
    }
}
