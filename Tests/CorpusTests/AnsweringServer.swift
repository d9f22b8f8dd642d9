import Contracts
import EventLoop
import HTTPServer
import NetSuite
import Salesforce
import Signing
import Telemetry
import TestSupport

/// A server that logs everybody in and answers everything else with one answer of the corpus.
@Loop
final class AnsweringServer {
    private static let rsa = Result { try PrivateKey.generateRSA(bits: 2_048) }
    private static let elliptic = Result { try PrivateKey.generateEC(.p256) }

    private(set) var url = ""
    private var answer = HTTPResponse(status: 500)
    private var isOfTheToken = false
    private var server: HTTPServer?

    static func start() throws -> AnsweringServer {
        let answering = AnsweringServer()
        let server = HTTPServer(configuration: HTTPServerConfiguration(), logger: .silent) { request in
            answering.route(request)
        }
        try server.start()
        answering.server = server
        answering.url = "http://127.0.0.1:\(server.port)"
        return answering
    }

    func stop() async { await server?.stop(within: .seconds(1)) }

    /// From now on the requests are answered so.
    func give(_ poison: PoisonAnswer, to request: PoisonAnswer.Request) {
        isOfTheToken = request == .netSuiteToken || request == .salesforceToken
        answer =
            poison.isWire
            ? HTTPResponse(status: 200, delivery: .wire(poison.bytes, pause: .zero))
            : HTTPResponse(status: poison.status, headers: poison.headers, body: poison.bytes)
    }

    private func route(_ request: HTTPRequest) -> HTTPResponse {
        let isToken = request.path.hasSuffix("/token")
        if request.method == "OPTIONS" { return HTTPResponse(status: 204) }
        if isToken != isOfTheToken {
            let id = "https://login.salesforce.com/id/00DQk000000XyZaMAK/005Qk000000XyZaIAK"
            return isToken
                ? .json(
                    Array(
                        #"{"access_token":"t","expires_in":"3600","instance_url":"\#(url)","id":"\#(id)"}"#.utf8))
                : .json(Array(#"{"totalSize":0,"done":true,"records":[],"items":[],"hasMore":false}"#.utf8))
        }
        return answer
    }

    // MARK: Clients

    /// A client of its own: nothing that an answer before has left in it counts.
    func netSuite() throws -> NetSuiteClient {
        NetSuiteClient(
            configuration: NetSuiteConfiguration(
                baseURL: url, clientId: "client", certificateId: "certificate",
                privateKey: try Self.elliptic.get(), algorithm: .ES256, requestDeadline: .seconds(1),
                operationLimit: .seconds(3)),
            userAgent: "corpus", logger: .silent)
    }

    func salesforce() throws -> SalesforceClient {
        SalesforceClient(
            configuration: SalesforceConfiguration(
                loginURL: url, audience: "https://login.salesforce.com", clientId: "client",
                username: "user@example.com", privateKey: try Self.rsa.get(), deadline: .seconds(1)),
            userAgent: "corpus", logger: .silent)
    }
}
