import HTTPClient
import JSONText
import NetSuite
import Testing

/// One answer and what it must mean, in short: `applied 4711`, `refused alreadyExists`, `unknown`, or a kind of trouble.
struct AnswerCase: Sendable, CustomTestStringConvertible {
    var operation: NetSuiteOperation
    var status: Int
    var location: String?
    var body: String
    var meaning: String

    init(_ operation: NetSuiteOperation, _ status: Int, location: String? = nil, _ body: String, _ meaning: String) {
        self.operation = operation
        self.status = status
        self.location = location
        self.body = body
        self.meaning = meaning
    }

    init(_ operation: NetSuiteOperation, _ status: Int, location: String? = nil, _ meaning: String) {
        self.init(operation, status, location: location, "", meaning)
    }

    var testDescription: String { "\(operation) \(status) → \(meaning)" }
}

private func problem(_ code: String, _ detail: String, status: Int = 400) -> String {
    """
    {"type":"https://www.rfc-editor.org/rfc/rfc9110.html","title":"Bad Request","status":\(status),
     "o:errorDetails":[{"detail":"Error while accessing a resource. \(detail)","o:errorCode":"\(code)"}]}
    """
}

private let location = "https://1234567-sb1.suitetalk.api.netsuite.com/services/rest/record/v1/salesOrder/4711"

