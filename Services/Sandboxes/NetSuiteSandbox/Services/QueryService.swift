import HTTPServer
import JSONText

/// `POST /services/rest/query/v1/suiteql`.
struct QueryService {
    let call: CallContext
    private static let mostRows = 100_000

    func answer(_ account: Account) throws(Refusal) -> HTTPResponse {
        guard call.request.method == "POST" else { throw .methodNotAllowed("POST") }
        try call.allowOnly(parameters: ["limit", "offset"])
        let prefer = call.request.headers["Prefer"]?.lowercased() ?? ""
        guard prefer.split(separator: ",").contains(where: { $0.trimmed == "transient" }) else {
            throw .header("Prefer", "Invalid value for the header 'Prefer'. The required value is 'transient'.")
        }
        if let type = call.request.headers["Content-Type"]?.lowercased(), !type.hasPrefix("application/json") {
            throw .unsupportedMediaType
        }
        let (limit, offset) = try call.page()
        let body = try BodyReader.object(call.request.body)
        guard let text = body["q"]?.string, body.count == 1 else {
            throw .parameter("q", "Invalid search query. The body must have the one member 'q' with the query's text.")
        }
        let rows = try SuiteQLEvaluation.run(text, on: account, now: call.now)
        guard rows.count <= QueryService.mostRows else { throw .unsupportedSearch }
        let page = rows.dropFirst(offset).prefix(limit)
        let items = page.map { row -> JSONValue in
            var item: JSONObject = ["links": []]
            for (key, text) in row { item[key] = .string(text) }
            return .object(item)
        }
        let links = call.links(
            call.origin + CallContext.queryPath, limit: limit, offset: offset, count: page.count, total: rows.count)
        return CallContext.resource(
            [
                "links": links, "count": .number(JSONNumber(page.count)),
                "hasMore": .bool(offset + page.count < rows.count), "offset": .number(JSONNumber(offset)),
                "totalResults": .number(JSONNumber(rows.count)), "items": .array(items),
            ], "collection")
    }
}
