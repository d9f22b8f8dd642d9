import EventLoop
import HTTPServer
import JSONText
import NetSuite
import Signing
import TestSupport
import Testing

@Suite("The NetSuite client: login")
struct NetSuiteLoginTests {
    @Test("logs in once for all, with a signed assertion")
    func assertion() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            let calls = (0..<20).map { _ in EventLoop.shared.start { try await stub.client.createSalesOrder(order) } }
            for call in calls { #expect(try await call.value == .applied(id: "4711")) }
            #expect(stub.assertions.count == 1)
            let assertion = try #require(stub.assertions.first)
            let header = try JSONValue.parse(JSONWebToken.decodeUnverified(assertion).header)
            #expect(header["kid"]?.string == "certificate")
            let claims = try JSONValue.parse(
                JSONWebToken.verify(assertion, algorithms: [.ES256], key: stub.publicKey))
            #expect(claims["iss"]?.string == "client")
            #expect(claims["aud"]?.string == stub.audience)
            #expect(claims["scope"]?.string == "rest_webservices")
            let life = (claims["exp"]?.int64 ?? 0) - (claims["iat"]?.int64 ?? 0)
            #expect((1...300).contains(life))
            await stub.close()
        }
    }

    @Test("a token that ran out is renewed once and the request repeated once")
    func expiredToken() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            _ = try await stub.client.createSalesOrder(order)
            stub.revoke()
            let calls = (0..<4).map { _ in EventLoop.shared.start { try await stub.client.createSalesOrder(order) } }
            for call in calls { #expect(try await call.value == .applied(id: "4711")) }
            #expect(stub.assertions.count == 2)
            #expect(stub.requests.count == 5)
            await stub.close()
        }
    }

    @Test("after three refused log-ins none is tried any more", arguments: [true, false])
    func stopsLoggingIn(tokensAreGiven: Bool) async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            stub.tokenStatus = tokensAreGiven ? 200 : 401
            stub.acceptsTokens = false
            for _ in 0..<6 {
                let failure = await failure { () async throws(NetSuiteFailure) in
                    try await stub.client.createSalesOrder(order)
                }
                #expect(kind(failure) == .login)
            }
            #expect(stub.assertions.count == 3)
            #expect(stub.requests.isEmpty)
            await stub.close()
        }
    }

    @Test("trouble of the token service is no refused login")
    func tokenServiceDown() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            for (status, expected) in [(503, NetSuiteTrouble.Kind.maintenance), (500, .maintenance)] {
                stub.tokenStatus = status
                for _ in 0..<4 {
                    let failure = await failure { () async throws(NetSuiteFailure) in
                        try await stub.client.createSalesOrder(order)
                    }
                    #expect(kind(failure) == expected)
                }
            }
            stub.tokenStatus = 200
            #expect(try await stub.client.createSalesOrder(order) == .applied(id: "4711"))
            await stub.close()
        }
    }

    @Test("a 401 while others succeed is throttling: tried again, without a new login")
    func disguisedThrottling() async throws {
        try await onLoop {
            let stub = try StubNetSuite { stub, _ in
                let number = stub.requests.count
                if number == 2 {
                    try? await LoopTime.shared.sleep(for: .milliseconds(200))
                    return HTTPResponse(status: 401)
                }
                return created
            }
            _ = try await stub.client.createSalesOrder(order)
            let disguised = EventLoop.shared.start { try await stub.client.createSalesOrder(order) }
            try await eventually("the second request is there") { stub.requests.count == 2 }
            _ = try await stub.client.createSalesOrder(order)
            #expect(try await disguised.value == .applied(id: "4711"))
            #expect(stub.assertions.count == 1)
            #expect(stub.client.gate.width < 5)
            await stub.close()
        }
    }
}
