import EventLoop
import Foundation
import HTTPClient
import JSONText
import NetSuite
import Signing
import Telemetry
import TestSupport

/// The sandbox as a process of its own, and clients logged in to it.
@Loop
final class RunningSandbox {
    /// A client of its own connections, with a day's deadlines.
    private(set) lazy var client = newClient()
    let base: String
    let key: PrivateKey
    let transport: HTTPTransport
    private let process: ChildProcess
    private let logger = Logger(label: "test", sink: { _ in })

    init(_ options: [String] = []) async throws {
        let folder = try Leftovers.shared.makeDirectory("sandbox")
        key = try PrivateKey.generateEC(.p256)
        let keyFile = "\(folder)/key.pem"
        try key.publicKey.pem.write(toFile: keyFile, atomically: true, encoding: .utf8)
        let output = "\(folder)/output"
        process = try ChildProcess.start(
            [try BuiltProduct.path("netsuite-sandbox"), "--port", "0", "--public-key", keyFile] + options,
            output: output)
        var origin: String?
        try await eventually("the sandbox listens") {
            let text = (try? String(contentsOfFile: output, encoding: .utf8)) ?? ""
            origin = text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://") }.map(String.init)
            return origin != nil
        }
        base = origin ?? ""
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: logger)
    }

    /// A client as another process would have it: with a token of its own.
    func newClient(
        requestDeadline: Duration = .seconds(60), operationLimit: Duration = .seconds(150),
        quietPeriod: Duration = .seconds(20)
    ) -> NetSuiteClient {
        NetSuiteClient(
            configuration: NetSuiteConfiguration(
                baseURL: base, clientId: "crossdock-sandbox-client", certificateId: "crossdock-sandbox-certificate",
                privateKey: key, algorithm: .ES256, requestDeadline: requestDeadline, operationLimit: operationLimit,
                quietPeriod: quietPeriod),
            transport: transport, logger: logger)
    }

    @discardableResult
    func control(_ method: String, _ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        let answer = try await transport.send(
            HTTPCall(method: method, url: "\(base)/control/\(path)", body: method == "POST" ? body.bytes() : nil))
        return try JSONValue.parse(answer.body, limits: .answer)
    }

    /// Requests of the journal whose path has this part.
    func journal(_ part: String = "") async throws -> [JSONValue] {
        let requests = try await control("GET", "journal")["requests"]?.array ?? []
        return requests.filter { part.isEmpty || $0["path"]?.string?.contains(part) == true }
    }

    func end() async {
        transport.close()
        await process.stop()
    }
}
