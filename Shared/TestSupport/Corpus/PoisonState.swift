import Contracts
import Foundation
public import Kafka

/// A message of the corpus that a watch of NetSuite might send: good progress or a good stock count, spoilt as its file
/// says.
public struct PoisonState: Sendable {
    /// What must come of it.
    public enum End: Sendable, Equatable {
        /// It is read.
        case read
        /// It is refused for this place; empty for the whole.
        case refused(path: String)
    }

    /// What the file is called.
    public let name: String
    /// What must come of it.
    public let end: End
    /// What the refusal must say, where the file wants something of it.
    public let says: String?
    /// The message's key.
    public private(set) var key: [UInt8]?
    /// The message's payload.
    public private(set) var value: [UInt8]?
    /// The message's headers.
    public private(set) var headers: [KafkaHeader]

    private static let words: Set<String> = [
        "expect", "says", "key", "no-key", "header", "null-header", "no-header", "no-headers", "set", "remove", "again",
        "null-body",
    ]
    private static let asOf = 1_780_000_000_000

    /// All files about orders' progress.
    public static func progress() throws -> [PoisonState] {
        let order = try OrderMessage.id("801", 1)
        return try CorpusFile.all(in: "Progress", ending: "message").map { file in
            try PoisonState(
                file, good: goodProgress(order), key: order, topic: Topic.orderProgressed.name,
                source: Topic.orderProgressed.source)
        }
    }

    /// All files about stock.
    public static func stock() throws -> [PoisonState] {
        try CorpusFile.all(in: "Stock", ending: "message").map { file in
            try PoisonState(
                file, good: goodStock, key: "SKU-RED", topic: Topic.inventoryCounted.name,
                source: Topic.inventoryCounted.source)
        }
    }

    private init(_ file: CorpusFile, good: JSONPiece, key: String, topic: String, source: String) throws {
        try file.allow(Self.words)
        name = file.name
        says = file.value("says")
        end = try Self.end(file)
        self.key = Array(key.utf8)
        headers = CloudEventHeaders(
            id: .new(at: Date()), source: source, type: topic, subject: key, time: UTCInstant(date: Date()),
            ordering: Int64(Self.asOf), traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        ).encode().map { KafkaHeader($0.0, $0.1) }
        var body = good
        for directive in file.directives { try apply(directive, to: &body, of: file) }
        value = file.has("null-body") ? nil : body.bytes
        if let text = file.body { value = try Self.text(of: body).bytes(text, in: file) }
    }

    private mutating func apply(
        _ directive: CorpusFile.Directive, to body: inout JSONPiece, of file: CorpusFile
    ) throws {
        let bytes = try Self.text(of: body).bytes(directive.value, in: file)
        let name = directive.argument
        func change(_ change: JSONPiece.Change) throws {
            guard body.apply(change, at: JSONPiece.Step.path(name)[...]) else {
                throw file.error("the good message has no \(name)")
            }
        }
        switch directive.word {
        case "key": key = bytes
        case "no-key": key = nil
        case "header": headers = headers.map { $0.name == name ? KafkaHeader(name: name, value: bytes) : $0 }
        case "null-header": headers = headers.map { $0.name == name ? KafkaHeader(name: name, value: nil) : $0 }
        case "no-header": headers.removeAll { $0.name == name }
        case "no-headers": headers = []
        case "set": try change(.set(bytes))
        case "again": try change(.again(bytes))
        case "remove": try change(.remove)
        default: break
        }
    }

    private static func end(_ file: CorpusFile) throws -> End {
        let words = file.value("expect").map { $0.split(separator: " ", maxSplits: 1).map(String.init) } ?? []
        switch words.first {
        case "read": return .read
        case "refused": return .refused(path: words.count > 1 ? words[1] : "")
        default: throw file.error("expect wants read or refused")
        }
    }

    private static func text(of body: JSONPiece) -> CorpusText {
        CorpusText { word in
            switch word {
            case "message": body.bytes
            case "as-of": Array(String(asOf).utf8)
            case "mark": Array(OrderMessage.mark.utf8)
            default: nil
            }
        }
    }

    private static func goodProgress(_ order: String) throws -> JSONPiece {
        let line = try OrderMessage.id("802", 1)
        func document(_ id: String, _ number: String, _ rest: [(name: String, value: JSONPiece)]) -> JSONPiece {
            .object(
                [
                    ("id", .text(id)), ("number", .text(number)), ("date", .text("2026-05-28")),
                    ("status", .text("open")),
                ]
                    + rest)
        }
        return .object([
            ("orderId", .text(order)),
            (
                "netSuite",
                .object([
                    ("id", .text("1001")), ("number", .text("SO1001")), ("total", .text("99.00")),
                    ("currency", .text("USD")),
                ])
            ),
            ("state", .text("shipped")),
            (
                "lines",
                .array([
                    .object([
                        ("id", .text(line)), ("shipped", .text("2")), ("invoiced", .text("2")),
                        ("closed", .raw(Array("false".utf8))),
                    ])
                ])
            ),
            (
                "shipments",
                .array([
                    document(
                        "5120", "IF77",
                        [
                            ("carrier", .text("UPS")), ("trackingNumbers", .array([.text("1Z999AA10123456784")])),
                            ("lines", .array([.object([("id", .text(line)), ("quantity", .text("2"))])])),
                        ])
                ])
            ),
            (
                "invoices",
                .array([
                    document(
                        "6001", "INV9",
                        [("total", .text("99.00")), ("paid", .text("0")), ("unpaid", .text("99.00"))])
                ])
            ),
            ("payments", .array([document("7001", "PYMT3", [("applied", .text("0"))])])),
            ("credits", .array([document("8001", "CM2", [("total", .text("5")), ("applied", .text("5"))])])),
            ("asOf", .text(UTCInstant(millisecondsSinceEpoch: Int64(asOf)).text)),
        ])
    }

    private static let goodStock = JSONPiece.object([
        ("sku", .text("SKU-RED")), ("itemId", .text("801")), ("active", .raw(Array("true".utf8))),
        ("listPrice", .object([("amount", .text("55.00")), ("currency", .text("USD"))])),
        (
            "locations",
            .array([
                .object([
                    ("id", .text("1")), ("name", .text("Main")), ("available", .text("8")), ("onHand", .text("10")),
                    ("backOrdered", .text("0")),
                ])
            ])
        ),
        ("asOf", .text(UTCInstant(millisecondsSinceEpoch: Int64(asOf)).text)),
    ])
}
