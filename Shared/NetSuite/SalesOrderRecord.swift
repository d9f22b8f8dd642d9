public import Contracts
public import JSONText

/// A sales order as NetSuite shows it.
public struct SalesOrderRecord: Sendable, Equatable {
    /// Internal id.
    public let id: String
    /// External id, such as `SF-801…`.
    public let externalId: String?
    /// The number that people see.
    public let tranId: String?
    /// Status letter, A to H.
    public let status: String?
    /// Total in the order's currency.
    public let total: ExactDecimal?
    /// Internal id of the currency.
    public let currencyId: String?
    /// Internal id of the customer.
    public let customerId: String?
    /// What Crossdock wrote as the version; `nil` where it did not.
    public let version: String?
    /// The lines; `nil` where they were not asked for.
    public let lines: [SalesOrderLine]?
    /// All members as they came, for what a mapping compares.
    public let fields: JSONObject

    /// Reads a record; an answer that is no sales order, or shows part of its lines only, is refused.
    init(_ body: JSONValue) throws(NetSuiteFailure) {
        guard let fields = body.object, let id = body["id"]?.internalId else {
            throw .unknown("the answer is not a sales order")
        }
        self.id = id
        self.fields = fields
        externalId = body["externalId"]?.string
        tranId = body["tranId"]?.shownText
        status = (body["status"] ?? body["orderStatus"])?.statusLetter
        total = body["total"]?.decimal
        currencyId = body["currency"]?.referenceId
        customerId = body["entity"]?.referenceId
        version = body[CustomField.salesOrderVersion]?.textOrDigits
        lines = try Self.lines(body["item"])
    }

    private static func lines(_ sublist: JSONValue?) throws(NetSuiteFailure) -> [SalesOrderLine]? {
        guard let items = sublist?["items"]?.array else { return nil }
        if let expected = sublist?["totalResults"]?.int64, expected != items.count {
            throw .unknown("the answer shows \(items.count) of \(expected) lines")
        }
        guard sublist?["hasMore"]?.bool != true else { throw .unknown("the answer shows a part of the lines") }
        var lines: [SalesOrderLine] = []
        for item in items {
            guard let line = SalesOrderLine(item) else { throw .unknown("a line of the order has no key") }
            lines.append(line)
        }
        return lines
    }
}

/// One line of a sales order.
public struct SalesOrderLine: Sendable, Equatable {
    /// NetSuite's key of the line within the order.
    public let line: Int64
    /// Internal id of the item.
    public let itemId: String?
    /// Quantity, positive.
    public let quantity: ExactDecimal?
    /// Price of one.
    public let rate: ExactDecimal?
    /// Quantity times rate, as NetSuite rounded it.
    public let amount: ExactDecimal?
    /// Whether the line is closed.
    public let isClosed: Bool
    /// The Salesforce line id that Crossdock wrote; `nil` on lines of people, tax and shipping.
    public let crossdockLineId: String?
    /// All members as they came.
    public let fields: JSONObject

    init?(_ value: JSONValue) {
        guard let fields = value.object, let key = value["line"]?.textOrDigits,
            let line = (try? ExactDecimal(key)).flatMap({ Int64($0.plainText) })
        else { return nil }
        self.line = line
        self.fields = fields
        itemId = value["item"]?.referenceId
        quantity = value["quantity"]?.decimal
        rate = value["rate"]?.decimal
        amount = value["amount"]?.decimal
        isClosed = value["isClosed"]?.flag ?? false
        crossdockLineId = value[CustomField.salesOrderLineId]?.string
    }
}

/// A customer as NetSuite shows it.
public struct CustomerRecord: Sendable, Equatable {
    /// Internal id.
    public let id: String
    /// External id, such as `SFACC-001…`.
    public let externalId: String?
    /// The name or number that people see.
    public let entityId: String?
    /// Name of the company.
    public let companyName: String?
    /// Whether it must not be used any more.
    public let isInactive: Bool
    /// Internal id of the subsidiary, in accounts that have several.
    public let subsidiaryId: String?
    /// Internal id of the main currency.
    public let currencyId: String?
    /// All members as they came.
    public let fields: JSONObject

    /// Reads a record; an answer that is no customer is refused.
    init(_ body: JSONValue) throws(NetSuiteFailure) {
        guard let fields = body.object, let id = body["id"]?.internalId else {
            throw .unknown("the answer is not a customer")
        }
        self.id = id
        self.fields = fields
        externalId = body["externalId"]?.string
        entityId = body["entityId"]?.textOrDigits
        companyName = body["companyName"]?.string
        isInactive = body["isInactive"]?.flag ?? false
        subsidiaryId = body["subsidiary"]?.referenceId
        currencyId = body["currency"]?.referenceId
    }
}
