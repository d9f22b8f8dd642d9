/// Strings and their escapes.
extension JSONReader {
    /// Takes the string whose opening quote is at `position`, where it has neither an escape nor a fault; else nothing.
    mutating func takePlainString() -> (text: UnsafeBufferPointer<UInt8>, isASCII: Bool)? {
        let start = position + 1
        let (end, high) = endOfRun(from: start)
        guard end < bytes.count, bytes[end] == UInt8(ascii: "\"") else { return nil }
        position = end + 1
        return (UnsafeBufferPointer(rebasing: bytes[start..<end]), high & 0x8080_8080_8080_8080 == 0)
    }

    /// Reads the string whose opening quote is at `position`.
    mutating func scanString() throws(JSONError) -> String {
        if let plain = takePlainString() { return String(decoding: plain.text, as: UTF8.self) }
        var text: [UInt8] = []
        position += 1
        while true {
            let end = endOfRun(from: position).end
            if text.isEmpty { text.reserveCapacity(end - position + 48) }
            text.append(contentsOf: UnsafeBufferPointer(rebasing: bytes[position..<end]))
            position = end
            guard end < bytes.count else { throw error("the text ends inside a string") }
            switch bytes[end] {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try scanEscape(into: &text)
            default: throw error("a control character stands unescaped in a string")
            }
        }
    }

    /// Where the next quote, backslash or control character stands (or the text ends), and all bytes before it or-ed
    /// together. Eight bytes a step: a byte's high bit is set in `found` where it is one of these; above the first such
    /// byte bits may be set wrongly, below it never.
    private func endOfRun(from start: Int) -> (end: Int, high: UInt64) {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let raw = UnsafeRawBufferPointer(bytes)
        var (index, high): (Int, UInt64) = (start, 0)
        while index + 8 <= raw.count {
            let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            let (quote, backslash) = (word ^ (ones &* 0x22), word ^ (ones &* 0x5C))
            let found =
                ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word) & highs
            if found != 0 {
                let bits = found.trailingZeroBitCount - 7
                return (index + (bits >> 3), high | word & ((1 << UInt64(bits)) - 1))
            }
            high |= word
            index += 8
        }
        while index < raw.count, raw[index] != UInt8(ascii: "\""), raw[index] != UInt8(ascii: "\\"), raw[index] >= 0x20
        {
            high |= UInt64(raw[index])
            index += 1
        }
        return (index, high)
    }

    private mutating func scanEscape(into text: inout [UInt8]) throws(JSONError) {
        guard position + 1 < bytes.count else {
            position = bytes.count
            throw error("the text ends inside a string")
        }
        let letter = bytes[position + 1]
        let plain: UInt8
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): plain = letter
        case UInt8(ascii: "b"): plain = 0x08
        case UInt8(ascii: "f"): plain = 0x0C
        case UInt8(ascii: "n"): plain = 0x0A
        case UInt8(ascii: "r"): plain = 0x0D
        case UInt8(ascii: "t"): plain = 0x09
        case UInt8(ascii: "u"):
            let scalar = try scanUnicodeEscape()
            if scalar.value == 0 { charactersNUL += 1 }
            text.append(contentsOf: String(Character(scalar)).utf8)
            return
        default: throw error("a backslash is followed by a letter that JSON does not know")
        }
        text.append(plain)
        position += 2
    }

    private mutating func scanUnicodeEscape() throws(JSONError) -> Unicode.Scalar {
        let first = try fourHexDigits()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let isHigh = (0xD800...0xDBFF).contains(first)
        guard isHigh, position + 1 < bytes.count, bytes[position] == UInt8(ascii: "\\"),
            bytes[position + 1] == UInt8(ascii: "u")
        else { throw error("half of a surrogate pair stands alone") }
        let second = try fourHexDigits()
        guard (0xDC00...0xDFFF).contains(second),
            let scalar = Unicode.Scalar(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00))
        else { throw error("half of a surrogate pair stands alone") }
        return scalar
    }

    /// Reads `\uXXXX` at `position` and moves behind it.
    private mutating func fourHexDigits() throws(JSONError) -> UInt32 {
        guard position + 6 <= bytes.count else { throw error("the text ends inside a string") }
        var value: UInt32 = 0
        for index in (position + 2)..<(position + 6) {
            guard let digit = hexadecimalValue(bytes[index]) else {
                throw error("four hexadecimal digits are expected behind \\u")
            }
            value = value << 4 | digit
        }
        position += 6
        return value
    }

    private func hexadecimalValue(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
