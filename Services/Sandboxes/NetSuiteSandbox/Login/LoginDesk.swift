import HTTPServer
import JSONText
import Signing

/// Who may log in, and at which address.
struct LoginSettings: Sendable {
    /// The account's id as users see it, such as `1234567_SB1`.
    var account = "1234567_SB1"
    var clientId = "crossdock-sandbox-client"
    var certificateId = "crossdock-sandbox-certificate"
    /// The key of the mapped certificate; without one every log-in is refused.
    var publicKey: PublicKey?
    /// Further addresses that an assertion may name as its audience.
    var audiences: Set<String> = []

    /// The account id as host names spell it.
    var host: String { account.lowercased().replacing("_", with: "-") }
}

/// OAuth 2.0 machine to machine: gives out access tokens, and knows which are good.
struct LoginDesk: Sendable {
    static let tokenPath = "/services/rest/auth/oauth2/v1/token"
    static let tokenLifeSeconds = 3600
    private static let longestAssertionSeconds: Int64 = 3600
    private static let clockToleranceSeconds: Int64 = 5
    private static let failuresThatLock = 5
    private static let lockMilliseconds: Int64 = 30 * 60 * 1000
    private static let algorithms: Set<SignatureAlgorithm> = [.PS256, .PS384, .PS512, .ES256, .ES384, .ES512]
    private static let scopes: Set<String> = ["rest_webservices", "restlets", "suite_analytics", "mcp"]

    var settings: LoginSettings
    /// Access tokens with the instant at which each ends.
    private var tokens: [String: Stamp] = [:]
    private var usedAssertionIds: Set<String> = []
    private(set) var failures = 0
    private(set) var lockedUntil: Stamp?

    init(settings: LoginSettings) { self.settings = settings }

    func isLocked(at now: Stamp) -> Bool { lockedUntil.map { now < $0 } ?? false }

    // MARK: Calls

    /// Refuses a call without a good bearer.
    func check(_ request: HTTPRequest, at now: Stamp) throws(Refusal) {
        guard let header = request.headers["Authorization"] else {
            throw .invalidLogin(account: settings.account, token: true)
        }
        let parts = header.split(separator: " ", omittingEmptySubsequences: true)
        guard parts.count == 2, parts[0].lowercased() == "bearer" else {
            throw .malformedLogin(account: settings.account)
        }
        // A cookie beside a bearer makes NetSuite try a browser's session.
        guard request.headers["Cookie"] == nil else { throw .invalidLogin(account: settings.account, token: false) }
        guard let end = tokens[String(parts[1])], now < end, !isLocked(at: now) else {
            throw .invalidLogin(account: settings.account, token: true)
        }
    }

    /// Ends every token that was given out.
    mutating func expireTokens() { tokens = [:] }

    mutating func unlock() {
        failures = 0
        lockedUntil = nil
    }

    // MARK: Tokens

    /// A refused token request.
    struct TokenRefusal: Error, Equatable {
        let error: String
        var status: Int { error == "invalid_client" ? 401 : 400 }
        /// Whether it counts toward the lock: somebody known who could not prove it.
        var isFailedLogin = false
    }

    mutating func token(_ request: HTTPRequest, ownAddress: String, at now: Stamp) -> HTTPResponse {
        let headers = [("Cache-Control", "no-store")]
        do {
            try grant(request, ownAddress: ownAddress, at: now)
        } catch {
            if error.isFailedLogin { countFailure(at: now) }
            return answer(error)
        }
        failures = 0
        let token = ["t", "s", "d"].map { _ in Base64URL.encode(SecureRandom.bytes(24)) }.joined(separator: ".")
        tokens[token] = Stamp(milliseconds: now.milliseconds + Int64(LoginDesk.tokenLifeSeconds) * 1000)
        tokens = tokens.filter { now < $0.value }
        let body: JSONValue = [
            "access_token": .string(token), "expires_in": .number(JSONNumber(LoginDesk.tokenLifeSeconds)),
            "token_type": "Bearer",
        ]
        return HTTPResponse(
            status: 200, headers: headers + [("Content-Type", "application/json")], body: body.bytes())
    }

