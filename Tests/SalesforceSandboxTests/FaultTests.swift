import EventLoop
import HTTPServer
import JSONText
import SandboxFaults
import TestSupport
import Testing

@testable import SalesforceSandbox

@Suite("Faults of Salesforce")
struct FaultTests {
    static let refusals: [(kind: String, status: Int, code: String?)] = [
        ("throttled", 403, "REQUEST_LIMIT_EXCEEDED"), ("unauthorized", 401, "INVALID_SESSION_ID"),
        ("record-locked", 400, "UNABLE_TO_LOCK_ROW"), ("server-error", 500, nil),
    ]

    @Test("refusals in Salesforce's own words; the session stays good", arguments: refusals)
    func refused(kind: String, status: Int, code: String?) async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            _ = try await fixture.call("POST", "/control/faults", ["kind": .string(kind), "path": "/limits"])
            let answer = try await fixture.rest("GET", "/limits")
            #expect(answer.status == status && answer.code == code)
            #expect(try await fixture.rest("GET", "/limits").status == 200)
        }
    }

    @Test("a locked row fails each record of a collection on its own")
    func lockedCollection() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            _ = try await fixture.call(
                "POST", "/control/faults", ["kind": "record-locked", "path": "/composite/sobjects", "method": "PATCH"])
            let record: JSONValue = [
                "attributes": ["type": "Order"], "id": .string(id), "NetSuite_Status__c": "shipped",
            ]
            let body: JSONValue = ["allOrNone": false, "records": [record]]
            let locked = try await fixture.rest("PATCH", "/composite/sobjects", body)
            #expect(locked.status == 200 && locked.json[0]?["success"] == false)
            #expect(locked.json[0]?["errors"]?[0]?["statusCode"] == "UNABLE_TO_LOCK_ROW")
            #expect(try fixture.stored("Order", id)["NetSuite_Status__c"] == .null)
            #expect(try await fixture.rest("PATCH", "/composite/sobjects", body).json[0]?["success"] == true)
        }
    }

    @Test("the login is refused in OAuth's shape")
    func login() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            for (kind, error) in [("unauthorized", "invalid_grant"), ("throttled", "rate_limit_exceeded")] {
                _ = try await fixture.call("POST", "/control/faults", ["kind": .string(kind), "path": "/oauth2/token"])
                let answer = try await fixture.call("POST", "/services/oauth2/token")
                #expect(answer.status == 400 && answer.json["error"] == .string(error))
            }
        }
    }

    @Test("faults that only NetSuite has are refused with what there is")
    func unknownKinds() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            for kind in ["stale-query", "dropped-field", "workflow-lock", "record-changed"] {
                let answer = try await fixture.call("POST", "/control/faults", ["kind": .string(kind)])
                let sentence = answer.json["error"]?.string ?? ""
                #expect(answer.status == 400)
                #expect(sentence.hasPrefix("Salesforce does not know the fault \(kind); it has answer, cut, drip"))
            }
        }
    }

    @Test("the journal says which fault struck, what was applied and when it ended")
    func journal() async throws {
        try await onLoop {
            let fixture = try SandboxFixture()
            let id = try await fixture.order()
            _ = try await fixture.call(
                "POST", "/control/faults", ["kind": "hang", "moment": "after", "path": "/sobjects/Order/"])
            _ = try await fixture.call("DELETE", "/control/journal")
            let answer = await fixture.sandbox.handle(
                HTTPRequest(
                    method: "PATCH", target: "/services/data/v67.0/sobjects/Order/\(id)",
                    headers: [
                        "Authorization": "Bearer \(fixture.token)", "Content-Type": "application/json",
                        "User-Agent": "crossdock-feedback",
                    ], body: Array(#"{"NetSuite_Status__c":"shipped"}"#.utf8)))
            var journal = try await fixture.call("GET", "/control/journal").json
            var entry = journal["requests"]?[0]
            #expect(entry?["fault"] == "hang" && entry?["applied"] == true && entry?["status"] == .null)
            #expect(entry?["userAgent"] == "crossdock-feedback" && entry?["endedAt"] == nil)
            #expect(fixture.sandbox.requests.count == 1)
            answer.whenOver?()
            journal = try await fixture.call("GET", "/control/journal").json
            entry = journal["requests"]?[0]
            #expect(entry?["endedAt"]?.string?.hasSuffix("Z") == true && journal["mostAtOnce"] == 1)
            #expect(fixture.sandbox.requests.count == 0)
        }
    }
}
