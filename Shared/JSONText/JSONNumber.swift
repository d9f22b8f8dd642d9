/// A number exactly as it is written: no binary floating point ever touches it.
public struct JSONNumber: Sendable, Equatable, Hashable {
    /// The digits as read or given, in JSON's grammar, such as `49.50` or `1e3`.
    public let text: String

    /// A whole number.
    public init(_ value: Int) {
        text = String(value)
    }

    /// A whole number of 64 bits.
    public init(_ value: Int64) {
        text = String(value)
    }

    /// A number from its digits; `nil` where they break the grammar of RFC 8259, section 6.
    public init?(text: String) {
        var text = text
        guard text.withUTF8({ !$0.isEmpty && JSONNumber.end(in: $0, from: 0) == $0.count }) else { return nil }
        self.text = text
    }

    init(checked text: String) {
        self.text = text
    }

    /// The value where it is written as a whole number without exponent and fits 64 bits.
    public var int64: Int64? {
        Int64(text)
    }

    /// The index behind the number that begins at `start`; `nil` where none does.
    static func end(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var index = start
        func digits() -> Int {
            var count = 0
            while index < bytes.count, bytes[index] &- 0x30 < 10 {
                index += 1
                count += 1
            }
            return count
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") { index += 1 }
        if index < bytes.count, bytes[index] == UInt8(ascii: "0") {
            index += 1
        } else if digits() == 0 {
            return nil
        }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            if digits() == 0 { return nil }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") {
                index += 1
            }
            if digits() == 0 { return nil }
        }
        return index
    }
}
