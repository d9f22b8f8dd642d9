import Contracts
import EventLoop
import FoundationEssentials
import HTTPClient
import JSONText
import Signing
import Telemetry

/// The OAuth 2.0 access token (client credentials with a signed assertion) that all requests of a process share.
///
/// One renewal serves everybody who waits for it, and a new token is proven by one harmless request before many use it.
/// Each try comes out of a budget that all processes of the account share: the fifth refused login locks the user.
@Loop
final class LoginSession {
    private let configuration: NetSuiteConfiguration
    private let transport: HTTPTransport
    private let time: any TimeSource
    private let logger: Logger
    private let budget: any LoginBudget
    private let credentials: String

    private struct Token {
        let text: Secret
        let issuedAt: MonotonicInstant
        let renewAt: MonotonicInstant
        /// Whether a harmless request was accepted with it right after it was given.
        let isProven: Bool
        /// Whether it took the place of one that was refused.
        let replacesRefused: Bool
    }

    private var token: Token?
    private var replacesRefused = false
    private var renewal: Task<Secret, any Error>?
    /// Refused tries that the budget could not be told of yet; no further one is made before it knows.
    private var untold: Set<LoginAttempt> = []
    private var hasRefusals = false
    private var lastSuccess: (token: String, at: MonotonicInstant)?

    /// How long a process waits for others that are trying.
    private static let patience = Duration.seconds(30)
    /// So long before its end a token is renewed.
    private static let renewalMargin = Duration.seconds(300)
    /// So long a token is used at least, whatever life it is said to have: else each request could log in.
    private static let shortestUse = Duration.seconds(60)
    /// So long after a renewal another refusal is looked at closely.
    private static let youth = Duration.seconds(60)
    /// How long a token request, and the proof after it, may take.
    private var loginDeadline: Duration { min(.seconds(30), configuration.requestDeadline) }

    init(
        configuration: NetSuiteConfiguration, transport: HTTPTransport, budget: any LoginBudget, time: any TimeSource,
        logger: Logger
    ) {
        self.configuration = configuration
        self.transport = transport
        self.budget = budget
        self.time = time
        self.logger = logger
        credentials = configuration.credentialsDigest
    }

    /// A token to send, renewed where it is missing or nearly over.
    func currentToken() async throws(NetSuiteFailure) -> Secret {
        if let token, time.now < token.renewAt { return token.text }
        let renewal = renewal ?? startRenewal()
        do {
            // Who is cancelled waits no longer; the login itself is the others' too and goes on.
            return try await withDeadline(configuration.operationLimit, time: time) { try await renewal.value }
        } catch let failure as NetSuiteFailure {
            throw failure
        } catch {
            throw .notSent("the login was interrupted")
        }
    }

    /// What a 401 to a request with this token means.
    enum Refusal {
        /// Another token is in use already.
        case replaced
        /// It was good and is no more; it has been dropped.
        case ended
        /// It is good: too many requests at a time can show in this way.
        case throttled
        /// It never was accepted, and has been dropped.
        case refused
    }

    /// Looks into a 401. A token that was accepted is taken for one that has run out; where it has only just taken the
    /// place of another one that was refused, a harmless request tells that from throttling, and no log-in follows the other.
    func refusal(of text: Secret) async -> Refusal {
        guard let used = token, used.text.reveal() == text.reveal() else { return .replaced }
        guard used.isProven || hasSucceeded(with: text) else {
            token = nil
            return .refused
        }
        if used.replacesRefused, time.now - used.issuedAt < Self.youth, await isTaken(text) != false {
            return .throttled
        }
        guard token?.text.reveal() == text.reveal() else { return .replaced }
        token = nil
        replacesRefused = true
        return .ended
    }

    /// A request was refused although its token is fresh.
    func countRefusal() async {
        await tell(newAttempt(), isRefused: true)
    }

    /// A request with this token was accepted: whatever was refused meanwhile was throttling.
    func requestSucceeded(with token: Secret) {
        lastSuccess = (token: token.reveal(), at: time.now)
        guard hasRefusals else { return }
        hasRefusals = false
        untold = []
        EventLoop.shared.start { [self] in
            do {
                try await budget.forgetRefusals(of: credentials)
            } catch {
                hasRefusals = true
            }
        }
    }

    /// Whether any request with this token was ever accepted.
    func hasSucceeded(with token: Secret) -> Bool { lastSuccess?.token == token.reveal() }

    /// Whether some request with this token was accepted at or after this moment.
    func hasSucceeded(with token: Secret, since moment: MonotonicInstant) -> Bool {
        lastSuccess.map { $0.token == token.reveal() && $0.at >= moment } ?? false
    }

    // MARK: Renewal

    private func startRenewal() -> Task<Secret, any Error> {
        let task = EventLoop.shared.start { [self] () async throws -> Secret in
            defer { renewal = nil }
            return try await renew()
        }
        renewal = task
        return task
    }

    private func renew() async throws(NetSuiteFailure) -> Secret {
        let call = try tokenCall()
        let attempt = newAttempt()
        try await permission(for: attempt)
        let result = await logIn(call)
        switch result {
        case .success: await tell(attempt, isRefused: false)
        case .failure(let failure): await tell(attempt, isRefused: failure.isRefusal)
        }
        do {
            let (text, life, isProven) = try result.get()
            token = Token(
                text: text, issuedAt: time.now,
                renewAt: time.now + max(life - Self.renewalMargin, life / 2, Self.shortestUse), isProven: isProven,
                replacesRefused: replacesRefused)
            replacesRefused = false
            logger.info("logged in to NetSuite")
            return text
        } catch {
            throw error.failure
        }
    }

