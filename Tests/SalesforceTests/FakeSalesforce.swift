import Contracts
import EventLoop
import Foundation
import HTTPServer
import JSONText
import Salesforce
import Signing
import Telemetry

/// A small HTTP server that answers as a test tells it.
@Loop
final class FakeSalesforce {
    static let key = Result { try PrivateKey.generateRSA(bits: 2048) }

    var logins = 0
    var requests: [HTTPRequest] = []
    var assertions: [String] = []
    /// The token that is valid now; each login gives the next one.
    var validToken: String { "00DQk000000XyZa!token\(logins)" }
    var loginAnswer: (@Loop (String) -> HTTPResponse)?
    var answer: (@Loop (HTTPRequest) async -> HTTPResponse) = { _ in .json(Array("{}".utf8)) }
    private(set) var url = ""
    private var server: HTTPServer?

    static func start() throws -> FakeSalesforce {
        let fake = FakeSalesforce()
        let server = HTTPServer(configuration: HTTPServerConfiguration(), logger: .quiet) { request in
            await fake.handle(request)
        }
        try server.start()
        fake.server = server
        fake.url = "http://127.0.0.1:\(server.port)"
        return fake
    }

    func stop() async { await server?.stop(within: .seconds(1)) }

    func client(time: any TimeSource = LoopTime.shared, deadline: Duration = .seconds(10)) throws -> SalesforceClient {
        let configuration = SalesforceConfiguration(
            loginURL: url, audience: "https://login.salesforce.com", clientId: "client", username: "user@example.com",
            privateKey: try FakeSalesforce.key.get(), deadline: deadline)
        return SalesforceClient(configuration: configuration, userAgent: "test", time: time, logger: .quiet)
    }

    /// Tokens stay valid until a test says otherwise; then a 401 as Salesforce writes it.
    var expiredTokens: Set<String> = []

    private func handle(_ request: HTTPRequest) async -> HTTPResponse {
        if request.path == "/services/oauth2/token" {
            logins += 1
            assertions.append(String(decoding: request.body, as: UTF8.self))
            return loginAnswer?(url) ?? FakeSalesforce.token(validToken, instance: url)
        }
        requests.append(request)
        if expiredTokens.contains(request.headers["Authorization"] ?? "") {
            return .errors(401, "INVALID_SESSION_ID")
        }
        return await answer(request)
    }

    static func token(_ token: String, instance: String) -> HTTPResponse {
        let body: JSONValue = [
            "access_token": .string(token), "instance_url": .string(instance), "token_type": "Bearer",
            "id": .string("\(instance)/id/00DQk000000XyZaMAK/005Qk000001AbCdIAK"),
        ]
        return .json(body.bytes())
    }
}

extension HTTPResponse {
    /// An error array.
    static func errors(_ status: Int, _ code: String, fields: [String] = []) -> HTTPResponse {
        let error: JSONValue = [
            "message": "a text that names Jane Doe", "errorCode": .string(code),
            "fields": .array(fields.map { .string($0) }),
        ]
        return .json(JSONValue.array([error]).bytes(), status: status)
    }
}

extension Logger {
    /// Says nothing.
    static let quiet = Logger(label: "test", sink: { _ in })
}
