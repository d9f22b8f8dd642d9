import Foundation
import JSONText
import Testing

@Suite("JSON is written so that anybody reads it")
struct JSONWriterTests {
    static let tree: JSONValue = [
        "text": "a\"b\\c\n\u{1}é😀", "number": .number(JSONNumber(-5)), "yes": true, "nothing": nil,
        "list": [1, [], [:], ["x": "y"]],
    ]

    @Test("what is written reads back", arguments: [false, true])
    func roundTrip(pretty: Bool) throws {
        #expect(try JSONValue.parse(Self.tree.bytes(pretty: pretty)) == Self.tree)
    }

    @Test("Foundation reads the same")
    func foundationReadsTheSame() throws {
        let object = try JSONSerialization.jsonObject(with: Data(Self.tree.bytes())) as? [String: Any]
        #expect(object?["text"] as? String == "a\"b\\c\n\u{1}é😀")
        #expect((object?["list"] as? [Any])?.count == 4)
    }

    @Test("the compact form has no blanks")
    func compactForm() {
        let value: JSONValue = ["a": [1, 2, ["b": nil]], "c": [:]]
        #expect(value.text() == #"{"a":[1,2,{"b":null}],"c":{}}"#)
    }

    @Test("the pretty form breaks lines")
    func prettyForm() {
        let value: JSONValue = ["a": [1, 2], "c": [:]]
        #expect(value.text(pretty: true) == "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"c\": {}\n}")
    }

    @Test("objects are equal whatever the order of their members")
    func objectsAreUnordered() {
        let left: JSONObject = ["a": 1, "b": 2]
        #expect(left == ["b": 2, "a": 1])
        #expect(left != ["b": 2, "a": 3])
        #expect(left != ["a": 1])
    }

    @Test("a member is replaced in its place and taken away by nil")
    func membersChange() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["a"] = .null
        #expect(object.keys == ["a", "b"])
        object["a"] = .none
        #expect(object.keys == ["b"])
    }

    @Test("text that is no number is none", arguments: ["", "-", "1.", ".5", "0x1", "1 ", "١", "+1", "00"])
    func noNumbers(_ text: String) {
        #expect(JSONNumber(text: text) == nil)
    }
}
