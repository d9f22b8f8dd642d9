public import Contracts
public import EventLoop
public import HTTPClient
import JSONText
public import Telemetry

/// Salesforce's REST API as values in and values out.
///
/// Logs in by itself; an expired session is renewed once and the call repeated once. Refusals, trouble of the system and
/// unknown outcomes are told apart (`SalesforceFailure`).
@Loop
public final class SalesforceClient {
    let configuration: SalesforceConfiguration
    private let transport: HTTPTransport
    private let login: SalesforceLogin

    /// How much of the daily calls is used, by the last answer that said so.
    public private(set) var usage: APIUsage?
    /// Salesforce's clock, by the last answer.
    public private(set) var serverTime: UTCInstant?

    /// Makes a client; it logs in with its first call.
    public init(
        configuration: SalesforceConfiguration, transport: HTTPTransport, time: any TimeSource = LoopTime.shared,
        logger: Logger
    ) {
        self.configuration = configuration
        self.transport = transport
        login = SalesforceLogin(configuration: configuration, transport: transport, time: time, logger: logger)
    }

    /// Makes a client with connections of its own.
    public convenience init(
        configuration: SalesforceConfiguration, userAgent: String, certificateAuthorityFile: String? = nil,
        time: any TimeSource = LoopTime.shared, logger: Logger
    ) {
        let transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(
                userAgent: userAgent, certificateAuthorityFile: certificateAuthorityFile, maximumConnections: 8),
            time: time, logger: logger)
        self.init(configuration: configuration, transport: transport, time: time, logger: logger)
    }

    /// Ends the connections; calls that run end with a failure.
    public func close() {
        transport.close()
    }

    /// The organisation that the session belongs to; logs in where there is no session.
    public func organizationId() async throws(SalesforceFailure) -> SalesforceId {
        try await login.current().organizationId
    }

    /// The integration user's id; logs in where there is no session.
    public func userId() async throws(SalesforceFailure) -> SalesforceId {
        try await login.current().userId
    }

    /// Salesforce's present time; asks the list of versions, which needs no token and counts against no limit.
    public func presentTime() async throws(SalesforceFailure) -> UTCInstant {
        let session = try await login.current()
        let call = HTTPCall(
            method: "GET", url: session.instanceURL + "/services/data/", headers: [("Accept", "application/json")],
            deadline: configuration.deadline)
        let answer = try await transmit(call, isWrite: false)
        guard answer.status == 200, let now = serverTime else {
            throw .systemTrouble(reason: "HTTP \(answer.status) without a clock")
        }
        return now
    }

    /// The path of a resource below the version, such as `sobjects/Order/describe`.
    func path(_ resource: String) -> String {
        "/services/data/\(configuration.apiVersion)/\(resource)"
    }

    /// Sends a call under the session and gives the body of a good answer.
    func call(
        _ method: String, _ path: String, body: [UInt8]? = nil, isWrite: Bool = false
    ) async throws(SalesforceFailure) -> [UInt8] {
        let session = try await login.current()
        let answer = try await transmit(prepared(method, path, body, session), isWrite: isWrite)
        guard answer.status == 401, refusals(in: answer).contains(where: { $0.code == "INVALID_SESSION_ID" }) else {
            return try accept(answer, isWrite: isWrite)
        }
        login.invalidate(session)
        let renewed = try await login.current()
        return try accept(try await transmit(prepared(method, path, body, renewed), isWrite: isWrite), isWrite: isWrite)
    }

    /// Reads a body that Salesforce promised to be JSON.
    func parsed(_ body: [UInt8], isWrite: Bool = false) throws(SalesforceFailure) -> JSONValue {
        do {
            return try JSONValue.parse(body, limits: .answer)
        } catch {
            let reason = "the answer cannot be read at byte \(error.offset)"
            throw isWrite ? .unknownOutcome(reason: reason) : .systemTrouble(reason: reason)
        }
    }

    private func prepared(
        _ method: String, _ path: String, _ body: [UInt8]?, _ session: SalesforceSession
    ) -> HTTPCall {
        var headers = [
            ("Authorization", "Bearer \(session.token.reveal())"), ("Accept", "application/json"),
            ("Sforce-Call-Options", "client=crossdock"),
        ]
        if body != nil {
            headers.append(("Content-Type", "application/json; charset=UTF-8"))
            headers.append(("Sforce-Auto-Assign", "FALSE"))
        }
        return HTTPCall(
            method: method, url: session.instanceURL + path, headers: headers, body: body,
            deadline: configuration.deadline)
    }

    private func transmit(_ call: HTTPCall, isWrite: Bool) async throws(SalesforceFailure) -> HTTPAnswer {
        let answer: HTTPAnswer
        do {
            answer = try await transport.send(call)
        } catch {
            switch error {
            case .unknownOutcome(let reason) where isWrite: throw .unknownOutcome(reason: reason)
            case .notSent(let reason), .unknownOutcome(let reason): throw .systemTrouble(reason: reason)
            }
        }
        if let header = answer.headers["Sforce-Limit-Info"], let latest = APIUsage(header: header) { usage = latest }
        if let header = answer.headers["Date"], let latest = UTCInstant(httpDate: header) { serverTime = latest }
        return answer
    }

    private func accept(_ answer: HTTPAnswer, isWrite: Bool) throws(SalesforceFailure) -> [UInt8] {
        if answer.status != 401 { login.proveGood() }
        if (200..<300).contains(answer.status) { return answer.body }
        let refusals = refusals(in: answer)
        let code = refusals.first?.code
        switch answer.status {
        case 401: throw .systemTrouble(reason: "the session is not accepted: \(code ?? "no code")")
        case 420, 429, 503: throw .systemTrouble(reason: "HTTP \(answer.status), \(code ?? "no code")")
        case 500...:
            // What failed behind the answer may have been done all the same.
            let reason = "HTTP \(answer.status), \(code ?? "no code")"
            throw isWrite ? .unknownOutcome(reason: reason) : .systemTrouble(reason: reason)
        default: break
        }
        guard let refusal = refusals.first else {
            throw .systemTrouble(reason: "HTTP \(answer.status) without an error code")
        }
        if refusal.isOfTheSystem || refusal.isTransient { throw .systemTrouble(reason: refusal.code) }
        throw .refused(refusal)
    }

    private func refusals(in answer: HTTPAnswer) -> [SalesforceRefusal] {
        guard let body = try? JSONValue.parse(answer.body, limits: .answer) else { return [] }
        return body.array?.compactMap(SalesforceRefusal.init) ?? []
    }
}
