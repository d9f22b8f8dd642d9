/// Reads a JSON text step by step, as RFC 8259 has it and stricter.
///
/// Refused are: a byte order mark, bytes that are no UTF-8, lone surrogates, names that occur twice in an object (however
/// they are escaped), texts beyond the limits, bytes behind the document. Numbers keep their digits.
///
/// A reader lives only while `read` runs, since it looks at the text's bytes in place.
public struct JSONReader: ~Copyable {
    let bytes: UnsafeBufferPointer<UInt8>
    var position = 0
    /// How many NUL characters the names and strings had that were read so far: only an escape can write one.
    public internal(set) var charactersNUL = 0
    private let maximumDepth: Int
    /// What lies around the present place, of which `depth` count: where a member's name begins, or the complement
    /// of an element's index. Names become text only in an error.
    private var path: [Int] = []
    private var depth = 0
    var names = NameRanges()
    /// Deeper places are cut in errors: they come from the sender, and people read them.
    private static let shownDepth = 8

    /// Reads a text; its size and UTF-8 are checked at once.
    public static func read<Result>(
        _ bytes: [UInt8], limits: JSONLimits = .message, _ body: (inout JSONReader) throws -> Result
    ) throws -> Result {
        try bytes.withUnsafeBufferPointer { all in
            var reader = try JSONReader(all, limits: limits)
            return try body(&reader)
        }
    }

    /// Begins a text that stays where it is as long as the reader lives.
    init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) throws(JSONError) {
        self.bytes = bytes
        maximumDepth = limits.maximumDepth
        guard bytes.count <= limits.maximumBytes else {
            throw JSONError(
                path: "", offset: limits.maximumBytes,
                reason: "the text has \(bytes.count) bytes, more than the \(limits.maximumBytes) allowed")
        }
        if bytes.count >= 3, bytes[0] == 0xEF, bytes[1] == 0xBB, bytes[2] == 0xBF {
            throw JSONError(path: "", offset: 0, reason: "the text begins with a byte order mark, which JSON forbids")
        }
        if let offset = firstInvalidUTF8(in: UnsafeRawBufferPointer(bytes)) {
            throw JSONError(path: "", offset: offset, reason: "the bytes are not UTF-8")
        }
        path.reserveCapacity(16)
    }

    /// Looks at a text, already checked, from one of its bytes on.
    private init(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) {
        self.bytes = bytes
        self.position = position
        maximumDepth = 0
    }

    /// What comes next; consumes nothing.
    public func peek() -> JSONKind {
        var index = position
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        guard index < bytes.count else { return .nothing }
        switch bytes[index] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: return .nothing
        }
    }

    /// An error at the present place.
    public func error(_ reason: String) -> JSONError {
        JSONError(path: currentPath, offset: position, reason: reason)
    }

    /// The present place, such as `lines[2].quantity`. A name that is not a plain word is shown as `?`.
    public var currentPath: String {
        var text = ""
        for element in path.prefix(min(depth, Self.shownDepth)) {
            if element < 0 {
                text += "[\(~element)]"
            } else {
                var reader = JSONReader(bytes, at: element)
                let name = (try? reader.scanString()) ?? ""
                text += (text.isEmpty ? "" : ".") + (isPlainWord(name) ? name : "?")
            }
        }
        return depth > Self.shownDepth ? text + "…" : text
    }

    /// Reads an object; `member` gets each name and must read (or skip) exactly its value.
    public mutating func readObject(_ member: (JSONName, inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "{"), .object)
        skipBlanks()
        if take(UInt8(ascii: "}")) { return }
        var seen = NamesSeen(floor: names.count)
        let outside = depth
        while true {
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw self.error("a member's name in quotes is expected")
            }
            let start = position
            let kept: Int
            if let name = takePlainString(), name.isASCII {
                enter(start)
                guard seen.insert(name.text, &names) else { throw self.error("the name occurs twice in its object") }
                try takeColon()
                kept = names.count
                try member(JSONName(name.text), &self)
            } else {
                position = start
                var name = try scanString()
                enter(start)
                guard seen.insert(name, &names) else { throw self.error("the name occurs twice in its object") }
                try takeColon()
                kept = names.count
                try name.withUTF8 { try member(JSONName($0), &self) }
            }
            depth = outside
            names.count = kept
            skipBlanks()
            if take(UInt8(ascii: "}")) { break }
            guard take(UInt8(ascii: ",")) else { throw self.error("a comma or the object's end is expected") }
        }
        names.count = seen.floor
    }

    /// Reads an array; `element` must read (or skip) exactly one value each time.
    public mutating func readArray(_ element: (inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "["), .array)
        skipBlanks()
        if take(UInt8(ascii: "]")) { return }
        var index = 0
        let outside = depth
        while true {
            enter(~index)
            try element(&self)
            depth = outside
            index += 1
            skipBlanks()
            if take(UInt8(ascii: "]")) { return }
            guard take(UInt8(ascii: ",")) else { throw self.error("a comma or the array's end is expected") }
        }
    }

    /// Reads a string.
    public mutating func readString() throws(JSONError) -> String {
        if let plain = readPlainString() { return String(decoding: plain, as: UTF8.self) }
        try expect(.string)
        return try scanString()
    }

    /// Consumes a string that has no escape and gives its bytes, which stay as long as the reader; consumes nothing and
    /// gives nil where another string or value stands.
    public mutating func readPlainString() -> UnsafeBufferPointer<UInt8>? {
        skipBlanks()
        guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return nil }
        return takePlainString()?.text
    }

    /// Reads a number with its digits as they stand.
    public mutating func readNumber() throws(JSONError) -> JSONNumber {
        try expect(.number)
        guard let end = JSONNumber.end(in: bytes, from: position), !isWordByte(at: end) else {
            throw error("a number is written in a way that JSON does not know")
        }
        let text = String(decoding: bytes[position..<end], as: UTF8.self)
        position = end
        return JSONNumber(checked: text)
    }

    /// Reads `true` or `false`.
    public mutating func readBool() throws(JSONError) -> Bool {
        try expect(.bool)
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw error("true or false is expected")
    }

    /// Consumes a null and says so; consumes nothing where another value stands.
    public mutating func readNull() throws(JSONError) -> Bool {
        var index = position
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        guard index < bytes.count, bytes[index] == UInt8(ascii: "n") else { return false }
        position = index
        guard takeWord("null") else { throw error("null is expected") }
        return true
    }

    /// Reads any value as a tree.
    public mutating func readValue() throws(JSONError) -> JSONValue {
        switch peek() {
        case .string: return .string(try readString())
        case .number: return .number(try readNumber())
        case .bool: return .bool(try readBool())
        case .null:
            _ = try readNull()
            return .null
        case .array:
            var elements: [JSONValue] = []
            try typed { reader in try reader.readArray { elements.append(try $0.readValue()) } }
            return .array(elements)
        case .object:
            var object = JSONObject()
            try typed { reader in
                try reader.readObject { name, reader in object.append(unique: name.text, try reader.readValue()) }
            }
            return .object(object)
        case .nothing: throw endOrStray()
        }
    }

    /// Reads a value and forgets it; it is checked all the same.
    public mutating func skipValue() throws(JSONError) {
        switch peek() {
        case .array: try typed { reader in try reader.readArray { try $0.skipValue() } }
        case .object: try typed { reader in try reader.readObject { _, reader in try reader.skipValue() } }
        default: _ = try readValue()
        }
    }

    /// Makes sure that nothing but blanks is left.
    public mutating func finish() throws(JSONError) {
        skipBlanks()
        if position < bytes.count { throw error("more bytes follow behind the document") }
    }
}

