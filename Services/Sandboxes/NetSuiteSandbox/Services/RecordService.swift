import HTTPServer
import JSONText

/// The REST record service: `/services/rest/record/v1/…`.
struct RecordService {
    let call: CallContext

    /// The records that can be written, by the name in the path.
    private enum Kind: String {
        case salesOrder = "salesorder"
        case customer = "customer"
    }

    func answer(_ account: inout Account, _ effect: inout RequestEffect) throws(Refusal) -> HTTPResponse {
        var segments = call.request.pathSegments().filter { !$0.isEmpty }.dropFirst(4)
        guard let name = segments.popFirst() else { throw .unknownResource(call.request.path) }
        if name == "metadata-catalog" {
            return try MetadataCatalogue(call: call, settings: account.settings).answer(Array(segments))
        }
        if let prefer = call.request.headers["Prefer"], prefer.contains("respond-async") {
            throw .header("Prefer", "Asynchronous requests are not offered by this sandbox.")
        }
        if let kind = RecordService.documentKind(name) {
            return try document(kind, Array(segments), &account, &effect)
        }
        guard let kind = Kind(rawValue: name.lowercased()) else {
            return try ListedRecords(call: call).answer(name, Array(segments), account)
        }
        guard let id = segments.popFirst() else { return try collection(kind, &account, &effect) }
        return try single(kind, id, Array(segments), &account, &effect)
    }

    // MARK: Collections

    private func collection(
        _ kind: Kind, _ account: inout Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        switch call.request.method {
        case "GET": return try list(kind, account)
        case "POST":
            try call.allowOnly(parameters: ["replace"])
            return try write(kind, externalId: nil, id: nil, &account, &effect)
        case "PUT", "PATCH", "DELETE":
            throw .request("Batch operations must be asynchronous.", url: call.request.path)
        default: throw .methodNotAllowed("GET, POST")
        }
    }

    private func list(_ kind: Kind, _ account: Account) throws(Refusal) -> HTTPResponse {
        try call.allowOnly(parameters: ["q", "limit", "offset"])
        let (limit, offset) = try call.page()
        var match = RecordQuery.Match.all
        if let text = call.parameter("q") {
            guard let parsed = RecordQuery.parse(text) else {
                throw .parameter(
                    "q", "Invalid search query. Only conditions of the form field IS \"text\" are offered here.")
            }
            match = parsed
        }
        let name = kind == .salesOrder ? "salesOrder" : "customer"
        let ids = kind == .salesOrder ? account.salesOrderIds : account.customerIds
        var found: [String] = []
        for id in ids where try matches(match, kind, id, account) { found.append(id) }
        return list(name, found, limit: limit, offset: offset)
    }

    /// One page of ids and links.
    func list(_ name: String, _ found: [String], limit: Int, offset: Int) -> HTTPResponse {
        let page = found.dropFirst(offset).prefix(limit)
        let items = page.map { id -> JSONValue in
            ["links": [["rel": "self", "href": .string("\(call.recordBase)/\(name)/\(id)")]], "id": .string(id)]
        }
        let links = call.links(
            "\(call.recordBase)/\(name)", limit: limit, offset: offset, count: page.count, total: found.count)
        return CallContext.resource(
            [
                "links": links, "count": .number(JSONNumber(page.count)),
                "hasMore": .bool(offset + page.count < found.count), "offset": .number(JSONNumber(offset)),
                "totalResults": .number(JSONNumber(found.count)), "items": .array(items),
            ], "collection")
    }

    private func matches(
        _ match: RecordQuery.Match, _ kind: Kind, _ id: String, _ account: Account
    ) throws(Refusal) -> Bool {
        let (externalId, values) =
            kind == .salesOrder
            ? (account.salesOrders[id]?.externalId, account.salesOrders[id]?.values)
            : (account.customers[id]?.externalId, account.customers[id]?.values)
        switch match {
        case .all: return true
        case .externalId(let wanted): return externalId?.lowercased() == wanted.lowercased()
        case .text(let field, let wanted):
            let custom = account.settings.visibleCustomFields
            let shape = kind == .salesOrder ? Shapes.salesOrder(custom) : Shapes.customer(custom)
            guard let known = shape.field(field), case .text = known.kind else {
                throw .parameter("q", "Invalid search query. The field '\(field)' cannot be used in a condition.")
            }
            return values?.text(known.name)?.lowercased() == wanted.lowercased()
        }
    }

