import Glibc

/// Finds single members in JSON bytes without reading the rest: for requests whose writer is ours and whose texts are
/// plain. Quotes inside a text are escaped there, so a name in quotes with its colon is a member's name.
enum BodyScan {
    /// The bytes behind the first member of this name.
    private static func start(of name: StaticString, in body: UnsafeRawBufferPointer) -> Int? {
        let length = name.utf8CodeUnitCount
        guard let base = body.baseAddress else { return nil }
        var index = 0
        while index + length <= body.count {
            guard let quote = memchr(base + index, Int32(UInt8(ascii: "\"")), body.count - length + 1 - index) else {
                return nil
            }
            if memcmp(quote, name.utf8Start, length) == 0 { return UnsafeRawPointer(quote) - base + length }
            index = UnsafeRawPointer(quote) - base + 1
        }
        return nil
    }

    /// The text of a member, given as its name in quotes and the colon.
    static func text(_ name: StaticString, in body: [UInt8]) -> String? {
        body.withUnsafeBytes { body in
            guard var index = start(of: name, in: body), index < body.count, body[index] == UInt8(ascii: "\"") else {
                return nil
            }
            index += 1
            guard let end = body[index...].firstIndex(of: UInt8(ascii: "\"")) else { return nil }
            return String(decoding: body[index..<end], as: UTF8.self)
        }
    }

    /// The first whole number within a few bytes behind a member's name: `"entity":{"id":"12"}` has 12.
    static func number(_ name: StaticString, in body: [UInt8]) -> Int? {
        body.withUnsafeBytes { body in
            guard let start = start(of: name, in: body) else { return nil }
            let near = body[start..<min(start + 12, body.count)]
            guard let first = near.firstIndex(where: isDigit) else { return nil }
            return body[first...].prefix { isDigit($0) }.reduce(0) { ($0 &* 10) &+ Int($1 & 15) }
        }
    }

    /// The texts in single quotes of a statement.
    static func literals(in statement: some StringProtocol) -> [Substring] {
        let parts = Substring(statement).split(separator: "'", omittingEmptySubsequences: false)
        return stride(from: 1, to: parts.count, by: 2).map { parts[$0] }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }
}
