import EventLoop
import FoundationEssentials
import HTTPClient
import JSONText
import Signing
import Telemetry

/// The OAuth 2.0 access token (client credentials with a signed assertion) that all requests of a process share.
///
/// One renewal serves everybody who waits for it, and a new token is proven by one harmless request before many use it:
/// the fifth refused login locks the user, so no more than three are tried in thirty minutes.
@Loop
final class LoginSession {
    private let configuration: NetSuiteConfiguration
    private let transport: HTTPTransport
    private let time: any TimeSource
    private let logger: Logger

    private var token: (text: Secret, renewAt: MonotonicInstant)?
    private var renewal: Task<Secret, any Error>?
    private var refusals: [MonotonicInstant] = []
    private var lastSuccess: (token: String, at: MonotonicInstant)?

    static let mostRefusals = 3
    static let refusalWindow = Duration.seconds(1_800)
    /// So long before its end a token is renewed.
    private static let renewalMargin = Duration.seconds(300)
    /// So long a token is used at least, whatever life it is said to have: else each request could log in.
    private static let shortestUse = Duration.seconds(60)
    /// How long a token request, and the proof after it, may take.
    private var loginDeadline: Duration { min(.seconds(30), configuration.requestDeadline) }

    init(configuration: NetSuiteConfiguration, transport: HTTPTransport, time: any TimeSource, logger: Logger) {
        self.configuration = configuration
        self.transport = transport
        self.time = time
        self.logger = logger
    }

    /// A token to send, renewed where it is missing or nearly over.
    func currentToken() async throws(NetSuiteFailure) -> Secret {
        if let token, time.now < token.renewAt { return token.text }
        let renewal = renewal ?? startRenewal()
        do {
            return try await renewal.value
        } catch let failure as NetSuiteFailure {
            throw failure
        } catch {
            throw .notSent("the login was interrupted")
        }
    }

    /// Drops a token that was refused.
    ///
    /// - Returns: whether it was the one in use; one that has been replaced already changes nothing.
    func refused(_ text: Secret) -> Bool {
        guard token?.text.reveal() == text.reveal() else { return false }
        token = nil
        return true
    }

    /// A request was refused although its token is fresh.
    func countRefusal() {
        refusals = recentRefusals + [time.now]
        logger.error(
            "NetSuite refuses the login",
            .count(refusals.count),
            .mend("see the Login Audit Trail; check certificate, role and integration record"))
    }

    /// A request with this token was accepted: whatever was refused meanwhile was throttling.
    func requestSucceeded(with token: Secret) {
        lastSuccess = (token: token.reveal(), at: time.now)
        if !refusals.isEmpty { refusals = [] }
    }

    /// Whether any request with this token was ever accepted.
    func hasSucceeded(with token: Secret) -> Bool { lastSuccess?.token == token.reveal() }

    /// Whether some request with this token was accepted at or after this moment.
    func hasSucceeded(with token: Secret, since moment: MonotonicInstant) -> Bool {
        lastSuccess.map { $0.token == token.reveal() && $0.at >= moment } ?? false
    }

    // MARK: Renewal

    private var recentRefusals: [MonotonicInstant] {
        refusals.filter { time.now - $0 < Self.refusalWindow }
    }

    private func startRenewal() -> Task<Secret, any Error> {
        let task = EventLoop.shared.start { [self] () async throws -> Secret in
            defer { renewal = nil }
            return try await renew()
        }
        renewal = task
        return task
    }

    private func renew() async throws(NetSuiteFailure) -> Secret {
        if let oldest = recentRefusals.first, recentRefusals.count >= Self.mostRefusals {
            let minutes = (Self.refusalWindow - (time.now - oldest)).components.seconds / 60 + 1
            throw login(
                "refused \(Self.mostRefusals) times; the next try is in \(minutes) min. Check certificate, role and "
                    + "integration record")
        }
        let call = try tokenCall()
        let answer: HTTPAnswer
        do {
            answer = try await transport.send(call)
        } catch {
            throw .systemTrouble(NetSuiteTrouble(.network, "the token request failed: \(error.description)"))
        }
        let (text, life) = try read(answer)
        try await prove(text)
        token = (text: text, renewAt: time.now + max(life - Self.renewalMargin, life / 2, Self.shortestUse))
        logger.info("logged in to NetSuite")
        return text
    }

    /// Asks for nothing but whether the token is taken; only a clear no counts.
    private func prove(_ token: Secret) async throws(NetSuiteFailure) {
        let call = HTTPCall(
            method: "OPTIONS", url: configuration.baseURL + "/services/rest/*",
            headers: [("Authorization", "Bearer \(token.reveal())")],
            deadline: loginDeadline, maximumAnswerBytes: 65_536)
        guard let answer = try? await transport.send(call), answer.status == 401 else { return }
        countRefusal()
        throw login("a fresh token is refused; check certificate, role and integration record")
    }

    private func read(_ answer: HTTPAnswer) throws(NetSuiteFailure) -> (text: Secret, life: Duration) {
        let body = try? JSONValue.parse(answer.body, limits: .message)
        switch answer.status {
        case 200:
            guard let text = body?["access_token"]?.string, !text.isEmpty,
                text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else { throw .systemTrouble(NetSuiteTrouble(.network, "the token answer is not readable")) }
            let seconds = body?["expires_in"]?.int64 ?? body?["expires_in"]?.string.flatMap { Int64($0) } ?? 3_600
            return (text: Secret(text), life: .seconds(max(0, min(seconds, 86_400))))
        case 400, 401, 403:
            countRefusal()
            let code =
                body?["error"]?.string.flatMap { Self.oauthErrors.contains($0) ? $0 : nil } ?? "status \(answer.status)"
            throw login("the token request is refused with \(code)")
        case 429:
            throw AnswerInterpretation.throttled
        default:
            throw .systemTrouble(
                NetSuiteTrouble(.maintenance, "the token request is answered with status \(answer.status)"))
        }
    }

    /// The codes of RFC 6749, 5.2; nothing else of such an answer is repeated.
    private static let oauthErrors: Set<String> = [
        "invalid_client", "invalid_grant", "invalid_request", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope",
    ]

    private func login(_ reason: String) -> NetSuiteFailure { .systemTrouble(NetSuiteTrouble(.login, reason)) }

    private func tokenCall() throws(NetSuiteFailure) -> HTTPCall {
        let assertion: String
        do {
            assertion = try JSONWebToken.sign(
                header: [("kid", configuration.certificateId)], claims: claims(), algorithm: configuration.algorithm,
                key: configuration.privateKey)
        } catch {
            throw login("the assertion cannot be signed: \(error.description)")
        }
        let form =
            "grant_type=client_credentials"
            + "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
            + "&client_assertion=\(assertion)"
        return HTTPCall(
            method: "POST", url: configuration.baseURL + NetSuiteConfiguration.tokenPath,
            headers: [("Content-Type", "application/x-www-form-urlencoded")], body: Array(form.utf8),
            deadline: loginDeadline, maximumAnswerBytes: 65_536)
    }

    private func claims() -> [UInt8] {
        let issued = Int(time.wallClock.timeIntervalSince1970)
        let claims: JSONValue = [
            "iss": .string(configuration.clientId), "scope": "rest_webservices",
            "aud": .string(configuration.tokenAudience), "iat": .number(JSONNumber(issued)),
            "exp": .number(JSONNumber(issued + 300)), "jti": .string(Digest.hex(SecureRandom.bytes(16))),
        ]
        return claims.bytes()
    }
}
