/// The id of a Salesforce record in its form of 18 characters.
public struct SalesforceId: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The 18 characters.
    public let text: String

    /// Takes 15 characters, which are completed, or 18, whose suffix is checked.
    ///
    /// The last three characters repeat which of the first fifteen are capital letters: five bits a character, low bit
    /// first, in the alphabet A–Z, 0–5.
    public init(_ text: String) throws(ContractError) {
        let characters = Array(text.utf8)
        guard characters.count == 15 || characters.count == 18 else {
            throw SalesforceId.refusal("a Salesforce id has 15 or 18 characters")
        }
        guard characters.allSatisfy(isLetterOrDigit) else {
            throw SalesforceId.refusal("a Salesforce id has letters and digits only")
        }
        let complete = characters.prefix(15) + SalesforceId.suffix(of: characters.prefix(15))
        guard characters.count == 15 || characters.elementsEqual(complete) else {
            throw SalesforceId.refusal("the id's last three characters do not fit the first fifteen")
        }
        self.text = String(decoding: complete, as: UTF8.self)
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
    public var namesOrder: Bool { prefix == "801" }

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

    private static func suffix(of characters: ArraySlice<UInt8>) -> [UInt8] {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".utf8)
        return (0..<3).map { group in
            var sum = 0
            for (position, character) in characters.dropFirst(group * 5).prefix(5).enumerated()
            where (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character) {
                sum |= 1 << position
            }
            return alphabet[sum]
        }
    }
}

private func isLetterOrDigit(_ byte: UInt8) -> Bool {
    (0x30...0x39).contains(byte) || (0x61...0x7A).contains(byte | 0x20)
}
