import EventLoop
import JSONText
import Signing
import TestSupport
import Testing

@testable import SalesforceSandbox

@Suite("login and sessions")
struct LoginTests {
    @Test("a signed assertion opens a session, and the answer tells no expiry")
    func logsIn() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let answer = try await fixture.logIn(try fixture.assertion())
            #expect(answer.status == 200)
            #expect(answer.json["expires_in"] == nil)
            #expect(answer.json["instance_url"]?.string == "http://sandbox.test")
            #expect(answer.json["issued_at"]?.string == "1780000000000")
            let token = try #require(answer.json["access_token"]?.string)
            #expect(token.hasPrefix("00DQk000000XyZa!"))
            fixture.token = token
            #expect(try await fixture.rest("GET", "/limits").status == 200)
            let identity = try #require(answer.json["id"]?.string)
            let path = identity.replacing("http://sandbox.test", with: "")
            #expect(try await fixture.call("GET", path).json["username"]?.string == "integration@crossdock.example")
            let info = try await fixture.call("GET", "/services/oauth2/userinfo")
            #expect(info.json["organization_id"]?.string == "00DQk000000XyZaMAK")
        }
    }

    static let refusals: [(JSONObject, String, String)] = [
        (["iss": "other"] as JSONObject, "invalid_client_id", "client identifier invalid"),
        (["sub": "other"], "invalid_grant", "user hasn't approved this consumer"),
        (["aud": "https://acme.my.salesforce.com"], "invalid_grant", "audience is invalid"),
        (["exp": 1_779_999_819], "invalid_grant", "expired authorization code"),
        (["exp": nil], "invalid_grant", "invalid assertion"),
    ]

    @Test(
        "each wrong claim is refused with 400 and OAuth's own error", arguments: Self.refusals)
    func refuses(claims: JSONObject, error: String, description: String) async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let answer = try await fixture.logIn(try fixture.assertion(claims))
            #expect(answer.status == 400)
            #expect(answer.json["error"]?.string == error)
            #expect(answer.json["error_description"]?.string == description)
            #expect(answer.header("Cache-Control") == "no-store")
        }
    }

    @Test(
        "expiry may be a text, lie three minutes back or far ahead, and the audience a bare host",
        arguments: [
            ["exp": "1780000100"] as JSONObject, ["exp": 1_779_999_820], ["exp": 1_780_000_000_000],
            ["aud": "test.salesforce.com"], ["extra": "ignored"],
        ])
    func accepts(claims: JSONObject) async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            #expect(try await fixture.logIn(try fixture.assertion(claims)).status == 200)
        }
    }

    @Test("strict expiry refuses more than five minutes ahead")
    func strictExpiry() async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.isExpiryStrict = true }
            #expect(try await fixture.logIn(try fixture.assertion(["exp": 1_780_000_300])).status == 200)
            #expect(try await fixture.logIn(try fixture.assertion(["exp": 1_780_000_301])).status == 400)
        }
    }

    @Test("another key, another algorithm, a changed claim and nonsense are no assertions")
    func forgeries() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let good = try fixture.assertion()
            let parts = good.split(separator: ".").map(String.init)
            let claims = Base64URL.encode(Array(#"{"iss":"crossdock-sandbox-client"}"#.utf8))
            let none = Base64URL.encode(Array(#"{"alg":"none"}"#.utf8))
            let forged = [
                try fixture.assertion(algorithm: .PS256), "\(parts[0]).\(claims).\(parts[2])",
                "\(none).\(parts[1]).", "nonsense", "",
            ]
            for token in forged {
                let answer = try await fixture.logIn(token)
                #expect(answer.status == 400)
                #expect(answer.json["error_description"]?.string == "invalid assertion")
            }
            let answer = try await fixture.logIn(good, grant: "password")
            #expect(answer.json["error"]?.string == "unsupported_grant_type")
        }
    }

    @Test("parts with base64 padding are accepted, signed as they stand")
    func padding() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let parts = try fixture.assertion().split(separator: ".").map(String.init)
            let padded = parts.prefix(2).map { $0 + String(repeating: "=", count: (4 - $0.count % 4) % 4) }
            let signed = padded.joined(separator: ".")
            let signature = try SignatureAlgorithm.RS256.sign(Array(signed.utf8), with: SandboxFixture.key.get())
            #expect(try await fixture.logIn(signed + "." + Base64URL.encode(signature)).status == 200)
        }
    }

    @Test("a session dies of idleness, of revocation, and lives by use; 401 is always the array")
    func sessionLife() async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.sessionIdleSeconds = 100 }
            await fixture.time.advance(by: .seconds(99))
            #expect(try await fixture.rest("GET", "/limits").status == 200)
            await fixture.time.advance(by: .seconds(99))
            #expect(try await fixture.rest("GET", "/limits").status == 200)
            await fixture.time.advance(by: .seconds(100))
            let answer = try await fixture.rest("GET", "/limits")
            #expect(answer.status == 401)
            #expect(answer.json == [["message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"]])

            fixture.token = fixture.sandbox.sessions.open(at: fixture.sandbox.now)
            let escaped = fixture.token.replacing("!", with: "%21")
            #expect(try await fixture.call("GET", "/services/oauth2/revoke?token=\(escaped)").status == 200)
            #expect(try await fixture.rest("GET", "/limits").code == "INVALID_SESSION_ID")
        }
    }

    @Test("the version list needs no token and counts nothing; every other answer tells the usage")
    func usage() async throws {
        try await onLoop {
            let fixture = try SandboxFixture { $0.dailyLimit = 2 }
            let token = fixture.token
            fixture.token = ""
            let versions = try await fixture.call("GET", "/services/data/")
            #expect(versions.status == 200)
            #expect(versions.header("Sforce-Limit-Info") == nil)
            fixture.token = token
            #expect(try await fixture.rest("GET", "/limits/").header("Sforce-Limit-Info") == "api-usage=1/2")
            let missing = try await fixture.rest("GET", "/nonsense")
            #expect(missing.status == 404)
            #expect(missing.header("Sforce-Limit-Info") == "api-usage=2/2")
            let refused = try await fixture.rest("GET", "/limits")
            #expect(refused.status == 403)
            #expect(refused.code == "REQUEST_LIMIT_EXCEEDED")
            await fixture.time.advance(by: .seconds(86_460))
            fixture.token = fixture.sandbox.sessions.open(at: fixture.sandbox.now)
            #expect(try await fixture.rest("GET", "/limits").json["DailyApiRequests"]?["Remaining"]?.int64 == 1)
        }
    }
}