extension JSONReader {
    /// Closures of ours throw nothing but `JSONError`; `readObject` cannot say so because its caller's may.
    private mutating func typed(_ body: (inout JSONReader) throws -> Void) throws(JSONError) {
        do {
            try body(&self)
        } catch let error as JSONError {
            throw error
        } catch {
            preconditionFailure("only JSONError is thrown here")
        }
    }

    private mutating func open(_ bracket: UInt8, _ kind: JSONKind) throws(JSONError) {
        try expect(kind)
        guard depth < maximumDepth else {
            throw error("objects and arrays lie deeper than the \(maximumDepth) levels allowed")
        }
        position += 1
    }

    private mutating func enter(_ element: Int) {
        if depth < path.count { path[depth] = element } else { path.append(element) }
        depth += 1
    }

    private mutating func takeColon() throws(JSONError) {
        skipBlanks()
        guard take(UInt8(ascii: ":")) else { throw error("a colon is expected behind the name") }
    }

    private mutating func expect(_ kind: JSONKind) throws(JSONError) {
        skipBlanks()
        let found = peek()
        guard found != kind else { return }
        if found == .nothing { throw endOrStray() }
        throw error("\(kind.words) is expected and \(found.words) found")
    }

    private func endOrStray() -> JSONError {
        var index = position
        while index < bytes.count, isBlank(bytes[index]) { index += 1 }
        return error(index < bytes.count ? "no value begins with this byte" : "the text ends too early")
    }

    mutating func skipBlanks() {
        while position < bytes.count, isBlank(bytes[position]) { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let end = position + word.utf8CodeUnitCount
        guard end <= bytes.count, !isWordByte(at: end) else { return false }
        for index in 0..<word.utf8CodeUnitCount where bytes[position + index] != word.utf8Start[index] { return false }
        position = end
        return true
    }

    private func isWordByte(at index: Int) -> Bool {
        guard index < bytes.count else { return false }
        switch bytes[index] {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "+"),
            UInt8(ascii: "-"):
            return true
        default: return false
        }
    }

    private func isPlainWord(_ name: String) -> Bool {
        name.utf8.count <= 64 && !name.isEmpty
            && name.utf8.allSatisfy { $0 == UInt8(ascii: "_") || (0x30...0x39).contains($0) || isLetter($0) }
    }
}

extension JSONKind {
    /// The kind with its article.
    var words: String {
        switch self {
        case .object: "an object"
        case .array: "an array"
        case .string: "a string"
        case .number: "a number"
        case .bool: "true or false"
        case .null: "null"
        case .nothing: "nothing"
        }
    }
}

@inline(__always)
private func isBlank(_ byte: UInt8) -> Bool {
    byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
}

private func isLetter(_ byte: UInt8) -> Bool {
    (0x61...0x7A).contains(byte | 0x20)
}
