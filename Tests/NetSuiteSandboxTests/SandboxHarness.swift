import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import Signing
import Telemetry
import TestSupport

@testable import NetSuiteSandbox

/// A sandbox with a client that is logged in, on a simulated clock that stands at 2025-03-14T17:02:30Z.
@Loop
final class SandboxHarness {
    nonisolated static let start = Date(timeIntervalSince1970: 1_741_971_750)
    nonisolated static let records = "/services/rest/record/v1"
    nonisolated static let origin = "http://netsuite.test:8402"

    let time = SimulatedTime(wallClock: start)
    let key: PrivateKey
    let sandbox: NetSuiteSandbox
    private(set) var token = ""

    init(_ change: (inout SandboxSettings) -> Void = { _ in }) async throws {
        key = try PrivateKey.generateEC(.p256)
        var settings = SandboxSettings()
        settings.login.publicKey = try key.publicKey
        change(&settings)
        sandbox = NetSuiteSandbox(
            settings: settings, time: time, logger: Logger(label: "test", sink: { _ in }))
        let answer = await sandbox.handle(try tokenRequest())
        token = try JSONValue.parse(answer.body)["access_token"]?.string ?? "none: \(answer.text)"
    }

    /// A token request; each argument makes it wrong in one way.
    func tokenRequest(
        algorithm: SignatureAlgorithm = .ES256, key: PrivateKey? = nil, kid: String = "crossdock-sandbox-certificate",
        issuer: String = "crossdock-sandbox-client", audience: String = origin + LoginDesk.tokenPath,
        scope: JSONValue = ["rest_webservices"], issued: Int = 0, ends: Int = 300, id: String? = nil,
        grant: String = "client_credentials", type: String = "application/x-www-form-urlencoded"
    ) throws -> HTTPRequest {
        let now = Int(time.wallClock.timeIntervalSince1970)
        let claims: JSONValue = [
            "iss": .string(issuer), "scope": scope, "aud": .string(audience),
            "iat": .number(JSONNumber(now + issued)), "exp": .number(JSONNumber(now + ends)),
            "jti": .string(id ?? Digest.hex(SecureRandom.bytes(8))),
        ]
        let assertion = try JSONWebToken.sign(
            header: [("kid", kid)], claims: claims.bytes(), algorithm: algorithm, key: key ?? self.key)
        let kind = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
        let form = "grant_type=\(grant)&client_assertion_type=\(kind)&client_assertion=\(assertion)"
        return HTTPRequest(
            method: "POST", target: LoginDesk.tokenPath,
            headers: HTTPHeaders([("Host", "netsuite.test:8402"), ("Content-Type", type)]), body: Array(form.utf8))
    }

    func send(
        _ method: String, _ target: String, _ body: JSONValue? = nil, headers: [(String, String)] = []
    ) async -> HTTPResponse {
        let type = headers.contains { $0.0 == "Content-Type" } ? [] : [("Content-Type", "application/json")]
        let fields =
            [("Host", "netsuite.test:8402"), ("User-Agent", "test/1"), ("Authorization", "Bearer \(token)")] + headers
            + (body == nil ? [] : type)
        return await sandbox.handle(
            HTTPRequest(method: method, target: target, headers: HTTPHeaders(fields), body: body?.bytes() ?? []))
    }

    func query(_ text: String, _ parameters: String = "?limit=1000&offset=0", prefer: String? = "transient") async
        -> HTTPResponse
    {
        await send(
            "POST", "/services/rest/query/v1/suiteql\(parameters)", ["q": .string(text)],
            headers: prefer.map { [("Prefer", $0)] } ?? [])
    }

    /// The rows of a query, each as its members but the links.
    func rows(_ text: String) async throws -> [[String: String]] {
        let answer = await query(text)
        guard answer.status == 200 else { throw ConditionFailed(text: answer.text) }
        return try JSONValue.parse(answer.body)["items"]?.array?.map { item in
            var row: [String: String] = [:]
            for (name, value) in item.object?.members ?? [] where name != "links" {
                row[name] = value.string ?? "not text"
            }
            return row
        } ?? []
    }

    /// Creates the customer SFACC-1 and gives its internal id.
    @discardableResult
    func createCustomer(_ externalId: String = "SFACC-1", name: String = "Acme Ltd") async throws -> String {
        try await created(
            "customer",
            [
                "externalId": .string(externalId), "companyName": .string(name), "subsidiary": ["id": "1"],
                "currency": ["id": "1"],
                "addressBook": ["items": [["defaultShipping": true, "addressBookAddress": ["addr1": "1 Main St"]]]],
            ])
    }

    func created(_ record: String, _ body: JSONValue) async throws -> String {
        let answer = await send("POST", "\(SandboxHarness.records)/\(record)", body)
        guard answer.status == 204, let location = answer.header("Location") else {
            throw ConditionFailed(text: answer.text)
        }
        return location.split(separator: "/").last.map(String.init) ?? ""
    }
}

struct ConditionFailed: Error, CustomStringConvertible {
    let text: String
    var description: String { text }
}

extension HTTPResponse {
    var text: String { "\(status) \(String(decoding: body, as: UTF8.self))" }
    func header(_ name: String) -> String? { headers.first { $0.0 == name }?.1 }
    var json: JSONValue { (try? JSONValue.parse(body)) ?? .null }
    var error: JSONValue { json["o:errorDetails"]?[0] ?? .null }
    var code: String { error["o:errorCode"]?.string ?? text }
    var detail: String { error["detail"]?.string ?? text }
    var path: String { error["o:errorPath"]?.string ?? "no path" }
}

/// An order of two lines for customer SFACC-1; `change` makes it another.
func orderBody(_ externalId: String = "SF-1", _ change: (inout JSONObject) -> Void = { _ in }) -> JSONValue {
    var body: JSONObject = [
        "externalId": .string(externalId), "entity": ["externalId": "SFACC-1"], "tranDate": "2025-03-14",
        "custbody_crossdock_version": "17",
        "item": [
            "items": [
                [
                    "item": ["id": "318"], "quantity": 2, "price": ["id": "-1"], "rate": number("49.5"),
                    "custcol_crossdock_line_id": "802A",
                ],
                ["item": ["id": "319"], "quantity": 1, "price": ["id": "-1"], "rate": 10],
            ]
        ],
    ]
    change(&body)
    return .object(body)
}

/// A JSON number with exactly these digits.
func number(_ text: String) -> JSONValue { JSONNumber(text: text).map(JSONValue.number) ?? .null }
