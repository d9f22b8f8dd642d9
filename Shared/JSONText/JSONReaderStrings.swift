/// Strings and their escapes.
extension JSONReader {
    /// Reads the string whose opening quote is at `position`.
    mutating func scanString() throws(JSONError) -> String {
        let start = position + 1
        // Through a pointer: each byte of a message passes here, and none is looked at twice.
        let (end, text) = bytes.withUnsafeBufferPointer { all -> (Int, String?) in
            var index = start
            while index < all.count, all[index] != UInt8(ascii: "\""), all[index] != UInt8(ascii: "\\"),
                all[index] >= 0x20
            { index += 1 }
            guard index < all.count, all[index] == UInt8(ascii: "\"") else { return (index, nil) }
            return (index, String(decoding: UnsafeBufferPointer(rebasing: all[start..<index]), as: UTF8.self))
        }
        if let text {
            position = end + 1
            return text
        }
        position = end
        guard end < bytes.count else { throw error("the text ends inside a string") }
        guard bytes[end] == UInt8(ascii: "\\") else {
            throw error("a control character stands unescaped in a string")
        }
        return try scanEscapedString(from: start, firstEscape: end)
    }

    private mutating func scanEscapedString(from start: Int, firstEscape: Int) throws(JSONError) -> String {
        var text = Array(bytes[start..<firstEscape])
        position = firstEscape
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case UInt8(ascii: "\""):
                position += 1
                return String(decoding: text, as: UTF8.self)
            case UInt8(ascii: "\\"): try scanEscape(into: &text)
            case 0..<0x20: throw error("a control character stands unescaped in a string")
            default:
                text.append(byte)
                position += 1
            }
        }
        throw error("the text ends inside a string")
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
            text.append(contentsOf: String(Character(try scanUnicodeEscape())).utf8)
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
