import Contracts
import Foundation
import JSONText
import Kafka

/// One way of spoiling a good message, and what must come of it.
struct PoisonMessage: Sendable {
    enum End: Sendable, Equatable {
        case written
        /// A dead letter of this class that names this field, settled as dead where an order is known.
        case letter(DeadLetterClass, field: String?)
    }

    let name: String
    let end: End
    /// Whether the message says of which order it is.
    var namesOrder = true
    let spoil: @Sendable (inout OrderMessage) throws -> Void

    init(
        _ name: String, _ end: End, namesOrder: Bool = true,
        _ spoil: @escaping @Sendable (inout OrderMessage) throws -> Void
    ) {
        self.name = name
        self.end = end
        self.namesOrder = namesOrder
        self.spoil = spoil
    }

    /// A member of the body that is not what it should be.
    private static func body(_ name: String, _ field: String, _ value: JSONValue?) -> PoisonMessage {
        PoisonMessage(name, .letter(.invalidMessage, field: field)) { $0.body[field] = value }
    }

    private static func line(_ name: String, _ member: String, _ value: JSONValue?) -> PoisonMessage {
        PoisonMessage(name, .letter(.invalidMessage, field: "lines[0].\(member)")) { $0.setLine(member, value) }
    }

    private static func within(_ name: String, _ parent: String, _ member: String, _ value: JSONValue?) -> PoisonMessage
    {
        PoisonMessage(name, .letter(.invalidMessage, field: "\(parent).\(member)")) { $0.set(parent, member, value) }
    }

    private static func undecodable(
        _ name: String, field: String? = nil, _ spoil: @escaping @Sendable (inout OrderMessage) throws -> Void
    ) -> PoisonMessage {
        PoisonMessage(name, .letter(.undecodable, field: field), spoil)
    }

    static let all =
        unreadable + wrongTypes + missing + ids + amounts + dates + texts + headers + keys + mapping + extremes
        + versions

    // MARK: Bytes that are no message

    static let unreadable = [
        undecodable("bytes that are no text") { $0.bytes = [0xFF, 0xFE, 0x00, 0x80] },
        undecodable("no payload at all") { $0.bytes = .some(nil) },
        undecodable("an empty payload") { $0.bytes = [] },
        undecodable("a document cut short", field: "lines[0]") { message in message.setText { String($0.dropLast(20)) }
        },
        undecodable("bytes behind the document") { message in message.setText { $0 + "x" } },
        undecodable("a byte order mark") { message in message.setText { "\u{FEFF}" + $0 } },
        undecodable("nesting without end", field: "?[0][0][0][0][0][0][0]…") { message in
            message.setText { "{\"z z\":" + String(repeating: "[", count: 100_000) + $0 }
        },
        undecodable("the same name twice", field: "status") { message in
            message.setText { $0.dropLast() + ",\"status\":\"Draft\"}" }
        },
        undecodable("the same name twice, once escaped", field: "status") { message in
            message.setText { $0.dropLast() + ",\"st\\u0061tus\":\"Draft\"}" }
        },
        undecodable("half a surrogate pair", field: "status") { message in
            message.setText { $0.replacingOccurrences(of: "Activated", with: "\\ud83d") }
        },
        undecodable("a number no JSON knows", field: "x") { message in message.setText { $0.dropLast() + ",\"x\":NaN}" }
        },
        undecodable("a NUL in a name, and then no JSON", field: "?") { message in
            message.setText { $0.dropLast() + ",\"a\\u0000b\":tru}" }
        },
    ]

    static let wrongTypes = [
        PoisonMessage("an array in place of an order", .letter(.invalidMessage, field: nil)) {
            $0.bytes = Array("[]".utf8)
        },
        body("a number for a text", "orderNumber", 1234), body("a text for a number", "version", "1780000000000"),
        body("a fraction for a whole number", "version", .number(JSONNumber(text: "1.5") ?? JSONNumber(0))),
        body("a list for an object", "account", []), body("an object for a list", "lines", [:]),
        body("null for a required text", "currency", nil as JSONValue? ?? .null),
        body("a number for an address", "shipTo", 7), body("a list for further fields", "custom", [1]),
        line("a number for a decimal text", "quantity", 2), line("a boolean for a price", "unitPrice", true),
    ]

