/// Record ids: 15 case-sensitive characters, completed to 18 by a suffix that survives a loss of letter case.
enum RecordId {
    /// What a text is when it stands where an id is expected.
    enum Reading: Equatable {
        /// An id, completed to 18 characters.
        case id(String)
        /// It has the form of an id, but its suffix is wrong.
        case wrongSuffix
        /// It does not look like an id.
        case notAnId
    }

    private static let suffixAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ012345".utf8)
    private static let digits = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// Completes a 15-character id to 18 characters; the text must be 15 ASCII letters and digits.
    static func completed(_ fifteen: String) -> String {
        let characters = Array(fifteen.utf8)
        var suffix: [UInt8] = []
        for group in 0..<3 {
            var sum = 0
            for position in 0..<5 {
                let character = characters[group * 5 + position]
                if character >= UInt8(ascii: "A"), character <= UInt8(ascii: "Z") {
                    sum |= 1 << position
                }
            }
            suffix.append(suffixAlphabet[sum])
        }
        return fifteen + String(decoding: suffix, as: UTF8.self)
    }

    /// Reads an id of 15 or 18 characters.
    static func read(_ text: String) -> Reading {
        let characters = Array(text.utf8)
        guard characters.count == 15 || characters.count == 18, characters.allSatisfy(isLetterOrDigit) else {
            return .notAnId
        }
        let whole = completed(String(decoding: characters.prefix(15), as: UTF8.self))
        guard characters.count == 18 else { return .id(whole) }
        return whole == text ? .id(whole) : .wrongSuffix
    }

    /// The id number `number` of the objects with this three-character prefix; ids made later sort later.
    static func make(prefix: String, number: Int) -> String {
        var rest = number
        var tail: [UInt8] = []
        for _ in 0..<6 {
            tail.append(digits[rest % 62])
            rest /= 62
        }
        return completed(prefix + "Qk0000" + String(decoding: tail.reversed(), as: UTF8.self))
    }

    /// The three characters that name the object.
    static func prefix(of id: String) -> String {
        String(id.prefix(3))
    }

    private static func isLetterOrDigit(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