    /// Why a try gave no token, and whether that was a refusal of the credentials.
    private struct LoginFailure: Error {
        let failure: NetSuiteFailure
        var isRefusal = false
    }

    private func logIn(
        _ call: HTTPCall
    ) async -> Result<(text: Secret, life: Duration, isProven: Bool), LoginFailure> {
        do throws(LoginFailure) {
            let answer: HTTPAnswer
            do {
                answer = try await transport.send(call)
            } catch {
                throw LoginFailure(
                    failure: .systemTrouble(
                        NetSuiteTrouble(.network, "the token request failed: \(error.description)")))
            }
            let (text, life) = try read(answer)
            let isTaken = await isTaken(text)
            guard isTaken != false else {
                throw LoginFailure(
                    failure: login("a fresh token is refused; check certificate, role and integration record"),
                    isRefusal: true)
            }
            return .success((text: text, life: life, isProven: isTaken == true))
        } catch {
            return .failure(error)
        }
    }

    /// Asks for nothing but whether the token is taken; nil where the answer says neither yes nor no.
    private func isTaken(_ token: Secret) async -> Bool? {
        let call = HTTPCall(
            method: "OPTIONS", url: configuration.baseURL + "/services/rest/*",
            headers: [("Authorization", "Bearer \(token.reveal())")],
            deadline: loginDeadline, maximumAnswerBytes: 65_536)
        guard let answer = try? await transport.send(call) else { return nil }
        return answer.status == 401 ? false : (200...299).contains(answer.status) ? true : nil
    }

    private func read(_ answer: HTTPAnswer) throws(LoginFailure) -> (text: Secret, life: Duration) {
        let body = try? JSONValue.parse(answer.body, limits: .message)
        switch answer.status {
        case 200:
            guard let text = body?["access_token"]?.string, (1...Self.longestToken).contains(text.utf8.count),
                text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F })
            else {
                throw LoginFailure(
                    failure: .systemTrouble(NetSuiteTrouble(.network, "the token answer is not readable")))
            }
            let seconds = body?["expires_in"]?.int64 ?? body?["expires_in"]?.string.flatMap { Int64($0) } ?? 3_600
            return (text: Secret(text), life: .seconds(max(0, min(seconds, 86_400))))
        case 400, 401, 403:
            let code =
                body?["error"]?.string.flatMap { Self.oauthErrors.contains($0) ? $0 : nil } ?? "status \(answer.status)"
            throw LoginFailure(failure: login("the token request is refused with \(code)"), isRefusal: true)
        case 429:
            throw LoginFailure(failure: AnswerInterpretation.throttled)
        default:
            throw LoginFailure(
                failure: .systemTrouble(
                    NetSuiteTrouble(.maintenance, "the token request is answered with status \(answer.status)")))
        }
    }

    /// In bytes; what is longer is no token, and would fail as a header of each request.
    private static let longestToken = 16_384

    /// The codes of RFC 6749, 5.2; nothing else of such an answer is repeated.
    private static let oauthErrors: Set<String> = [
        "invalid_client", "invalid_grant", "invalid_request", "unauthorized_client", "unsupported_grant_type",
        "invalid_scope",
    ]

    // MARK: The budget

    private func newAttempt() -> LoginAttempt {
        LoginAttempt(id: Digest.hex(SecureRandom.bytes(16)), credentials: credentials)
    }

    /// Waits until a try is permitted.
    private func permission(for attempt: LoginAttempt) async throws(NetSuiteFailure) {
        let end = time.now + Self.patience
        while true {
            switch try await ask(attempt) {
            case .granted(let refusals):
                if refusals > 0 { hasRefusals = true }
                return
            case .usedUp(let wait):
                throw login(usedUp(wait))
            case .wait:
                guard time.now < end, (try? await time.sleep(for: .milliseconds(Int.random(in: 300...800)))) != nil
                else { throw login("other processes are trying to log in, and no more may try at a time") }
            }
        }
    }

    private func ask(_ attempt: LoginAttempt) async throws(NetSuiteFailure) -> LoginPermission {
        do {
            for refused in untold {
                try await budget.end(refused, isRefused: true)
                untold.remove(refused)
            }
            return try await budget.begin(attempt)
        } catch {
            throw login("log-ins are counted for all processes together, and the count cannot be read: \(error)")
        }
    }

    private func tell(_ attempt: LoginAttempt, isRefused: Bool) async {
        if isRefused {
            hasRefusals = true
            logger.error(
                "NetSuite refuses the login",
                .mend("see the Login Audit Trail; check certificate, role and integration record"))
        }
        do {
            try await budget.end(attempt, isRefused: isRefused)
        } catch {
            if isRefused { untold.insert(attempt) }
            logger.warning("the end of a log-in could not be counted", .reason("\(error)"))
        }
    }

    private func usedUp(_ wait: Duration) -> String {
        let until = UTCInstant(date: time.wallClock.addingTimeInterval(wait.inSeconds)).text.dropFirst(11).prefix(5)
        return "NetSuite refused too many log-ins, and one more could lock the user: the next try is at "
            + "\(until) UTC, in \(wait.components.seconds / 60 + 1) min. Look at the Login Audit Trail, mend "
            + "certificate, role or integration record; changed settings are tried once at the next start"
    }

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
