/// Bounds that a JSON text must keep before it is read.
public struct JSONLimits: Sendable, Equatable {
    /// The longest text that is read, in bytes.
    public var maximumBytes: Int
    /// How deep objects and arrays may lie in one another.
    public var maximumDepth: Int

    /// Makes a pair of bounds.
    public init(maximumBytes: Int, maximumDepth: Int) {
        self.maximumBytes = maximumBytes
        self.maximumDepth = maximumDepth
    }

    /// A message of a topic: 1 MiB, 64 levels.
    public static let message = JSONLimits(maximumBytes: 1 << 20, maximumDepth: 64)
    /// An answer of a remote system: 16 MiB, 64 levels.
    public static let answer = JSONLimits(maximumBytes: 16 << 20, maximumDepth: 64)
}

/// Why a JSON text was refused, and where; it never quotes a value of the text.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where in the document, such as `lines[2].quantity`; empty for the document itself.
    public let path: String
    /// The byte at which reading stopped, counted from 0.
    public let offset: Int
    /// What is wrong, in plain words.
    public let reason: String

    /// Makes an error.
    public init(path: String, offset: Int, reason: String) {
        self.path = path
        self.offset = offset
        self.reason = reason
    }

    /// Place and reason in one line.
    public var description: String {
        let place = path.isEmpty ? "the document" : path
        return "\(place), byte \(offset): \(reason)"
    }
}

/// What kind of value comes next in a text.
public enum JSONKind: String, Sendable {
    case object, array, string, number, bool, null
    /// The end of the text, or a byte that begins no value.
    case nothing
}
