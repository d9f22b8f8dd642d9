import EventLoop
import JSONText
import NetSuite
import TestSupport
import Testing

/// What the client makes of each fault, in short: `applied`, `refused …`, `unknown` or a kind of trouble.
private struct FaultRow: Sendable {
    let fault: JSONValue
    /// For a create or a change.
    let write: String
    /// For a read or a query.
    let read: String
    /// For the token; empty where the fault is none of the token's.
    let token: String
    /// Whether it is struck after the effect as well.
    var isAfterToo = true
    /// Whether it only ends with the deadline.
    var runsOut = false
}

private let rows: [FaultRow] = [
    FaultRow(fault: ["kind": "latency", "milliseconds": 50], write: "applied", read: "applied", token: "applied"),
    FaultRow(fault: ["kind": "hang"], write: "unknown", read: "network", token: "network", runsOut: true),
    FaultRow(fault: ["kind": "drip"], write: "unknown", read: "network", token: "network", runsOut: true),
    FaultRow(
        fault: ["kind": "late", "seconds": 1], write: "unknown", read: "network", token: "network", isAfterToo: false,
        runsOut: true),
    FaultRow(fault: ["kind": "cut"], write: "unknown", read: "network", token: "network"),
    FaultRow(fault: ["kind": "truncated"], write: "unknown", read: "network", token: "network"),
    FaultRow(fault: ["kind": "huge"], write: "unknown", read: "network", token: "network", isAfterToo: false),
    FaultRow(fault: ["kind": "empty"], write: "unknown", read: "unknown", token: "network"),
    FaultRow(fault: ["kind": "html"], write: "unknown", read: "unknown", token: "network"),
    FaultRow(fault: ["kind": "wrong-type"], write: "unknown", read: "unknown", token: "network"),
    FaultRow(
        fault: ["kind": "wrong-type", "contentType": "text/csv"], write: "unknown", read: "unknown", token: "network"),
    FaultRow(fault: ["kind": "unavailable"], write: "unknown", read: "maintenance", token: "maintenance"),
    FaultRow(fault: ["kind": "server-error"], write: "unknown", read: "unknown", token: "maintenance"),
    FaultRow(
        fault: ["kind": "redirect", "location": "http://127.0.0.1:9/"], write: "unknown", read: "unknown",
        token: "maintenance"),
    FaultRow(
        fault: ["kind": "throttled"], write: "throttled", read: "throttled", token: "throttled", isAfterToo: false),
    FaultRow(
        fault: ["kind": "throttled", "withBody": false], write: "throttled", read: "throttled", token: "throttled",
        isAfterToo: false),
    FaultRow(fault: ["kind": "unauthorized"], write: "applied", read: "applied", token: "login", isAfterToo: false),
    FaultRow(
        fault: ["kind": "unauthorized", "expires": true], write: "applied", read: "applied", token: "login",
        isAfterToo: false),
    FaultRow(
        fault: ["kind": "record-locked"], write: "refused recordChanged", read: "refused recordChanged", token: "",
        isAfterToo: false),
    FaultRow(
        fault: ["kind": "workflow-lock"], write: "refused lockedByWorkflow", read: "refused lockedByWorkflow",
        token: "", isAfterToo: false),
    FaultRow(
        fault: ["kind": "record-changed"], write: "refused recordChanged", read: "refused recordChanged", token: "",
        isAfterToo: false),
    FaultRow(
        fault: ["kind": "answer", "status": 403, "body": "<html>blocked</html>"], write: "unknown", read: "unknown",
        token: "login"),
    FaultRow(
        fault: ["kind": "answer", "status": 404, "body": ""], write: "unknown", read: "unknown", token: "maintenance"),
]

/// One operation of the client, with the requests that a fault of it strikes.
private struct Operation: Sendable {
    let name: String
    let method: String
    let path: String
    var isWrite = false
    /// libcurl itself sends a read again when a kept connection turns out to be closed.
    var isSentAgain: Bool { method == "GET" }
}

private let operations: [Operation] = [
    Operation(name: "token", method: "POST", path: "/oauth2/"),
    Operation(name: "items", method: "POST", path: "/suiteql"),
    Operation(name: "read-back", method: "POST", path: "/suiteql"),
    Operation(name: "find customer", method: "GET", path: "/customer/eid"),
    Operation(name: "create customer", method: "POST", path: "/customer", isWrite: true),
    Operation(name: "create order", method: "POST", path: "/salesOrder", isWrite: true),
    Operation(name: "read order", method: "GET", path: "/salesOrder/"),
    Operation(name: "change order", method: "PATCH", path: "/salesOrder/", isWrite: true),
]

/// A sandbox with a customer and an order, and two clients: one patient, one whose deadline comes soon.
@Loop
private final class Scene {
    let sandbox: RunningSandbox
    let patient: NetSuiteClient
    let hasty: NetSuiteClient
    private var customerId = ""
    private var orderId = ""
    private var number = 0

