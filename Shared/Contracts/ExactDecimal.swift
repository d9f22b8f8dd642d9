public import JSONText

/// Why decimal text or arithmetic has no exact result here.
public enum ExactDecimalError: Error, Sendable, Equatable {
    /// The text is no decimal number.
    case malformed
    /// The number needs more than the 18 digits, or 18 decimals, that are carried.
    case outOfRange
    /// A sum, difference or product does not fit.
    case overflow
}

/// A decimal number without rounding: a mantissa of 64 bits and how many of its digits are decimals.
///
/// Equality and order go by value (`1.5 == 1.50`); `text` keeps the decimals as given.
public struct ExactDecimal: Sendable {
    /// All digits as one integer: 4950 for `49.50`.
    public let mantissa: Int64
    /// How many of the digits are decimals, 0 to 18: 2 for `49.50`.
    public let scale: Int

    /// The largest number of decimals.
    public static let maximumScale = 18
    /// Nothing.
    public static let zero = ExactDecimal(whole: 0)

    private init(mantissa: Int64, scale: Int) {
        self.mantissa = mantissa
        self.scale = scale
    }

    /// A whole number.
    public init(whole: Int64) {
        self.init(mantissa: whole, scale: 0)
    }

    /// A wide mantissa; zeros at the end of the decimals are dropped where that makes it fit, and nothing else is.
    init(wide: Int128, scale: Int) throws(ExactDecimalError) {
        var (mantissa, scale) = (wide, scale)
        while scale > 0, scale > ExactDecimal.maximumScale || Int64(exactly: mantissa) == nil, mantissa % 10 == 0 {
            mantissa /= 10
            scale -= 1
        }
        guard scale <= ExactDecimal.maximumScale, let narrow = Int64(exactly: mantissa) else { throw .overflow }
        self.init(mantissa: narrow, scale: scale)
    }

    /// Reads `49.50`, `-3`, and with an exponent `1.2e3`; neither blanks nor a plus sign.
    public init(_ text: String) throws(ExactDecimalError) {
        var text = text
        if let plain = text.withUTF8({ ExactDecimal(plain: $0) }) {
            self = plain
            return
        }
        guard let number = JSONNumber(text: text) else { throw .malformed }
        try self.init(number)
    }

    /// The short way for digits with at most one point, as nearly all amounts are; nil for what takes a closer look.
    init?(plain bytes: UnsafeBufferPointer<UInt8>) {
        let first = bytes.first == UInt8(ascii: "-") ? 1 : 0
        guard (1...18).contains(bytes.count - first) else { return nil }
        if bytes[first] == UInt8(ascii: "0"), first + 1 < bytes.count, bytes[first + 1] != UInt8(ascii: ".") {
            return nil
        }
        var mantissa: Int64 = 0
        var point = bytes.count - 1
        for index in first..<bytes.count {
            if bytes[index] == UInt8(ascii: "."), point == bytes.count - 1, index > first, index + 1 < bytes.count {
                point = index
            } else {
                guard (0x30...0x39).contains(bytes[index]) else { return nil }
                mantissa = mantissa * 10 + Int64(bytes[index] - 0x30)
            }
        }
        self.init(mantissa: first == 1 ? -mantissa : mantissa, scale: bytes.count - 1 - point)
    }

    /// Takes a JSON number by its digits.
    public init(_ number: JSONNumber) throws(ExactDecimalError) {
        var digits: [UInt8] = []
        var scale = 0
        var exponent = 0
        var isNegative = false
        var isFraction = false
        scan: for (index, byte) in number.text.utf8.enumerated() {
            switch byte {
            case UInt8(ascii: "-"): isNegative = true
            case UInt8(ascii: "."): isFraction = true
            case UInt8(ascii: "e"), UInt8(ascii: "E"):
                guard let value = Int16(String(number.text.dropFirst(index + 1))) else { throw .outOfRange }
                exponent = Int(value)
                break scan
            default:
                digits.append(byte - 0x30)
                if isFraction { scale += 1 }
            }
        }
        self = try ExactDecimal.assemble(digits: digits, scale: scale - exponent, isNegative: isNegative)
    }

    private static func assemble(
        digits: [UInt8], scale: Int, isNegative: Bool
    ) throws(ExactDecimalError) -> ExactDecimal {
        var digits = digits[...]
        var scale = scale
        digits = digits.drop { $0 == 0 }
        if digits.isEmpty { return ExactDecimal(mantissa: 0, scale: min(max(scale, 0), maximumScale)) }
        while scale > maximumScale || digits.count > 18, scale > 0, digits.last == 0 {
            digits.removeLast()
            scale -= 1
        }
        guard scale <= maximumScale, digits.count + max(-scale, 0) <= 18 else { throw .outOfRange }
        var mantissa: Int64 = 0
        for digit in digits { mantissa = mantissa * 10 + Int64(digit) }
        for _ in 0..<max(-scale, 0) { mantissa *= 10 }
        return ExactDecimal(mantissa: isNegative ? -mantissa : mantissa, scale: max(scale, 0))
    }

