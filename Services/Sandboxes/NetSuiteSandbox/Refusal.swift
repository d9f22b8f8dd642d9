import HTTPServer
import JSONText

/// A refused request, in the shape of the REST services' error body.
struct Refusal: Error, Equatable {
    /// Where the fault lies: at most one per error.
    enum Locator: Equatable {
        case path(String)
        case queryParameter(String)
        case header(String)
        case url(String)

        var member: (name: String, value: String) {
            switch self {
            case .path(let value): ("o:errorPath", value)
            case .queryParameter(let value): ("o:errorQueryParam", value)
            case .header(let value): ("o:errorHeader", value)
            case .url(let value): ("o:errorUrl", value)
            }
        }
    }

    var status: Int
    var code: String
    var detail: String
    var locator: Locator?
    var headers: [Header] = []

    struct Header: Equatable {
        let name: String
        let value: String
    }

    /// Texts of the record service start like this.
    static let accessPrefix = "Error while accessing a resource. "

    static func userError(_ text: String) -> Refusal {
        Refusal(status: 400, code: "USER_ERROR", detail: accessPrefix + text)
    }

    static func content(_ detail: String, at path: String? = nil) -> Refusal {
        Refusal(status: 400, code: "INVALID_CONTENT", detail: detail, locator: path.map(Locator.path))
    }

    static func request(_ detail: String, url: String? = nil) -> Refusal {
        Refusal(status: 400, code: "INVALID_REQUEST", detail: detail, locator: url.map(Locator.url))
    }

    static func parameter(_ name: String, _ detail: String) -> Refusal {
        Refusal(status: 400, code: "INVALID_PARAMETER", detail: detail, locator: .queryParameter(name))
    }

    static func header(_ name: String, _ detail: String) -> Refusal {
        Refusal(status: 400, code: "INVALID_HEADER", detail: detail, locator: .header(name))
    }

    /// A value that names nothing, or nothing that is allowed here.
    static func invalidFieldValue(_ value: String, field: String, at path: String) -> Refusal {
        content(
            accessPrefix + "You have entered an Invalid Field Value \(value) for the following field: \(field).",
            at: path)
    }

    static func missing(_ labels: [String]) -> Refusal {
        userError("Please enter value(s) for: \(labels.joined(separator: ", ")).")
    }

    static let noSuchRecord = Refusal(
        status: 404, code: "NONEXISTENT_ID",
        detail: "The record instance does not exist. Provide a valid record instance ID.")

    /// A transform from a record whose state has nothing for it; the text is SOAP's, over REST it is assumed.
    static func cannotTransform(_ id: String, to kind: TransactionKind) -> Refusal {
        userError("You can not initialize \(kind.recordName): invalid reference \(id).")
    }

    /// A transaction that is read or changed under another kind's name.
    static let wrongTransactionType = userError("Transaction type specified is incorrect.")

    static let recordExists = userError("This record already exists.")
    static let entityExists = userError("This entity already exists.")

    static let concurrencyLimit = Refusal(
        status: 429, code: "CONCURRENCY_LIMIT_EXCEEDED", detail: "Concurrent request limit exceeded. Request blocked.")

    static let lockedByWorkflow = userError("This record has been locked by a user defined workflow.")

    /// The optimistic lock: code and text are known from scripts and the user interface, over REST the status is assumed.
    static let recordChanged = Refusal(
        status: 400, code: "RCRD_HAS_BEEN_CHANGED",
        detail: accessPrefix + "The record has been changed since you retrieved it.")

    /// Somebody has the record open; the code is SuiteScript's, text and status are assumed.
    static let recordInUse = Refusal(
        status: 400, code: "TRANS_IN_USE", detail: accessPrefix + "This transaction is in use.")

    static let unexpectedError = Refusal(
        status: 500, code: "UNEXPECTED_ERROR",
        detail: "An unexpected error occurred. Error ID: sandbox0000000000001")

    static func methodNotAllowed(_ allowed: String) -> Refusal {
        Refusal(
            status: 405, code: "INVALID_REQUEST", detail: "The request method is not allowed on this resource.",
            headers: [Header(name: "Allow", value: allowed)])
    }

    static func unknownResource(_ path: String) -> Refusal {
        Refusal(
            status: 404, code: "INVALID_REQUEST", detail: "The requested resource does not exist.", locator: .url(path))
    }

    static let unsupportedMediaType = Refusal(
        status: 415, code: "INVALID_REQUEST",
        detail: "Unsupported media type. Use application/json or application/vnd.oracle.resource+json; type=singular.")

    static func invalidLogin(account: String, token: Bool) -> Refusal {
        let challenge =
            "Bearer realm=\"\(account)\", error=\"invalid_token\", error_description=\"Invalid login attempt.\""
        return Refusal(
            status: 401, code: "INVALID_LOGIN",
            detail: "Invalid login attempt. For more details, see the Login Audit Trail in the NetSuite UI at Setup > "
                + "Users/Roles > User Management > View Login Audit Trail.",
            headers: token ? [Header(name: "WWW-Authenticate", value: challenge)] : [])
    }

    static func malformedLogin(account: String) -> Refusal {
        let challenge =
            "Bearer realm=\"\(account)\", error=\"invalid_request\", "
            + "error_description=\"The request is missing a required parameter or is otherwise malformed.\""
        return Refusal(
            status: 400, code: "INVALID_REQUEST", detail: "The Authorization header is malformed.",
            locator: .header("Authorization"), headers: [Header(name: "WWW-Authenticate", value: challenge)])
    }

    private var title: String {
        switch status {
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 415: "Unsupported Media Type"
        case 500: "Internal Server Error"
        case 503: "Service Unavailable"
        // The published 429 sample is titled like a 400.
        default: "Bad Request"
        }
    }

    private var documentation: String {
        let base = "https://www.rfc-editor.org/rfc/rfc9110.html#section-"
        return switch status {
        case 401: base + "15.5.2"
        case 403: base + "15.5.4"
        case 404: base + "15.5.5"
        case 405: base + "15.5.6"
        case 415: base + "15.5.16"
        case 429: "https://www.rfc-editor.org/rfc/rfc6585.html#section-4"
        case 500: base + "15.6.1"
        case 503: base + "15.6.4"
        default: base + "15.5.1"
        }
    }

    /// The error body.
    var body: JSONValue {
        var error: JSONObject = ["detail": .string(detail), "o:errorCode": .string(code)]
        if let member = locator?.member { error[member.name] = .string(member.value) }
        var body: JSONObject = [
            "type": .string(documentation), "title": .string(title), "status": .number(JSONNumber(status)),
        ]
        if status == 429 { body["o:errorCode"] = "USER_ERROR" }
        body["o:errorDetails"] = .array([.object(error)])
        return .object(body)
    }

    /// The whole answer.
    var response: HTTPResponse {
        HTTPResponse(
            status: status,
            headers: [("Content-Type", "application/vnd.oracle.resource+json; type=error")]
                + headers.map { ($0.name, $0.value) },
            body: body.bytes())
    }
}
