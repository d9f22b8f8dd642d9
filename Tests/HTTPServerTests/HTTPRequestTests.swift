import Testing

@testable import HTTPServer

@Suite("An HTTP request")
struct HTTPRequestTests {
    @Test("keeps its path as sent and decodes segments one by one")
    func pathSegments() {
        let request = HTTPRequest(method: "GET", target: "/services/rest/record/v1/salesOrder/eid:SF%2D8%2F1+2/?a=1")
        #expect(request.path == "/services/rest/record/v1/salesOrder/eid:SF%2D8%2F1+2/")
        #expect(request.rawQuery == "a=1")
        #expect(request.pathSegments() == ["services", "rest", "record", "v1", "salesOrder", "eid:SF-8/1+2"])
    }

    @Test(
        "decodes query pairs as forms are",
        arguments: [
            ("q=SELECT+Id%20FROM%2BOrder", "SELECT Id FROM+Order"), ("q=", ""), ("q", ""), ("q=a=b", "a=b"),
            ("x=1&q=%E2%82%AC&q=2", "€"), ("q=100%", "100%"), ("q=%zz", "%zz"),
        ])
    func queryItems(query: String, expected: String) {
        #expect(HTTPRequest(method: "GET", target: "/x?\(query)").query("q") == expected)
    }

    @Test(
        "in absolute form is brought to its path",
        arguments: [
            ("http://host:80/a/b?c=d", "/a/b", "c=d"), ("http://host", "/", ""), ("/a:b/c", "/a:b/c", ""),
        ])
    func absoluteForm(target: String, path: String, query: String) {
        let request = HTTPRequest(method: "GET", target: target)
        #expect(request.path == path)
        #expect(request.rawQuery == query)
    }

    @Test("finds header fields without regard to letter case")
    func headerNames() {
        var headers: HTTPHeaders = ["Content-Type": "application/json", "prefer": "transient"]
        headers.append("Prefer", "respond-async")
        #expect(headers["content-TYPE"] == "application/json")
        #expect(headers.values(of: "PREFER") == ["transient", "respond-async"])
        #expect(headers["Absent"] == nil)
    }
}
