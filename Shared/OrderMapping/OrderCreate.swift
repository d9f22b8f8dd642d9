public import Contracts
import JSONText

/// The body that creates a sales order, all but its customer: that one's id is known last.
public struct OrderCreate: Sendable {
    private let bytes: [UInt8]
    /// Where the customer's id stands, an empty text so far.
    private let customerPlace: Range<Int>

    fileprivate init(bytes: [UInt8], customerPlace: Range<Int>) {
        self.bytes = bytes
        self.customerPlace = customerPlace
    }

    /// The whole body, in UTF-8.
    ///
    /// - Parameter customerId: NetSuite's internal id of the customer.
    public func bytes(customerId: String) -> [UInt8] {
        var id = JSONWriter(capacity: 24)
        id.string(customerId)
        var whole: [UInt8] = []
        whole.reserveCapacity(bytes.count + id.bytes.count)
        whole.append(contentsOf: bytes[..<customerPlace.lowerBound])
        whole.append(contentsOf: id.bytes)
        whole.append(contentsOf: bytes[customerPlace.upperBound...])
        return whole
    }
}

/// The same as ``OrderMapping/orderBody(_:customerId:items:)``, member for member, without a tree in between.
extension OrderMapping {
    /// The body that creates the sales order, but for its customer.
    ///
    /// - Parameter items: NetSuite's internal item id of each SKU.
    public func orderCreate(
        _ snapshot: OrderSnapshot, items: [String: String]
    ) throws(MappingProblem) -> OrderCreate {
        var writer = JSONWriter(capacity: 1_024 + 256 * min(snapshot.lines.count, Self.maximumLines))
        writer.beginObject()
        writer.name("externalId")
        writer.string(ExternalId.salesOrder(snapshot.orderId))
        writer.name("entity")
        writer.reference("")
        // The two quotes before the reference's end.
        let customerPlace = writer.bytes.count - 3..<writer.bytes.count - 1
        try writeHeader(snapshot, to: &writer)
        try writeLines(snapshot, items: items, to: &writer)
        writer.endObject()
        return OrderCreate(bytes: writer.bytes, customerPlace: customerPlace)
    }

    private func writeHeader(_ snapshot: OrderSnapshot, to writer: inout JSONWriter) throws(MappingProblem) {
        try checkCurrency(snapshot)
        let rules = rules[.order] ?? []
        // By index, because an element's copy retains all its parts.
        for index in rules.indices {
            guard case .address(let address) = rules[index].source else {
                try Self.write(rules[index], snapshot, nil, to: &writer)
                continue
            }
            // Empty addresses are left to NetSuite's customer.
            let target = rules[index].target.name
            guard let parts = try address.parts(in: snapshot, target: target).value else { continue }
            writer.name(target)
            AddressRule.write(parts, to: &writer)
        }
        writer.name(CustomField.salesOrderVersion)
        writer.string(String(snapshot.version))
    }

    private func writeLines(
        _ snapshot: OrderSnapshot, items: [String: String], to writer: inout JSONWriter
    ) throws(MappingProblem) {
        try Self.checkLineCount(snapshot)
        let places = CurrencyPlaces.count(of: snapshot.currency)
        let rules = rules[.lines] ?? []
        writer.name("item")
        writer.beginObject()
        writer.name("items")
        writer.beginArray()
        for line in snapshot.lines {
            let itemId = try Self.itemId(of: line, in: snapshot, items: items)
            let amount = try Self.amount(of: line, in: snapshot, places: places)
            writer.beginObject()
            writer.name("item")
            writer.reference(itemId)
            writer.name("quantity")
            writer.number(line.quantity.normalized.jsonNumber)
            writer.name("price")
            writer.reference("-1")
            writer.name("rate")
            writer.number(line.unitPrice.normalized.jsonNumber)
            writer.name("amount")
            writer.number(amount.jsonNumber)
            for index in rules.indices { try Self.write(rules[index], snapshot, line, to: &writer) }
            writer.name(CustomField.salesOrderLineId)
            writer.string(line.id.text)
            writer.endObject()
        }
        writer.endArray()
        writer.endObject()
    }

    private static func write(
        _ rule: FieldRule, _ snapshot: OrderSnapshot, _ line: OrderSnapshot.Line?, to writer: inout JSONWriter
    ) throws(MappingProblem) {
        switch try rule.value(in: snapshot, line: line) {
        case .absent: return
        case .null:
            writer.name(rule.target.name)
            writer.null()
        case .value(let value):
            writer.name(rule.target.name)
            value.write(to: &writer)
        }
    }
}
