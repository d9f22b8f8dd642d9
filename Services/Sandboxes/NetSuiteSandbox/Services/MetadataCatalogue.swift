import HTTPServer
import JSONText

/// `metadata-catalog`: the records, and one record's JSON schema with the account's custom fields.
struct MetadataCatalogue {
    let call: CallContext
    let settings: AccountSettings

    private var address: String { "\(call.recordBase)/metadata-catalog" }

    func answer(_ path: [String]) throws(Refusal) -> HTTPResponse {
        guard call.request.method == "GET" else { throw .methodNotAllowed("GET") }
        if let accept = call.request.headers["Accept"], accept.contains("swagger") {
            throw .header(
                "Accept", "OpenAPI documents are not offered by this sandbox; ask for application/schema+json.")
        }
        switch path.count {
        case 0:
            try call.allowOnly(parameters: [])
            let names = TransactionKind.allCases.map { $0.recordName.lowercased() } + ["customer"]
            let items = names.sorted().map { name -> JSONValue in
                let href = JSONValue.string("\(address)/\(name)")
                return [
                    "name": .string(name),
                    "links": [
                        ["rel": "canonical", "href": href],
                        ["rel": "describes", "href": href, "mediaType": "application/schema+json"],
                    ],
                ]
            }
            return CallContext.json(["items": .array(items)])
        case 1:
            guard let shape = shape(path[0]) else { throw .noSuchRecord }
            return CallContext.json(document(shape), type: "application/schema+json")
        default: throw .unknownResource(call.request.path)
        }
    }

    private func shape(_ name: String) -> Shape? {
        let custom = settings.visibleCustomFields
        return switch name.lowercased() {
        case "salesorder": Shapes.salesOrder(custom)
        case "salesorder-itemelement": Shapes.orderLine(custom)
        case "customer": Shapes.customer(custom)
        case "customer-addressbookelement": Shapes.addressBookEntry
        case "itemfulfillment-itemelement": Shapes.fulfilmentLine
        case "itemfulfillment-packageelement": Shapes.package
        case "invoice-itemelement": Shapes.invoiceLine
        case "creditmemo-itemelement": Shapes.creditMemoLine
        case "customerpayment-applyelement", "creditmemo-applyelement": Shapes.apply
        case let record: RecordService.documentKind(record).map { Shapes.transaction($0, custom) }
        }
    }

    private func document(_ shape: Shape) -> JSONValue {
        guard var object = schema(shape).object else { return .null }
        object["$schema"] = "http://json-schema.org/draft-06/hyper-schema#"
        let filterable = shape.fields.filter { field in
            switch field.kind {
            case .address, .sublist: false
            default: true
            }
        }
        object["x-ns-filterable"] = .array(filterable.map { .string($0.name) })
        return .object(object)
    }

    private func schema(_ shape: Shape) -> JSONValue {
        var properties = JSONObject()
        if !shape.name.contains("-"), shape.name != "address" {
            properties["id"] = ["title": "Internal ID", "type": "string"]
        }
        for field in shape.fields { properties[field.name] = .object(property(field)) }
        return ["type": "object", "properties": .object(properties)]
    }

    private func property(_ field: Field) -> JSONObject {
        var property: JSONObject = ["title": .string(field.label)]
        switch field.kind {
        case .text, .country: property["type"] = "string"
        case .boolean: property["type"] = "boolean"
        case .number:
            property["type"] = "number"
            property["format"] = "double"
        case .date:
            property["type"] = "string"
            property["format"] = "date"
        case .instant:
            property["type"] = "string"
            property["format"] = "date-time"
        case .reference: property["type"] = "object"
        case .option(let options):
            property["type"] = "object"
            let ids = JSONValue.array(options.keys.sorted().map(JSONValue.string))
            property["properties"] = ["id": ["type": "string", "enum": ids], "refName": ["type": "string"]]
        case .address: return JSONObject(merging: property, schema(Shapes.address))
        case .sublist(let shape):
            property["type"] = "object"
            property["properties"] = ["items": ["type": "array", "items": schema(shape)]]
        }
        property["nullable"] = true
        if field.isReadOnly { property["readOnly"] = true }
        if field.name.hasPrefix("cust"), field.name.contains("_") { property["x-ns-custom-field"] = true }
        return property
    }
}

extension JSONObject {
    /// The members of an object before those of another value.
    fileprivate init(merging object: JSONObject, _ other: JSONValue) {
        self = object
        for (name, value) in other.object?.members ?? [] { self[name] = value }
    }
}
