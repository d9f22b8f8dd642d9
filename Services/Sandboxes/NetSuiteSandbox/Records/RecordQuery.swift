/// A `q` filter of a record list: what look-ups by external id need, and refused beyond that.
struct RecordQuery {
    enum Match: Equatable {
        case all
        case externalId(String)
        case text(field: String, value: String)
    }

    /// Reads `field IS "value"`; nil for any other text.
    static func parse(_ text: String) -> Match? {
        let parts = text.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3, parts[1].uppercased() == "IS" else { return nil }
        var value = parts[2]
        if value.hasPrefix("\"") {
            guard value.count >= 2, value.hasSuffix("\"") else { return nil }
            value = String(value.dropFirst().dropLast())
        } else if value.contains(" ") {
            return nil
        }
        return parts[0].lowercased() == "externalid" ? .externalId(value) : .text(field: parts[0], value: value)
    }
}
