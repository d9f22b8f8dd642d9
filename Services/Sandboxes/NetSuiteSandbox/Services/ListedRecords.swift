import HTTPServer
import JSONText

/// Records of the account's lists, which can be read by id: what references link to.
struct ListedRecords {
    let call: CallContext

    private static let targets: [ReferenceTarget] = [
        .item, .currency, .location, .terms, .shipMethod, .subsidiary, .priceLevel, .account,
    ]

    func answer(_ name: String, _ rest: [String], _ account: Account) throws(Refusal) -> HTTPResponse {
        let kind = ItemKind.allCases.first { $0.recordName.lowercased() == name.lowercased() }
        let target =
            kind == nil
            ? ListedRecords.targets.first { Catalogue.recordName($0)?.lowercased() == name.lowercased() } : .item
        guard let target, let record = kind?.recordName ?? Catalogue.recordName(target) else {
            throw Refusal(
                status: 404, code: "INVALID_REQUEST", detail: "Record type '\(name)' does not exist.",
                locator: .url(call.request.path))
        }
        guard call.request.method == "GET" else { throw .methodNotAllowed("GET") }
        guard rest.count == 1 else { throw .unknownResource(call.request.path) }
        var object: JSONObject = [
            "links": [["rel": "self", "href": .string("\(call.recordBase)/\(record)/\(rest[0])")]],
            "id": .string(rest[0]),
        ]
        if target == .item {
            guard let item = account.item(id: rest[0]), item.kind == kind else { throw .noSuchRecord }
            object["itemId"] = .string(item.sku)
            object["displayName"] = .string(item.displayName)
            object["isInactive"] = .bool(item.isInactive)
            object["externalId"] = item.externalId.map(JSONValue.string)
            object["lastModifiedDate"] = .string(item.modified.isoText)
        } else {
            guard let entry = Catalogue.list(target).first(where: { $0.id == rest[0] }) else { throw .noSuchRecord }
            object[target == .shipMethod ? "itemId" : "name"] = .string(entry.name)
            if target == .currency, let currency = Catalogue.currency(entry.id) {
                object["symbol"] = .string(currency.symbol)
                object["exchangeRate"] = currency.exchangeRate.json
            }
        }
        return CallContext.resource(.object(object), "singular")
    }
}
