import EventLoop
import FoundationEssentials
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import WriterBench

@Suite("The bench's flat NetSuite")
struct FlatNetSuiteTests {
    static let record = "/services/rest/record/v1"

    @Loop
    static func post(_ netSuite: FlatNetSuite, _ path: String, _ body: JSONValue) async -> HTTPResponse {
        await netSuite.answer(HTTPRequest(method: "POST", target: path, body: body.bytes()))
    }

    @Loop
    static func order(_ netSuite: FlatNetSuite, _ number: Int, customer: String = "1000") async -> HTTPResponse {
        await post(
            netSuite, "\(record)/salesOrder",
            [
                "externalId": .string("SF-\(number)"), "entity": ["id": .string(customer)],
                "item": ["items": [["item": ["id": "10001"], "quantity": 2]]],
            ])
    }

    @Loop
    static func withCustomer() async -> FlatNetSuite {
        let netSuite = FlatNetSuite()
        netSuite.origin = "http://127.0.0.1:1"
        _ = await post(netSuite, "\(record)/customer", ["externalId": "SFACC-1", "companyName": "A"])
        return netSuite
    }

    static func code(_ response: HTTPResponse) -> String? {
        (try? JSONValue.parse(response.body))?["o:errorDetails"]?[0]?["o:errorCode"]?.string
    }

    static func detail(_ response: HTTPResponse) -> String {
        (try? JSONValue.parse(response.body))?["o:errorDetails"]?[0]?["detail"]?.string ?? ""
    }

    @Test("a token is given to everybody, and is taken")
    func token() async throws {
        try await onLoop {
            let netSuite = FlatNetSuite()
            let answer = await Self.post(netSuite, "/services/rest/auth/oauth2/v1/token", [:])
            #expect(answer.status == 200)
            let body = try JSONValue.parse(answer.body)
            #expect(body["access_token"]?.string == "load")
            let test = await netSuite.answer(HTTPRequest(method: "OPTIONS", target: "/services/rest/*"))
            #expect(test.status == 204)
            #expect(netSuite.figures.tokens == 1 && netSuite.figures.tokenTests == 1)
        }
    }

    @Test("a create answers 204 with the record's address; a second one of its external id is refused and counted")
    func unique() async throws {
        try await onLoop {
            let netSuite = await Self.withCustomer()
            let first = await Self.order(netSuite, 1)
            #expect(first.status == 204)
            #expect(first.headers.map(\.1) == ["http://127.0.0.1:1\(Self.record)/salesOrder/1000000"])
            let again = await Self.order(netSuite, 1)
            #expect(again.status == 400 && Self.code(again) == "USER_ERROR")
            #expect(Self.detail(again).contains("This record already exists."))
            #expect(await Self.order(netSuite, 2).status == 204)
            #expect(netSuite.figures.orders == 2 && netSuite.figures.doubled == 1)
            let ids = try JSONValue.parse(netSuite.orderIds())
            #expect(ids == ["SF-1": 1_000_000, "SF-2": 1_000_001] || ids == ["SF-2": 1_000_001, "SF-1": 1_000_000])
            let customer = await Self.post(netSuite, "\(Self.record)/customer", ["externalId": "SFACC-1"])
            #expect(customer.status == 400 && Self.detail(customer).contains("This entity already exists."))
            #expect(netSuite.figures.customers == 1 && netSuite.figures.doubledCustomers == 1)
        }
    }

    @Test("an order that names no customer of this NetSuite is refused and reported")
    func unknownCustomer() async throws {
        try await onLoop {
            let netSuite = await Self.withCustomer()
            #expect(await Self.order(netSuite, 1, customer: "1001").status == 400)
            #expect(netSuite.figures.orders == 0 && netSuite.figures.unexpectedCount == 1)
        }
    }

    @Test("what nothing answers is refused as NetSuite does, counted, and named without what it carried")
    func unexpected() async throws {
        try await onLoop {
            let netSuite = FlatNetSuite()
            let target = "\(Self.record)/salesOrder/1?secret=1"
            let answer = await netSuite.answer(HTTPRequest(method: "PATCH", target: target))
            #expect(answer.status == 404 && Self.code(answer) == "NONEXISTENT_ID")
            for number in 0..<20 { _ = await Self.post(netSuite, "/x\(number)", [:]) }
            #expect(netSuite.figures.unexpectedCount == 21)
            #expect(netSuite.figures.unexpected.count == 8)
            #expect(netSuite.figures.unexpected.first == "PATCH \(Self.record)/salesOrder/1")
        }
    }

