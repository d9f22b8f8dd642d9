import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuiteSandbox

/// An order and what follows from it, by the record service and by the control API.
@Loop
struct DocumentDesk {
    nonisolated static let records = SandboxHarness.records

    let harness: SandboxHarness
    /// Two of SKU-RED at 49.5 and one of SKU-BLUE at 10.
    let order: String

    /// The lines of the order, each `SKU×quantity@rate`; nil: the usual two.
    init(lines: [String]? = nil, _ change: (inout JSONObject) -> Void = { _ in }) async throws {
        harness = try await SandboxHarness()
        try await harness.createCustomer()
        order = try await harness.created("salesOrder", DocumentDesk.body("SF-1", lines, change))
    }

    nonisolated static func body(
        _ externalId: String, _ lines: [String]?, _ change: (inout JSONObject) -> Void = { _ in }
    ) -> JSONValue {
        orderBody(externalId) { body in
            body["location"] = ["id": "2"]
            if let lines { body["item"] = ["items": .array(lines.map(line))] }
            change(&body)
        }
    }

    private nonisolated static let items = [
        "RED": "318", "BLUE": "319", "DESK": "322", "LAMP": "323", "MANUAL": "326", "SETUP": "327", "SET": "328",
    ]

    private nonisolated static func line(_ text: String) -> JSONValue {
        let parts = text.split(whereSeparator: { "×@".contains($0) }).map(String.init)
        return [
            "item": ["id": .string(items[parts[0]] ?? parts[0])], "quantity": number(parts[1]), "price": ["id": "-1"],
            "rate": number(parts[2]),
        ]
    }

    /// The control API: `orders/ID/bill` and the like.
    func control(_ path: String, _ body: JSONValue? = nil, method: String = "POST") async -> HTTPResponse {
        await harness.send(method, "/control/\(path)", body)
    }

    func step(_ name: String, _ body: JSONValue? = nil) async -> HTTPResponse {
        await control("orders/\(order)/\(name)", body)
    }

    var shown: JSONValue { get async { await control("orders/\(order)", method: "GET").json } }
    var state: String { get async { await shown["status"]?.string ?? "none" } }

    /// The id of the record that a step made.
    func made(_ name: String, _ body: JSONValue? = nil) async throws -> String {
        let answer = await step(name, body)
        guard answer.status == 200, let id = answer.json["id"]?.string else { throw ConditionFailed(text: answer.text) }
        return id
    }

    func record(_ method: String, _ path: String, _ body: JSONValue? = nil) async -> HTTPResponse {
        await harness.send(method, "\(DocumentDesk.records)/\(path)", body)
    }

    func transform(_ source: String, _ target: String, _ body: JSONValue? = nil) async -> HTTPResponse {
        await record("POST", "\(source)/!transform/\(target)", body)
    }

    /// The id of what a transform made.
    func transformed(_ source: String, _ target: String, _ body: JSONValue? = nil) async throws -> String {
        let answer = await transform(source, target, body)
        guard answer.status == 204, let location = answer.header("Location") else {
            throw ConditionFailed(text: answer.text)
        }
        return location.split(separator: "/").last.map(String.init) ?? ""
    }

    func read(_ path: String) async -> JSONValue {
        await record("GET", "\(path)?expandSubResources=true").json
    }

    /// `picked/packed/shipped/billed` of each line of the order.
    var quantities: [String] {
        get async {
            (await shown["lines"]?.array ?? []).map { line in
                ["quantityPicked", "quantityPacked", "quantityFulfilled", "quantityBilled"]
                    .map { line[$0]?.string ?? "?" }.joined(separator: "/")
            }
        }
    }
}

extension JSONValue {
    /// The members of the entries of a sublist.
    func column(_ sublist: String, _ name: String) -> [String] {
        (self[sublist]?["items"]?.array ?? self[sublist]?.array ?? []).map { entry in
            let value = entry[name]
            return value?.string ?? value?.number?.text ?? value?["id"]?.string ?? value?.bool.map { "\($0)" } ?? "none"
        }
    }
}
