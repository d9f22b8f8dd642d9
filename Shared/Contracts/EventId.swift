public import FoundationEssentials

/// The id of an event: a UUID, of version 7 (RFC 9562) where we make it, so that ids of later events sort later.
public struct EventId: Sendable, Hashable, CustomStringConvertible {
    /// The UUID in small letters.
    public let text: String

    /// Takes a UUID of any version as text.
    public init(_ text: String) throws(ContractError) {
        let bytes = Array(text.utf8)
        let hyphens = [8, 13, 18, 23]
        let fits =
            bytes.count == 36
            && bytes.enumerated().allSatisfy { index, byte in
                hyphens.contains(index)
                    ? byte == UInt8(ascii: "-")
                    : (0x30...0x39).contains(byte) || (0x61...0x66).contains(byte | 0x20)
            }
        guard fits else {
            throw ContractError(path: "", reason: "an event's id is a UUID", mend: "send it as 8-4-4-4-12 digits")
        }
        self.text = text.lowercased()
    }

    private init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for (index, byte) in bytes.enumerated() {
            if [4, 6, 8, 10].contains(index) { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        self.text = String(decoding: text, as: UTF8.self)
    }

    /// A new id for an event of this instant.
    public static func new(at date: Date) -> EventId {
        let milliseconds = UInt64(clamping: UTCInstant(date: date).millisecondsSinceEpoch)
        let random = UInt64.random(in: .min ... .max)
        let tail = UInt64.random(in: .min ... .max)
        var bytes = (0..<6).map { UInt8(truncatingIfNeeded: milliseconds >> (40 - 8 * UInt64($0))) }
        bytes.append(0x70 | UInt8(truncatingIfNeeded: random) & 0x0F)
        bytes.append(UInt8(truncatingIfNeeded: random >> 8))
        bytes.append(0x80 | UInt8(truncatingIfNeeded: random >> 16) & 0x3F)
        bytes += (0..<7).map { UInt8(truncatingIfNeeded: tail >> (8 * UInt64($0))) }
        return EventId(bytes: bytes)
    }

    /// The UUID in small letters.
    public var description: String { text }
}