    @Test("above the slots a request is refused at once; a slot is free again when its time is over")
    func slots() async throws {
        try await onLoop {
            let netSuite = await Self.withCustomer()
            netSuite.slots = 2
            netSuite.serviceTime = .milliseconds(200)
            let began = MonotonicInstant.now
            let inside = [1, 2].map { number in
                EventLoop.shared.start { (await Self.order(netSuite, number).status, MonotonicInstant.now) }
            }
            try await eventually("two requests at a time") { netSuite.figures.atOnceMost == 2 }
            let above = await Self.order(netSuite, 3)
            #expect(above.status == 429 && Self.code(above) == "CONCURRENCY_LIMIT_EXCEEDED")
            #expect(try JSONValue.parse(above.body)["o:errorCode"]?.string == "USER_ERROR")
            #expect(MonotonicInstant.now - began < .milliseconds(200))
            for request in inside {
                let (status, ended) = try await request.value
                #expect(status == 204)
                #expect(ended - began >= .milliseconds(200))
            }
            #expect(await Self.order(netSuite, 3).status == 204)
            #expect(netSuite.figures.refused == 1 && netSuite.figures.atOnceMost == 3)
            #expect(netSuite.figures.kept == 3 && netSuite.figures.keptNanoseconds >= 600_000_000)
        }
    }

    @Test("items are found by the bench's SKUs, and no others, in one page in the order of their ids")
    func items() async throws {
        try await onLoop {
            let netSuite = FlatNetSuite()
            let list = [OrderFactory.sku(7), "crossdock", OrderFactory.sku(3)].map { "'\($0)'" }.joined(separator: ", ")
            let answer = await Self.post(
                netSuite, "/services/rest/query/v1/suiteql?limit=1000&offset=0",
                [
                    "q": .string(
                        "SELECT id, itemid, isinactive FROM item WHERE itemid IN (\(list)) ORDER BY id")
                ])
            let page = try JSONValue.parse(answer.body)
            #expect(page["items"]?.array?.compactMap { $0["id"]?.string } == ["10003", "10007"])
            #expect(page["items"]?[0]?["itemid"]?.string == OrderFactory.sku(3))
            #expect(page["count"]?.int64 == 2 && page["totalResults"]?.int64 == 2 && page["hasMore"]?.bool == false)
            #expect(netSuite.figures.itemQueries == 1)
        }
    }

    @Test("orders are read back by their ids; one that is not there has no row")
    func readBack() async throws {
        try await onLoop {
            let netSuite = await Self.withCustomer()
            for number in 1...3 { _ = await Self.order(netSuite, number) }
            let answer = await Self.post(
                netSuite, "/services/rest/query/v1/suiteql",
                [
                    "q": .string(
                        "SELECT id, tranid, status, foreigntotal, currency, entity FROM transaction "
                            + "WHERE type = 'SalesOrd' AND id IN (1000002, 1000000, 2000000) ORDER BY id")
                ])
            let rows = try JSONValue.parse(answer.body)["items"]?.array ?? []
            #expect(rows.compactMap { $0["id"]?.string } == ["1000000", "1000002"])
            #expect(rows.allSatisfy { $0["status"]?.string == "B" && $0["tranid"]?.string?.hasPrefix("SO") == true })
            #expect(netSuite.figures.readBacks == 1)
            let other = await Self.post(netSuite, "/services/rest/query/v1/suiteql", ["q": "SELECT 1"])
            #expect(other.status == 400 && Self.code(other) == "INVALID_PARAMETER")
            #expect(netSuite.figures.otherQueries == 1 && netSuite.figures.unexpectedCount == 1)
        }
    }

    @Test("a record is shown by id and external id as it was created, with its number, state and lines' keys")
    func records() async throws {
        try await onLoop {
            let netSuite = await Self.withCustomer()
            _ = await Self.order(netSuite, 1)
            for key in ["1000000", "eid:SF-1"] {
                let target = "\(Self.record)/salesOrder/\(key)?expandSubResources=true"
                let answer = await netSuite.answer(HTTPRequest(method: "GET", target: target))
                let record = try JSONValue.parse(answer.body)
                #expect(record["id"]?.string == "1000000" && record["externalId"]?.string == "SF-1")
                #expect(record["item"]?["items"]?[0]?["line"]?.int64 == 1)
            }
            let without = await netSuite.answer(HTTPRequest(method: "GET", target: "\(Self.record)/salesOrder/1000000"))
            #expect(try JSONValue.parse(without.body)["item"] == nil)
            let missing = await netSuite.answer(
                HTTPRequest(method: "GET", target: "\(Self.record)/customer/eid:SFACC-2"))
            #expect(missing.status == 404 && Self.code(missing) == "NONEXISTENT_ID")
            #expect(netSuite.figures.gets == 4 && netSuite.figures.unexpectedCount == 0)
        }
    }

    @Test("the first order's moment is that of its request, the last one's that of its answer")
    func moments() async throws {
        try await onLoop {
            let netSuite = await Self.withCustomer()
            netSuite.serviceTime = .milliseconds(50)
            let began = monotonicNanoseconds()
            _ = await Self.order(netSuite, 1)
            #expect(netSuite.figures.firstOrderAt - began < 50_000_000)
            #expect(netSuite.figures.lastOrderAt - netSuite.figures.firstOrderAt >= 50_000_000)
        }
    }
}
