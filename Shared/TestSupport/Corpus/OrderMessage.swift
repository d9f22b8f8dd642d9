import Contracts
import Foundation
public import Kafka

/// A good order message, until a test changes it.
public struct OrderMessage: Sendable {
    /// The order that it is about.
    public let orderId: String
    let accountId: String
    let lineId: String
    /// The version that body and header say.
    public private(set) var version: Int64
    var body: JSONPiece
    /// What is sent in place of the body; `.some(nil)` is a message without payload.
    var bytes: [UInt8]??
    /// The message's key.
    public var key: [UInt8]?
    /// The message's headers.
    public var headers: [KafkaHeader]

    /// Stands in every text of a person; it must be seen in no log, metric, URL or argument.
    public static let mark = "ZQXMARK"
    /// The name of a customer that NetSuite has and that is nobody's account.
    public static let takenName = "Taken \(mark) Ltd"

    /// A good message of the order, line and account of this number.
    ///
    /// - Parameter orderId: 15 characters of an order's id, where it is to be another than the number's.
    public init(number: Int, accountNumber: Int? = nil, orderId: String? = nil) throws {
        let id = if let orderId { try SalesforceId(orderId).text } else { try Self.id("801", number) }
        self.orderId = id
        accountId = try Self.id("001", accountNumber ?? number)
        lineId = try Self.id("802", number)
        let version = Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        self.version = version
        key = Array(id.utf8)
        body = try Self.body(number, id: id, version: version, accountId, accountNumber ?? number)
        headers = CloudEventHeaders(
            id: .new(at: Date()), source: "/crossdock/order-publisher", type: Topic.orderSubmitted.name, subject: id,
            time: UTCInstant(date: Date()), ordering: version,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        ).encode().map { KafkaHeader($0.0, $0.1) }
    }

    /// The id of an object, by its prefix and a number.
    public static func id(_ prefix: String, _ number: Int) throws -> String {
        let digits = String(number)
        return try SalesforceId("\(prefix)QkZ" + String(repeating: "0", count: 9 - digits.count) + digits).text
    }

    private static func body(
        _ number: Int, id: String, version: Int64, _ accountId: String, _ accountNumber: Int
    ) throws -> JSONPiece {
        let address = JSONPiece.object([
            ("street", .text("\(mark) Street \(number)")), ("city", .text("Springfield")),
            ("country", .text("United States")),
        ])
        return .object([
            ("orderId", .text(id)), ("orderNumber", .text("\(10_000_000 + number)")),
            ("version", .raw(Array(String(version).utf8))),
            (
                "source",
                .object([
                    ("object", .text("Order")), ("organizationId", .text(try SalesforceId("00DQk000000XyZa").text)),
                ])
            ),
            ("status", .text("Activated")), ("effectiveDate", .text("2026-06-01")), ("currency", .text("USD")),
            ("poNumber", .text("PO-\(mark)-\(number)")), ("shipTo", address), ("billTo", address),
            (
                "account",
                .object([
                    ("id", .text(accountId)), ("name", .text("\(mark) Trading \(accountNumber)")),
                    ("email", .text("\(mark.lowercased())@example.org")), ("phone", .text("+1 555 \(mark)")),
                ])
            ),
            ("lines", .array([try line(number: number)])),
        ])
    }

    static func line(number: Int) throws -> JSONPiece {
        .object([
            ("id", .text(try id("802", number))), ("number", .text("0000000001")), ("sku", .text("SKU-RED")),
            ("productId", .text(try id("01t", 1))), ("quantity", .text("2")), ("unitPrice", .text("49.50")),
        ])
    }

    /// The payload as it is sent.
    public var value: [UInt8]? { bytes ?? body.bytes }

    // MARK: Changing

    /// Sets a field by its path to a JSON text.
    public mutating func set(_ path: String, to json: String) {
        _ = body.apply(.set(Array(json.utf8)), at: JSONPiece.Step.path(path)[...])
    }

    /// Version of body and header.
    public mutating func setVersion(_ value: Int64) {
        version = value
        set("version", to: String(value))
        setHeader("ce_ordering", Array(String(value).utf8))
    }

    mutating func setHeader(_ name: String, _ value: [UInt8]?) {
        headers = headers.map { $0.name == name ? KafkaHeader(name: name, value: value) : $0 }
    }
}
