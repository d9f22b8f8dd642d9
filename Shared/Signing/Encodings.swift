import CLibcrypto

/// Message digests.
public enum Digest {
    /// SHA-256: 32 bytes.
    public static func sha256(_ message: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: 32)
        let worked = EVP_Digest(message, message.count, &digest, nil, EVP_sha256(), nil)
        precondition(worked == 1, "libcrypto has no SHA-256")
        return digest
    }

    /// Bytes as lower-case hexadecimal digits.
    public static func hex(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Bytes that nobody can foretell.
public enum SecureRandom {
    /// So many bytes from libcrypto's generator; ends the process if the system has no randomness.
    public static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        precondition(RAND_bytes(&bytes, Int32(count)) == 1, "the system gives no random bytes")
        return bytes
    }
}

/// Base64 with padding (RFC 4648, section 4).
public enum Base64 {
    /// Encodes bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        SixBits.encode(bytes, alphabet: SixBits.standard, pads: true)
    }

    /// Decodes a text; `nil` when it is not exactly what encoding gives.
    public static func decode(_ text: String) -> [UInt8]? {
        SixBits.decode(text, alphabet: SixBits.standard, pads: true)
    }
}

/// Base64 for URLs, without padding (RFC 4648, section 5; RFC 7515, section 2).
public enum Base64URL {
    /// Encodes bytes.
    public static func encode(_ bytes: [UInt8]) -> String {
        SixBits.encode(bytes, alphabet: SixBits.url, pads: false)
    }

    /// Decodes a text; `nil` when it is not exactly what encoding gives.
    public static func decode(_ text: String) -> [UInt8]? {
        SixBits.decode(text, alphabet: SixBits.url, pads: false)
    }
}

private enum SixBits {
    static let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    static let standard = Array((letters + "+/").utf8)
    static let url = Array((letters + "-_").utf8)

    static func encode(_ bytes: [UInt8], alphabet: [UInt8], pads: Bool) -> String {
        var text: [UInt8] = []
        text.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = 0
            for position in 0..<3 { bits = bits << 8 | (position < group.count ? Int(group[start + position]) : 0) }
            for position in 0...group.count { text.append(alphabet[bits >> (18 - 6 * position) & 63]) }
            if pads { text += repeatElement(UInt8(ascii: "="), count: 3 - group.count) }
        }
        return String(decoding: text, as: UTF8.self)
    }

    static func decode(_ text: String, alphabet: [UInt8], pads: Bool) -> [UInt8]? {
        var values = [UInt8](repeating: 255, count: 256)
        for (value, letter) in alphabet.enumerated() { values[Int(letter)] = UInt8(value) }
        var letters = Array(text.utf8)
        if pads {
            guard letters.count % 4 == 0 else { return nil }
            while letters.last == UInt8(ascii: "="), letters.count + 2 > text.utf8.count { letters.removeLast() }
        }
        guard letters.count % 4 != 1 else { return nil }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(letters.count * 3 / 4)
        var bits: UInt32 = 0
        var bitCount = 0
        for letter in letters {
            let value = values[Int(letter)]
            guard value != 255 else { return nil }
            bits = (bits << 6 | UInt32(value)) & 0xffff
            bitCount += 6
            if bitCount >= 8 {
                bitCount -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> UInt32(bitCount)))
            }
        }
        // Bits left over must be zero, else two texts would decode to the same bytes.
        guard bits & (1 << UInt32(bitCount) - 1) == 0 else { return nil }
        return bytes
    }
}
