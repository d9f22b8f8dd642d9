import TestSupport
import Testing

@testable import YAML

@Suite("YAML")
struct YAMLDocumentTests {
    @Test("values know their place")
    func places() throws {
        let text = """
            # a comment
            order:
              terms: { from: custom.Terms__c, default: "2" }
              list:
                - NO
                - 'null'
                - 
            """
        let root = try YAMLDocument.parse(Array(text.utf8))
        let terms = try #require(root["order"]?["terms"])
        #expect(terms.line == 3 && terms.column == 10)
        #expect(terms["from"]?.text == "custom.Terms__c")
        #expect(terms["default"]?.content == .scalar("2", isPlain: false))
        let list = try #require(root["order"]?["list"]?.elements)
        #expect(list.map(\.text) == ["NO", "null", nil])
        #expect(list[2].isNull)
        #expect(root["order"]?.members?.map(\.name) == ["terms", "list"])
    }

    @Test(
        "what surprises is refused, with its place",
        arguments: [
            ("a: 1\nb: 2\na: 3", 3, "a second time; the first is in line 1"),
            ("a: &x 1\nb: *x", 1, "anchors"), ("b: *x", 1, "aliases"), ("a: !!int 1", 1, "tags"),
            ("a: 1\n---\nb: 2", 2, "a second document"), ("? [a]\n: 1", 1, "a key must be a single value"),
            ("a: [1, 2", 2, "expected ',' or ']'"), ("a:\n\t- b", 2, "tabs"), ("a: \"open", 1, "unexpected end"),
            ("a: b: c", 1, "mapping values are not allowed"),
        ])
    func refused(text: String, line: Int, reason: String) throws {
        let error = try caught(YAMLError.self) { try YAMLDocument.parse(Array(text.utf8)) }
        #expect(error.line == line, "\(error)")
        #expect(error.reason.contains(reason), "\(error)")
    }

    @Test("bytes that are no UTF-8 are refused, with their place")
    func notText() throws {
        let error = try caught(YAMLError.self) { try YAMLDocument.parse(Array("a: 1\nb: ".utf8) + [0xff, 0x0a]) }
        #expect(error.line == 2 && error.column == 4)
        #expect(error.reason.contains("UTF-8"))
    }

    @Test("depth and size are bounded")
    func limits() {
        let deep = String(repeating: "[", count: 500) + String(repeating: "]", count: 500)
        #expect(throws: YAMLError.self) { try YAMLDocument.parse(Array(deep.utf8)) }
        #expect(throws: YAMLError.self) {
            try YAMLDocument.parse(Array(repeating: UInt8(ascii: "a"), count: YAMLDocument.maximumBytes + 1))
        }
    }

    @Test("an empty file, a byte order mark and non-ASCII text are read")
    func gentle() throws {
        #expect(try YAMLDocument.parse([]).isNull)
        #expect(try YAMLDocument.parse(Array("# only a comment\n".utf8)).isNull)
        let root = try YAMLDocument.parse([0xef, 0xbb, 0xbf] + Array("größe: 日本 😀".utf8))
        #expect(root["größe"]?.text == "日本 😀")
    }
}
