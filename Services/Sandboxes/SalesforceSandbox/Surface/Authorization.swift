import HTTPServer
import JSONText
import Signing

/// Login by signed assertion, and what tells a client who it is.
extension SalesforceSandbox {
    /// Why a login is refused: OAuth's shape, and 400 whatever the reason.
    struct Refusal: Error, Equatable {
        let error: String
        let description: String

        static let invalidAssertion = Refusal(error: "invalid_grant", description: "invalid assertion")
    }

    func authorization(_ request: HTTPRequest, _ segments: [String]) -> APIAnswer {
        switch segments {
        case ["token"]: token(request)
        case ["revoke"]: revoke(request)
        case ["userinfo"]: userInfo(request)
        default: .refusal(.notFound)
        }
    }

    private func token(_ request: HTTPRequest) -> APIAnswer {
        do throws(Refusal) {
            guard request.method == "POST" else {
                throw Refusal(error: "invalid_request", description: "must use HTTP POST")
            }
            let form = Self.form(request)
            guard form["grant_type"] == "urn:ietf:params:oauth:grant-type:jwt-bearer" else {
                throw Refusal(error: "unsupported_grant_type", description: "grant type not supported")
            }
            guard let assertion = form["assertion"] else { throw .invalidAssertion }
            try check(assertion)
        } catch {
            return Self.refused(error)
        }
        let url = baseURL(request)
        let issued = String(now * 1_000)
        let identity = "\(url)/id/\(SalesforceOrganization.organizationId)/\(SalesforceOrganization.integrationUserId)"
        let body: JSONValue = [
            "access_token": .string(sessions.open(at: now)),
            "signature": .string(Base64.encode(Digest.sha256(Array((identity + issued).utf8)))),
            "scope": "api", "instance_url": .string(url), "id": .string(identity), "token_type": "Bearer",
            "issued_at": .string(issued),
        ]
        var answer = APIAnswer.json(body)
        answer.response.headers.append(("Cache-Control", "no-store"))
        answer.applied = true
        return answer
    }

    /// Checks client, signature, audience, expiry and user of an assertion.
    func check(_ assertion: String) throws(Refusal) {
        let claims = try verifiedClaims(assertion)
        guard claims["iss"]?.string == settings.clientId else {
            throw Refusal(error: "invalid_client_id", description: "client identifier invalid")
        }
        let audiences = claims["aud"]?.array?.compactMap(\.string) ?? [claims["aud"]?.string ?? ""]
        guard audiences.contains(where: settings.audiences.contains) else {
            throw Refusal(error: "invalid_grant", description: "audience is invalid")
        }
        let expiry: Int64
        switch claims["exp"] {
        case .number(let number)?: expiry = Self.seconds(number.text) ?? 0
        case .string(let text)?: expiry = Self.seconds(text) ?? 0
        default: throw .invalidAssertion
        }
        guard expiry >= now - 180 else {
            throw Refusal(error: "invalid_grant", description: "expired authorization code")
        }
        guard !settings.isExpiryStrict || expiry <= now + 300 else { throw .invalidAssertion }
        guard (claims["sub"] ?? claims["prn"])?.string == settings.username else {
            throw Refusal(error: "invalid_grant", description: "user hasn't approved this consumer")
        }
    }

    private func verifiedClaims(_ assertion: String) throws(Refusal) -> JSONObject {
        let parts = assertion.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let key = settings.publicKey, let header = Self.decoded(parts[0]),
            let claims = Self.decoded(parts[1]), let signature = Self.decoded(parts[2]),
            let algorithm = Self.object(header)?["alg"]?.string, algorithm == SignatureAlgorithm.RS256.rawValue,
            SignatureAlgorithm.RS256.suits(key),
            SignatureAlgorithm.RS256.verify(signature, of: Array("\(parts[0]).\(parts[1])".utf8), with: key),
            let object = Self.object(claims)
        else { throw .invalidAssertion }
        return object
    }

    private func revoke(_ request: HTTPRequest) -> APIAnswer {
        guard request.method == "POST" || request.method == "GET" else {
            return Self.refused(Refusal(error: "invalid_request", description: "must use HTTP POST"))
        }
        guard let token = request.method == "POST" ? Self.form(request)["token"] : request.query("token") else {
            return Self.refused(
                Refusal(error: "unsupported_token_type", description: "this token type is not supported"))
        }
        sessions.revoke(token)
        return APIAnswer(response: HTTPResponse(status: 200), applied: true)
    }

    private func userInfo(_ request: HTTPRequest) -> APIAnswer {
        guard let token = Self.token(of: request),
            sessions.use(token, at: now, idleLimit: settings.sessionIdleSeconds)
        else {
            return APIAnswer(
                response: .text("Bad_OAuth_Token", status: 403))
        }
        return .json([
            "sub": .string(identityURL(request)), "user_id": .string(SalesforceOrganization.integrationUserId),
            "organization_id": .string(SalesforceOrganization.organizationId),
            "preferred_username": .string(settings.username), "name": "Integration User", "zoneinfo": "Europe/Berlin",
        ])
    }

    /// The identity URL of a token answer.
    func identity(_ request: HTTPRequest, _ segments: [String]) -> APIAnswer {
        let token = Self.token(of: request) ?? request.query("oauth_token") ?? ""
        guard sessions.use(token, at: now, idleLimit: settings.sessionIdleSeconds) else {
            return APIAnswer(response: .text("Bad_OAuth_Token", status: 403))
        }
        guard
            segments == ["id", SalesforceOrganization.organizationId, SalesforceOrganization.integrationUserId]
        else { return .refusal(.notFound) }
        return .json([
            "id": .string(identityURL(request)), "user_id": .string(SalesforceOrganization.integrationUserId),
            "organization_id": .string(SalesforceOrganization.organizationId), "username": .string(settings.username),
            "active": true,
        ])
    }

    func identityURL(_ request: HTTPRequest) -> String {
        "\(baseURL(request))/id/\(SalesforceOrganization.organizationId)/\(SalesforceOrganization.integrationUserId)"
    }

    static func refused(_ refusal: Refusal) -> APIAnswer {
        var answer = APIAnswer.json(
            ["error": .string(refusal.error), "error_description": .string(refusal.description)], status: 400)
        answer.response.headers.append(("Cache-Control", "no-store"))
        return answer
    }

    /// The pairs of a form; unknown ones do no harm, and the first of a name counts.
    private static func form(_ request: HTTPRequest) -> [String: String] {
        let type = request.headers["Content-Type"]?.lowercased() ?? ""
        guard type.hasPrefix("application/x-www-form-urlencoded") else { return [:] }
        let query = HTTPRequest(method: "GET", target: "/?" + String(decoding: request.body, as: UTF8.self))
        return Dictionary(query.queryItems.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    }

    /// Base64url with or without padding.
    private static func decoded(_ part: String) -> [UInt8]? {
        var text = part[...]
        while text.hasSuffix("=") { text = text.dropLast() }
        return Base64URL.decode(String(text))
    }

    private static func object(_ bytes: [UInt8]) -> JSONObject? {
        do { return try JSONValue.parse(bytes).object } catch { return nil }
    }

    /// Whole seconds; milliseconds and fractions are what some clients send, and lie far ahead or are cut.
    private static func seconds(_ text: String) -> Int64? {
        Int64(text.prefix { $0 != "." })
    }
}
