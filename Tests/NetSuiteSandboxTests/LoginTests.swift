import EventLoop
import HTTPServer
import JSONText
import Signing
import Telemetry
import TestSupport
import Testing

@testable import NetSuiteSandbox

@Suite("Log-in")
struct LoginTests {
    @Test("a signed assertion gives a bearer for an hour")
    func grant() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let answer = await harness.sandbox.handle(try harness.tokenRequest())
            #expect(answer.status == 200)
            #expect(answer.json["expires_in"] == 3600)
            #expect(answer.json["token_type"] == "Bearer")
            let call = await harness.send("OPTIONS", "/services/rest/*")
            #expect(call.status == 204 && call.body.isEmpty)
            await harness.time.advance(by: .seconds(3601))
            let late = await harness.send("OPTIONS", "/services/rest/*")
            #expect(late.status == 401 && late.code == "INVALID_LOGIN")
            #expect(
                late.header("WWW-Authenticate")
                    == "Bearer realm=\"1234567_SB1\", error=\"invalid_token\", "
                    + "error_description=\"Invalid login attempt.\"")
        }
    }

    @Test(
        "RSA keys sign with PSS; RS256 is refused",
        arguments: [("PS256", 200), ("PS384", 200), ("PS512", 200), ("RS256", 400)])
    func algorithms(name: String, status: Int) async throws {
        let algorithm = try #require(SignatureAlgorithm(rawValue: name))
        try await onLoop {
            let key = try PrivateKey.generateRSA(bits: 2048)
            let publicKey = try key.publicKey
            let harness = try await SandboxHarness { $0.login.publicKey = publicKey }
            let answer = await harness.sandbox.handle(try harness.tokenRequest(algorithm: algorithm, key: key))
            #expect(answer.status == status)
            if status == 400 { #expect(answer.json == ["error": "invalid_grant"]) }
        }
    }

    @Test(
        "an audience is the token address of the account or of the sandbox itself",
        arguments: [
            "https://1234567-sb1.suitetalk.api.netsuite.com", "https://1234567-sb1.restlets.api.netsuite.com",
            SandboxHarness.origin,
        ])
    func audiences(host: String) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let request = try harness.tokenRequest(audience: host + LoginDesk.tokenPath)
            #expect(await harness.sandbox.handle(request).status == 200)
        }
    }

    @Test(
        "scopes come as array, comma text or blank text",
        arguments: [
            ["rest_webservices", "restlets"], "rest_webservices", "rest_webservices,restlets",
            "restlets rest_webservices",
        ] as [JSONValue])
    func scopes(scope: JSONValue) async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            #expect(await harness.sandbox.handle(try harness.tokenRequest(scope: scope)).status == 200)
        }
    }

    @Test("a wrong assertion is refused with its own error")
    func refusals() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let other = try PrivateKey.generateEC(.p256)
            let cases: [(HTTPRequest, Int, String)] = [
                (try harness.tokenRequest(key: other), 400, "invalid_grant"),
                (try harness.tokenRequest(kid: "another"), 400, "invalid_grant"),
                (try harness.tokenRequest(issuer: "another"), 401, "invalid_client"),
                (try harness.tokenRequest(audience: "https://login.salesforce.com"), 400, "invalid_grant"),
                (try harness.tokenRequest(ends: 3601), 400, "invalid_grant"),
                (try harness.tokenRequest(scope: ["all"]), 400, "invalid_scope"),
                (try harness.tokenRequest(grant: "password"), 400, "unsupported_grant_type"),
                (try harness.tokenRequest(type: "application/json"), 400, "invalid_request"),
            ]
            for (request, status, error) in cases {
                harness.sandbox.loginDesk.unlock()
                let answer = await harness.sandbox.handle(request)
                #expect(answer.status == status && answer.json == ["error": .string(error)])
                #expect((answer.header("WWW-Authenticate") != nil) == (status == 401))
            }
            for (issued, ends) in [(-600, -1), (60, 300), (0, 0)] {
                harness.sandbox.loginDesk.unlock()
                let answer = await harness.sandbox.handle(try harness.tokenRequest(issued: issued, ends: ends))
                #expect(answer.json == ["error": "invalid_grant"])
            }
        }
    }

    @Test("an assertion serves once")
    func replay() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let request = try harness.tokenRequest()
            #expect(await harness.sandbox.handle(request).status == 200)
            #expect(await harness.sandbox.handle(request).status == 400)
        }
    }

    @Test("five failed log-ins lock for thirty minutes, good tokens included")
    func lock() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            for _ in 1...4 { _ = await harness.sandbox.handle(try harness.tokenRequest(kid: "wrong")) }
            #expect(await harness.send("OPTIONS", "/services/rest/*").status == 204)
            _ = await harness.sandbox.handle(try harness.tokenRequest(kid: "wrong"))
            #expect(await harness.send("OPTIONS", "/services/rest/*").status == 401)
            #expect(await harness.sandbox.handle(try harness.tokenRequest()).status == 400)
            await harness.time.advance(by: .seconds(1801))
            #expect(await harness.sandbox.handle(try harness.tokenRequest()).status == 200)
        }
    }

    @Test("a call needs a whole bearer and no cookie")
    func headers() async throws {
        try await onLoop {
            let harness = try await SandboxHarness()
            let target = "/services/rest/system/v1/serverTime"
            func status(_ headers: HTTPHeaders) async -> Int {
                await harness.sandbox.handle(HTTPRequest(method: "GET", target: target, headers: headers)).status
            }
            #expect(await status([:]) == 401)
            #expect(await status(["Authorization": "Bearer nonsense"]) == 401)
            #expect(await status(["Authorization": "Bearer"]) == 400)
            #expect(await status(["Authorization": "Bearer \(harness.token)", "Cookie": "a=b"]) == 401)
            #expect(await status(["authorization": "bearer \(harness.token)"]) == 200)
        }
    }
}
