import Contracts
import JSONText
import Signing

/// What counts as a change of an order: SHA-256 over a canonical form of the fields that its snapshot carries from Order
/// and OrderItem. Status, stamps, our own fields, and data of account, contacts and products are not among them.
struct OrderDigest: Sendable, Equatable {
    /// The 32 bytes.
    let bytes: [UInt8]
    /// The fields that it was made over, sorted: `Order.PoNumber`, `OrderItem.Quantity`.
    let fields: [String]

    /// As it is stored beside the digest.
    var fieldsText: String { fields.joined(separator: " ") }

    /// Makes the digest over the fields given.
    init(of records: OrderRecords, over fields: [String]) {
        self.fields = fields.sorted()
        let ofOrder = self.fields.filter { $0.hasPrefix("Order.") }
        let ofLine = self.fields.filter { $0.hasPrefix("OrderItem.") }
        // Lines in the order of their ids: the answer's own order is not promised.
        let lines = records.lines.sorted { ($0["Id"]?.string ?? "") < ($1["Id"]?.string ?? "") }
        let canonical: JSONValue = [
            .array(Self.values(of: records.order, ofOrder)),
            .array(lines.map { .array([Self.canonical($0["Id"] ?? .null)] + Self.values(of: $0, ofLine)) }),
        ]
        bytes = Digest.sha256(canonical.bytes())
    }

    /// Whether a new reading says the same as what was published, compared over the fields of then: a field that is
    /// configured later sends no order again.
    static func isSame(_ records: OrderRecords, as digest: [UInt8], over fieldsText: String) -> Bool {
        OrderDigest(of: records, over: fieldsText.split(separator: " ").map(String.init)).bytes == digest
    }

    private static func values(of record: JSONObject, _ fields: [String]) -> [JSONValue] {
        fields.map { field in
            let name = String(field.drop { $0 != "." }.dropFirst())
            return canonical(record[name] ?? .null)
        }
    }

    /// Parts of a compound address that geocoding changes by itself, and what describes a record and not its content.
    private static let ignoredMembers: Set<String> = ["attributes", "latitude", "longitude", "geocodeAccuracy"]

    /// One form for equal values: 49.5 is 49.50, members are sorted, a missing member is null.
    private static func canonical(_ value: JSONValue) -> JSONValue {
        switch value {
        case .number(let number):
            guard let decimal = try? ExactDecimal(number) else { return value }
            return .number(decimal.normalized.jsonNumber)
        case .array(let elements):
            return .array(elements.map(canonical))
        case .object(let object):
            let members = object.members
                .filter { !ignoredMembers.contains($0.name) && !$0.value.isNull }
                .sorted { $0.name < $1.name }
            return .object(JSONObject(members.map { ($0.name, canonical($0.value)) }))
        case .null, .bool, .string:
            return value
        }
    }
}
