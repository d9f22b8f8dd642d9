/// Reads a JSON text step by step, as RFC 8259 has it and stricter.
///
/// Refused are: a byte order mark, bytes that are no UTF-8, lone surrogates, names that occur twice in an object (however
/// they are escaped), texts beyond the limits, bytes behind the document. Numbers keep their digits.
public struct JSONReader: Sendable {
    let bytes: [UInt8]
    var position = 0
    private let limits: JSONLimits
    private var path: [PathElement] = []
    /// Deeper places are cut in errors: they come from the sender, and people read them.
    private static let shownDepth = 8

    private enum PathElement: Sendable {
        case member(String)
        case element(Int)
    }

    /// Begins a text; its size and UTF-8 are checked at once.
    public init(_ bytes: [UInt8], limits: JSONLimits = .message) throws(JSONError) {
        self.bytes = bytes
        self.limits = limits
        guard bytes.count <= limits.maximumBytes else {
            throw JSONError(
                path: "", offset: limits.maximumBytes,
                reason: "the text has \(bytes.count) bytes, more than the \(limits.maximumBytes) allowed")
        }
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) {
            throw JSONError(path: "", offset: 0, reason: "the text begins with a byte order mark, which JSON forbids")
        }
        if let offset = firstInvalidUTF8(in: bytes) {
            throw JSONError(path: "", offset: offset, reason: "the bytes are not UTF-8")
        }
        path.reserveCapacity(8)
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
        for element in path.prefix(Self.shownDepth) {
            switch element {
            case .element(let index): text += "[\(index)]"
            case .member(let name): text += (text.isEmpty ? "" : ".") + (isPlainWord(name) ? name : "?")
            }
        }
        return path.count > Self.shownDepth ? text + "…" : text
    }

    /// Reads an object; `member` gets each name and must read (or skip) exactly its value.
    public mutating func readObject(_ member: (String, inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "{"), .object)
        var names = NamesSeen()
        skipBlanks()
        if take(UInt8(ascii: "}")) { return }
        while true {
            skipBlanks()
            guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                throw self.error("a member's name in quotes is expected")
            }
            let name = try scanString()
            let depth = path.count
            path.append(.member(name))
            guard names.insert(name) else { throw self.error("the name occurs twice in its object") }
            skipBlanks()
            guard take(UInt8(ascii: ":")) else { throw self.error("a colon is expected behind the name") }
            try member(name, &self)
            path.removeLast(path.count - depth)
            skipBlanks()
            if take(UInt8(ascii: "}")) { return }
            guard take(UInt8(ascii: ",")) else { throw self.error("a comma or the object's end is expected") }
        }
    }

    /// Reads an array; `element` must read (or skip) exactly one value each time.
    public mutating func readArray(_ element: (inout JSONReader) throws -> Void) throws {
        try open(UInt8(ascii: "["), .array)
        skipBlanks()
        if take(UInt8(ascii: "]")) { return }
        var index = 0
        while true {
            let depth = path.count
            path.append(.element(index))
            try element(&self)
            path.removeLast(path.count - depth)
            index += 1
            skipBlanks()
            if take(UInt8(ascii: "]")) { return }
            guard take(UInt8(ascii: ",")) else { throw self.error("a comma or the array's end is expected") }
        }
    }

    /// Reads a string.
    public mutating func readString() throws(JSONError) -> String {
        try expect(.string)
        return try scanString()
    }

    /// Reads a number with its digits as they stand.
    public mutating func readNumber() throws(JSONError) -> JSONNumber {
        try expect(.number)
        let found = bytes.withUnsafeBufferPointer { JSONNumber.end(in: $0, from: position) }
        guard let end = found, !isWordByte(at: end) else {
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
        guard peek() == .null else { return false }
        skipBlanks()
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
                try reader.readObject { name, reader in object.append(unique: name, try reader.readValue()) }
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
        guard path.count < limits.maximumDepth else {
            throw error("objects and arrays lie deeper than the \(limits.maximumDepth) levels allowed")
        }
        position += 1
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

/// The names of one object; a set only where there are many, since most objects are small.
private struct NamesSeen {
    private var few: [String] = []
    private var many: Set<String> = []

    mutating func insert(_ name: String) -> Bool {
        if !many.isEmpty { return many.insert(name).inserted }
        if few.contains(name) { return false }
        if few.isEmpty { few.reserveCapacity(16) }
        few.append(name)
        if few.count == 16 { many = Set(few) }
        return true
    }
}
