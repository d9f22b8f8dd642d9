public import FoundationEssentials

/// The id of an event: a UUID, of version 7 (RFC 9562) where we make it, so that ids of later events sort later.
public struct EventId: Sendable, Hashable, CustomStringConvertible {
    /// The UUID in small letters.
    public let text: String

    /// Takes a UUID of any version as text.
    public init(_ text: String) throws(ContractError) {
        var text = text
        guard text.withUTF8({ EventId.isUUID($0) }) else {
            throw ContractError(path: "", reason: "an event's id is a UUID", mend: "send it as 8-4-4-4-12 digits")
        }
        self.text = text.utf8.contains { (0x41...0x46).contains($0) } ? text.lowercased() : text
    }

    private static func isUUID(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        guard bytes.count == 36 else { return false }
        return bytes.indices.allSatisfy { index in
            switch index {
            case 8, 13, 18, 23: bytes[index] == UInt8(ascii: "-")
            default: (0x30...0x39).contains(bytes[index]) || (0x61...0x66).contains(bytes[index] | 0x20)
            }
        }
    }

    /// From its two halves.
    private init(_ high: UInt64, _ low: UInt64) {
        text = String(unsafeUninitializedCapacity: 36) { text in
            var length = 0
            for position in 0..<32 {
                if position == 8 || position == 12 || position == 16 || position == 20 {
                    text[length] = UInt8(ascii: "-")
                    length += 1
                }
                let half = position < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (position & 15)) & 15)
                text[length] = digit < 10 ? UInt8(ascii: "0") + digit : UInt8(ascii: "a") + digit - 10
                length += 1
            }
            return length
        }
    }

    /// A new id for an event of this instant.
    public static func new(at date: Date) -> EventId {
        let milliseconds = UInt64(clamping: UTCInstant(date: date).millisecondsSinceEpoch)
        let random = UInt64.random(in: .min ... .max)
        let tail = UInt64.random(in: .min ... .max)
        return EventId(milliseconds << 16 | 0x7000 | random & 0x0FFF, 0x8000 << 48 | tail & 0x3FFF_FFFF_FFFF_FFFF)
    }

    /// The UUID in small letters.
    public var description: String { text }
}
