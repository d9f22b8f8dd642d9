import Contracts
import EventLoop
import Foundation
import HTTPClient
import HTTPServer
import JSONText
import NetSuite
import Signing
import Telemetry
import TestSupport
import Testing

private let key: Result<PrivateKey, any Error> = Result { try PrivateKey.generateEC(.p256) }

/// A stand-in for NetSuite: log-ins are its own, everything else is the test's.
@Loop
final class StubNetSuite {
    private(set) var requests: [HTTPRequest] = []
    private(set) var assertions: [String] = []
    private(set) var tokens = 0
    private(set) var mostAtATime = 0
    private var atATime = 0
    var tokenStatus = 200
    var acceptsTokens = true
    let client: NetSuiteClient
    let metrics = MetricsRegistry()
    let publicKey: PublicKey
    let audience: String
    private let server: HTTPServer
    private let transport: HTTPTransport

    init(
        concurrency: Int = 5, requestDeadline: Duration = .seconds(10), operationLimit: Duration = .seconds(40),
        _ answer: @escaping @Loop (StubNetSuite, HTTPRequest) async -> HTTPResponse
    ) throws {
        let logger = Logger(label: "test", sink: { _ in })
        let door = Door()
        server = HTTPServer(configuration: HTTPServerConfiguration(), logger: logger) { request in
            await door.answer?(request) ?? .disconnect
        }
        try server.start()
        transport = HTTPTransport(
            configuration: HTTPTransportConfiguration(userAgent: "crossdock-test"), logger: logger)
        let key = try key.get()
        publicKey = key.publicKey
        let base = "http://127.0.0.1:\(server.port)"
        audience = base + NetSuiteConfiguration.tokenPath
        client = NetSuiteClient(
            configuration: NetSuiteConfiguration(
                baseURL: base + "/", clientId: "client", certificateId: "certificate", privateKey: key,
                algorithm: .ES256, concurrency: concurrency, requestDeadline: requestDeadline,
                operationLimit: operationLimit, quietPeriod: .seconds(5)),
            transport: transport, metrics: metrics, logger: logger)
        door.answer = { [weak self] in await self?.route($0, answer) ?? .disconnect }
    }

    private func route(
        _ request: HTTPRequest, _ answer: @Loop (StubNetSuite, HTTPRequest) async -> HTTPResponse
    ) async -> HTTPResponse {
        if request.path == NetSuiteConfiguration.tokenPath { return logIn(request) }
        let isCurrent = request.headers["Authorization"] == "Bearer token-\(tokens)" && acceptsTokens
        if request.method == "OPTIONS" { return HTTPResponse(status: isCurrent ? 204 : 401) }
        guard isCurrent else { return HTTPResponse(status: 401) }
        requests.append(request)
        atATime += 1
        mostAtATime = max(mostAtATime, atATime)
        defer { atATime -= 1 }
        return await answer(self, request)
    }

