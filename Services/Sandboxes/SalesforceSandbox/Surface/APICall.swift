import HTTPServer
import JSONText

/// One authenticated call of the REST API.
struct APICall: Sendable {
    let request: HTTPRequest
    /// The path behind `/services/data/v67.0`, in decoded segments.
    let segments: [String]
    /// `/services/data/v67.0`.
    let basePath: String
    /// `http://127.0.0.1:8401`.
    let baseURL: String
    let now: Int64

    /// Refuses other methods than these.
    func require(_ methods: String...) throws(RecordError) {
        guard methods.contains(request.method) else {
            throw RecordError(
                code: "METHOD_NOT_ALLOWED",
                message: "HTTP Method '\(request.method)' not allowed. Allowed are \(methods.joined(separator: ","))",
                status: 405)
        }
    }

    /// The body as a JSON object.
    func object() throws(RecordError) -> JSONObject {
        if let encoding = request.headers["Content-Encoding"], encoding.lowercased() != "identity" {
            // Salesforce reads gzip; this sandbox has no library for it and says so.
            throw RecordError(
                code: "UNSUPPORTED_MEDIA_TYPE", message: "the sandbox reads no compressed bodies", status: 415)
        }
        let type = request.headers["Content-Type"]?.lowercased() ?? ""
        guard type.hasPrefix("application/json") else {
            throw RecordError(
                code: "UNSUPPORTED_MEDIA_TYPE",
                message: "Content type specified in Content-Type HTTP header is not supported", status: 415)
        }
        let value: JSONValue
        do {
            value = try JSONValue.parse(request.body, limits: .answer)
        } catch {
            throw RecordError(code: "JSON_PARSER_ERROR", message: error.description)
        }
        guard let object = value.object else {
            throw RecordError(code: "JSON_PARSER_ERROR", message: "The HTTP entity body must be a JSON object")
        }
        return object
    }
}

/// What a call came to: the answer, and what the journal says of it.
struct APIAnswer: Sendable {
    var response: HTTPResponse
    /// True where something was changed.
    var applied = false
    /// The records that were changed.
    var recordIds: [String] = []
    /// The query, where the call was one.
    var soql: String?

    /// An answer of JSON.
    static func json(_ value: JSONValue, status: Int = 200) -> APIAnswer {
        APIAnswer(
            response: HTTPResponse(
                status: status, headers: [("Content-Type", "application/json;charset=UTF-8")], body: value.bytes()))
    }

    /// An answer without a body.
    static let empty = APIAnswer(response: HTTPResponse(status: 204))

    /// A refusal: always an array.
    static func refusal(_ error: RecordError) -> APIAnswer {
        json([error.json], status: error.status)
    }

    /// The same answer, which changed these records.
    func changing(_ recordIds: [String]) -> APIAnswer {
        var answer = self
        answer.applied = !recordIds.isEmpty
        answer.recordIds = recordIds
        return answer
    }
}
