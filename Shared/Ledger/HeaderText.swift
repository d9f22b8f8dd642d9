/// Kafka headers as text: `name=value` lines, every byte outside printable ASCII as `%` and two digits. A header
/// without value has no `=`. Exact for any bytes, and legible for a person with `psql`.
enum HeaderText {
    static func encode(_ headers: [SourceMessage.Header]) -> String {
        headers.map { header in
            let name = escape(Array(header.name.utf8))
            return header.value.map { "\(name)=\(escape($0))" } ?? name
        }.joined(separator: "\n")
    }

    private static func escape(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789ABCDEF".utf8)
        var text: [UInt8] = []
        for byte in bytes {
            if (0x20...0x7E).contains(byte), byte != UInt8(ascii: "%"), byte != UInt8(ascii: "=") {
                text.append(byte)
            } else {
                text += [UInt8(ascii: "%"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// Reads what ``encode(_:)`` wrote.
    static func decode(_ text: String) -> [SourceMessage.Header] {
        text.split(separator: "\n").map { line in
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(decoding: unescape(parts[0]), as: UTF8.self)
            return SourceMessage.Header(name: name, value: parts.count > 1 ? unescape(parts[1]) : nil)
        }
    }

    private static func unescape(_ text: Substring) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: "%"), rest.count >= 2,
                let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
            {
                bytes.append(value)
                rest = rest.dropFirst(2)
            } else {
                bytes.append(byte)
            }
        }
        return bytes
    }
}
