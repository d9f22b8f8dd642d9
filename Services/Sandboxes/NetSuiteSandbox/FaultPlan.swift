import EventLoop
import HTTPServer

/// The one place at which a request's ordinary course may be disturbed. By default nothing is.
@Loop
protocol FaultPlan: AnyObject {
    /// An answer instead of the effect; nil: go on.
    func answerInsteadOfEffect(_ request: HTTPRequest) async -> HTTPResponse?
    /// What leaves the sandbox once the effect has happened.
    func answerAfterEffect(_ request: HTTPRequest, _ response: HTTPResponse) async -> HTTPResponse
}

/// The plan of a good day.
@Loop
final class NoFaults: FaultPlan {
    func answerInsteadOfEffect(_ request: HTTPRequest) async -> HTTPResponse? { nil }
    func answerAfterEffect(_ request: HTTPRequest, _ response: HTTPResponse) async -> HTTPResponse { response }
}
