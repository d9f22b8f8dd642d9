import HTTPServer
import JSONText

/// A call of the REST services: the request, taken apart, with what answers have in common.
struct CallContext {
    let request: HTTPRequest
    /// `http://host:port`, as the client addressed the sandbox.
    let origin: String
    let now: Stamp

    static let recordPath = "/services/rest/record/v1"
    static let queryPath = "/services/rest/query/v1/suiteql"

    var recordBase: String { origin + CallContext.recordPath }

    func parameter(_ name: String) -> String? { request.queryItems.first { $0.name == name }?.value }

    func flag(_ name: String) -> Bool { parameter(name)?.lowercased() == "true" }

    func names(_ name: String) -> Set<String> {
        Set((parameter(name) ?? "").split(separator: ",").map { String($0).trimmed })
    }

    func allowOnly(parameters allowed: Set<String>) throws(Refusal) {
        for item in request.queryItems where !allowed.contains(item.name) {
            throw .parameter(
                item.name, "Invalid query parameter name '\(item.name)'. Provide a valid query parameter name.")
        }
    }

    /// `limit` and `offset`, by the rules that lists and queries share.
    func page() throws(Refusal) -> (limit: Int, offset: Int) {
        let limit = try whole("limit") ?? 1000
        guard (1...1000).contains(limit) else {
            throw .parameter("limit", "Invalid limit \(limit). The limit must be a number between 1 and 1000.")
        }
        let offset = try whole("offset") ?? 0
        guard offset >= 0, offset % limit == 0 else {
            throw .parameter("offset", "Invalid offset \(offset). The offset must be a multiple of the limit \(limit).")
        }
        return (limit, offset)
    }

    private func whole(_ name: String) throws(Refusal) -> Int? {
        guard let text = parameter(name) else { return nil }
        guard let value = Int(text), text.utf8.allSatisfy({ (48...57).contains($0) }) else {
            throw .parameter(name, "Invalid value for the query parameter '\(name)'. Provide a whole number.")
        }
        return value
    }

    /// Links of a page among `total` rows, the page itself first.
    func links(_ address: String, limit: Int, offset: Int, count: Int, total: Int) -> JSONValue {
        func link(_ relation: String, _ offset: Int) -> JSONValue {
            ["rel": .string(relation), "href": .string("\(address)?limit=\(limit)&offset=\(offset)")]
        }
        var links = [link("self", offset)]
        if offset > 0 {
            links.append(link("first", 0))
            links.append(link("prev", max(0, offset - limit)))
        }
        if offset + count < total { links.append(link("next", offset + limit)) }
        if total > limit { links.append(link("last", (total - 1) / limit * limit)) }
        return .array(links)
    }

    static func json(_ value: JSONValue, type: String = "application/json") -> HTTPResponse {
        HTTPResponse(status: 200, headers: [("Content-Type", type)], body: value.bytes())
    }

    static func resource(_ value: JSONValue, _ kind: String) -> HTTPResponse {
        json(value, type: "application/vnd.oracle.resource+json; type=\(kind)")
    }
}
