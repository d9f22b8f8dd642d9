/// A value of a YAML document that knows where it stands. Scalars are texts: what they mean is the reader's to say.
public struct YAMLNode: Sendable, Equatable {
    /// What a node holds.
    public enum Content: Sendable, Equatable {
        /// A text, and whether it stood without quotes.
        case scalar(String, isPlain: Bool)
        /// Members in the order of the file; keys are scalars and differ.
        case mapping([YAMLMember])
        /// Elements in the order of the file.
        case sequence([YAMLNode])
    }

    /// What it holds.
    public let content: Content
    /// The line where it begins, from 1.
    public let line: Int
    /// The column where it begins, from 1, counted in characters.
    public let column: Int

    /// A scalar's text; `nil` for anything else, and for an empty or `null` value without quotes.
    public var text: String? {
        guard case .scalar(let text, let isPlain) = content else { return nil }
        return isPlain && Self.plainNulls.contains(text) ? nil : text
    }

    /// Whether it is an empty or `null` value without quotes.
    public var isNull: Bool {
        if case .scalar(let text, isPlain: true) = content { return Self.plainNulls.contains(text) }
        return false
    }

    /// The members of a mapping.
    public var members: [YAMLMember]? {
        if case .mapping(let members) = content { return members }
        return nil
    }

    /// The elements of a sequence.
    public var elements: [YAMLNode]? {
        if case .sequence(let elements) = content { return elements }
        return nil
    }

    /// The value of a mapping's key.
    public subscript(_ key: String) -> YAMLNode? {
        members?.first { $0.name == key }?.value
    }

    /// What kind of node it is, in words for a message.
    public var kindInWords: String {
        switch content {
        case .scalar: isNull ? "nothing" : "a single value"
        case .mapping: "a mapping (key: value)"
        case .sequence: "a list"
        }
    }

    private static let plainNulls: Set<String> = ["", "~", "null", "Null", "NULL"]
}

/// One member of a mapping.
public struct YAMLMember: Sendable, Equatable {
    /// The key, with its place.
    public let key: YAMLNode
    /// The key's text.
    public let name: String
    /// The value.
    public let value: YAMLNode
}

/// Why a text is no acceptable YAML, and where.
public struct YAMLError: Error, Sendable, Equatable, CustomStringConvertible {
    /// From 1.
    public let line: Int
    /// From 1.
    public let column: Int
    /// What is wrong, as a plain sentence without a full stop.
    public let reason: String

    /// `line 3, column 5: reason`.
    public var description: String { "line \(line), column \(column): \(reason)" }
}
