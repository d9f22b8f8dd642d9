public import Contracts
import Foundation
import Kafka

/// An order message of the corpus: a good order, spoilt as its file says.
public struct PoisonMessage: Sendable {
    /// What must come of it.
    public enum End: Sendable, Equatable {
        /// NetSuite has it.
        case written
        /// A newer version was written before.
        case superseded
        /// What was said of this very message before is said again.
        case repeated
        /// A dead letter of this class that names this field, settled as dead where an order is known.
        case letter(DeadLetterClass, field: String?)
    }

    /// What the file is called.
    public let name: String
    /// What must come of it.
    public let end: End
    /// What the letter's sentence must say, where the file wants something of it.
    public let says: String?
    /// Whether the message says of which order it is, so that it is settled under it.
    public let namesOrder: Bool
    /// Whether it is a good message for all decoders, and what is wrong is found when it is written.
    public let isDecodable: Bool
    /// The good message of the same order that is written before it, where the file wants one.
    public let before: OrderMessage?
    /// Whether it is larger than a topic takes by default.
    public let isLarge: Bool
    /// The message.
    public let message: OrderMessage

    private static let words: Set<String> = [
        "expect", "says", "names-no-order", "found-when-writing", "after-a-good-one", "large", "key", "no-key",
        "header",
        "null-header", "no-header", "also-header", "no-headers", "order", "version", "set", "remove", "again",
        "null-body",
    ]

    /// All messages of the corpus, each of an order of its own, numbered from `first`.
    public static func all(first: Int) throws -> [PoisonMessage] {
        let files = try CorpusFile.all(in: "Messages", ending: "message")
        return try files.enumerated().map { index, file in try PoisonMessage(file, number: first + index) }
    }

    init(_ file: CorpusFile, number: Int) throws {
        try file.allow(Self.words)
        name = file.name
        end = try Self.end(file)
        says = file.value("says")
        namesOrder = !file.has("names-no-order")
        isLarge = file.has("large")
        switch end {
        case .letter(.undecodable, _): isDecodable = false
        case .letter(.invalidMessage, _): isDecodable = file.has("found-when-writing")
        default: isDecodable = true
        }
        let good = try OrderMessage(number: number, orderId: file.value("order"))
        before = file.has("after-a-good-one") ? good : nil
        message = try Spoiling(file: file, good: good).message()
    }

    private static func end(_ file: CorpusFile) throws -> End {
        let words = file.value("expect").map { $0.split(separator: " ", maxSplits: 2).map(String.init) } ?? []
        switch words.first {
        case "written": return .written
        case "superseded": return .superseded
        case "repeated": return .repeated
        case "letter":
            guard words.count > 1, let letterClass = DeadLetterClass(rawValue: words[1]) else {
                throw file.error("letter wants a class of dead letters")
            }
            return .letter(letterClass, field: words.count > 2 ? words[2] : nil)
        default: throw file.error("expect wants written, superseded, repeated or letter")
        }
    }

    /// A JSON array of good lines, each with an id of its own.
    static func manyLines(_ count: Int) throws -> [UInt8] {
        let (first, digits) = (900_000_000, 9)
        // Only the digits differ from line to line: the suffix of an id tells its capital letters.
        let line = try OrderMessage.line(number: first).bytes
        let text = String(decoding: line, as: UTF8.self)
        guard let place = text.range(of: String(first)) else { return [] }
        // All of it is ASCII.
        let offset = place.lowerBound.utf16Offset(in: text)
        let (head, tail) = (Array(line[..<offset]), Array(line[(offset + digits)...]))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count * (line.count + 1))
        for number in 0..<count {
            bytes.append(number == 0 ? UInt8(ascii: "[") : UInt8(ascii: ","))
            bytes.append(contentsOf: head)
            bytes.append(contentsOf: Array(String(first + number).utf8))
            bytes.append(contentsOf: tail)
        }
        return bytes + [UInt8(ascii: "]")]
    }
}

/// Turns a good message into what a file describes.
private struct Spoiling {
    let file: CorpusFile
    let good: OrderMessage

    func message() throws -> OrderMessage {
        var message = good
        try setVersion(&message)
        for directive in file.directives { try apply(directive, to: &message) }
        if file.has("null-body") { message.bytes = .some(nil) }
        if let body = file.body { message.bytes = .some(try text(of: message).bytes(body, in: file)) }
        return message
    }

    private func apply(_ directive: CorpusFile.Directive, to message: inout OrderMessage) throws {
        let value = try text(of: message).bytes(directive.value, in: file)
        let name = directive.argument
        switch directive.word {
        case "key": message.key = value
        case "no-key": message.key = nil
        case "header": message.setHeader(name, value)
        case "null-header": message.setHeader(name, nil)
        case "no-header": message.headers.removeAll { $0.name == name }
        case "also-header": message.headers.append(KafkaHeader(name: name, value: value))
        case "no-headers": message.headers = []
        case "set": try change(&message, .set(value), name)
        case "again": try change(&message, .again(value), name)
        case "remove": try change(&message, .remove, name)
        default: break
        }
    }

    private func change(_ message: inout OrderMessage, _ change: JSONPiece.Change, _ path: String) throws {
        guard message.body.apply(change, at: JSONPiece.Step.path(path)[...]) else {
            throw file.error("the good order has no \(path)")
        }
    }

    /// `172800000 later`, `1000 earlier` (milliseconds, than the good one), or the version itself.
    private func setVersion(_ message: inout OrderMessage) throws {
        guard let words = file.value("version")?.split(separator: " ") else { return }
        guard let number = words.first.flatMap({ Int64($0) }) else { throw file.error("version wants a number") }
        switch words.dropFirst().first {
        case "later": message.setVersion(good.version + number)
        case "earlier": message.setVersion(good.version - number)
        case nil: message.setVersion(number)
        default: throw file.error("behind a version only later or earlier may stand")
        }
    }

    private func text(of message: OrderMessage) -> CorpusText {
        CorpusText { word in
            switch word {
            case "order": message.body.bytes
            case "order-id": Array(message.orderId.utf8)
            case "version": Array(String(message.version).utf8)
            case "account-id": Array(message.accountId.utf8)
            case "line-id": Array(message.lineId.utf8)
            case "mark": Array(OrderMessage.mark.utf8)
            case "taken-name": Array(OrderMessage.takenName.utf8)
            default: nil
            }
        }
    }
}
