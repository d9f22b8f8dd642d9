import Contracts
import EventLoop
import Foundation
import HTTPClient
import JSONText
import Salesforce
import Signing
import Telemetry
import TestSupport
import Testing

/// What the client makes of each fault, in short: `done`, `busy`, `refused`, `unknown` or `trouble`.
private struct FaultRow: Sendable {
    let fault: JSONValue
    let update: String
    let query: String
    let login: String
    /// Whether it is struck after the effect as well.
    var isAfterToo = true
    /// Whether it only ends with the deadline.
    var runsOut = false
}

private let rows: [FaultRow] = [
    FaultRow(fault: ["kind": "latency", "milliseconds": 50], update: "done", query: "done", login: "done"),
    FaultRow(fault: ["kind": "hang"], update: "unknown", query: "trouble", login: "trouble", runsOut: true),
    FaultRow(fault: ["kind": "drip"], update: "unknown", query: "trouble", login: "trouble", runsOut: true),
    FaultRow(
        fault: ["kind": "late", "seconds": 1], update: "unknown", query: "trouble", login: "trouble",
        isAfterToo: false, runsOut: true),
    FaultRow(fault: ["kind": "cut"], update: "unknown", query: "", login: "trouble"),
    FaultRow(fault: ["kind": "truncated"], update: "unknown", query: "trouble", login: "trouble"),
    FaultRow(fault: ["kind": "huge"], update: "unknown", query: "trouble", login: "trouble", isAfterToo: false),
    FaultRow(fault: ["kind": "empty"], update: "unknown", query: "trouble", login: "trouble"),
    FaultRow(fault: ["kind": "html"], update: "unknown", query: "trouble", login: "trouble"),
    FaultRow(fault: ["kind": "wrong-type"], update: "unknown", query: "trouble", login: "trouble"),
    FaultRow(fault: ["kind": "server-error"], update: "unknown", query: "trouble", login: "trouble"),
    // Salesforce answers so before it does anything; what is sent again is the newest state, so after would do no harm.
    FaultRow(fault: ["kind": "unavailable"], update: "trouble", query: "trouble", login: "trouble", isAfterToo: false),
    FaultRow(
        fault: ["kind": "redirect", "location": "http://127.0.0.1:9/"], update: "trouble", query: "trouble",
        login: "trouble", isAfterToo: false),
    FaultRow(fault: ["kind": "throttled"], update: "trouble", query: "trouble", login: "trouble", isAfterToo: false),
    FaultRow(fault: ["kind": "unauthorized"], update: "done", query: "done", login: "trouble", isAfterToo: false),
    FaultRow(
        fault: ["kind": "unauthorized", "expires": true], update: "done", query: "done", login: "trouble",
        isAfterToo: false),
    FaultRow(fault: ["kind": "record-locked"], update: "busy", query: "trouble", login: "", isAfterToo: false),
]

private enum Operation: String, CaseIterable {
    case update, query, login

    var path: String {
        switch self {
        case .update: "/composite/sobjects"
        case .query: "/query"
        case .login: "/oauth2/token"
        }
    }

    func expected(_ row: FaultRow) -> String {
        switch self {
        case .update: row.update
        case .query: row.query
        case .login: row.login
        }
    }
}

/// The sandbox as a process with one account, a patient client and one whose deadline comes soon.
@Loop
private final class Scene {
    let url: String
    let process: ChildProcess
    private let transport = HTTPTransport(
        configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: .quiet)
    private var patient: SalesforceClient?
    private var hasty: SalesforceClient?
    private var accountId = ""
    private var number = 0

    init() async throws {
        let folder = try Leftovers.shared.makeDirectory("sandbox")
        try FakeSalesforce.key.get().publicKey.pem.write(
            toFile: "\(folder)/key.pem", atomically: true, encoding: .utf8)
        process = try ChildProcess.start(
            [try BuiltProduct.path("salesforce-sandbox"), "--port", "0", "--public-key", "\(folder)/key.pem"],
            output: "\(folder)/output")
        var origin = ""
        try await eventually("the sandbox listens") {
            let text = (try? String(contentsOfFile: "\(folder)/output", encoding: .utf8)) ?? ""
            origin =
                text.split(whereSeparator: \.isWhitespace).first { $0.hasPrefix("http://127") }.map(String.init) ?? ""
            return !origin.isEmpty
        }
        url = origin
        accountId = try await control("POST", "accounts", ["name": "Acme"])["id"]?.string ?? ""
        patient = try newClient(.seconds(10))
        hasty = try newClient(.milliseconds(300))
        for _ in 0..<20 where (try? await hasty?.organizationId()) == nil {}
    }

