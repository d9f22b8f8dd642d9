/// One complete request, its body included.
public struct HTTPRequest: Sendable {
    /// The method as sent, such as `GET` or `PATCH`.
    public let method: String
    /// The path as sent: not percent-decoded, without the query.
    public let path: String
    /// The query as sent, without the question mark; empty where there is none.
    public let rawQuery: String
    /// The header fields.
    public let headers: HTTPHeaders
    /// The body; empty where there is none.
    public let body: [UInt8]

    /// Makes a request, as tests of a handler do.
    ///
    /// - Parameter target: path and query as they stand in the request line.
    public init(method: String, target: String, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        let relative = Self.withoutAuthority(target)
        let parts = relative.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        self.method = method
        self.path = parts.first.map(String.init) ?? "/"
        self.rawQuery = parts.count > 1 ? String(parts[1]) : ""
        self.headers = headers
        self.body = body
    }

    /// The query's pairs in order, decoded as forms are: `+` is a space.
    public var queryItems: [(name: String, value: String)] {
        rawQuery.split(separator: "&").map { pair in
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = parts.count > 1 ? PercentEncoding.decode(parts[1], plusIsSpace: true) : ""
            return (name: PercentEncoding.decode(parts[0], plusIsSpace: true), value: value)
        }
    }

    /// The value of the first query pair with this name.
    public func query(_ name: String) -> String? {
        queryItems.first { $0.name == name }?.value
    }

    /// The path's segments, each percent-decoded; a `+` stays. `/` has none, a slash at the end adds none.
    public func pathSegments() -> [String] {
        path.split(separator: "/").map { PercentEncoding.decode($0, plusIsSpace: false) }
    }

    /// Brings the absolute form of a request target (RFC 9112, 3.2.2) to path and query.
    private static func withoutAuthority(_ target: String) -> Substring {
        guard !target.hasPrefix("/"), let scheme = target.utf8.firstIndex(of: UInt8(ascii: ":")),
            target[scheme...].hasPrefix("://")
        else { return target[...] }
        let authority = target[target.index(scheme, offsetBy: 3)...]
        guard let slash = authority.utf8.firstIndex(of: UInt8(ascii: "/")) else { return "/" }
        return authority[slash...]
    }
}

/// Percent-decoding by RFC 3986, 2.1.
enum PercentEncoding {
    /// Decodes a text; bytes that are not UTF-8 afterwards become replacement characters, a lone `%` stays.
    static func decode(_ text: Substring, plusIsSpace: Bool) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), let high = rest.first.flatMap(hexValue),
                let low = rest.dropFirst().first.flatMap(hexValue)
            {
                bytes.append(high << 4 | low)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case 0x30...0x39: byte - 0x30
        case 0x41...0x46: byte - 0x41 + 10
        case 0x61...0x66: byte - 0x61 + 10
        default: nil
        }
    }
}