    // MARK: Single records

    private func single(
        _ kind: Kind, _ id: String, _ rest: [String], _ account: inout Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        let externalId = try externalId(inPath: id)
        if let externalId { effect.externalId = externalId }
        let known = externalId.map { internalId(kind, externalId: $0, account) } ?? id
        if kind == .salesOrder, let known, account.transactions.kind(of: known) ?? .salesOrder != .salesOrder {
            throw .wrongTransactionType
        }
        if !rest.isEmpty {
            guard let known else { throw .noSuchRecord }
            if kind == .salesOrder, rest[0] == "!transform" {
                guard account.salesOrders[known] != nil else { throw .noSuchRecord }
                return try transform(.salesOrder, known, Array(rest.dropFirst()), &account, &effect)
            }
            return try subResource(kind, known, rest, account)
        }
        switch call.request.method {
        case "GET":
            guard let known else { throw .noSuchRecord }
            return try read(kind, known, account, &effect)
        case "PATCH":
            guard let known else { throw .noSuchRecord }
            try call.allowOnly(parameters: ["replace", "replaceSelectedFields"])
            return try write(kind, externalId: nil, id: known, &account, &effect)
        case "PUT":
            guard let externalId else { throw .methodNotAllowed("GET, PATCH, DELETE") }
            try call.allowOnly(parameters: ["replace", "replaceSelectedFields"])
            return try write(kind, externalId: externalId, id: nil, &account, &effect)
        case "DELETE":
            guard let known else { throw .noSuchRecord }
            try call.allowOnly(parameters: [])
            return try delete(kind, known, &account, &effect)
        default: throw .methodNotAllowed("GET, PATCH, PUT, DELETE")
        }
    }

    /// The external id of a path's `eid:…`; nil where it has an internal id.
    func externalId(inPath id: String) throws(Refusal) -> String? {
        guard id.hasPrefix("eid:") else { return nil }
        let externalId = String(id.dropFirst(4))
        let allowed = externalId.utf8.allSatisfy { byte in
            let scalar = Unicode.Scalar(byte)
            return byte < 128
                && (scalar.properties.isAlphabetic || (48...57).contains(byte) || byte == 45 || byte == 95)
        }
        guard allowed, !externalId.isEmpty else {
            throw .request(
                "The external ID of the URL has characters that cannot be used there.", url: call.request.path)
        }
        return externalId
    }

    private func subResource(
        _ kind: Kind, _ id: String, _ path: [String], _ account: Account
    ) throws(Refusal) -> HTTPResponse {
        if path[0] == "!transform" || path[0].hasPrefix("@") {
            throw .request(
                "Actions, and transformations of this record, are not offered by this sandbox.", url: call.request.path)
        }
        guard call.request.method == "GET" else { throw .methodNotAllowed("GET") }
        let rendering = RecordRendering(account: account, base: call.recordBase)
        switch kind {
        case .salesOrder: return try subResource(order: id, path, rendering)
        case .customer: return try subResource(customer: id, path, rendering)
        }
    }

    private func internalId(_ kind: Kind, externalId: String, _ account: Account) -> String? {
        kind == .salesOrder
            ? account.salesOrder(externalId: externalId)?.id : account.customer(externalId: externalId)?.id
    }

    private func read(
        _ kind: Kind, _ id: String, _ account: Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        let rendering = try readRendering(account)
        switch kind {
        case .salesOrder:
            guard let order = account.salesOrders[id] else { throw .noSuchRecord }
            note(order, applied: false, &effect)
            return CallContext.resource(rendering.salesOrder(order), "singular")
        case .customer:
            guard let customer = account.customers[id] else { throw .noSuchRecord }
            note(customer, applied: false, &effect)
            return CallContext.resource(rendering.customer(customer), "singular")
        }
    }

    /// How a GET of one record wants its answer.
    func readRendering(_ account: Account) throws(Refusal) -> RecordRendering {
        try call.allowOnly(parameters: ["expandSubResources", "fields", "simpleEnumFormat"])
        var rendering = RecordRendering(account: account, base: call.recordBase)
        rendering.options.expandSubResources = call.flag("expandSubResources")
        rendering.options.simpleEnumFormat = call.flag("simpleEnumFormat")
        rendering.options.fields = call.parameter("fields") == nil ? nil : call.names("fields")
        return rendering
    }

