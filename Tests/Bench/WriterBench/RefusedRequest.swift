import HTTPServer
import JSONText

/// A refusal in the shape of the REST services' error body.
struct RefusedRequest {
    let status: Int
    let code: String
    let detail: String

    private static let prefix = "Error while accessing a resource. "

    static let concurrencyLimit = RefusedRequest(
        status: 429, code: "CONCURRENCY_LIMIT_EXCEEDED", detail: "Concurrent request limit exceeded. Request blocked.")
    static let recordExists = RefusedRequest(
        status: 400, code: "USER_ERROR", detail: prefix + "This record already exists.")
    static let entityExists = RefusedRequest(
        status: 400, code: "USER_ERROR", detail: prefix + "This entity already exists.")
    static let unknownCustomer = RefusedRequest(
        status: 400, code: "INVALID_CONTENT",
        detail: prefix + "You have entered an Invalid Field Value for the following field: entity.")
    static let query = RefusedRequest(
        status: 400, code: "INVALID_PARAMETER", detail: "Invalid search query. This query is not known here.")
    static let noSuchRecord = RefusedRequest(
        status: 404, code: "NONEXISTENT_ID",
        detail: "The record instance does not exist. Provide a valid record instance ID.")

    var response: HTTPResponse {
        var body: JSONObject = [
            "type": "https://www.rfc-editor.org/rfc/rfc9110.html#section-15.5",
            "title": status == 404 ? "Not Found" : "Bad Request", "status": .number(JSONNumber(status)),
        ]
        // The published sample of a 429 is titled like a 400, and has this member at the top too.
        if status == 429 { body["o:errorCode"] = "USER_ERROR" }
        body["o:errorDetails"] = .array([["detail": .string(detail), "o:errorCode": .string(code)]])
        return HTTPResponse(
            status: status, headers: [("Content-Type", "application/vnd.oracle.resource+json; type=error")],
            body: JSONValue.object(body).bytes())
    }
}
