/// The id of a Salesforce record in its form of 18 characters.
public struct SalesforceId: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 18 characters.
    public let text: String

    /// Takes 15 characters, which are completed, or 18, whose suffix is checked.
    ///
    /// The last three characters repeat which of the first fifteen are capital letters: five bits a character, low bit
    /// first, in the alphabet A–Z, 0–5.
    public init(_ text: String) throws(ContractError) {
        var text = text
        switch text.withUTF8({ SalesforceId.form(of: $0) }) {
        case .complete: self.text = text
        case .short(let suffix): self.text = text + String(decoding: suffix, as: UTF8.self)
        case .refused(let reason): throw SalesforceId.refusal(reason)
        }
    }

    private enum Form {
        case complete
        case short(suffix: [UInt8])
        case refused(String)
    }

    private static func form(of characters: UnsafeBufferPointer<UInt8>) -> Form {
        guard characters.count == 15 || characters.count == 18 else {
            return .refused("a Salesforce id has 15 or 18 characters")
        }
        var areLettersAndDigits = true
        for byte in characters where !isLetterOrDigit(byte) { areLettersAndDigits = false }
        guard areLettersAndDigits else {
            return .refused("a Salesforce id has letters and digits only")
        }
        guard characters.count == 18 else { return .short(suffix: (0..<3).map { suffix(of: characters, group: $0) }) }
        guard characters[15] == suffix(of: characters, group: 0), characters[16] == suffix(of: characters, group: 1),
            characters[17] == suffix(of: characters, group: 2)
        else {
            return .refused("the id's last three characters do not fit the first fifteen")
        }
        return .complete
    }

    /// Takes 18 characters only, as every message must carry them.
    public init(complete text: String) throws(ContractError) {
        guard text.utf8.count == 18 else {
            throw SalesforceId.refusal("a message carries Salesforce ids of 18 characters")
        }
        try self.init(text)
    }

    /// The first three characters, which tell the object: `801` is an Order.
    public var prefix: String { String(text.prefix(3)) }

    /// Whether it names an order: Salesforce's key prefix of Order is 801 in every organisation.
    public var namesOrder: Bool { text.utf8.starts(with: "801".utf8) }

    /// The 18 characters.
    public var description: String { text }

    /// Ordered by their bytes, as Salesforce orders ids.
    public static func < (left: SalesforceId, right: SalesforceId) -> Bool {
        left.text.utf8.lexicographicallyPrecedes(right.text.utf8)
    }

    private static func refusal(_ reason: String) -> ContractError {
        ContractError(
            path: "", reason: reason, mend: "copy the id again, with its capital and small letters as they are")
    }

    /// The character that repeats the capitals of five others, out of A–Z and 0–5.
    private static func suffix(of characters: UnsafeBufferPointer<UInt8>, group: Int) -> UInt8 {
        var sum: UInt8 = 0
        for position in 0..<5 {
            // 0x41...0x5A, as a bit.
            let isCapital: UInt8 = characters[group * 5 + position] &- 0x41 < 26 ? 1 : 0
            sum |= isCapital &<< UInt8(position)
        }
        return sum < 26 ? 0x41 + sum : 0x30 + sum - 26
    }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
}