    private func delete(
        _ kind: Kind, _ id: String, _ account: inout Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        effect.internalId = id
        switch kind {
        case .salesOrder: try account.deleteSalesOrder(id, now: call.now)
        case .customer: try account.deleteCustomer(id)
        }
        effect.applied = true
        return HTTPResponse(status: 204, headers: [], body: [])
    }

    private func write(
        _ kind: Kind, externalId: String?, id: String?, _ account: inout Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        try checkContentType()
        let object = try BodyReader.object(call.request.body)
        if let given = object["externalId"]?.string { effect.externalId = given }
        let (input, dropped) = try readBody(object, kind, account)
        let replacing = call.names("replace")
        let location: String
        switch kind {
        case .salesOrder:
            try check(replacing, known: ["item"])
            let order =
                if let externalId {
                    try account.upsertSalesOrder(externalId: externalId, input, replacing: replacing, now: call.now)
                } else if let id {
                    try account.changeSalesOrder(id, input, replacing: replacing, now: call.now)
                } else {
                    try account.createSalesOrder(input, now: call.now)
                }
            note(order, applied: true, &effect)
            location = "salesOrder/\(order.id)"
        case .customer:
            try check(replacing, known: ["addressBook", "currencyList"])
            let customer =
                if let externalId {
                    try account.upsertCustomer(externalId: externalId, input, replacing: replacing, now: call.now)
                } else if let id {
                    try account.changeCustomer(id, input, replacing: replacing, now: call.now)
                } else {
                    try account.createCustomer(input, now: call.now)
                }
            note(customer, applied: true, &effect)
            location = "customer/\(customer.id)"
        }
        return written(location, dropped)
    }

    func written(_ location: String, _ dropped: [String]) -> HTTPResponse {
        var headers = [("Location", "\(call.recordBase)/\(location)")]
        if !dropped.isEmpty {
            headers.append(("Warning", "199 - \"Unknown properties ignored: \(dropped.joined(separator: ", "))\""))
        }
        return HTTPResponse(status: 204, headers: headers, body: [])
    }

    /// The reader's copy of the account must be gone before the account is changed, or all of it would be copied.
    private func readBody(
        _ object: JSONObject, _ kind: Kind, _ account: Account
    ) throws(Refusal) -> (EntryInput, dropped: [String]) {
        let custom = account.settings.visibleCustomFields
        var reader = BodyReader(account: account, validation: try nameValidation())
        let shape = kind == .salesOrder ? Shapes.salesOrder(custom) : Shapes.customer(custom)
        return (try reader.read(object, shape), reader.dropped)
    }

    private func note(_ order: SalesOrder, applied: Bool, _ effect: inout RequestEffect) {
        let version = order.values.text("custbody_crossdock_version")
        effect = RequestEffect(
            applied: applied, externalId: order.externalId, internalId: order.id, version: version)
    }

    private func note(_ customer: Customer, applied: Bool, _ effect: inout RequestEffect) {
        effect = RequestEffect(applied: applied, externalId: customer.externalId, internalId: customer.id, version: nil)
    }

    // MARK: Request headers and parameters

    func check(_ replacing: Set<String>, known: Set<String>) throws(Refusal) {
        for name in replacing.sorted() where !known.contains(name) {
            throw .parameter("replace", "Invalid value '\(name)' for the query parameter 'replace'.")
        }
    }

    /// No content type at all passes; only a wrong one is refused.
    func checkContentType() throws(Refusal) {
        guard let header = call.request.headers["Content-Type"] else { return }
        let parts = header.lowercased().split(separator: ";").map { $0.trimmed }
        guard let type = parts.first else { throw .unsupportedMediaType }
        if type == "application/json" { return }
        guard type == "application/vnd.oracle.resource+json" else { throw .unsupportedMediaType }
        if parts.contains("type=collection") { throw .request("Batch operations must be asynchronous.") }
        guard parts.count == 1 || parts.contains("type=singular") else { throw .unsupportedMediaType }
    }

    func nameValidation() throws(Refusal) -> PropertyNameValidation {
        let name = "X-NetSuite-PropertyNameValidation"
        guard let value = call.request.headers[name] else { return .warning }
        guard let validation = PropertyNameValidation(rawValue: value.lowercased()) else {
            throw .header(name, "Invalid header value. Provide one of ignore, warning, error.")
        }
        return validation
    }
}
