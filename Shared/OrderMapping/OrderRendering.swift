public import Contracts
public import JSONText

extension OrderMapping {
    /// The body that creates the order's customer, with the account's external id.
    public func renderCustomer(_ snapshot: OrderSnapshot) throws(MappingProblem) -> [UInt8] {
        try customerBody(snapshot).bytes()
    }

    /// The body that creates the sales order.
    ///
    /// - Parameters:
    ///   - customerId: NetSuite's internal id of the customer.
    ///   - items: NetSuite's internal item id of each SKU.
    public func renderOrder(
        _ snapshot: OrderSnapshot, customerId: String, items: [String: String]
    ) throws(MappingProblem) -> [UInt8] {
        try orderCreate(snapshot, items: items).bytes(customerId: customerId)
    }

    /// The body that creates the sales order, as a tree to look at; ``orderCreate(_:items:)`` makes what is sent.
    public func orderBody(
        _ snapshot: OrderSnapshot, customerId: String, items: [String: String]
    ) throws(MappingProblem) -> JSONObject {
        var body: JSONObject = [
            "externalId": .string(ExternalId.salesOrder(snapshot.orderId)),
            "entity": .object(["id": .string(customerId)]),
        ]
        try fillHeader(&body, snapshot, purpose: .create)
        let lines = try renderLines(snapshot, items: items)
        body["item"] = .object(["items": .array(lines.map { .object($0) })])
        return body
    }

    /// The sales order's members of its own: mapped fields, addresses and the version; no customer, no lines.
    ///
    /// A change carries null for what is to be cleared; creating leaves empty addresses to NetSuite's customer.
    /// `orderStatus` is for creating only: a change must not approve what a person has put back.
    public func renderHeader(_ snapshot: OrderSnapshot, purpose: Purpose) throws(MappingProblem) -> JSONObject {
        var header = JSONObject()
        try fillHeader(&header, snapshot, purpose: purpose)
        return header
    }

    private func fillHeader(
        _ header: inout JSONObject, _ snapshot: OrderSnapshot, purpose: Purpose
    ) throws(MappingProblem) {
        try checkCurrency(snapshot)
        for rule in rules[.order] ?? [] where purpose == .create || rule.target.name != "orderStatus" {
            if case .address(let address) = rule.source {
                let carried = try address.value(
                    in: snapshot, target: rule.target.name, clearsMissingParts: purpose == .change)
                switch carried {
                case .absent: continue
                case .null: if purpose == .change { header[rule.target.name] = .null }
                case .value(let object): header[rule.target.name] = .object(object)
                }
                continue
            }
            try Self.put(rule, snapshot, nil, into: &header)
        }
        header[CustomField.salesOrderVersion] = .string(String(snapshot.version))
    }

    func checkCurrency(_ snapshot: OrderSnapshot) throws(MappingProblem) {
        guard let singleCurrency, snapshot.currency != singleCurrency else { return }
        throw MappingProblem(
            .otherCurrency, field: "currency", reason: "the order is not in the account's only currency",
            sentence: "The order is in \(snapshot.currency), but the mapping file says that NetSuite has only "
                + "\(singleCurrency). Correct the order, or map order.currency.")
    }

    /// All lines in the snapshot's order, each as ``renderLine(_:of:itemId:)`` makes it.
    public func renderLines(_ snapshot: OrderSnapshot, items: [String: String]) throws(MappingProblem) -> [JSONObject] {
        try Self.checkLineCount(snapshot)
        var rendered: [JSONObject] = []
        rendered.reserveCapacity(snapshot.lines.count)
        for line in snapshot.lines {
            let itemId = try Self.itemId(of: line, in: snapshot, items: items)
            rendered.append(try renderLine(line, of: snapshot, itemId: itemId))
        }
        return rendered
    }

    static func checkLineCount(_ snapshot: OrderSnapshot) throws(MappingProblem) {
        guard !snapshot.lines.isEmpty else {
            throw MappingProblem(
                .missingValue, field: "lines", reason: "the order has no lines",
                sentence:
                    "The order has no lines, and NetSuite takes no order without one. Add a product in Salesforce.")
        }
        guard snapshot.lines.count <= Self.maximumLines else {
            throw MappingProblem(
                .tooManyLines, field: "lines", reason: "more than \(Self.maximumLines) lines",
                sentence:
                    "The order has \(snapshot.lines.count) lines; at most \(Self.maximumLines) go into one NetSuite "
                    + "order. Split it in Salesforce.")
        }
    }

