import Contracts
import EventLoop
import FoundationEssentials
import HTTPClient
import JSONText
import Signing
import Telemetry

/// A token that Salesforce gave, and where it is to be used.
struct SalesforceSession: Sendable {
    let token: Secret
    let instanceURL: String
    let organizationId: SalesforceId
    let userId: SalesforceId
    /// Tells one session from the next, so that a late 401 does not end a fresh one.
    let serial: Int
}

/// Logs in with the OAuth 2.0 JWT bearer flow, one login at a time, and not without end.
@Loop
final class SalesforceLogin {
    private static let maximumFruitlessLogins = 3
    private static let fruitlessWindow = Duration.seconds(30 * 60)

    private let configuration: SalesforceConfiguration
    private let transport: HTTPTransport
    private let time: any TimeSource
    private let logger: Logger
    private var session: SalesforceSession?
    private var running: Task<SalesforceSession, any Error>?
    private var serial = 0
    /// Logins that were answered, since a session last proved good: refused ones, and those whose token did not serve.
    private var fruitless: [MonotonicInstant] = []

    init(configuration: SalesforceConfiguration, transport: HTTPTransport, time: any TimeSource, logger: Logger) {
        self.configuration = configuration
        self.transport = transport
        self.time = time
        self.logger = logger
    }

    /// The present session; logs in where there is none. Callers at the same time share one login.
    func current() async throws(SalesforceFailure) -> SalesforceSession {
        if let session { return session }
        let task = running ?? startLogin()
        do {
            // Who is cancelled waits no longer; the login itself is the others' too and goes on.
            return try await withDeadline(configuration.deadline + .seconds(30), time: time) { try await task.value }
        } catch let failure as SalesforceFailure {
            throw failure
        } catch {
            throw .systemTrouble(reason: "login was interrupted")
        }
    }

    /// Forgets a session that Salesforce no longer takes, unless a newer one is there already.
    func invalidate(_ expired: SalesforceSession) {
        if session?.serial == expired.serial { session = nil }
    }

    /// A call under the session was answered with something else than 401.
    func proveGood() {
        fruitless.removeAll()
    }

    private func startLogin() -> Task<SalesforceSession, any Error> {
        let task = EventLoop.shared.start { [self] in
            defer { running = nil }
            let session = try await logIn()
            self.session = session
            return session
        }
        running = task
        return task
    }

    private func logIn() async throws(SalesforceFailure) -> SalesforceSession {
        fruitless.removeAll { time.now - $0 > SalesforceLogin.fruitlessWindow }
        guard fruitless.count < SalesforceLogin.maximumFruitlessLogins else {
            throw .systemTrouble(
                reason: "three logins within 30 minutes did not help; the next try waits, see `crossdock check`")
        }
        let answer: HTTPAnswer
        do {
            answer = try await transport.send(try tokenCall())
        } catch let failure as HTTPFailure {
            throw .systemTrouble(reason: "login: \(failure)")
        } catch {
            throw .systemTrouble(reason: "login: the assertion cannot be signed: \(error)")
        }
        if answer.status < 500, answer.status != 420, answer.status != 429 { fruitless.append(time.now) }
        guard answer.status == 200 else { throw refusal(answer) }
        let session = try readToken(answer.body)
        logger.info("logged in to Salesforce")
        return session
    }

    private func tokenCall() throws -> HTTPCall {
        var claims = JSONWriter()
        claims.beginObject()
        claims.name("iss")
        claims.string(configuration.clientId)
        claims.name("sub")
        claims.string(configuration.username)
        claims.name("aud")
        claims.string(configuration.audience)
        claims.name("exp")
        claims.int64(UTCInstant(date: time.wallClock).millisecondsSinceEpoch / 1000 + 180)
        claims.endObject()
        let assertion = try JSONWebToken.sign(claims: claims.bytes, algorithm: .RS256, key: configuration.privateKey)
        let grant = "urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer"
        return HTTPCall(
            method: "POST", url: configuration.loginURL + "/services/oauth2/token",
            headers: [("Content-Type", "application/x-www-form-urlencoded"), ("Accept", "application/json")],
            body: Array("grant_type=\(grant)&assertion=\(assertion)".utf8),
            deadline: min(.seconds(30), configuration.deadline),
            maximumAnswerBytes: 1 << 20)
    }

    /// The codes of the token endpoint are a closed list; its text may name the user, so only the code is kept.
    private func refusal(_ answer: HTTPAnswer) -> SalesforceFailure {
        let body = try? JSONValue.parse(answer.body, limits: .answer)
        let code = body?["error"]?.string.flatMap(plainWord) ?? "no code"
        let text = body?["error_description"]?.string ?? ""
        var reason = "login: HTTP \(answer.status), \(code)"
        if text.localizedContains("audience") { reason += ", the audience is not accepted" }
        return .systemTrouble(reason: reason)
    }

    /// In bytes; what is longer is no token, and would fail as a header of each request.
    private static let longestToken = 16_384

    private func readToken(_ body: [UInt8]) throws(SalesforceFailure) -> SalesforceSession {
        let unreadable = SalesforceFailure.systemTrouble(reason: "login: the token's answer cannot be read")
        guard let answer = try? JSONValue.parse(body, limits: .answer), let token = answer["access_token"]?.string,
            let instance = answer["instance_url"]?.string, let identity = answer["id"]?.string
        else { throw unreadable }
        let segments = identity.split(separator: "/").suffix(2).map(String.init)
        guard segments.count == 2, let organizationId = try? SalesforceId(segments[0]),
            let userId = try? SalesforceId(segments[1]), (1...Self.longestToken).contains(token.utf8.count),
            token.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else { throw unreadable }
        guard let instanceURL = InstanceURL.accepted(instance, loginURL: configuration.loginURL) else {
            throw .systemTrouble(reason: "login: the token's instance_url is not a host of Salesforce")
        }
        serial += 1
        return SalesforceSession(
            token: Secret(token), instanceURL: instanceURL, organizationId: organizationId, userId: userId,
            serial: serial)
    }

    private func plainWord(_ text: String) -> String? {
        text.utf8.count <= 64 && text.utf8.allSatisfy { (0x61...0x7A).contains($0 | 0x20) || $0 == 0x5F } ? text : nil
    }
}

/// Where a token may be sent: a host of Salesforce, or the host that gave it.
enum InstanceURL {
    private static let hosts = [".salesforce.com", ".force.com", ".salesforce.mil", ".cloudforce.com"]

    /// The URL without a final slash; `nil` where the token must not go there.
    static func accepted(_ text: String, loginURL: String) -> String? {
        let url = text.hasSuffix("/") ? String(text.dropLast()) : text
        if origin(url) == url, url == origin(loginURL) { return url }
        guard origin(url) == url, url.hasPrefix("https://") else { return nil }
        let host = url.dropFirst("https://".count).lowercased()
        guard host.utf8.allSatisfy({ ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x7A || (0x2D...0x39).contains($0) }),
            hosts.contains(where: { host.hasSuffix($0) })
        else { return nil }
        return url
    }

    /// Scheme, host and port of a URL.
    private static func origin(_ url: String) -> String {
        let parts = url.split(separator: "/", maxSplits: 3, omittingEmptySubsequences: false)
        guard parts.count >= 3, parts[0].hasSuffix(":"), parts[1].isEmpty else { return "" }
        return "\(parts[0])//\(parts[2])"
    }
}

extension String {
    /// Whether the text has this word, whatever the letter case.
    fileprivate func localizedContains(_ word: String) -> Bool {
        lowercased().contains(word)
    }
}
