import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuite

@Suite("Orders whose reading fails, over HTTP")
struct FailingOrderTests {
    private static let ids = (1...200).map { Int64(1_000 + $0) }

    /// The ids of a statement's list.
    private static func asked(_ request: HTTPRequest) -> [Int64] {
        let text = String(decoding: request.body, as: UTF8.self)
        guard let list = text.split(separator: "(").last?.prefix(while: { $0 != ")" }) else { return [] }
        return list.split(separator: ",").compactMap { Int64($0.filter(\.isNumber)) }
    }

    /// Orders without lines; those that `isBad` make each query fail that names them.
    private static func answer(_ request: HTTPRequest, isBad: (Int64) -> Bool) -> HTTPResponse {
        let text = String(decoding: request.body, as: UTF8.self)
        if text.contains("rownum") { return json(#"{"items":[{"id":"1"}],"hasMore":false,"count":1}"#) }
        let ids = asked(request)
        if ids.contains(where: isBad) { return HTTPResponse(status: 500) }
        guard text.contains("FROM transaction t") else { return json(#"{"items":[],"hasMore":false,"count":0}"#) }
        let rows = ids.map { #"{"id":"\#($0)","status":"B","tranid":"SO\#($0)"}"# }
        return json(#"{"items":[\#(rows.joined(separator: ","))],"hasMore":false,"count":\#(rows.count)}"#)
    }

    @Test(
        "single ones are found by halves and told, the others are read",
        arguments: [[], [1_001], [1_007, 1_008, 1_200]])
    func single(bad: [Int64]) async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in Self.answer(request) { bad.contains($0) } }
            let reading = try await stub.client.orderFacts(Self.ids)
            #expect(reading.unreadable.keys.sorted() == bad)
            #expect(reading.facts.count == 200 - bad.count)
            #expect(stub.requests.count <= 3 + bad.count * 40)
            await stub.close()
        }
    }

    @Test("an order that is read alone and fails is unreadable")
    func alone() async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in Self.answer(request) { $0 == 1_001 } }
            #expect(try await stub.client.orderFacts([1_001]).unreadable.keys.sorted() == [1_001])
            await stub.close()
        }
    }

    @Test(
        "where all fail, or nothing is answered, it is nobody's trouble but NetSuite's, and soon known",
        arguments: [0, 1])
    func all(answersOthers: Int) async throws {
        try await onLoop {
            let stub = try StubNetSuite { _, request in
                answersOthers == 1 ? Self.answer(request) { _ in true } : HTTPResponse(status: 500)
            }
            let failure = await failure { () async throws(NetSuiteFailure) in
                _ = try await stub.client.orderFacts(Self.ids)
            }
            guard case .unknown = failure else {
                Issue.record("\(String(describing: failure))")
                return
            }
            #expect(stub.requests.count <= (answersOthers == 1 ? 40 : 2))
            await stub.close()
        }
    }
}
