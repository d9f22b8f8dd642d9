import JSONText
import TestSupport
import Testing

@Suite("JSON is read strictly")
struct JSONReaderTests {
    struct Poison: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let reason: String
        var testDescription: String { name }

        init(_ name: String, _ text: String, _ reason: String) {
            self.init(name, bytes: Array(text.utf8), reason)
        }

        init(_ name: String, bytes: [UInt8], _ reason: String) {
            self.name = name
            self.bytes = bytes
            self.reason = reason
        }
    }

    static let poison: [Poison] = [
        Poison("nothing", "", "the text ends too early"),
        Poison("blanks only", " \n", "the text ends too early"),
        Poison("65 levels of arrays", String(repeating: "[", count: 65), "deeper than the 64 levels"),
        Poison("100,000 levels", String(repeating: #"{"a":"#, count: 100_000), "deeper than the 64 levels"),
        Poison("a name twice", #"{"a":1,"a":2}"#, "occurs twice"),
        Poison("a name twice, escaped", #"{"a":1,"\u0061":2}"#, "occurs twice"),
        Poison("a name twice, composed and decomposed", "{\"\u{E9}\":1,\"e\u{301}\":2}", "occurs twice"),
        Poison("a plain name twice, one of another kind between", #"{"a":1,"é":{"a":1},"a":2}"#, "occurs twice"),
        Poison("a name twice behind an object", #"{"ab":1,"c":{"ab":1,"c":2},"ab":2}"#, "occurs twice"),
        Poison("a name twice among many", Self.manyNames + #","n3":0}"#, "occurs twice"),
        Poison("a lone high surrogate", #""\ud83d""#, "stands alone"),
        Poison("a lone low surrogate", #""\ude00""#, "stands alone"),
        Poison("two high surrogates", #""\ud83d\ud83d""#, "stands alone"),
        Poison("a byte order mark", bytes: [0xEF, 0xBB, 0xBF, 0x7B, 0x7D], "byte order mark"),
        Poison("UTF-16", bytes: [0xFF, 0xFE, 0x7B, 0x00], "not UTF-8"),
        Poison("an overlong slash", bytes: [0x22, 0xC0, 0xAF, 0x22], "not UTF-8"),
        Poison("a surrogate in UTF-8", bytes: [0x22, 0xED, 0xA0, 0x80, 0x22], "not UTF-8"),
        Poison("a code point too large", bytes: [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], "not UTF-8"),
        Poison("half a character", bytes: [0x22, 0xE2, 0x82], "not UTF-8"),
        Poison("Latin-1", bytes: [0x22, 0x4D, 0xFC, 0x22], "not UTF-8"),
        Poison("trailing bytes", #"{} {}"#, "more bytes follow"),
        Poison("a trailing NUL", bytes: [0x7B, 0x7D, 0x00], "more bytes follow"),
        Poison("a truncated object", #"{"a":"#, "the text ends too early"),
        Poison("a truncated string", #"{"a":"b"#, "ends inside a string"),
        Poison("a truncated escape", #""\u00"#, "ends inside a string"),
        Poison("a truncated word", "tru", "true or false is expected"),
        Poison("a word with a tail", "nullx", "null is expected"),
        Poison("a leading zero", "01", "a way that JSON does not know"),
        Poison("a plus sign", "+1", "no value begins"),
        Poison("a bare point", "1.", "a way that JSON does not know"),
        Poison("a bare exponent", "1e", "a way that JSON does not know"),
        Poison("not a number", "NaN", "no value begins"),
        Poison("single quotes", "{'a':1}", "name in quotes"),
        Poison("a comma too many", "[1,]", "no value begins"),
        Poison("a comma too many in an object", #"{"a":1,}"#, "name in quotes"),
        Poison("a comment", "/* */1", "no value begins"),
        Poison("a raw line break in a string", "\"a\nb\"", "control character"),
        Poison("an unknown escape", #""\x41""#, "does not know"),
        Poison("hexadecimal that is none", #""\u00g0""#, "four hexadecimal digits"),
    ]

    /// Strings are looked at eight bytes a step: each place of a fault within a step, and at the text's end.
    @Test("a string ends, escapes and fails at every place alike", arguments: 0..<20)
    func everyPlace(_ length: Int) throws {
        let text = String(repeating: "a", count: length)
        for tail in ["", "bcdefghijkl"] {
            #expect(try JSONValue.parse("[\"\(text)\",1\(tail.isEmpty ? "" : "  ")]")[0]?.string == text)
            #expect(try JSONValue.parse("\"\(text)\\n\(tail)\"").string == text + "\n" + tail)
            #expect(try JSONValue.parse("\"\(text)é\u{7F}!#[]\(tail)\"").string == text + "é\u{7F}!#[]" + tail)
            let raw = try caught(JSONError.self) { try JSONValue.parse("\"\(text)\u{1F}\(tail)\"") }
            #expect(raw.reason.contains("control character") && raw.offset == length + 1)
            let cut = try caught(JSONError.self) { try JSONValue.parse("\"\(text)\(tail)") }
            #expect(cut.reason.contains("ends inside a string") && cut.offset == length + tail.utf8.count + 1)
        }
        let names = try JSONValue.parse("{\"\(text)\":1,\"\(text)b\":2,\"c\(text)\":{\"\(text)\":3}}")
        #expect(names[text]?.int64 == 1 && names["c" + text]?[text]?.int64 == 3)
    }

    static let manyNames = "{" + (0..<40).map { #""n\#($0)":0"# }.joined(separator: ",")

    @Test("poison is refused with its reason", arguments: poison)
    func poisonIsRefused(_ poison: Poison) throws {
        let error = try caught(JSONError.self) { try JSONValue.parse(poison.bytes) }
        #expect(error.reason.contains(poison.reason), "\(error)")
    }

    @Test("poison is refused by skipping too", arguments: poison)
    func poisonIsNotSkipped(_ poison: Poison) {
        #expect(throws: JSONError.self) {
            try JSONReader.read(poison.bytes) { reader in
                try reader.skipValue()
                try reader.finish()
            }
        }
    }

    @Test("every prefix of a document is refused and none crashes")
    func everyPrefixIsRefused() {
        let whole = Array(#"{"a":[1.5e3,true,null,"x\u00e9\ud83d\ude00\n"],"b":{"c":-0.1}}"#.utf8)
        #expect(throws: Never.self) { try JSONValue.parse(whole) }
        for length in 0..<whole.count {
            #expect(throws: JSONError.self) { try JSONValue.parse(Array(whole.prefix(length))) }
        }
    }

    @Test("a text beyond its limit is refused before it is read")
    func sizeIsBounded() {
        let limits = JSONLimits(maximumBytes: 10, maximumDepth: 3)
        #expect(throws: Never.self) { try JSONValue.parse("[[[1]]]", limits: limits) }
        #expect(throws: JSONError.self) { try JSONValue.parse("[[[[1]]]]", limits: limits) }
        #expect(throws: JSONError.self) { try JSONValue.parse("[          ]", limits: limits) }
    }

    @Test(
        "numbers keep their digits",
        arguments: [
            "1234567890123456789012345678901234567890", "0.1000000000000000055511151231257827", "1e130000", "-0",
            "49.50",
            "1E-7",
        ])
    func numbersKeepTheirDigits(_ digits: String) throws {
        let value = try JSONValue.parse("[\(digits)]")
        #expect(value[0]?.number?.text == digits)
        #expect(value.text() == "[\(digits)]")
    }

    @Test("whole numbers are given as integers only where they are written so")
    func integers() throws {
        let value = try JSONValue.parse("[9223372036854775807, 9223372036854775808, 1.0, 1e2, -5]")
        #expect(value.array?.map(\.int64) == [.max, nil, nil, nil, -5])
    }

    @Test("errors name the place and never the data")
    func errorsNameThePlace() throws {
        let error = try caught(JSONError.self) {
            try JSONReader.read(Array(#"{"lines":[{},{"\u0071uantity":"secret"}]}"#.utf8)) { reader in
                try reader.readObject { _, reader in
                    try reader.readArray { reader in
                        try reader.readObject { _, reader in _ = try reader.readNumber() }
                    }
                }
            }
        }
        #expect(error.path == "lines[1].quantity")
        #expect(error.reason == "a number is expected and a string found")
        let hostile = try caught(JSONError.self) { try JSONValue.parse(#"{"a secret name": tru }"#) }
        #expect(hostile.path == "?")
        let deep = try caught(JSONError.self) { try JSONValue.parse(String(repeating: "[", count: 100)) }
        #expect(deep.path == "[0][0][0][0][0][0][0][0]…")
    }

    @Test("escapes, emoji and right-to-left text arrive as they are")
    func textArrives() throws {
        let value = try JSONValue.parse(#"["\u0041\/\b\f\n\r\t\"\\", "\ud83d\ude00", "שלום 😀", "\u0000"]"#)
        #expect(value.array?.map(\.string) == ["A/\u{8}\u{C}\n\r\t\"\\", "😀", "שלום 😀", "\0"])
    }
}