    static let missing =
        ["orderNumber", "version", "source", "status", "effectiveDate", "currency", "account", "lines"].map {
            body("without \($0)", $0, nil)
        } + ["id", "number", "sku", "productId", "quantity", "unitPrice"].map { line("a line without \($0)", $0, nil) }
        + [
            within("an account without id", "account", "id", nil),
            within("an account without name", "account", "name", nil),
            within("a source without organisation", "source", "organizationId", nil),
            body("without lines", "lines", []), body("without its id", "orderId", nil),
        ]

    // MARK: Values without sense

    static let ids = [
        body("an id of 15 characters", "orderId", "801QkZ000000001"),
        body("an id with a wrong suffix", "orderId", "801QkZ000000001AAA"),
        body("an id of another object", "orderId", .string((try? OrderMessage.id("001", 1)) ?? "")),
        within("an account's id of 15 characters", "account", "id", "001QkZ000000001"),
        line("a line's id with a wrong suffix", "id", "802QkZ000000001AAA"),
        line("a product's id that is a word", "productId", "red"),
        PoisonMessage("two lines of one id", .letter(.invalidMessage, field: "lines[1]")) { message in
            let line = message.body["lines"]?[0] ?? .null
            message.body["lines"] = [line, line]
        },
    ]

    static let amounts = [
        line("a negative quantity", "quantity", "-2"), line("a quantity of nothing", "quantity", "0.00"),
        line("a price of 40 digits", "unitPrice", "1234567890123456789012345678901234567890"),
        line("a quantity of 40 decimals", "quantity", "1.0000000000000000000000000000000000000001"),
        line("a price in words", "unitPrice", "fifty"), line("an exponent beyond sense", "unitPrice", "1e400"),
        line("a price with a comma", "unitPrice", "49,50"), line("not a number", "quantity", "NaN"),
    ]

    static let dates = [
        body("the 30th of February", "effectiveDate", "2026-02-30"), body("the year 1", "effectiveDate", "0001-01-01"),
        body("the year 9999", "effectiveDate", "9999-12-31"), body("a short date", "effectiveDate", "2026-6-1"),
        body("a date in words", "endDate", "tomorrow"), body("a date with a time", "poDate", "2026-06-01T00:00:00Z"),
        line("a service date without sense", "serviceDate", "2026-13-01"),
    ]

    static let texts = [
        PoisonMessage("unknown fields", .written) {
            $0.body["loyalty"] = ["level": 3, "history": [1, nil, true]]
            $0.setLine("colour", "red")
        },
        PoisonMessage("emoji, right to left and combined letters", .written) {
            $0.set("account", "name", .string(Self.wideName))
            $0.set("shipTo", "street", "רחוב 5 👩‍👩‍👧\nשורה 2")
            $0.body["poNumber"] = "PO שלום \u{202E}abc"
        },
        PoisonMessage("control characters in a text", .written) { $0.body["poNumber"] = "PO\u{1}\u{1F}\t7" },
        PoisonMessage("a NUL in a text", .letter(.invalidMessage, field: "poNumber")) { $0.body["poNumber"] = "PO\0" },
        within("a NUL in a name", "account", "name", "A\0B"),
        PoisonMessage("a NUL in a further field", .letter(.invalidMessage, field: "custom")) {
            $0.body["custom"] = ["Note__c": ["deep": "A\0"]]
        },
        within("a name of blanks", "account", "name", " \u{A0} "),
        within("a name of 2000 letters", "account", "name", .string(String(repeating: "n", count: 2000))),
        body("a description without end", "description", .string(String(repeating: "d", count: 300_000))),
    ]

    static let wideName = "Zoë & Søn 😀 שלום e\u{301} \(OrderMessage.mark)"
}
