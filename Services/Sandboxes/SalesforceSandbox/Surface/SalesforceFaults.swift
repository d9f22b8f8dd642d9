import EventLoop
import HTTPServer
import JSONText
import SandboxFaults

/// How this system words the faults that only it can word.
extension SalesforceSandbox: FaultySystem {
    nonisolated static var systemName: String { "Salesforce" }
    nonisolated static var faultKinds: Set<FaultKind> {
        Set(FaultKind.allCases).subtracting([.workflowLock, .recordChanged, .staleQuery, .droppedField, .alteredRows])
    }

    func refusal(_ kind: FaultKind, of request: HTTPRequest) -> HTTPResponse {
        if request.path.hasPrefix("/services/oauth2/") { return loginRefusal(kind) }
        let error: RecordError? =
            switch kind {
            case .throttled:
                RecordError(
                    code: "REQUEST_LIMIT_EXCEEDED", message: "ConcurrentRequests Limit exceeded.", status: 403)
            case .unauthorized: Self.invalidSession
            case .recordLocked:
                RecordError(
                    code: "UNABLE_TO_LOCK_ROW", message: "unable to obtain exclusive access to this record")
            default: nil
            }
        // A body is not promised with 500.
        guard let error else { return HTTPResponse(status: 500) }
        if kind == .recordLocked, let count = collectionCount(request) {
            let result: JSONValue = ["success": false, "errors": [error.resultJSON]]
            return APIAnswer.json(.array(Array(repeating: result, count: count))).response
        }
        return APIAnswer.refusal(error).response
    }

    /// The login answers in OAuth's shape, and every refusal of it with 400.
    private func loginRefusal(_ kind: FaultKind) -> HTTPResponse {
        switch kind {
        case .throttled:
            Self.refused(Refusal(error: "rate_limit_exceeded", description: "login rate exceeded")).response
        case .unauthorized: Self.refused(.invalidAssertion).response
        default: HTTPResponse(status: 500)
        }
    }

    /// How many records a collection's body has: each has a result of its own.
    private func collectionCount(_ request: HTTPRequest) -> Int? {
        guard request.path.contains("/composite/sobjects") else { return nil }
        return (try? JSONValue.parse(request.body, limits: .answer))?["records"]?.array?.count
    }

    func usualStatus(of request: HTTPRequest) -> Int {
        guard request.path.contains("/sobjects/"), !request.path.contains("/composite/") else { return 200 }
        switch request.method {
        case "POST": return 201
        case "PATCH", "DELETE": return 204
        default: return 200
        }
    }

    func isQuery(_ request: HTTPRequest) -> Bool { request.path.contains("/query") }

    func endSessions() { sessions.revokeAll() }
}