    /// Refuses a token request whatever it holds: a failed log-in like any other.
    mutating func refuse(at now: Stamp) -> HTTPResponse {
        countFailure(at: now)
        return answer(TokenRefusal(error: "invalid_client", isFailedLogin: true))
    }

    private func answer(_ refusal: TokenRefusal) -> HTTPResponse {
        let challenge = "Basic realm=\"\(settings.account)\""
        return HTTPResponse(
            status: refusal.status,
            headers: [("Cache-Control", "no-store"), ("Content-Type", "application/json")]
                + (refusal.status == 401 ? [("WWW-Authenticate", challenge)] : []),
            body: (["error": .string(refusal.error)] as JSONValue).bytes())
    }

    private mutating func countFailure(at now: Stamp) {
        guard !isLocked(at: now) else { return }
        failures += 1
        guard failures >= LoginDesk.failuresThatLock else { return }
        failures = 0
        lockedUntil = Stamp(milliseconds: now.milliseconds + LoginDesk.lockMilliseconds)
    }

    private mutating func grant(
        _ request: HTTPRequest, ownAddress: String, at now: Stamp
    ) throws(TokenRefusal) {
        let form = try LoginDesk.form(request)
        guard let grant = form["grant_type"] else { throw TokenRefusal(error: "invalid_request") }
        guard grant == "client_credentials" else { throw TokenRefusal(error: "unsupported_grant_type") }
        guard form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            let assertion = form["client_assertion"], let parts = try? JSONWebToken.decodeUnverified(assertion),
            let header = (try? JSONValue.parse(parts.header))?.object,
            let claims = (try? JSONValue.parse(parts.claims))?.object
        else { throw TokenRefusal(error: "invalid_request") }
        guard claims["iss"]?.string == settings.clientId else { throw TokenRefusal(error: "invalid_client") }
        let failed = TokenRefusal(error: "invalid_grant", isFailedLogin: true)
        guard header["kid"]?.string == settings.certificateId, header["typ"]?.string == "JWT",
            let key = settings.publicKey,
            (try? JSONWebToken.verify(assertion, algorithms: LoginDesk.algorithms, key: key)) != nil
        else { throw failed }
        guard isAccepted(audience: claims["aud"], ownAddress), LoginDesk.isTimely(claims, at: now) else { throw failed }
        if let id = claims["jti"]?.string, !usedAssertionIds.insert(id).inserted { throw failed }
        try LoginDesk.checkScope(claims["scope"])
        guard !isLocked(at: now) else { throw TokenRefusal(error: "invalid_grant") }
    }

    private static func form(_ request: HTTPRequest) throws(TokenRefusal) -> [String: String] {
        let type = request.headers["Content-Type"]?.split(separator: ";").first.map { $0.lowercased() } ?? ""
        guard type.trimmed == "application/x-www-form-urlencoded",
            request.headers["Authorization"] == nil,
            let fields = FormText.fields(of: request.body)
        else { throw TokenRefusal(error: "invalid_request") }
        return fields
    }

    private func isAccepted(audience: JSONValue?, _ ownAddress: String) -> Bool {
        let own = ["suitetalk", "restlets"].map { "https://\(settings.host).\($0).api.netsuite.com" } + [ownAddress]
        guard let audience = audience?.string else { return false }
        return own.contains { audience == $0 + LoginDesk.tokenPath } || settings.audiences.contains(audience)
    }

    private static func isTimely(_ claims: JSONObject, at now: Stamp) -> Bool {
        guard let issued = claims["iat"]?.int64, let end = claims["exp"]?.int64 else { return false }
        return issued <= now.seconds + clockToleranceSeconds && end > now.seconds && end > issued
            && end - issued <= longestAssertionSeconds
    }

    /// Scopes come as an array, or as text with commas or blanks between.
    private static func checkScope(_ scope: JSONValue?) throws(TokenRefusal) {
        let names: [String] =
            if let array = scope?.array {
                array.map { $0.string ?? "" }
            } else {
                (scope?.string ?? "").split(whereSeparator: { $0 == " " || $0 == "," }).map(String.init)
            }
        guard names.contains("rest_webservices"), Set(names).isSubset(of: scopes), !names.contains("mcp") else {
            throw TokenRefusal(error: "invalid_scope")
        }
    }
}
