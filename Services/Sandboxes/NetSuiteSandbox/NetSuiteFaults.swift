import EventLoop
import HTTPServer
import SandboxFaults

/// How this system words the faults that only it can word.
extension NetSuiteSandbox: FaultySystem {
    nonisolated static var systemName: String { "NetSuite" }
    nonisolated static var faultKinds: Set<FaultKind> { Set(FaultKind.allCases) }

    func refusal(_ kind: FaultKind, of request: HTTPRequest) -> HTTPResponse {
        if request.path == LoginDesk.tokenPath, kind == .unauthorized { return loginDesk.refuse(at: realNow) }
        return switch kind {
        case .throttled: Refusal.concurrencyLimit.response
        case .unauthorized: Refusal.invalidLogin(account: loginDesk.settings.account, token: true).response
        case .recordLocked: Refusal.recordInUse.response
        case .workflowLock: Refusal.lockedByWorkflow.response
        case .recordChanged: Refusal.recordChanged.response
        default: Refusal.unexpectedError.response
        }
    }

    func usualStatus(of request: HTTPRequest) -> Int {
        let changes = request.method != "GET" && request.path.hasPrefix(CallContext.recordPath + "/")
        return changes || request.method == "OPTIONS" ? 204 : 200
    }

    func isQuery(_ request: HTTPRequest) -> Bool { request.path == CallContext.queryPath }

    func endSessions() { loginDesk.expireTokens() }
}
