import HTTPServer
import JSONText

/// The record service for what follows from orders: fulfilments, invoices, payments and credit memos.
extension RecordService {
    func document(
        _ kind: TransactionKind, _ path: [String], _ account: inout Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        guard let given = path.first else { return try documents(kind, &account, &effect) }
        let id = try documentId(kind, given, account, &effect)
        if path.count > 1 {
            if path[1] == "!transform" {
                return try transform(kind, id, Array(path.dropFirst(2)), &account, &effect)
            }
            return try documentPart(kind, id, Array(path.dropFirst()), account)
        }
        effect.internalId = id
        switch call.request.method {
        case "GET":
            let rendering = try readRendering(account)
            guard let document = rendering.document(kind, id) else { throw .noSuchRecord }
            return CallContext.resource(document, "singular")
        case "PATCH":
            try call.allowOnly(parameters: ["replace", "replaceSelectedFields"])
            let replacing = call.names("replace")
            let known: Set<String> = kind == .itemFulfillment ? ["package"] : kind == .invoice ? [] : ["apply"]
            try check(replacing, known: known)
            let (input, dropped) = try documentBody(kind, account, &effect)
            try account.change(kind, id, input, replacing: replacing, now: call.now)
            return written(kind, id, dropped, &effect)
        case "DELETE":
            try call.allowOnly(parameters: [])
            try account.delete(kind, id, now: call.now)
            effect.applied = true
            return HTTPResponse(status: 204, headers: [], body: [])
        default: throw .methodNotAllowed("GET, PATCH, DELETE")
        }
    }

    /// `…/!transform/TYPE`: makes the next document from this one, or with `type=create-form` only shows it.
    func transform(
        _ source: TransactionKind, _ id: String, _ path: [String], _ account: inout Account,
        _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        guard path.count == 1,
            let target = TransactionKind.allCases.first(where: { $0.recordName.lowercased() == path[0].lowercased() }),
            Self.transforms[source]?.contains(target) == true
        else {
            throw .request("There is no such transformation of this record.", url: call.request.path)
        }
        guard call.request.method == "POST" else { throw .methodNotAllowed("POST") }
        try call.allowOnly(parameters: ["replace"])
        let (input, dropped) = try documentBody(target, account, &effect)
        if call.request.headers["Accept"]?.contains("type=create-form") == true {
            var trial = account
            let made = try trial.transform(source, id, to: target, input, now: call.now)
            var rendering = RecordRendering(account: trial, base: call.recordBase)
            rendering.options.expandSubResources = true
            guard var form = rendering.document(target, made)?.object else { throw .unexpectedError }
            for name in ["id", "links", "tranId", "createdDate", "lastModifiedDate"] { form[name] = nil }
            return CallContext.resource(.object(form), "create-form")
        }
        let made = try account.transform(source, id, to: target, input, now: call.now)
        return written(target, made, dropped, &effect)
    }

    private static let transforms: [TransactionKind: Set<TransactionKind>] = [
        .salesOrder: [.itemFulfillment, .invoice], .invoice: [.customerPayment, .creditMemo],
    ]

    /// The kind that has this name in a path; sales orders are served beside customers.
    static func documentKind(_ name: String) -> TransactionKind? {
        TransactionKind.allCases.first { $0 != .salesOrder && $0.recordName.lowercased() == name.lowercased() }
    }

    // MARK: Parts

    private func documents(
        _ kind: TransactionKind, _ account: inout Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> HTTPResponse {
        switch call.request.method {
        case "GET":
            let documents = account.documents
            let ids =
                switch kind {
                case .salesOrder: account.salesOrderIds
                case .itemFulfillment: documents.fulfilments.ids
                case .invoice: documents.invoices.ids
                case .customerPayment: documents.payments.ids
                case .creditMemo: documents.creditMemos.ids
                }
            return try documentList(kind, ids, account)
        case "POST":
            try call.allowOnly(parameters: ["replace"])
            let (input, dropped) = try documentBody(kind, account, &effect)
            return written(kind, try account.create(kind, input, now: call.now), dropped, &effect)
        case "PUT", "PATCH", "DELETE":
            throw .request("Batch operations must be asynchronous.", url: call.request.path)
        default: throw .methodNotAllowed("GET, POST")
        }
    }

    private func documentList(
        _ kind: TransactionKind, _ ids: [String], _ account: Account
    ) throws(Refusal) -> HTTPResponse {
        try call.allowOnly(parameters: ["q", "limit", "offset"])
        let (limit, offset) = try call.page()
        var found = ids
        if let text = call.parameter("q") {
            guard case .externalId(let wanted)? = RecordQuery.parse(text) else {
                throw .parameter(
                    "q", "Invalid search query. Only externalId IS \"text\" is offered here for this record.")
            }
            let holder = account.transactions.id(externalId: wanted)
            found = holder.map { id in ids.contains(id) ? [id] : [] } ?? []
        }
        return list(kind.recordName, found, limit: limit, offset: offset)
    }

    /// The internal id that a path names; the id of another kind of transaction is refused as such.
    private func documentId(
        _ kind: TransactionKind, _ given: String, _ account: Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> String {
        let externalId = try externalId(inPath: given)
        if let externalId { effect.externalId = externalId }
        guard let id = externalId.map({ account.transactions.id(externalId: $0) }) ?? given,
            let found = account.transactions.kind(of: id)
        else { throw .noSuchRecord }
        guard found == kind else { throw externalId == nil ? .wrongTransactionType : .noSuchRecord }
        return id
    }

    private func documentPart(
        _ kind: TransactionKind, _ id: String, _ path: [String], _ account: Account
    ) throws(Refusal) -> HTTPResponse {
        guard call.request.method == "GET" else { throw .methodNotAllowed("GET") }
        let rendering = RecordRendering(account: account, base: call.recordBase)
        guard path.count <= 2, let entries = rendering.sublist(kind, id, path[0]) else {
            throw .unknownResource(call.request.path)
        }
        let own = "\(call.recordBase)/\(kind.recordName)/\(id)/\(path[0])"
        if path.count == 2 {
            let link = JSONValue.string("\(own)/\(path[1])")
            guard let entry = entries.first(where: { $0["links"]?[0]?["href"] == link }) else { throw .noSuchRecord }
            return CallContext.resource(entry, "singular")
        }
        try call.allowOnly(parameters: ["limit", "offset", "expandSubResources"])
        let (limit, offset) = try call.page()
        let page = Array(entries.dropFirst(offset).prefix(limit))
        let shown =
            call.flag("expandSubResources")
            ? page : page.map { entry -> JSONValue in ["links": entry["links"] ?? []] }
        return CallContext.resource(
            rendering.collection(shown, own, total: entries.count, offset: offset), "collection")
    }

    /// An empty body asks for nothing in particular.
    private func documentBody(
        _ kind: TransactionKind, _ account: Account, _ effect: inout RequestEffect
    ) throws(Refusal) -> (EntryInput, dropped: [String]) {
        try checkContentType()
        let object = call.request.body.isEmpty ? JSONObject() : try BodyReader.object(call.request.body)
        if let given = object["externalId"]?.string { effect.externalId = given }
        var reader = BodyReader(account: account, validation: try nameValidation())
        return (try reader.read(object, Shapes.transaction(kind, [])), reader.dropped)
    }

    private func written(
        _ kind: TransactionKind, _ id: String, _ dropped: [String], _ effect: inout RequestEffect
    ) -> HTTPResponse {
        effect = RequestEffect(applied: true, externalId: effect.externalId, internalId: id, version: nil)
        return written("\(kind.recordName)/\(id)", dropped)
    }
}
