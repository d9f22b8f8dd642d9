import EventLoop
import HTTPServer
import JSONText
import NetSuite
import Telemetry
import TestSupport
import Testing

@Suite("The NetSuite client: requests")
struct NetSuiteRequestTests {
    @Test("never has more requests under way than the gate allows")
    func concurrency() async throws {
        try await onLoop {
            let stub = try StubNetSuite(concurrency: 3) { _, _ in
                try? await LoopTime.shared.sleep(for: .milliseconds(5))
                return created
            }
            let calls = (0..<60).map { _ in EventLoop.shared.start { try await stub.client.createSalesOrder(order) } }
            for call in calls { _ = try await call.value }
            #expect(stub.mostAtATime == 3)
            #expect(stub.metrics.prometheusText().contains("netsuite_gate_width 3"))
            #expect(
                stub.metrics.prometheusText().contains(
                    #"netsuite_operations_total{operation="createSalesOrder",outcome="applied"} 60"#))
            await stub.close()
        }
    }

    @Test("a 429 narrows the gate and is tried again")
    func throttled() async throws {
        try await onLoop {
            let stub = try StubNetSuite { stub, _ in stub.requests.count <= 2 ? HTTPResponse(status: 429) : created }
            #expect(try await stub.client.createSalesOrder(order) == .applied(id: "4711"))
            #expect(stub.requests.count == 3)
            #expect(stub.client.gate.width == 1)
            await stub.close()
        }
    }

    @Test(
        "a create or change whose answer is lost or absurd is unknown, and sent once",
        arguments: [0, 500, 503, 204, 302])
    func unknownOutcome(status: Int) async throws {
        try await onLoop {
            let stub = try StubNetSuite { stub, request in
                if request.method == "GET" { return json(#"{"id":"1"}"#) }
                return status == 0 ? .disconnect : HTTPResponse(status: status)
            }
            #expect(try await stub.client.customer(.internalId("1"))?.id == "1")
            let failure = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.createSalesOrder(order)
            }
            guard case .unknown = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(stub.requests.count == 2)
            await stub.close()
        }
    }

    @Test("a create that runs into the deadline is unknown, a read is the network's trouble")
    func deadline() async throws {
        try await onLoop {
            let stub = try StubNetSuite(requestDeadline: .seconds(3)) { stub, _ in
                if stub.requests.count > 1 { try? await LoopTime.shared.sleep(for: .seconds(40)) }
                return created
            }
            #expect(try await stub.client.createSalesOrder(order) == .applied(id: "4711"))
            let create = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.createSalesOrder(order)
            }
            #expect(create == .unknown("no whole answer before the deadline"))
            let read = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.salesOrder(.internalId("1"))
            }
            #expect(kind(read) == .network)
            await stub.close()
        }
    }

    @Test("nothing begins that could end after the operation's limit")
    func operationLimit() async throws {
        try await onLoop {
            let stub = try StubNetSuite(
                concurrency: 1, requestDeadline: .seconds(10), operationLimit: .milliseconds(10_200)
            ) { _, _ in created }
            #expect(await stub.client.gate.enter(within: .seconds(1)))
            let late = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.createSalesOrder(order)
            }
            #expect(late == .notSent("no slot was free in time"))
            #expect(stub.requests.isEmpty)
            await stub.close()
        }
    }

    @Test("an unreachable NetSuite is trouble of the network")
    func unreachable() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            _ = try await stub.client.createSalesOrder(order)
            await stub.close()
            let second = try StubNetSuite { _, _ in created }
            await second.close()
            let failure = await failure { () async throws(NetSuiteFailure) in
                try await second.client.createSalesOrder(order)
            }
            #expect(kind(failure) == .network)
        }
    }

    @Test("sends bodies with property name validation, and nothing without an external id")
    func bodies() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            _ = try await stub.client.createSalesOrder(order)
            _ = try await stub.client.updateSalesOrder("4711", ["memo": nil])
            #expect(stub.requests.map(\.method) == ["POST", "PATCH"])
            #expect(stub.requests.map(\.path).last == "/services/rest/record/v1/salesOrder/4711")
            #expect(stub.requests.allSatisfy { $0.headers["X-NetSuite-PropertyNameValidation"] == "error" })
            #expect(stub.requests.last?.body == Array(#"{"memo":null}"#.utf8))
            let failure = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.createCustomer(["companyName": "Acme"])
            }
            #expect(failure == .notSent("a record is not created without an external id"))
            await stub.close()
        }
    }

    @Test("a refused create is an answer")
    func refused() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in
                json(#"{"o:errorDetails":[{"detail":"This record already exists.","o:errorCode":"USER_ERROR"}]}"#, 400)
            }
            guard case .refused(let refusal) = try await stub.client.createSalesOrder(order) else {
                Issue.record("not refused")
                return
            }
            #expect(refusal.classification == .alreadyExists)
            await stub.close()
        }
    }
}