    private func logIn(_ request: HTTPRequest) -> HTTPResponse {
        let form = HTTPRequest(method: "GET", target: "/?" + String(decoding: request.body, as: UTF8.self))
        assertions.append(form.query("client_assertion") ?? "")
        guard tokenStatus == 200 else { return .json(Array(#"{"error":"invalid_client"}"#.utf8), status: tokenStatus) }
        tokens += 1
        return .json(Array(#"{"access_token":"token-\#(tokens)","expires_in":"3600","token_type":"bearer"}"#.utf8))
    }

    /// Makes the token in use invalid.
    func revoke() { tokens += 100 }

    func close() async {
        transport.close()
        await server.stop(within: .seconds(1))
    }
}

@Loop
private final class Door {
    var answer: (@Loop (HTTPRequest) async -> HTTPResponse)?
}

private let created = HTTPResponse(
    status: 204, headers: [("Location", "http://x/services/rest/record/v1/salesOrder/4711")])
private let order: JSONValue = ["externalId": "SF-801000000000001AAA"]

private func json(_ text: String, _ status: Int = 200) -> HTTPResponse { .json(Array(text.utf8), status: status) }

@Loop
private func failure<Value>(_ body: @Loop () async throws(NetSuiteFailure) -> Value) async -> NetSuiteFailure? {
    do {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

private func kind(_ failure: NetSuiteFailure?) -> NetSuiteTrouble.Kind? {
    if case .systemTrouble(let trouble) = failure { trouble.kind } else { nil }
}

@Suite("The NetSuite client: login")
struct NetSuiteLoginTests {
    @Test("logs in once for all, with a signed assertion")
    func assertion() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            let calls = (0..<20).map { _ in EventLoop.shared.start { try await stub.client.createSalesOrder(order) } }
            for call in calls { #expect(try await call.value == .applied(id: "4711")) }
            #expect(stub.assertions.count == 1)
            let assertion = try #require(stub.assertions.first)
            let header = try JSONValue.parse(JSONWebToken.decodeUnverified(assertion).header)
            #expect(header["kid"]?.string == "certificate")
            let claims = try JSONValue.parse(
                JSONWebToken.verify(assertion, algorithms: [.ES256], key: stub.publicKey))
            #expect(claims["iss"]?.string == "client")
            #expect(claims["aud"]?.string == stub.audience)
            #expect(claims["scope"]?.string == "rest_webservices")
            let life = (claims["exp"]?.int64 ?? 0) - (claims["iat"]?.int64 ?? 0)
            #expect((1...300).contains(life))
            await stub.close()
        }
    }

    @Test("a token that ran out is renewed once and the request repeated once")
    func expiredToken() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            _ = try await stub.client.createSalesOrder(order)
            stub.revoke()
            let calls = (0..<4).map { _ in EventLoop.shared.start { try await stub.client.createSalesOrder(order) } }
            for call in calls { #expect(try await call.value == .applied(id: "4711")) }
            #expect(stub.assertions.count == 2)
            #expect(stub.requests.count == 5)
            await stub.close()
        }
    }

    @Test("after three refused log-ins none is tried any more", arguments: [true, false])
    func stopsLoggingIn(tokensAreGiven: Bool) async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            stub.tokenStatus = tokensAreGiven ? 200 : 401
            stub.acceptsTokens = false
            for _ in 0..<6 {
                let failure = await failure { () async throws(NetSuiteFailure) in
                    try await stub.client.createSalesOrder(order)
                }
                #expect(kind(failure) == .login)
            }
            #expect(stub.assertions.count == 3)
            #expect(stub.requests.isEmpty)
            await stub.close()
        }
    }

    @Test("trouble of the token service is no refused login")
    func tokenServiceDown() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            for (status, expected) in [(503, NetSuiteTrouble.Kind.maintenance), (500, .maintenance)] {
                stub.tokenStatus = status
                for _ in 0..<4 {
                    let failure = await failure { () async throws(NetSuiteFailure) in
                        try await stub.client.createSalesOrder(order)
                    }
                    #expect(kind(failure) == expected)
                }
            }
            stub.tokenStatus = 200
            #expect(try await stub.client.createSalesOrder(order) == .applied(id: "4711"))
            await stub.close()
        }
    }

    @Test("a 401 while others succeed is throttling: tried again, without a new login")
    func disguisedThrottling() async throws {
        try await onLoop {
            let stub = try StubNetSuite { stub, _ in
                let number = stub.requests.count
                if number == 2 {
                    try? await LoopTime.shared.sleep(for: .milliseconds(200))
                    return HTTPResponse(status: 401)
                }
                return created
            }
            _ = try await stub.client.createSalesOrder(order)
            let disguised = EventLoop.shared.start { try await stub.client.createSalesOrder(order) }
            try await eventually("the second request is there") { stub.requests.count == 2 }
            _ = try await stub.client.createSalesOrder(order)
            #expect(try await disguised.value == .applied(id: "4711"))
            #expect(stub.assertions.count == 1)
            #expect(stub.client.gate.width < 5)
            await stub.close()
        }
    }
}

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
            let stub = try StubNetSuite(requestDeadline: .milliseconds(200)) { _, _ in
                try? await LoopTime.shared.sleep(for: .seconds(5))
                return created
            }
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
                concurrency: 1, requestDeadline: .seconds(2), operationLimit: .milliseconds(2_300)
            ) {
                _, _ in
                try? await LoopTime.shared.sleep(for: .seconds(1))
                return created
            }
            let first = EventLoop.shared.start { try await stub.client.createSalesOrder(order) }
            try await eventually("the first is under way") { stub.requests.count == 1 }
            let second = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.createSalesOrder(order)
            }
            #expect(second == .notSent("no slot was free in time"))
            #expect(try await first.value == .applied(id: "4711"))
            #expect(stub.requests.count == 1)
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