    private func newClient(_ deadline: Duration) throws -> SalesforceClient {
        SalesforceClient(
            configuration: SalesforceConfiguration(
                loginURL: url, audience: "https://login.salesforce.com", clientId: "crossdock-sandbox-client",
                username: "integration@crossdock.example", privateKey: try FakeSalesforce.key.get(), deadline: deadline),
            userAgent: "crossdock-test", logger: .quiet)
    }

    func control(_ method: String, _ path: String, _ body: JSONValue = [:]) async throws -> JSONValue {
        let answer = try await transport.send(
            HTTPCall(method: method, url: "\(url)/control/\(path)", body: method == "POST" ? body.bytes() : nil))
        return try JSONValue.parse(answer.body, limits: .answer)
    }

    private func perform(_ operation: Operation, _ deadline: Duration, _ client: SalesforceClient) async throws
        -> String
    {
        switch operation {
        case .login:
            let other = try newClient(deadline)
            defer { other.close() }
            _ = try await other.organizationId()
            return "done"
        case .query: return try await client.query("SELECT Id FROM Account").records.isEmpty ? "none" : "done"
        case .update:
            number += 1
            let fields: JSONObject = ["NetSuite_Customer_Id__c": .string("\(number)")]
            let update = RecordUpdate(object: "Account", id: try SalesforceId(accountId), fields: fields)
            switch try await client.update([update]).first {
            case .updated: return "done"
            case .busy: return "busy"
            case .refused(let refusal): return "refused \(refusal)"
            case nil: return "nothing"
            }
        }
    }

    /// The answer's meaning under a fault, and whether the struck request was applied.
    func meaning(_ row: FaultRow, _ moment: String, of operation: Operation) async throws -> (String, applied: Bool) {
        guard let patient, let hasty else { return ("no client", false) }
        // A fault of the login may have ended these sessions.
        _ = try? await patient.query("SELECT Id FROM Organization")
        _ = try? await hasty.query("SELECT Id FROM Organization")
        _ = try await control("DELETE", "journal")
        var fault = row.fault.object ?? [:]
        fault["moment"] = .string(moment)
        fault["path"] = .string(operation.path)
        _ = try await control("POST", "faults", .object(fault))
        let meaning: String
        do {
            meaning = try await perform(
                operation, row.runsOut ? .milliseconds(300) : .seconds(10), row.runsOut ? hasty : patient)
        } catch let failure as SalesforceFailure {
            switch failure {
            case .refused: meaning = "refused"
            case .systemTrouble: meaning = "trouble"
            case .unknownOutcome: meaning = "unknown"
            }
        }
        let requests = try await control("GET", "journal")["requests"]?.array ?? []
        _ = try await control("DELETE", "faults")
        return (meaning, requests.first { $0["fault"] != nil }?["applied"]?.bool ?? false)
    }

    func end() async {
        transport.close()
        patient?.close()
        hasty?.close()
        await process.stop()
    }
}

@Suite("The Salesforce client under every fault")
struct FaultMatrixTests {
    @Test("each fault means for each operation what its caller must know, before the effect and after it")
    func matrix() async throws {
        try await onLoop(within: .seconds(120)) {
            let scene = try await Scene()
            for row in rows {
                for operation in Operation.allCases where !operation.expected(row).isEmpty {
                    for moment in row.isAfterToo ? ["before", "after"] : ["before"] {
                        let (meaning, applied) = try await scene.meaning(row, moment, of: operation)
                        let place: Comment = "\(row.fault.text()) \(moment), \(operation.rawValue)"
                        #expect(meaning == operation.expected(row), place)
                        if operation == .update, meaning == "unknown" { #expect(applied == (moment == "after"), place) }
                    }
                }
            }
            await scene.end()
        }
    }
}
