public import EventLoop
import FoundationEssentials
public import HTTPClient
import JSONText
public import Telemetry

/// NetSuite's REST web services, as far as Crossdock needs them.
///
/// One gate stands before all requests; the login is shared; a 401 renews the token and repeats once, a 429 waits and
/// repeats a few times. Nothing else is ever sent twice: whoever calls decides after a failure, which always says
/// whether the request can have taken effect.
@Loop
public final class NetSuiteClient {
    /// How to reach the account.
    public let configuration: NetSuiteConfiguration
    /// The gate before all requests.
    public let gate: ConcurrencyGate
    /// Called when NetSuite answered a request of ours and not its trouble: what it was asked was done or refused.
    public var onAnswer: (@Loop () -> Void)?
    /// How many operations were begun since the client was made.
    public private(set) var operationCount = 0

    let transport: HTTPTransport
    private let time: any TimeSource
    private let logger: Logger
    private let session: LoginSession
    private let metrics: NetSuiteMetrics?

    /// Makes a client; its first operation logs in.
    ///
    /// - Parameter loginBudget: what all processes of the account share; a budget of its own where not given.
    public init(
        configuration: NetSuiteConfiguration, transport: HTTPTransport, loginBudget: (any LoginBudget)? = nil,
        time: any TimeSource = LoopTime.shared, metrics: MetricsRegistry? = nil, logger: Logger
    ) {
        self.configuration = configuration
        self.transport = transport
        self.time = time
        self.logger = logger
        gate = ConcurrencyGate(ceiling: configuration.concurrency, quietPeriod: configuration.quietPeriod, time: time)
        session = LoginSession(
            configuration: configuration, transport: transport, budget: loginBudget ?? ProcessLoginBudget(time: time),
            time: time, logger: logger)
        self.metrics = metrics.map(NetSuiteMetrics.init)
        self.metrics?.follow(gate)
    }

    /// The longest that an operation takes, and after which nothing of it is sent any more.
    public var operationLimit: Duration { configuration.operationLimit }

    /// Performs one operation, its waiting and repeats included.
    func perform(_ request: NetSuiteRequest) async throws(NetSuiteFailure) -> NetSuiteAnswer {
        let began = time.now
        operationCount += 1
        do {
            let answer = try await attempts(of: request, until: began + configuration.operationLimit)
            metrics?.observe(request.operation, outcome: "applied", time.now - began)
            onAnswer?()
            return answer
        } catch {
            if case .refused = error { onAnswer?() }
            metrics?.observe(request.operation, outcome: error.outcome, time.now - began)
            logger.debug(
                "a NetSuite operation failed", LogField(.component, request.operation.rawValue), .outcome(error.outcome)
            )
            throw error
        }
    }

    // MARK: Repeats

    /// What was not applied because of throttling may be sent again; each wait is longer, and random so that several
    /// processes do not return together.
    private func attempts(
        of request: NetSuiteRequest, until end: MonotonicInstant
    ) async throws(NetSuiteFailure) -> NetSuiteAnswer {
        var wait = Duration.milliseconds(500)
        for _ in 0..<Self.mostRepeats {
            do {
                return try await attempt(request, until: end)
            } catch .systemTrouble(let trouble) where trouble.kind == .throttled {
                let jittered = wait / 2 + wait / 1_000 * Int.random(in: 0...500)
                guard time.now + jittered + configuration.requestDeadline <= end else {
                    throw .systemTrouble(trouble)
                }
                do {
                    try await time.sleep(for: jittered)
                } catch {
                    throw .systemTrouble(trouble)
                }
                wait *= 2
            }
        }
        return try await attempt(request, until: end)
    }

    private static let mostRepeats = 4

    /// Enters the gate and makes the request, a second time after a login that had run out.
    private func attempt(
        _ request: NetSuiteRequest, until end: MonotonicInstant
    ) async throws(NetSuiteFailure) -> NetSuiteAnswer {
        let patience = end - time.now - configuration.requestDeadline
        guard patience >= .zero, await gate.enter(within: patience) else {
            throw .notSent(Task.isCancelled ? "cancelled" : "no slot was free in time")
        }
        defer { gate.leave() }
        let token = try await session.currentToken()
        if case .done(let result) = try await exchange(request, token, until: end) { return try result.get() }
        switch await session.refusal(of: token) {
        case .replaced, .ended: break
        case .throttled: throw disguisedThrottling()
        case .refused: throw await loginRefused()
        }
        let renewed = try await session.currentToken()
        if case .done(let result) = try await exchange(request, renewed, until: end) { return try result.get() }
        switch await session.refusal(of: renewed) {
        case .replaced, .ended, .throttled: throw disguisedThrottling()
        case .refused: throw await loginRefused()
        }
    }

