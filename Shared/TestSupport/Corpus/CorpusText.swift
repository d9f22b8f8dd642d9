import Foundation

/// Texts of the corpus with their placeholders filled: what would be large, unprintable, or another at each run.
struct CorpusText {
    /// What `{{name}}` stands for.
    let words: (String) -> [UInt8]?

    /// The bytes of a text.
    func bytes(_ text: String, in file: CorpusFile) throws -> [UInt8] {
        guard text.contains("{{") else { return Array(text.utf8) }
        var bytes: [UInt8] = []
        var rest = text[...]
        while let start = rest.range(of: "{{") {
            bytes += rest[..<start.lowerBound].utf8
            guard let end = rest.range(of: "}}", range: start.upperBound..<rest.endIndex) else {
                throw file.error("a placeholder is not closed")
            }
            bytes += try filled(rest[start.upperBound..<end.lowerBound], in: file)
            rest = rest[end.upperBound...]
        }
        return bytes + rest.utf8
    }

    private func filled(_ placeholder: Substring, in file: CorpusFile) throws -> [UInt8] {
        let parts = placeholder.split(separator: " ", maxSplits: 1)
        guard let name = parts.first.map(String.init) else { throw file.error("a placeholder is empty") }
        let argument = parts.count > 1 ? parts[1] : ""
        switch name {
        case "hex":
            let digits = argument.split(separator: " ")
            let bytes = digits.compactMap { UInt8($0, radix: 16) }
            guard bytes.count == digits.count else { throw file.error("hex wants pairs of digits with blanks between") }
            return bytes
        case "repeat":
            let parts = argument.split(separator: " ", maxSplits: 1)
            guard parts.count == 2, let count = Int(parts[0]) else {
                throw file.error("repeat wants a count and a text")
            }
            return repeated(Array(parts[1].utf8), count)
        case "lines":
            guard let count = Int(argument) else { throw file.error("lines wants a count") }
            return try PoisonMessage.manyLines(count)
        default:
            guard let bytes = words(name) else { throw file.error("the placeholder \(name) is not known") }
            // `{{order -20}}` is the order without its last 20 bytes.
            guard !argument.isEmpty else { return bytes }
            guard let cut = Int(argument), cut < 0, -cut <= bytes.count else {
                throw file.error("behind \(name) a number of bytes to cut off is expected, such as -20")
            }
            return Array(bytes.dropLast(-cut))
        }
    }

    private func repeated(_ text: [UInt8], _ count: Int) -> [UInt8] {
        if let byte = text.first, text.count == 1 { return [UInt8](repeating: byte, count: count) }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.count * count)
        for _ in 0..<count { bytes.append(contentsOf: text) }
        return bytes
    }
}