    /// The number with its decimals as given: `49.50`.
    public var text: String {
        guard scale > 0 else { return String(mantissa) }
        var (rest, digits) = (mantissa.magnitude, 1)
        while rest > 9 {
            rest /= 10
            digits += 1
        }
        let length = (mantissa < 0 ? 1 : 0) + max(digits, scale + 1) + 1
        return String(unsafeUninitializedCapacity: length) { text in
            var rest = mantissa.magnitude
            for position in (0..<length).reversed() {
                if position == length - 1 - scale {
                    text[position] = UInt8(ascii: ".")
                } else if position == 0, mantissa < 0 {
                    text[position] = UInt8(ascii: "-")
                } else {
                    text[position] = UInt8(ascii: "0") + UInt8(rest % 10)
                    rest /= 10
                }
            }
            return length
        }
    }

    /// The number without zeros at the end of its decimals: `49.5`.
    public var plainText: String { normalized.text }

    /// The same as a JSON number.
    public var jsonNumber: JSONNumber { JSONNumber(text: text) ?? JSONNumber(mantissa) }

    /// Whether it is below zero.
    public var isNegative: Bool { mantissa < 0 }
    /// Whether it is zero.
    public var isZero: Bool { mantissa == 0 }

    /// The same value with the fewest decimals.
    public var normalized: ExactDecimal {
        var (mantissa, scale) = (mantissa, scale)
        while scale > 0, mantissa % 10 == 0 {
            mantissa /= 10
            scale -= 1
        }
        return ExactDecimal(mantissa: mantissa, scale: scale)
    }

    /// The value with exactly `places` decimals; a half goes away from zero, as on an invoice.
    public func rounded(toScale places: Int) throws(ExactDecimalError) -> ExactDecimal {
        guard (0...ExactDecimal.maximumScale).contains(places) else { throw .outOfRange }
        if places >= scale {
            guard let narrow = Int64(exactly: Int128(mantissa) * powerOfTen(places - scale)) else { throw .overflow }
            return ExactDecimal(mantissa: narrow, scale: places)
        }
        let divisor = powerOfTen(scale - places)
        let half = mantissa < 0 ? -(divisor / 2) : divisor / 2
        return try ExactDecimal(wide: (Int128(mantissa) + half) / divisor, scale: places)
    }
}

extension ExactDecimal {
    /// The exact sum.
    public static func + (left: ExactDecimal, right: ExactDecimal) throws(ExactDecimalError) -> ExactDecimal {
        let scale = max(left.scale, right.scale)
        return try ExactDecimal(wide: left.wide(at: scale) + right.wide(at: scale), scale: scale)
    }

    /// The exact difference.
    public static func - (left: ExactDecimal, right: ExactDecimal) throws(ExactDecimalError) -> ExactDecimal {
        let scale = max(left.scale, right.scale)
        return try ExactDecimal(wide: left.wide(at: scale) - right.wide(at: scale), scale: scale)
    }

    /// The exact product.
    public static func * (left: ExactDecimal, right: ExactDecimal) throws(ExactDecimalError) -> ExactDecimal {
        try ExactDecimal(wide: Int128(left.mantissa) * Int128(right.mantissa), scale: left.scale + right.scale)
    }

    /// At most 19 + 18 digits, which 128 bits hold.
    fileprivate func wide(at scale: Int) -> Int128 {
        Int128(mantissa) * powerOfTen(scale - self.scale)
    }
}

extension ExactDecimal: Comparable, Hashable, CustomStringConvertible {
    /// Equal by value, whatever the decimals.
    public static func == (left: ExactDecimal, right: ExactDecimal) -> Bool {
        if left.scale == right.scale { return left.mantissa == right.mantissa }
        let scale = max(left.scale, right.scale)
        return left.wide(at: scale) == right.wide(at: scale)
    }

    /// Ordered by value.
    public static func < (left: ExactDecimal, right: ExactDecimal) -> Bool {
        if left.scale == right.scale || right.mantissa == 0 { return left.mantissa < right.mantissa }
        let scale = max(left.scale, right.scale)
        return left.wide(at: scale) < right.wide(at: scale)
    }

    /// Hashes the value, whatever the decimals.
    public func hash(into hasher: inout Hasher) {
        let value = normalized
        hasher.combine(value.mantissa)
        hasher.combine(value.scale)
    }

    /// The number as `text`.
    public var description: String { text }
}

private func powerOfTen(_ exponent: Int) -> Int128 {
    var result: Int128 = 1
    for _ in 0..<exponent { result *= 10 }
    return result
}

/// An amount of money with its currency.
public struct Money: Sendable, Hashable, CustomStringConvertible {
    /// How much.
    public let amount: ExactDecimal
    /// The currency's ISO 4217 code, three capital letters.
    public let currency: String

    /// Makes an amount.
    public init(amount: ExactDecimal, currency: String) {
        self.amount = amount
        self.currency = currency
    }

    /// Amount and currency, as `49.50 USD`.
    public var description: String { "\(amount.text) \(currency)" }
}