    init() async throws {
        sandbox = try await RunningSandbox(["--concurrency", "50", "--latency-milliseconds", "0"])
        // No time for a second try after a 429: it is the first answer that is looked at.
        patient = sandbox.newClient(requestDeadline: .seconds(10), operationLimit: .milliseconds(10_200))
        hasty = sandbox.newClient(requestDeadline: .milliseconds(300), operationLimit: .seconds(5))
        for _ in 0..<20 where (try? await hasty.serverTime()) == nil {}
        customerId = try await perform("create customer", patient)
        orderId = try await perform("create order", patient)
    }

    /// Performs an operation and gives the id that came of it.
    @discardableResult
    func perform(_ name: String, _ client: NetSuiteClient) async throws -> String {
        number += 1
        let answer: NetSuiteWriteAnswer
        switch name {
        case "token": return "\(try await sandbox.newClient(like: client).serverTime())"
        case "items": return try await client.items(bySKU: ["SKU-RED"])["SKU-RED"]?.id ?? "none"
        case "read-back": return try await client.readBack([orderId])[orderId]?.tranId ?? "none"
        case "find customer": return try await client.customer(.externalId("SFACC-1"))?.id ?? "none"
        case "read order": return try await client.salesOrder(.internalId(orderId))?.id ?? "none"
        case "create customer":
            answer = try await client.createCustomer([
                "externalId": .string("SFACC-\(number)"), "companyName": .string("Acme \(number)"),
                "subsidiary": ["id": "1"], "currency": ["id": "1"],
            ])
        case "create order":
            answer = try await client.createSalesOrder([
                "externalId": .string("SF-\(number)"), "entity": ["id": .string(customerId)], "tranDate": "2026-05-28",
                "item": ["items": [["item": ["id": "318"], "quantity": 2, "price": ["id": "-1"], "rate": 49]]],
            ])
        default: answer = try await client.updateSalesOrder(orderId, ["memo": .string("change \(number)")])
        }
        switch answer {
        case .applied(let id): return id
        case .refused(let refusal): throw NetSuiteFailure.refused(refusal)
        }
    }

    /// The answer's meaning under a fault, and whether the struck request was applied in the sandbox.
    func meaning(_ row: FaultRow, _ moment: String, of operation: Operation) async throws -> (String, applied: Bool) {
        var fault = row.fault.object ?? [:]
        fault["moment"] = .string(moment)
        fault["method"] = .string(operation.method)
        fault["path"] = .string(operation.path)
        // A second 401 so soon after another is looked at more closely: each begins with a client of its own.
        let client =
            row.fault["kind"] == "unauthorized" ? sandbox.newClient(like: patient) : row.runsOut ? hasty : patient
        // A fault of the token may have ended this client's.
        _ = try? await client.serverTime()
        try await sandbox.control("DELETE", "journal")
        try await sandbox.control("POST", "faults", .object(fault))
        let meaning: String
        do {
            let id = try await perform(operation.name, client)
            meaning = id == "none" ? "none" : "applied"
        } catch NetSuiteFailure.refused(let refusal) {
            meaning = "refused \(refusal.classification.rawValue)"
        } catch {
            meaning = (error as? NetSuiteFailure)?.outcome ?? "\(error)"
        }
        let struck = try await sandbox.journal(operation.path).first { $0["fault"] != nil }
        try await sandbox.control("DELETE", "faults")
        return (meaning, struck?["applied"]?.bool ?? false)
    }
}

extension RunningSandbox {
    /// A client of another process with the same deadlines.
    fileprivate func newClient(like client: NetSuiteClient) -> NetSuiteClient {
        newClient(
            requestDeadline: client.configuration.requestDeadline, operationLimit: client.configuration.operationLimit)
    }
}

@Suite("The NetSuite client under every fault")
struct FaultMatrixTests {
    @Test("each fault means for each operation what the protocol says, before the effect and after it")
    func matrix() async throws {
        try await onLoop {
            let scene = try await Scene()
            for row in rows {
                for operation in operations {
                    let expected = operation.name == "token" ? row.token : operation.isWrite ? row.write : row.read
                    guard !expected.isEmpty, row.fault["kind"] != "cut" || !operation.isSentAgain else { continue }
                    for moment in row.isAfterToo ? ["before", "after"] : ["before"] {
                        let (meaning, applied) = try await scene.meaning(row, moment, of: operation)
                        let place: Comment = "\(row.fault.text()) \(moment), \(operation.name)"
                        #expect(meaning == expected, place)
                        if operation.isWrite, expected == "unknown" { #expect(applied == (moment == "after"), place) }
                    }
                }
            }
            await scene.sandbox.end()
        }
    }
}