@Suite("The NetSuite client: records and queries")
struct NetSuiteRecordTests {
    @Test("reads a sales order with exact decimals and lines")
    func salesOrder() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in
                guard request.pathSegments().last == "eid:SF-1" else { return HTTPResponse(status: 404) }
                return json(
                    """
                    {"links":[],"id":"4711","externalId":"SF-1","tranId":"SO1001","status":{"id":"B","refName":"x"},
                     "total":109.10,"currency":{"id":"1","refName":"USD"},"entity":{"id":"1207","refName":"Acme"},
                     "custbody_crossdock_version":"1774000000000","item":{"links":[],"totalResults":2,"items":[
                      {"line":1,"item":{"id":"318"},"quantity":2.0,"rate":49.55,"amount":99.1,
                       "custcol_crossdock_line_id":"802000000000001AAA"},
                      {"line":4,"item":{"id":"319"},"quantity":1.0,"rate":10.0,"amount":10.0,"isClosed":true}]}}
                    """)
            }
            let record = try #require(try await stub.client.salesOrder(.externalId("SF-1")))
            #expect(record.id == "4711")
            #expect(record.status == "B")
            #expect(record.total == (try ExactDecimal("109.1")))
            #expect(record.currencyId == "1")
            #expect(record.customerId == "1207")
            #expect(record.version == "1774000000000")
            let lines = try #require(record.lines)
            #expect(lines.map(\.line) == [1, 4])
            #expect(lines.map(\.isClosed) == [false, true])
            #expect(lines.first?.rate == (try ExactDecimal("49.55")))
            #expect(lines.map(\.crossdockLineId) == ["802000000000001AAA", nil])
            #expect(stub.requests.last?.rawQuery == "expandSubResources=true")
            #expect(try await stub.client.salesOrder(.externalId("SF-2")) == nil)
            await stub.close()
        }
    }

    @Test(
        "an order that shows part of its lines only is not read",
        arguments: [
            #"{"id":"1","item":{"totalResults":3,"items":[{"line":1}]}}"#, #"{"id":"1","item":{"links":[]}}"#,
            #"{"id":"x","item":{"items":[]}}"#, #"{"id":"1","item":{"items":[{"quantity":1}]}}"#,
        ])
    func incomplete(body: String) async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in json(body) }
            let failure = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.salesOrder(.internalId("1"))
            }
            guard case .unknown = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            await stub.close()
        }
    }

    @Test(
        "an id that no address could carry is not sent",
        arguments: [
            RecordKey.externalId("a|b"), .externalId(""), .externalId("a/b"), .internalId("1 OR 1"), .internalId(""),
        ])
    func keys(key: RecordKey) async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in created }
            let failure = await failure { () async throws(NetSuiteFailure) in try await stub.client.customer(key) }
            guard case .notSent = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(stub.requests.isEmpty)
            await stub.close()
        }
    }

    @Test("reads a query page by page")
    func paging() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in
                let offset = Int(request.query("offset") ?? "") ?? -1
                let count = offset < 2_000 ? 1_000 : 5
                let rows = (offset..<offset + count).map { #"{"links":[],"id":"\#($0)"}"# }.joined(separator: ",")
                return json(#"{"hasMore":\#(offset < 2_000),"count":\#(count),"items":[\#(rows)]}"#)
            }
            let rows = try await stub.client.suiteQL("SELECT id FROM item ORDER BY id")
            #expect(rows.count == 2_005)
            #expect(rows.last?.text("id") == "2004")
            #expect(stub.requests.map { $0.query("offset") } == ["0", "1000", "2000"])
            #expect(stub.requests.allSatisfy { $0.headers["Prefer"] == "transient" && $0.query("limit") == "1000" })
            let failure = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.suiteQL("SELECT id FROM item ORDER BY id", maximumRows: 1_000)
            }
            #expect(failure == .unknown("the answer has more rows than are read here"))
            await stub.close()
        }
    }

    @Test("looks up many items in one query, by exact name first")
    func items() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in
                json(
                    """
                    {"hasMore":false,"items":[{"id":"318","itemid":"SKU-RED","isinactive":"F"},
                     {"id":319,"itemid":"O'Neil","isinactive":"T"},{"id":"320","itemid":"Sku-Green"}]}
                    """)
            }
            let items = try await stub.client.items(bySKU: ["SKU-RED", "O'Neil", "SKU-GREEN", "SKU-MISSING", "SKU-RED"])
            #expect(items["SKU-RED"] == ItemReference(id: "318", itemId: "SKU-RED", isInactive: false))
            #expect(items["O'Neil"]?.isInactive == true)
            #expect(items["O'Neil"]?.id == "319")
            #expect(items["SKU-GREEN"]?.id == "320")
            #expect(items["SKU-MISSING"] == nil)
            #expect(stub.requests.count == 1)
            let statement = try #require(try JSONValue.parse(stub.requests[0].body)["q"]?.string)
            #expect(statement.contains("'O''Neil', 'SKU-GREEN', 'SKU-MISSING', 'SKU-RED'"))
            await stub.close()
        }
    }

    @Test("reads back number, state and total of what the query shows")
    func readBack() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, _ in
                json(
                    """
                    {"hasMore":false,"items":[{"id":"4711","tranid":"SO1001","status":"SalesOrd:B","foreigntotal":"109.1",
                     "currency":"1","entity":"1207"},{"id":4712,"tranid":"SO1002","status":"A","foreigntotal":0}]}
                    """)
            }
            let summaries = try await stub.client.readBack(["4711", "4712", "4713"])
            #expect(summaries.count == 2)
            #expect(summaries["4711"]?.status == "B")
            #expect(summaries["4711"]?.total == (try ExactDecimal("109.10")))
            #expect(summaries["4712"]?.tranId == "SO1002")
            #expect(try await stub.client.readBack([]).isEmpty)
            let tooMany = await failure { () async throws(NetSuiteFailure) in
                try await stub.client.readBack((0..<201).map(String.init))
            }
            #expect(tooMany == .notSent("at most 200 orders are read back at a time"))
            #expect(stub.requests.count == 1)
            await stub.close()
        }
    }

    @Test("tells the clock, the limits and missing fields")
    func system() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in
                switch request.pathSegments().last {
                case "serverTime": return json(#"{"serverTime":"2025-03-26T16:21:00.000Z"}"#)
                case "governanceLimits":
                    return json(#"{"accountConcurrencyLimit":15,"accountUnallocatedConcurrencyLimit":10}"#)
                default:
                    let isHeader = String(decoding: request.body, as: UTF8.self).contains("custbody_crossdock_version")
                    let refusal =
                        #"{"o:errorDetails":[{"detail":"Unknown identifier","o:errorCode":"INVALID_PARAMETER"}]}"#
                    return isHeader ? json(#"{"items":[],"hasMore":false}"#) : json(refusal, 400)
                }
            }
            #expect(try await stub.client.serverTime().text == "2025-03-26T16:21:00.000Z")
            #expect(
                try await stub.client.governanceLimits()
                    == GovernanceLimits(account: 15, accountUnallocated: 10, integration: nil))
            #expect(try await stub.client.missingCustomFields() == ["custcol_crossdock_line_id"])
            await stub.close()
        }
    }
}