private let cases: [AnswerCase] = [
    AnswerCase(.createSalesOrder, 204, location: location, "applied 4711"),
    AnswerCase(.createSalesOrder, 201, location: location, "applied 4711"),
    AnswerCase(.createSalesOrder, 204, location: "/services/rest/record/v1/salesOrder/4711?x=1", "applied 4711"),
    AnswerCase(.createSalesOrder, 204, location: location + "/", "applied 4711"),
    AnswerCase(.createCustomer, 204, location: location, "unknown"),
    AnswerCase(.createSalesOrder, 204, location: location + "/lines/1", "unknown"),
    AnswerCase(.createSalesOrder, 204, location: "services/rest/record/v1/salesOrder/4711", "unknown"),
    AnswerCase(.createSalesOrder, 204, "unknown"),
    AnswerCase(.createSalesOrder, 204, location: "https://host/services/rest/async/v1/job/x", "unknown"),
    AnswerCase(.createSalesOrder, 202, location: location, "unknown"),
    AnswerCase(.createSalesOrder, 302, location: "https://elsewhere/", "unknown"),
    AnswerCase(.updateSalesOrder, 204, location: location, "applied 4711"),
    AnswerCase(.updateSalesOrder, 204, "unknown"),
    AnswerCase(.updateSalesOrder, 200, location: location, "<html>log in</html>", "unknown"),
    AnswerCase(.updateSalesOrder, 202, "unknown"),
    AnswerCase(.readSalesOrder, 200, #"{"id":"4711"}"#, "applied -"),
    AnswerCase(.readSalesOrder, 200, "<html>maintenance</html>", "unknown"),
    AnswerCase(.readSalesOrder, 200, #"{"id":"4711""#, "unknown"),
    AnswerCase(.readSalesOrder, 204, "unknown"),
    AnswerCase(.query, 200, #"{"items":[]}"#, "applied -"),
    AnswerCase(.createSalesOrder, 400, problem("USER_ERROR", "This record already exists."), "refused alreadyExists"),
    AnswerCase(.createCustomer, 400, problem("USER_ERROR", "This entity already exists."), "refused alreadyExists"),
    AnswerCase(
        .createCustomer, 400,
        problem("USER_ERROR", "A customer record with this ID already exists. You must enter one."),
        "refused alreadyExists"),
    AnswerCase(
        .updateSalesOrder, 400, problem("USER_ERROR", "This record has been locked by a user defined workflow."),
        "refused lockedByWorkflow"),
    AnswerCase(.updateSalesOrder, 400, problem("RCRD_LOCKED_BY_WF", ""), "refused lockedByWorkflow"),
    AnswerCase(
        .updateSalesOrder, 400, problem("USER_ERROR", "The record has been deleted since you retrieved it."),
        "refused recordChanged"),
    AnswerCase(
        .updateSalesOrder, 400, problem("RCRD_HAS_BEEN_CHANGED", "Record has been changed"), "refused recordChanged"),
    AnswerCase(
        .createSalesOrder, 400,
        problem("USER_ERROR", "Your current role does not have permission to perform this action."),
        "refused permission"),
    AnswerCase(.createSalesOrder, 403, problem("INSUFFICIENT_PERMISSION", "", status: 403), "refused permission"),
    AnswerCase(.createSalesOrder, 403, "<html>", "unknown"),
    AnswerCase(.readSalesOrder, 404, "<html>not here</html>", "unknown"),
    AnswerCase(
        .createCustomer, 400, problem("USER_ERROR", "Please enter value(s) for: First Name, Last Name."),
        "refused missingField at First Name, Last Name"),
    AnswerCase(
        .createSalesOrder, 400,
        problem("USER_ERROR", "You have entered an Invalid Field Value 53384 for the following field: customer."),
        "refused invalidField at customer"),
    AnswerCase(
        .createSalesOrder, 400,
        #"{"status":400,"o:errorDetails":[{"detail":"Invalid Field Value 9999 for the following field: item.","#
            + #""o:errorCode":"INVALID_CONTENT","o:errorPath":"item.items[0].item"}]}"#,
        "refused invalidField at item.items[0].item"),
    AnswerCase(.createSalesOrder, 400, problem("INVALID_CONTENT", "Unknown property: colour"), "refused invalidField"),
    AnswerCase(.createSalesOrder, 400, problem("INVALID_REQUEST", "bad"), "refused other"),
    AnswerCase(.createSalesOrder, 400, "not JSON", "unknown"),
    AnswerCase(.createSalesOrder, 400, problem("IDEMPOTENCY_ERROR", "seen before"), "refused other"),
    AnswerCase(
        .query, 400,
        #"{"status":400,"o:errorDetails":[{"detail":"Invalid search query. Unknown identifier 'x'.","#
            + #""o:errorCode":"INVALID_PARAMETER","o:errorQueryParam":"q"}]}"#, "refused other at q"),
    AnswerCase(
        .readSalesOrder, 404, problem("NONEXISTENT_ID", "The record instance does not exist.", status: 404),
        "refused nonexistent"),
    AnswerCase(.readCustomer, 404, "", "unknown"),
    AnswerCase(
        .readSalesOrder, 400, problem("USER_ERROR", "Transaction type specified is incorrect."), "refused nonexistent"),
    AnswerCase(.createSalesOrder, 405, "", "unknown"),
    AnswerCase(.createSalesOrder, 415, "", "unknown"),
    AnswerCase(.createSalesOrder, 401, problem("INVALID_LOGIN", "Invalid login attempt.", status: 401), "login"),
    AnswerCase(.query, 401, "", "login"),
    AnswerCase(.createSalesOrder, 429, problem("CONCURRENCY_LIMIT_EXCEEDED", "", status: 429), "throttled"),
    AnswerCase(.createSalesOrder, 429, #"{"status":429,"o:errorCode":"USER_ERROR""#, "throttled"),
    AnswerCase(
        .createSalesOrder, 400, #"{"error":{"code":"SSS_REQUEST_LIMIT_EXCEEDED","message":"…"}}"#, "throttled"),
    AnswerCase(.createSalesOrder, 400, problem("ACCT_TEMP_UNAVAILABLE", ""), "maintenance"),
    AnswerCase(
        .createSalesOrder, 400, problem("INVALID_HEADER", "Invalid language. Provide the Accept-Language header"),
        "login"),
    AnswerCase(.createSalesOrder, 500, problem("UNEXPECTED_ERROR", "Error ID: k2", status: 500), "unknown"),
    AnswerCase(.updateSalesOrder, 503, "<html>maintenance</html>", "unknown"),
    AnswerCase(.createSalesOrder, 502, "", "unknown"),
    AnswerCase(.readSalesOrder, 500, problem("UNEXPECTED_ERROR", "", status: 500), "unknown"),
    AnswerCase(.readSalesOrder, 503, "<html>maintenance</html>", "maintenance"),
    AnswerCase(.query, 504, "", "maintenance"),
    AnswerCase(.createSalesOrder, 409, "", "unknown"),
    AnswerCase(.createSalesOrder, 99, "", "unknown"),
]

private func meaning(_ result: Result<NetSuiteAnswer, NetSuiteFailure>) -> String {
    switch result {
    case .success(let answer): "applied \(answer.internalId ?? "-")"
    case .failure(.refused(let refusal)):
        "refused \(refusal.classification)" + (refusal.path.map { " at \($0)" } ?? "")
    case .failure(.unknown): "unknown"
    case .failure(.notSent): "not sent"
    case .failure(.systemTrouble(let trouble)): trouble.kind.rawValue
    }
}

@Suite("What an answer of NetSuite means")
struct AnswerInterpretationTests {
    @Test("is read from status, headers and body", arguments: cases)
    func table(row: AnswerCase) {
        let headers = HTTPAnswerHeaders(row.location.map { [("location", $0)] } ?? [])
        let result = AnswerInterpretation.interpret(
            status: row.status, headers: headers, body: Array(row.body.utf8), for: row.operation)
        #expect(meaning(result) == row.meaning)
    }

    @Test("NetSuite's text is bounded and stays out of descriptions")
    func detail() throws {
        let body = problem("USER_ERROR", "Jane Doe " + String(repeating: "x", count: 2_000))
        let result = AnswerInterpretation.interpret(
            status: 400, headers: HTTPAnswerHeaders([]), body: Array(body.utf8), for: .createCustomer)
        guard case .failure(.refused(let refusal)) = result else {
            Issue.record("not a refusal")
            return
        }
        #expect(refusal.detail.contains("Jane Doe"))
        #expect(refusal.detail.unicodeScalars.count == AnswerInterpretation.maximumDetailScalars)
        #expect(!refusal.description.contains("Jane"))
        #expect(!NetSuiteFailure.refused(refusal).description.contains("Jane"))
    }

    @Test(
        "a literal cannot leave its quotes",
        arguments: [("a'b", "'a''b'"), ("", "''"), ("' OR 1=1 --", "''' OR 1=1 --'")])
    func literal(text: String, expected: String) {
        #expect(SuiteQL.literal(text) == expected)
    }
}
