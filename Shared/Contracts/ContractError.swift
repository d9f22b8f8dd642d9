import JSONText

/// Why a message, a header or an id was refused; it never quotes the data itself.
public struct ContractError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Where, such as `lines[2].quantity` or `header ce_type`; empty for the whole.
    public let path: String
    /// What is wrong, in plain words.
    public let reason: String
    /// What to do about it.
    public let mend: String

    /// Makes an error.
    public init(path: String, reason: String, mend: String) {
        self.path = path
        self.reason = reason
        self.mend = mend
    }

    /// Place, reason and mend in one line.
    public var description: String {
        "\(path.isEmpty ? "the message" : path): \(reason) (\(mend))"
    }

    /// A text that is no JSON, or none that we take.
    init(_ error: JSONError) {
        self.init(
            path: error.path, reason: "\(error.reason) (byte \(error.offset))",
            mend: "the sender must send one JSON document as the topic's schema describes it")
    }

    /// The same error below a path.
    func under(_ parent: String) -> ContractError {
        let joined = path.isEmpty || path.hasPrefix("[") ? parent + path : "\(parent).\(path)"
        return ContractError(path: joined, reason: reason, mend: mend)
    }
}
