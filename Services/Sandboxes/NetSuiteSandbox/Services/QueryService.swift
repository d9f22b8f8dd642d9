import HTTPServer
import JSONText

/// `POST /services/rest/query/v1/suiteql`.
struct QueryService {
    let call: CallContext
    private static let mostRows = 100_000

    /// - Parameter horizon: records that were created later are not shown yet.
    func answer(_ account: Account, horizon: Stamp? = nil) throws(Refusal) -> HTTPResponse {
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
        let page = try SuiteQLEvaluation.run(
            text, in: QueryContext(account, horizon: horizon), now: call.now, limit: limit, offset: offset)
        guard page.total <= QueryService.mostRows else { throw .unsupportedSearch }
        let items = page.rows.map { row -> JSONValue in
            var item: JSONObject = ["links": []]
            for (key, text) in row { item[key] = .string(text) }
            return .object(item)
        }
        let links = call.links(
            call.origin + CallContext.queryPath, limit: limit, offset: offset, count: items.count, total: page.total)
        return CallContext.resource(
            [
                "links": links, "count": .number(JSONNumber(items.count)),
                "hasMore": .bool(offset + items.count < page.total), "offset": .number(JSONNumber(offset)),
                "totalResults": .number(JSONNumber(page.total)), "items": .array(items),
            ], "collection")
    }
}
