import EventLoop
import HTTPServer
import JSONText
import TestSupport
import Testing

@testable import NetSuite

@Suite("Pages of orders' rows over HTTP")
struct KeysetPageTests {
    private static let query = KeysetQuery(
        select: "SELECT a, b FROM t", condition: "c = 1",
        keys: [.init(expression: "a", alias: "a"), .init(expression: "b", alias: "b")])

    private static func page(_ rows: [(a: String?, b: Int)], hasMore: Bool) -> HTTPResponse {
        let items = rows.map { row in #"{"links":[],"b":"\#(row.b)"\#(row.a.map { #","a":"\#($0)""# } ?? "")}"# }
        return json(
            #"{"links":[],"count":\#(rows.count),"hasMore":\#(hasMore),"offset":0,"items":[\#(items.joined(separator: ","))]}"#
        )
    }

    /// Rows `from` to `end`, two to each value of `a`.
    private static func rows(_ range: Range<Int>) -> [(a: String?, b: Int)] { range.map { (String($0 / 2), $0) } }

    private func read(
        _ pages: [HTTPResponse]
    ) async throws -> (result: Result<[SuiteQLRow], NetSuiteFailure>, statements: [String]) {
        try await onLoop {
            var left = pages
            let stub = try StubNetSuite { _, _ in left.isEmpty ? HTTPResponse(status: 500) : left.removeFirst() }
            let result: Result<[SuiteQLRow], NetSuiteFailure>
            do throws(NetSuiteFailure) {
                result = .success(try await stub.client.rows(of: Self.query))
            } catch {
                result = .failure(error)
            }
            let statements = stub.requests.compactMap { request in
                (try? JSONValue.parse(request.body))?["q"]?.string
            }
            await stub.close()
            return (result, statements)
        }
    }

    @Test("2,300 rows are read in three pages, each behind the last row of the one before")
    func pages() async throws {
        let (result, statements) = try await read([
            Self.page(Self.rows(0..<1_000), hasMore: true), Self.page(Self.rows(1_000..<2_000), hasMore: true),
            Self.page(Self.rows(2_000..<2_300), hasMore: false),
        ])
        #expect(try result.get().count == 2_300)
        #expect(
            statements == [
                "SELECT a, b FROM t WHERE c = 1 ORDER BY a, b",
                "SELECT a, b FROM t WHERE c = 1 AND (a > 499 OR (a = 499 AND (b > 999))) ORDER BY a, b",
                "SELECT a, b FROM t WHERE c = 1 AND (a > 999 OR (a = 999 AND (b > 1999))) ORDER BY a, b",
            ])
    }

    @Test(
        "a page that is cut, out of order, or ends with a row that cannot be read fails the reading",
        arguments: ["short", "disorder", "end", "second"])
    func bad(_ kind: String) async throws {
        var first = Self.rows(0..<1_000)
        var pages: [HTTPResponse] = []
        switch kind {
        case "short": pages = [Self.page(Array(first.dropLast()), hasMore: true)]
        case "disorder":
            first.swapAt(10, 20)
            pages = [Self.page(first, hasMore: false)]
        case "end":
            first[999].a = nil
            pages = [Self.page(first, hasMore: true)]
        default: pages = [Self.page(first, hasMore: true), Self.page(first, hasMore: false)]
        }
        guard case .failure(.unknown) = try await read(pages).result else {
            Issue.record("the reading went on")
            return
        }
    }

    @Test("a row without a key in the middle of a page does not end the reading")
    func middle() async throws {
        var rows = Self.rows(0..<10)
        rows[4].a = nil
        #expect(try await read([Self.page(rows, hasMore: false)]).result.get().count == 10)
    }
}
