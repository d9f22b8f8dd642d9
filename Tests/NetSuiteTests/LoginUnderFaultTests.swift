import EventLoop
import HTTPServer
import JSONText
import NetSuite
import Telemetry
import TestSupport
import Testing

@Suite("The NetSuite client's token and gate on the sandbox")
struct LoginUnderFaultTests {
    private static let order = RecordKey.externalId("SF-NONE")

    @Loop
    private static func tokenRequests(_ sandbox: RunningSandbox) async throws -> Int {
        try await sandbox.journal("/oauth2/").count
    }

    @Test("five requests with a 401 each renew the token once", arguments: ["refused once", "token ended"])
    func oneRenewal(how: String) async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox(["--latency-milliseconds", "100"])
            let client = sandbox.client
            _ = try await client.serverTime()
            try await sandbox.control("DELETE", "journal")
            if how == "token ended" {
                try await sandbox.control("POST", "logins/expire")
            } else {
                try await sandbox.control(
                    "POST", "faults", ["kind": "unauthorized", "path": "/salesOrder/", "times": 5])
            }
            let calls = (0..<5).map { _ in EventLoop.shared.start { try await client.salesOrder(Self.order) } }
            for call in calls { #expect(try await call.value == nil) }
            let requests = try await sandbox.journal("/salesOrder/")
            #expect(requests.count { $0["status"] == 401 } == 5)
            #expect(requests.count { $0["status"] == 404 } == 5)
            #expect(try await Self.tokenRequests(sandbox) == 1)
            await sandbox.end()
        }
    }

    @Test("a late 401 of a token that was replaced is no refused login")
    func lateRefusal() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox()
            let client = sandbox.client
            _ = try await client.serverTime()
            try await sandbox.control("DELETE", "journal")
            try await sandbox.control(
                "POST", "faults", ["kind": "latency", "milliseconds": 500, "path": "eid:SF-LATE"])
            for path in ["eid:SF-LATE", "eid:SF-NONE"] {
                try await sandbox.control("POST", "faults", ["kind": "unauthorized", "path": .string(path)])
            }
            let late = EventLoop.shared.start { try await client.salesOrder(.externalId("SF-LATE")) }
            try await eventually("the late one is on its way") {
                try await sandbox.journal("SF-LATE").count == 1
            }
            #expect(try await client.salesOrder(Self.order) == nil)
            #expect(try await late.value == nil)
            #expect(try await Self.tokenRequests(sandbox) == 1)
            await sandbox.end()
        }
    }

    @Test("a 401 while others succeed with the token is throttling: waited out without a login")
    func disguisedThrottling() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox()
            let client = sandbox.client
            _ = try await client.serverTime()
            try await sandbox.control("DELETE", "journal")
            try await sandbox.control(
                "POST", "faults", ["kind": "latency", "milliseconds": 400, "path": "eid:SF-LATE"])
            try await sandbox.control("POST", "faults", ["kind": "unauthorized", "path": "eid:SF-LATE"])
            let struck = EventLoop.shared.start { try await client.salesOrder(.externalId("SF-LATE")) }
            try await eventually("it is on its way") { try await sandbox.journal("SF-LATE").count == 1 }
            #expect(try await client.salesOrder(Self.order) == nil)
            #expect(try await struck.value == nil)
            #expect(try await Self.tokenRequests(sandbox) == 0)
            #expect(client.gate.width < 5)
            await sandbox.end()
        }
    }

    @Test(
        "a 401 to everything but the login is throttling too: few log-ins, none refused, and an end as soon as it ends")
    func disguisedForGood() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox()
            let client = sandbox.newClient(requestDeadline: .seconds(10), operationLimit: .milliseconds(10_200))
            _ = try await client.serverTime()
            try await sandbox.control("DELETE", "journal")
            try await sandbox.control(
                "POST", "faults", ["kind": "unauthorized", "path": "/record/", "times": nil])
            for _ in 0..<6 {
                let failure = await failure { () async throws(NetSuiteFailure) in
                    try await client.salesOrder(Self.order)
                }
                #expect(kind(failure) == .throttled)
            }
            #expect(try await Self.tokenRequests(sandbox) == 1)
            #expect(client.gate.width == 1)
            try await sandbox.control("DELETE", "faults")
            #expect(try await client.salesOrder(Self.order) == nil)
            // A token that has really ended so soon after is told from it, and renewed.
            try await sandbox.control("POST", "logins/expire")
            #expect(try await client.salesOrder(Self.order) == nil)
            #expect(try await Self.tokenRequests(sandbox) == 2)
            await sandbox.end()
        }
    }

    @Test("a smaller account narrows the gate until all fit, and a larger one widens it again")
    func gate() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox(["--concurrency", "2", "--latency-milliseconds", "30"])
            let client = sandbox.newClient(quietPeriod: .milliseconds(500))
            _ = try await client.serverTime()
            let calls = (0..<40).map { _ in EventLoop.shared.start { try await client.salesOrder(Self.order) } }
            for call in calls { #expect(try await call.value == nil) }
            #expect(client.gate.width <= 3)
            let counts = try await sandbox.control("GET", "counts")
            #expect(counts["mostAtOnce"] == 2)
            #expect((1...20).contains(counts["refusedForConcurrency"]?.int64 ?? 0))
            try await eventually("it is wide again") { client.gate.width == 5 }
            await sandbox.end()
        }
    }

    @Test("no redirect is followed, so no token reaches another host", arguments: [301, 302, 303, 307, 308])
    func redirect(status: Int) async throws {
        try await onLoop {
            let strangers = Strangers()
            let elsewhere = HTTPServer(
                configuration: HTTPServerConfiguration(), logger: Logger(label: "test", sink: { _ in })
            ) { request in
                strangers.requests.append(request)
                return .json(Array(#"{"access_token":"stolen","expires_in":3600}"#.utf8))
            }
            try elsewhere.start()
            let sandbox = try await RunningSandbox()
            let location: JSONValue = "http://127.0.0.1:\(elsewhere.port)/taken"
            for path in ["/oauth2/", "/salesOrder", "/suiteql", "/*"] {
                try await sandbox.control(
                    "POST", "faults",
                    [
                        "kind": "redirect", "location": location, "status": .number(JSONNumber(status)),
                        "path": .string(path),
                    ]
                )
            }
            let client = sandbox.client
            for _ in 0..<2 {
                _ = try? await client.salesOrder(Self.order)
                _ = try? await client.createSalesOrder(["externalId": "SF-1"])
                _ = try? await client.items(bySKU: ["SKU-RED"])
            }
            #expect(strangers.requests.isEmpty)
            await sandbox.end()
            await elsewhere.stop(within: .seconds(1))
        }
    }

    @Loop
    private final class Strangers {
        var requests: [HTTPRequest] = []
    }

    @Test("an answer of 100 MB is cut at the limit, one byte a second ends with the deadline")
    func endless() async throws {
        try await onLoop {
            let sandbox = try await RunningSandbox()
            let client = sandbox.newClient(requestDeadline: .seconds(2))
            _ = try await client.serverTime()
            try await sandbox.control("POST", "faults", ["kind": "huge", "path": "/salesOrder", "method": "POST"])
            let begin = MonotonicInstant.now
            let cut = await failure { () async throws(NetSuiteFailure) in
                try await client.createSalesOrder(["externalId": "SF-1"])
            }
            #expect(cut == .unknown("the answer is larger than allowed"))
            #expect(MonotonicInstant.now - begin < .seconds(2))
            try await sandbox.control("POST", "faults", ["kind": "drip", "path": "/salesOrder/"])
            let slow = await failure { () async throws(NetSuiteFailure) in try await client.salesOrder(Self.order) }
            #expect(kind(slow) == .network)
            try await eventually("the abandoned requests are over") {
                try await sandbox.control("GET", "counts")["inFlight"] == 0
            }
            await sandbox.end()
        }
    }
}