    /// A fresh token is refused: that is a refused login, and is not tried again at once.
    private func loginRefused() async -> NetSuiteFailure {
        await session.countRefusal()
        return .systemTrouble(NetSuiteTrouble(.login, "NetSuite refuses a fresh token"))
    }

    private func disguisedThrottling() -> NetSuiteFailure {
        gate.narrow(requestBegan: time.now)
        return .systemTrouble(
            NetSuiteTrouble(
                .throttled,
                "NetSuite refuses requests under a login that it accepts: too many at a time in the account, or a role "
                    + "without access"))
    }

    private enum Exchange {
        case done(Result<NetSuiteAnswer, NetSuiteFailure>)
        case loginRefused
    }

    /// Makes one request and reads its answer.
    private func exchange(
        _ request: NetSuiteRequest, _ token: Secret, until end: MonotonicInstant
    ) async throws(NetSuiteFailure) -> Exchange {
        let began = time.now
        let answer = try await send(request, token, until: end)
        let result = AnswerInterpretation.interpret(
            status: answer.status, headers: answer.headers, body: answer.body, for: request.operation)
        guard case .failure(.systemTrouble(let trouble)) = result else {
            if result.isNetSuites { session.requestSucceeded(with: token) }
            return .done(result)
        }
        switch trouble.kind {
        case .throttled:
            gate.narrow(requestBegan: began)
        case .login where session.hasSucceeded(with: token, since: began):
            // Too many calls at a time can show as a refused login while others with the same token succeed.
            gate.narrow(requestBegan: began)
            return .done(.failure(AnswerInterpretation.throttled))
        case .login:
            return .loginRefused
        case .maintenance, .network: break
        }
        return .done(result)
    }

    private func send(
        _ request: NetSuiteRequest, _ token: Secret, until end: MonotonicInstant
    ) async throws(NetSuiteFailure) -> HTTPAnswer {
        guard time.now + configuration.requestDeadline <= end else {
            throw .notSent("too little time was left for the request")
        }
        let mayLeave: Bool
        do {
            mayLeave = try await request.beforeSending()
        } catch {
            throw .notSent("withdrawn right before it was sent")
        }
        guard mayLeave else { throw .notSent("withdrawn right before it was sent") }
        let call = HTTPCall(
            method: request.method, url: configuration.baseURL + request.path,
            headers: [("Authorization", "Bearer \(token.reveal())")] + request.headers, body: request.body,
            deadline: configuration.requestDeadline,
            maximumAnswerBytes: request.operation.changesRecords ? 1 << 20 : JSONLimits.answer.maximumBytes)
        do {
            return try await transport.send(call)
        } catch {
            throw failure(error, of: request.operation)
        }
    }

    /// A read that was cut off has changed nothing, so it is the network's trouble and not an open question.
    private func failure(_ failure: HTTPFailure, of operation: NetSuiteOperation) -> NetSuiteFailure {
        switch failure {
        case .notSent(let reason) where Task.isCancelled: .notSent(reason)
        case .notSent(let reason): .systemTrouble(NetSuiteTrouble(.network, reason))
        case .unknownOutcome(let reason) where operation.changesRecords || Task.isCancelled: .unknown(reason)
        case .unknownOutcome(let reason): .systemTrouble(NetSuiteTrouble(.network, reason))
        }
    }
}

extension Result<NetSuiteAnswer, NetSuiteFailure> {
    /// Whether NetSuite itself looked at the request, so that it took the token.
    fileprivate var isNetSuites: Bool {
        switch self {
        case .success, .failure(.refused): true
        case .failure: false
        }
    }
}

/// One request below the base URL.
struct NetSuiteRequest: Sendable {
    var operation: NetSuiteOperation
    var method: String
    var path: String
    var headers: [(String, String)] = []
    var body: [UInt8]?
    var beforeSending: LastWord = { true }

    static let recordPath = "/services/rest/record/v1"

    /// A request that carries a JSON body; a property that NetSuite does not know is an error and not dropped.
    static func change(_ operation: NetSuiteOperation, _ method: String, _ path: String, _ body: [UInt8]) -> Self {
        NetSuiteRequest(
            operation: operation, method: method, path: recordPath + path,
            headers: [("Content-Type", "application/json"), ("X-NetSuite-PropertyNameValidation", "error")],
            body: body)
    }

    static func read(_ operation: NetSuiteOperation, _ path: String) -> Self {
        NetSuiteRequest(operation: operation, method: "GET", path: path)
    }
}
