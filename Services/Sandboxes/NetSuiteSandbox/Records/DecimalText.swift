import FoundationEssentials
import JSONText

extension Decimal {
    /// Reads a JSON number or a plain decimal text; nil when the text is anything else or out of range.
    init?(exactly text: String) {
        guard let number = JSONNumber(text: text), let value = Decimal(string: number.text), value.isFinite else {
            return nil
        }
        self = value
    }

    /// Rounded half away from zero to this many digits after the point.
    func rounded(toScale scale: Int) -> Decimal {
        var factor = Decimal(1)
        for _ in 0..<scale { factor *= 10 }
        let scaled = magnitude * factor
        let parts = scaled.description.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 2, let whole = Decimal(string: String(parts[0])) else { return self }
        let up = (parts[1].utf8.first ?? UInt8(ascii: "0")) >= UInt8(ascii: "5")
        let result = (whole + (up ? 1 : 0)) / factor
        return isSignMinus ? -result : result
    }

    /// As the record service prints numbers: `2.0`, `49.5`.
    var json: JSONValue {
        let text = description
        return JSONNumber(text: text.contains(".") ? text : text + ".0").map(JSONValue.number) ?? .string(text)
    }
}
