import Contracts
import Foundation
import JSONText
import Kafka

/// An order message on its way to be spoilt: a good one, until a test changes it.
struct OrderMessage: Sendable {
    let orderId: String
    var version: Int64
    var body: JSONObject
    /// What is sent in place of the body; `.some(nil)` is a message without payload.
    var bytes: [UInt8]??
    var key: [UInt8]?
    var headers: [KafkaHeader]

    /// Stands in every text of a person; it must be seen in no log, metric, URL or argument.
    static let mark = "ZQXMARK"

    init(number: Int, accountNumber: Int? = nil, version: Int64? = nil) throws {
        let id = try Self.id("801", number)
        orderId = id
        let version = version ?? Int64(Date().timeIntervalSince1970 * 1000) - 60_000
        self.version = version
        key = Array(id.utf8)
        body = try Self.body(number: number, accountNumber: accountNumber ?? number, id: id, version: version)
        headers = Self.headers(subject: id, version: version)
    }

    static func id(_ prefix: String, _ number: Int) throws -> String {
        let digits = String(number)
        return try SalesforceId("\(prefix)QkZ" + String(repeating: "0", count: 9 - digits.count) + digits).text
    }

    private static func headers(subject: String, version: Int64) -> [KafkaHeader] {
        CloudEventHeaders(
            id: .new(at: Date()), source: "/crossdock/order-publisher", type: Topic.orderSubmitted.name,
            subject: subject, time: UTCInstant(date: Date()), ordering: version,
            traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        ).encode().map { KafkaHeader($0.0, $0.1) }
    }

    private static func body(number: Int, accountNumber: Int, id: String, version: Int64) throws -> JSONObject {
        let address: JSONValue = [
            "street": "\(Self.mark) Street \(number)", "city": "Springfield", "country": "United States",
        ]
        return [
            "orderId": .string(id), "orderNumber": .string("\(10_000_000 + number)"),
            "version": .number(JSONNumber(version)),
            "source": ["object": "Order", "organizationId": .string(try SalesforceId("00DQk000000XyZa").text)],
            "status": "Activated", "effectiveDate": "2026-06-01", "currency": "USD",
            "poNumber": .string("PO-\(Self.mark)-\(number)"), "shipTo": address, "billTo": address,
            "account": [
                "id": .string(try Self.id("001", accountNumber)),
                "name": .string("\(Self.mark) Trading \(accountNumber)"),
                "email": .string("\(Self.mark.lowercased())@example.org"), "phone": .string("+1 555 \(Self.mark)"),
            ],
            "lines": [line(try Self.id("802", number), try Self.id("01t", 1))],
        ]
    }

    private static func line(_ id: String, _ productId: String) -> JSONValue {
        [
            "id": .string(id), "number": "0000000001", "sku": "SKU-RED", "productId": .string(productId),
            "quantity": "2", "unitPrice": "49.50",
        ]
    }

    var value: [UInt8]? { bytes ?? JSONValue.object(body).bytes() }

    // MARK: Spoiling

    /// Sets a member of an object in the body: `account`, `source`, …
    mutating func set(_ parent: String, _ name: String, _ value: JSONValue?) {
        guard var object = body[parent]?.object else { return }
        object[name] = value
        body[parent] = .object(object)
    }

    /// Sets a member of the only line.
    mutating func setLine(_ name: String, _ value: JSONValue?) {
        guard var line = body["lines"]?[0]?.object else { return }
        line[name] = value
        body["lines"] = [.object(line)]
    }

    /// Version of body and header.
    mutating func setVersion(_ value: Int64) {
        version = value
        body["version"] = .number(JSONNumber(value))
        setHeader("ce_ordering", Array(String(value).utf8))
    }

    mutating func setHeader(_ name: String, _ value: [UInt8]?) {
        headers = headers.map { $0.name == name ? KafkaHeader(name: name, value: value) : $0 }
    }

    mutating func removeHeader(_ name: String) { headers.removeAll { $0.name == name } }

    /// Changes the text of the payload, as no encoder of ours could write it.
    mutating func setText(_ change: (String) -> String) {
        bytes = Array(change(JSONValue.object(body).text()).utf8)
    }
}
