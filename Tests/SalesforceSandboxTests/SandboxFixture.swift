import EventLoop
import Foundation
import HTTPServer
import JSONText
import Signing
import Testing

@testable import SalesforceSandbox

/// A sandbox on a simulated clock, called as its HTTP server calls it.
@Loop
final class SandboxFixture {
    /// Made once: an RSA key takes longer than all else here.
    static let key = Result { try PrivateKey.generateRSA(bits: 2_048) }
    static let start = Date(timeIntervalSince1970: 1_780_000_000)

    let sandbox: SalesforceSandbox
    let time = SimulatedTime(wallClock: SandboxFixture.start)
    var token = ""

    init(_ change: (inout SandboxSettings) -> Void = { _ in }) throws {
        var settings = SandboxSettings()
        settings.publicKey = try Self.key.get().publicKey
        change(&settings)
        sandbox = SalesforceSandbox(settings: settings, time: time)
        token = sandbox.sessions.open(at: sandbox.now)
    }

    struct Answer {
        let status: Int
        let headers: [(String, String)]
        let json: JSONValue

        /// The code of the first error of an error array.
        var code: String? { json[0]?["errorCode"]?.string }

        func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
    }

    func call(
        _ method: String, _ target: String, _ body: JSONValue? = nil, headers: [(String, String)] = []
    ) async throws -> Answer {
        var fields = [("Host", "sandbox.test"), ("Authorization", "Bearer \(token)"), ("User-Agent", "fixture")]
        if body != nil { fields.append(("Content-Type", "application/json; charset=UTF-8")) }
        let response = await sandbox.handle(
            HTTPRequest(
                method: method, target: target, headers: HTTPHeaders(headers + fields),
                body: body?.bytes() ?? []))
        let json = response.body.first.map { [UInt8(ascii: "{"), UInt8(ascii: "[")].contains($0) } ?? false
        return Answer(
            status: response.status, headers: response.headers,
            json: json ? try JSONValue.parse(response.body, limits: .answer) : .null)
    }

    func rest(_ method: String, _ path: String, _ body: JSONValue? = nil, headers: [(String, String)] = [])
        async throws -> Answer
    {
        try await call(method, "/services/data/v67.0" + path, body, headers: headers)
    }

    func query(_ soql: String, all: Bool = false, headers: [(String, String)] = []) async throws -> Answer {
        var allowed = CharacterSet.alphanumerics
        allowed.insert(charactersIn: "-._~")
        let encoded = try #require(soql.addingPercentEncoding(withAllowedCharacters: allowed))
        return try await rest("GET", (all ? "/queryAll" : "/query") + "?q=\(encoded)", headers: headers)
    }

    /// The first value of a field of each row.
    func values(_ soql: String, _ field: String) async throws -> [JSONValue] {
        let answer = try await query(soql)
        try #require(answer.status == 200, "\(answer.json.text())")
        return (answer.json["records"]?.array ?? []).map { $0[field] ?? .null }
    }

    func account(_ name: String = "Müller & Söhne") async throws -> String {
        let answer = try await call("POST", "/control/accounts", ["name": .string(name)])
        return try #require(answer.json["id"]?.string)
    }

    /// An order with two lines, of 2 × 49.50 and 3 × 10.00.
    func order(activate: Bool = true, _ more: JSONObject = [:]) async throws -> String {
        var body: JSONObject = [
            "accountId": .string(try await account()), "activate": .bool(activate),
            "lines": [
                ["sku": "SKU-RED", "quantity": "2", "unitPrice": "49.50"], ["sku": "SKU-BLUE", "quantity": 3],
            ],
        ]
        for (name, value) in more.members { body[name] = value }
        let answer = try await call("POST", "/control/orders", .object(body))
        return try #require(answer.json["id"]?.string, "\(answer.json.text())")
    }

    func stored(_ object: String, _ id: String) throws -> Record {
        try #require(sandbox.organization.store.record(object, id))
    }

    func assertion(_ changes: JSONObject = [:], algorithm: SignatureAlgorithm = .RS256) throws -> String {
        var claims: JSONObject = [
            "iss": "crossdock-sandbox-client", "sub": "integration@crossdock.example",
            "aud": "https://login.salesforce.com", "exp": .number(JSONNumber(sandbox.now + 180)),
        ]
        for (name, value) in changes.members { claims[name] = value }
        return try JSONWebToken.sign(
            claims: JSONValue.object(claims).bytes(), algorithm: algorithm, key: try Self.key.get())
    }

    func logIn(_ assertion: String, grant: String = "urn:ietf:params:oauth:grant-type:jwt-bearer") async throws
        -> Answer
    {
        let form = "grant_type=\(grant)&assertion=\(assertion.replacing("=", with: "%3D"))&format=json"
        let response = await sandbox.handle(
            HTTPRequest(
                method: "POST", target: "/services/oauth2/token",
                headers: ["Content-Type": "application/x-www-form-urlencoded", "Host": "sandbox.test"],
                body: Array(form.utf8)))
        return Answer(status: response.status, headers: response.headers, json: try JSONValue.parse(response.body))
    }
}
