import Contracts
import EventLoop
import HTTPServer
import JSONText
import NetSuite
import TestSupport
import Testing

@Suite("The NetSuite client: records and queries")
struct NetSuiteRecordTests {
    @Test("reads a sales order with exact decimals and lines")
    func salesOrder() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in
                guard request.pathSegments().last == "eid:SF-1" else {
                    return json(#"{"o:errorDetails":[{"detail":"","o:errorCode":"NONEXISTENT_ID"}]}"#, 404)
                }
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
            #expect(try record.total == ExactDecimal("109.1"))
            #expect(record.currencyId == "1")
            #expect(record.customerId == "1207")
            #expect(record.version == "1774000000000")
            let lines = try #require(record.lines)
            #expect(lines.map(\.line) == [1, 4])
            #expect(lines.map(\.isClosed) == [false, true])
            #expect(try lines.first?.rate == ExactDecimal("49.55"))
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
            #expect(try summaries["4711"]?.total == ExactDecimal("109.10"))
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
