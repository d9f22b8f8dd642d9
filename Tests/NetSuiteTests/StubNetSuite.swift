import EventLoop
import HTTPClient
import HTTPServer
import JSONText
import NetSuite
import Signing
import Telemetry

private let key: Result<PrivateKey, any Error> = Result { try PrivateKey.generateEC(.p256) }

/// A stand-in for NetSuite: log-ins are its own, everything else is the test's.
@Loop
final class StubNetSuite {
    private(set) var requests: [HTTPRequest] = []
    private(set) var assertions: [String] = []
    private(set) var tokens = 0
    private(set) var mostAtATime = 0
    private var atATime = 0
    var tokenStatus = 200
    var acceptsTokens = true
    let client: NetSuiteClient
    let metrics = MetricsRegistry()
    let publicKey: PublicKey
    let audience: String
    private let server: HTTPServer
    private let transport: HTTPTransport

    init(
        concurrency: Int = 5, requestDeadline: Duration = .seconds(10), operationLimit: Duration = .seconds(40),
        _ answer: @escaping @Loop (StubNetSuite, HTTPRequest) async -> HTTPResponse
    ) throws {
        let logger = Logger(label: "test", sink: { _ in })
        let door = Door()
        server = HTTPServer(configuration: HTTPServerConfiguration(), logger: logger) { request in
            await door.answer?(request) ?? .disconnect
        }
        try server.start()
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: logger)
        let key = try key.get()
        publicKey = try key.publicKey
        let base = "http://127.0.0.1:\(server.port)"
        audience = base + NetSuiteConfiguration.tokenPath
        client = NetSuiteClient(
            configuration: NetSuiteConfiguration(
                baseURL: base + "/", clientId: "client", certificateId: "certificate", privateKey: key,
                algorithm: .ES256, concurrency: concurrency, requestDeadline: requestDeadline,
                operationLimit: operationLimit, quietPeriod: .seconds(5)),
            transport: transport, metrics: metrics, logger: logger)
        door.answer = { [weak self] in await self?.route($0, answer) ?? .disconnect }
    }

    private func route(
        _ request: HTTPRequest, _ answer: @Loop (StubNetSuite, HTTPRequest) async -> HTTPResponse
    ) async -> HTTPResponse {
        if request.path == NetSuiteConfiguration.tokenPath { return logIn(request) }
        let isCurrent = request.headers["Authorization"] == "Bearer token-\(tokens)" && acceptsTokens
        if request.method == "OPTIONS" { return HTTPResponse(status: isCurrent ? 204 : 401) }
        guard isCurrent else { return HTTPResponse(status: 401) }
        requests.append(request)
        atATime += 1
        mostAtATime = max(mostAtATime, atATime)
        defer { atATime -= 1 }
        return await answer(self, request)
    }

    private func logIn(_ request: HTTPRequest) -> HTTPResponse {
        let form = HTTPRequest(method: "GET", target: "/?" + String(decoding: request.body, as: UTF8.self))
        assertions.append(form.query("client_assertion") ?? "")
        guard tokenStatus == 200 else { return .json(Array(#"{"error":"invalid_client"}"#.utf8), status: tokenStatus) }
        tokens += 1
        return .json(Array(#"{"access_token":"token-\#(tokens)","expires_in":"3600","token_type":"bearer"}"#.utf8))
    }

    /// Makes the token in use invalid.
    func revoke() { tokens += 100 }

    func close() async {
        transport.close()
        await server.stop(within: .seconds(1))
    }
}

@Loop
private final class Door {
    var answer: (@Loop (HTTPRequest) async -> HTTPResponse)?
}

let created = HTTPResponse(
    status: 204, headers: [("Location", "http://x/services/rest/record/v1/salesOrder/4711")])
let order: JSONValue = ["externalId": "SF-801000000000001AAA"]

func json(_ text: String, _ status: Int = 200) -> HTTPResponse { .json(Array(text.utf8), status: status) }

@Loop
func failure<Value>(_ body: @Loop () async throws(NetSuiteFailure) -> Value) async -> NetSuiteFailure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

func kind(_ failure: NetSuiteFailure?) -> NetSuiteTrouble.Kind? {
    if case .systemTrouble(let trouble) = failure { trouble.kind } else { nil }
}
