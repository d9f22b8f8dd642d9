/// The header fields of one HTTP message, in the order in which they stood on the wire.
///
/// Names are found without regard to letter case (RFC 9110, 5.1) and keep the letters that were sent.
public struct HTTPHeaders: Sendable, Sequence, ExpressibleByDictionaryLiteral {
    private var fields: [(name: String, value: String)] = []

    /// Makes an empty list.
    public init() {}

    /// Makes a list of these fields, in this order.
    public init(_ fields: [(String, String)]) {
        self.fields = fields.map { (name: $0.0, value: $0.1) }
    }

    /// Makes a list of these fields, in this order.
    public init(dictionaryLiteral elements: (String, String)...) {
        self.init(elements)
    }

    /// The value of the first field with this name.
    public subscript(name: String) -> String? {
        fields.first { isSameFieldName($0.name, name) }?.value
    }

    /// All values of the fields with this name, in order.
    public func values(of name: String) -> [String] {
        fields.filter { isSameFieldName($0.name, name) }.map(\.value)
    }

    /// Adds a field at the end.
    public mutating func append(_ name: String, _ value: String) {
        fields.append((name: name, value: value))
    }

    /// The number of fields.
    public var count: Int { fields.count }

    /// Goes through the fields in order.
    public func makeIterator() -> IndexingIterator<[(name: String, value: String)]> {
        fields.makeIterator()
    }
}

/// Compares two field names without regard to the case of ASCII letters.
func isSameFieldName(_ left: String, _ right: String) -> Bool {
    left.utf8.elementsEqual(right.utf8) { lowercased($0) == lowercased($1) }
}

private func lowercased(_ byte: UInt8) -> UInt8 {
    (0x41...0x5A).contains(byte) ? byte | 0x20 : byte
}
