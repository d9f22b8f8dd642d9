import HTTPServer
import JSONText

/// Single records by id or external id, and what an object is.
extension SalesforceSandbox {
    /// The integration user's transaction.
    var integrationContext: WriteContext {
        WriteContext(userId: SalesforceOrganization.integrationUserId, now: now)
    }

    func sobjects(_ call: APICall, _ segments: [String]) throws(RecordError) -> APIAnswer {
        guard let name = segments.first else {
            try call.require("GET", "HEAD")
            return objectList(call)
        }
        guard let object = access.object(name) else { throw .notFound }
        switch segments.count {
        case 1 where call.request.method == "GET": return basicInformation(object, call)
        case 1: return try create(object, call)
        case 2 where segments[1] == "describe":
            try call.require("GET")
            return describe(object, call)
        case 2 where segments[1] == "Id" && call.request.method == "POST": return try create(object, call)
        case 2: return try record(object, pathId: segments[1], call)
        case 3: return try recordByKey(object, segments[1], segments[2], call)
        default: throw .notFound
        }
    }

    private func create(_ object: ObjectDefinition, _ call: APICall) throws(RecordError) -> APIAnswer {
        try call.require("GET", "POST")
        guard object.createable else { throw Self.notAllowed(object, "insert") }
        let id = try organization.create(
            object.name, try call.object(), access: access, context: integrationContext)
        var answer = APIAnswer.json(Self.saved(id), status: 201).changing([id])
        answer.response.headers.append(("Location", "\(call.basePath)/sobjects/\(object.name)/\(id)"))
        return answer
    }

    private func record(_ object: ObjectDefinition, pathId: String, _ call: APICall) throws(RecordError) -> APIAnswer {
        let id: String
        switch RecordId.read(pathId) {
        case .notAnId: throw .notAnExternalId(pathId)
        case .wrongSuffix: throw .malformedId(pathId)
        case .id(let read): id = read
        }
        guard RecordId.prefix(of: id) == object.keyPrefix else { throw .wrongObject(nil, pathId) }
        guard let stored = organization.store.record(object.name, id) else { throw .notFound }
        guard !stored.isDeleted else { throw .deleted }
        return try act(on: stored, object, call)
    }

    private func act(on stored: Record, _ object: ObjectDefinition, _ call: APICall) throws(RecordError) -> APIAnswer {
        switch call.request.method {
        case "GET", "HEAD":
            return .json(try self.shown(stored, object, fields: call.request.query("fields"), call.basePath))
        case "PATCH":
            try update(object, stored.id, try call.object())
            return APIAnswer.empty.changing([stored.id])
        case "DELETE":
            guard object.deletable else { throw Self.notAllowed(object, "delete") }
            try organization.delete(object.name, stored.id, context: integrationContext)
            return APIAnswer.empty.changing([stored.id])
        default:
            try call.require("HEAD", "GET", "PATCH", "DELETE")
            throw .notFound
        }
    }

    /// An update by the integration user, with the permission that activated orders need.
    func update(_ object: ObjectDefinition, _ id: String, _ members: JSONObject) throws(RecordError) {
        if object.name == "Order", !settings.mayEditActivatedOrders,
            organization.store.record("Order", id)?["StatusCode"].text == "Activated"
        {
            throw RecordError(
                code: "INSUFFICIENT_ACCESS_OR_READONLY", message: "insufficient access rights on object id")
        }
        try refusals.check(object.name, id, members)
        try organization.update(object.name, id, members, access: access, context: integrationContext)
    }

    // MARK: By external id

    private func recordByKey(
        _ object: ObjectDefinition, _ keyName: String, _ value: String, _ call: APICall
    ) throws(RecordError) -> APIAnswer {
        guard let key = object.field(keyName), key.externalId else { throw .notAnExternalId(keyName) }
        let matches = records(object, key, value)
        if call.request.method == "PATCH" { return try upsert(object, key, value, matches, call) }
        guard matches.count <= 1 else { return Self.severalMatches(matches, object, call) }
        guard let stored = matches.first else { throw .notFound }
        return try act(on: stored, object, call)
    }

    /// The live records with this value of a key.
    func records(_ object: ObjectDefinition, _ key: FieldDefinition, _ value: String) -> [Record] {
        let wanted = FieldValue.text(value)
        if key.unique {
            let owner = organization.store.owner(object.name, key, wanted)
            return owner.flatMap { organization.store.record(object.name, $0) }.map { [$0] } ?? []
        }
        return organization.store.records(object.name).filter {
            $0[key.name].folded(caseSensitive: key.caseSensitive) == wanted.folded(caseSensitive: key.caseSensitive)
        }
    }

    private func upsert(
        _ object: ObjectDefinition, _ key: FieldDefinition, _ value: String, _ matches: [Record], _ call: APICall
    ) throws(RecordError) -> APIAnswer {
        var members = try call.object()
        for (name, _) in members.members where ["id", key.name.lowercased()].contains(name.lowercased()) {
            throw RecordError(
                code: "INVALID_FIELD",
                message: "The \(name) field should not be specified in the sobject data.", fields: [name])
        }
        guard matches.count <= 1 else { return Self.severalMatches(matches, object, call) }
        if let stored = matches.first {
            try update(object, stored.id, members)
            return .json(Self.saved(stored.id, created: false)).changing([stored.id])
        }
        guard call.request.query("updateOnly") != "true" else { throw .notFound }
        guard object.createable else { throw Self.notAllowed(object, "insert") }
        members[key.name] = .string(value)
        let id = try organization.create(object.name, members, access: access, context: integrationContext)
        return .json(Self.saved(id, created: true), status: 201).changing([id])
    }

    private static func severalMatches(_ matches: [Record], _ object: ObjectDefinition, _ call: APICall) -> APIAnswer {
        let urls = matches.map { JSONValue.string("\(call.basePath)/sobjects/\(object.name)/\($0.id)") }
        return .json(.array(urls), status: 300)
    }

    // MARK: Shapes

    /// A record with all visible fields, or with those named, comma between.
    func shown(
        _ record: Record, _ object: ObjectDefinition, fields: String?, _ basePath: String
    ) throws(RecordError) -> JSONValue {
        var result: JSONObject = ["attributes": RecordRendering.attributes(record, object, basePath)]
        var wanted = object.fields
        if let fields {
            wanted = []
            for name in fields.split(separator: ",").map({ $0.filter { $0 != " " } }) {
                guard let field = object.field(name) else { throw .noSuchColumn(name, object.name) }
                wanted.append(field)
            }
        }
        for field in wanted {
            result[field.name] = RecordRendering.value(field, of: record, object)
        }
        return .object(result)
    }

    static func saved(_ id: String, created: Bool? = nil) -> JSONValue {
        var object: JSONObject = ["id": .string(id), "success": true, "errors": []]
        if let created { object["created"] = .bool(created) }
        return .object(object)
    }

    static func notAllowed(_ object: ObjectDefinition, _ operation: String) -> RecordError {
        RecordError(
            code: "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            message: "entity type \(object.name) does not support \(operation)")
    }
}
