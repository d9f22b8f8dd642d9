/// Any JSON value as a tree; for hot paths read with `JSONReader` instead.
public enum JSONValue: Sendable, Equatable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)
}

extension JSONValue {
    /// Whether this is JSON's null.
    public var isNull: Bool { self == .null }

    /// The truth value, where it is one.
    public var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The number, where it is one.
    public var number: JSONNumber? {
        guard case .number(let value) = self else { return nil }
        return value
    }

    /// The number as a 64-bit integer, where it is written as one.
    public var int64: Int64? { number?.int64 }

    /// The text, where it is a string.
    public var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The elements, where it is an array.
    public var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The members, where it is an object.
    public var object: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The member of an object; `nil` where it is missing or this is no object.
    public subscript(name: String) -> JSONValue? { object?[name] }

    /// The element of an array; `nil` where it is missing or this is no array.
    public subscript(index: Int) -> JSONValue? {
        guard let elements = array, elements.indices.contains(index) else { return nil }
        return elements[index]
    }
}

extension JSONValue {
    /// Reads one whole document.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = .message) throws(JSONError) -> JSONValue {
        // In Swift 6.0 the error's type does not come through that call.
        let parsed: Result<JSONValue, JSONError> = bytes.withUnsafeBufferPointer { all in
            Result { () throws(JSONError) in
                var reader = try JSONReader(all, limits: limits)
                let value = try reader.readValue()
                try reader.finish()
                return value
            }
        }
        return try parsed.get()
    }

    /// Reads one whole document.
    public static func parse(
        _ bytes: some Collection<UInt8>, limits: JSONLimits = .message
    ) throws(JSONError) -> JSONValue {
        try parse(Array(bytes), limits: limits)
    }

    /// Reads one whole document.
    public static func parse(_ text: String, limits: JSONLimits = .message) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }

    /// The document in UTF-8; `pretty` breaks lines and indents by two blanks.
    public func bytes(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.value(self)
        return writer.bytes
    }

    /// The document as text.
    public func text(pretty: Bool = false) -> String {
        String(decoding: bytes(pretty: pretty), as: UTF8.self)
    }
}

extension JSONValue: ExpressibleByStringInterpolation, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// A whole number.
    public init(integerLiteral value: Int) { self = .number(JSONNumber(value)) }
    /// A truth value.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// An array.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object.
    public init(dictionaryLiteral elements: (String, JSONValue)...) { self = .object(JSONObject(elements)) }
    /// JSON's null.
    public init(nilLiteral: ()) { self = .null }
}