    static func itemId(
        of line: OrderSnapshot.Line, in snapshot: OrderSnapshot, items: [String: String]
    ) throws(MappingProblem) -> String {
        if let itemId = items[line.sku] { return itemId }
        throw MappingProblem(
            .missingItem, field: place("sku", of: line, in: snapshot), reason: "no item id is known",
            sentence: "NetSuite has no item \"\(line.sku)\". Create it there, or correct the SKU in Salesforce.")
    }

    /// One entry of the item sublist, without the `line` key: adds the line when sent so; with the key it changes one.
    ///
    /// Price level is −1 (custom), so that NetSuite keeps the rate; the amount is rounded to the currency's places.
    public func renderLine(
        _ line: OrderSnapshot.Line, of snapshot: OrderSnapshot, itemId: String
    ) throws(MappingProblem) -> JSONObject {
        let amount = try Self.amount(of: line, in: snapshot, places: CurrencyPlaces.count(of: snapshot.currency))
        var entry: JSONObject = [
            "item": .object(["id": .string(itemId)]),
            "quantity": .number(line.quantity.normalized.jsonNumber),
            "price": .object(["id": "-1"]),
            "rate": .number(line.unitPrice.normalized.jsonNumber),
            "amount": .number(amount.jsonNumber),
        ]
        for rule in rules[.lines] ?? [] { try Self.put(rule, snapshot, line, into: &entry) }
        entry[CustomField.salesOrderLineId] = .string(line.id.text)
        return entry
    }

    static func amount(
        of line: OrderSnapshot.Line, in snapshot: OrderSnapshot, places: Int
    ) throws(MappingProblem) -> ExactDecimal {
        do {
            return try (line.quantity * line.unitPrice).rounded(toScale: places)
        } catch {
            throw MappingProblem(
                .outOfRange, field: place("unitPrice", of: line, in: snapshot),
                reason: "quantity times price has too many digits",
                sentence: "Quantity times price of line \(line.number) has more digits than can be carried exactly. "
                    + "Correct the line in Salesforce.")
        }
    }

    /// The body that creates the order's customer, as a value.
    public func customerBody(_ snapshot: OrderSnapshot) throws(MappingProblem) -> JSONValue {
        var body: JSONObject = ["externalId": .string(ExternalId.customer(snapshot.account.id)), "isPerson": false]
        var billing: JSONObject?
        var shipping: JSONObject?
        for rule in rules[.customer] ?? [] {
            if case .address(let address) = rule.source {
                let carried = try address.value(in: snapshot, target: rule.target.name, clearsMissingParts: false)
                if rule.target.name == "billingAddress" { billing = carried.value } else { shipping = carried.value }
            } else if case .value(let value) = try rule.value(in: snapshot) {
                // A record that is new has nothing to clear: null is left out.
                body[rule.target.name] = value.json
            }
        }
        let entries = Self.addressBook(billing: billing, shipping: shipping)
        if !entries.isEmpty { body["addressBook"] = .object(["items": .array(entries)]) }
        return .object(body)
    }

    /// One entry where both addresses are equal, else one each.
    private static func addressBook(billing: JSONObject?, shipping: JSONObject?) -> [JSONValue] {
        func entry(_ address: JSONObject, billing: Bool, shipping: Bool) -> JSONValue {
            let label = billing && shipping ? "Main" : billing ? "Billing" : "Shipping"
            return .object([
                "label": .string(label), "defaultBilling": .bool(billing), "defaultShipping": .bool(shipping),
                "isResidential": false, "addressBookAddress": .object(address),
            ])
        }
        if let billing, billing == shipping { return [entry(billing, billing: true, shipping: true)] }
        return [
            billing.map { entry($0, billing: true, shipping: shipping == nil) },
            shipping.map { entry($0, billing: billing == nil, shipping: true) },
        ].compactMap { $0 }
    }

    private static func put(
        _ rule: FieldRule, _ snapshot: OrderSnapshot, _ line: OrderSnapshot.Line?, into object: inout JSONObject
    ) throws(MappingProblem) {
        switch try rule.value(in: snapshot, line: line) {
        case .absent: return
        case .null: object[rule.target.name] = .null
        case .value(let value): object[rule.target.name] = value.json
        }
    }

    private static func place(_ name: String, of line: OrderSnapshot.Line, in snapshot: OrderSnapshot) -> String {
        let index = snapshot.lines.firstIndex { $0.id == line.id } ?? 0
        return "lines[\(index)].\(name)"
    }
}

/// Decimal places of currencies (ISO 4217, list one); two where nothing else is said.
public enum CurrencyPlaces {
    /// How many places an amount of this currency has.
    public static func count(of currency: String) -> Int {
        if without.contains(currency) { return 0 }
        return three.contains(currency) ? 3 : 2
    }

    private static let without: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
        "XPF",
    ]
    private static let three: Set<String> = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
}
