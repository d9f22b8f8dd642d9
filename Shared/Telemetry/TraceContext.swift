/// The identity of one step of a trace, as carried by the `traceparent` header (W3C Trace Context, level 1).
public struct TraceContext: Sendable, Equatable {
    /// 32 lower-case hexadecimal digits, the same for every step of the trace.
    public let traceId: String
    /// 16 lower-case hexadecimal digits, this step's own.
    public let spanId: String
    /// Whether a collector is asked to record it.
    public let isSampled: Bool

    /// Reads a `traceparent` header; `nil` when it breaks the standard's rules.
    ///
    /// A version above `00` is read by its first four fields, as the standard asks.
    public init?(traceparent: String) {
        let bytes = Array(traceparent.utf8)
        guard bytes.count >= 55, bytes[2] == 0x2d, bytes[35] == 0x2d, bytes[52] == 0x2d else { return nil }
        let version = bytes[0..<2]
        let trace = bytes[3..<35]
        let span = bytes[36..<52]
        let flags = bytes[53..<55]
        guard [version, trace, span, flags].allSatisfy({ $0.allSatisfy(Self.isLowerHexadecimal) }) else { return nil }
        let versionText = String(decoding: version, as: UTF8.self)
        guard versionText != "ff" else { return nil }
        guard bytes.count == 55 || (versionText != "00" && bytes[55] == 0x2d) else { return nil }
        guard trace.contains(where: { $0 != 0x30 }), span.contains(where: { $0 != 0x30 }) else { return nil }
        guard let flagBits = UInt8(String(decoding: flags, as: UTF8.self), radix: 16) else { return nil }
        self.init(
            traceId: String(decoding: trace, as: UTF8.self), spanId: String(decoding: span, as: UTF8.self),
            isSampled: flagBits & 1 == 1)
    }

    private init(traceId: String, spanId: String, isSampled: Bool) {
        self.traceId = traceId
        self.spanId = spanId
        self.isSampled = isSampled
    }

    /// Starts a trace with random ids, sampled.
    public static func new() -> TraceContext {
        TraceContext(traceId: randomHexadecimal() + randomHexadecimal(), spanId: randomHexadecimal(), isSampled: true)
    }

    /// The next step of the same trace: same trace id, a new span id.
    public func child() -> TraceContext {
        TraceContext(traceId: traceId, spanId: Self.randomHexadecimal(), isSampled: isSampled)
    }

    /// The header's value, version `00`.
    public var traceparent: String {
        "00-\(traceId)-\(spanId)-\(isSampled ? "01" : "00")"
    }

    private static func isLowerHexadecimal(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte)
    }

    /// 16 digits that are not all zero, which the standard forbids.
    private static func randomHexadecimal() -> String {
        let digits = String(UInt64.random(in: 1...UInt64.max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
