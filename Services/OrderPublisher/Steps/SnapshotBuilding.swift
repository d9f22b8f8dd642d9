import Contracts
import JSONText

/// Makes snapshots of what was read from Salesforce.
struct SnapshotBuilding: Sendable {
    /// With headers and framing it stays below the 1 MiB that brokers take; a larger one they would refuse for ever.
    static let maximumMessageBytes = 1_000_000

    let fields: OrderFields
    let organizationId: SalesforceId
    /// The currency of orders that do not say their own.
    let organizationCurrency: String

    /// The complete snapshot, checked against the message's own rules.
    func snapshot(of records: OrderRecords, version: Int64) throws(UnusableOrder) -> OrderSnapshot {
        let order = RecordReading(object: "Order", record: records.order)
        var snapshot = OrderSnapshot(
            orderId: try order.id("Id"), orderNumber: try order.text("OrderNumber"), version: version,
            source: OrderSnapshot.Source(organizationId: organizationId), status: try order.text("Status"),
            effectiveDate: try order.date("EffectiveDate"),
            currency: fields.isMultiCurrency ? try order.text("CurrencyIsoCode") : organizationCurrency,
            account: try account(of: order), lines: try lines(of: records))
        snapshot.endDate = try order.optionalDate("EndDate")
        snapshot.poNumber = order.optionalText("PoNumber")
        snapshot.poDate = try order.optionalDate("PoDate")
        snapshot.name = order.optionalText("Name")
        snapshot.description = order.optionalText("Description")
        snapshot.type = order.optionalText("Type")
        snapshot.billTo = order.address("BillingAddress", addressee: order.contactName("BillToContact"))
        snapshot.shipTo = order.address("ShippingAddress", addressee: order.contactName("ShipToContact"))
        snapshot.custom = order.custom(fields.custom.order)
        try check(snapshot)
        return snapshot
    }

    private func account(of order: RecordReading) throws(UnusableOrder) -> OrderSnapshot.Account {
        guard let record = order.record["Account"]?.object else {
            throw UnusableOrder(
                field: "Order.AccountId", reason: "the order has no account that this user can see",
                mend: "set the account, or let the integration user read it")
        }
        let reading = RecordReading(object: "Account", record: record)
        var account = OrderSnapshot.Account(id: try order.id("AccountId"), name: try reading.text("Name"))
        account.number = reading.optionalText("AccountNumber")
        account.phone = reading.optionalText("Phone")
        account.parentId = try reading.optionalId("ParentId")
        account.netSuiteId = reading.optionalText(CustomField.Account.netSuiteCustomerId)
        account.billTo = reading.address("BillingAddress", addressee: nil)
        account.shipTo = reading.address("ShippingAddress", addressee: nil)
        account.custom = reading.custom(fields.custom.account)
        return account
    }

    private func lines(of records: OrderRecords) throws(UnusableOrder) -> [OrderSnapshot.Line] {
        guard !records.lines.isEmpty else {
            throw UnusableOrder(
                field: "Order.OrderItems", reason: "the order has no order products",
                mend: "add a product to the order, or check that the integration user can read order products")
        }
        var lines: [OrderSnapshot.Line] = []
        for record in records.lines { lines.append(try line(of: record)) }
        return lines.sorted { ($0.number, $0.id) < ($1.number, $1.id) }
    }

    private func line(of record: JSONObject) throws(UnusableOrder) -> OrderSnapshot.Line {
        let reading = RecordReading(object: "OrderItem", record: record)
        let number = try reading.text("OrderItemNumber")
        var line = OrderSnapshot.Line(
            id: try reading.id("Id"), number: number, sku: try sku(of: record, number: number),
            productId: try reading.id("Product2Id"), quantity: try reading.decimal("Quantity"),
            unitPrice: try reading.decimal("UnitPrice"))
        line.listPrice = try reading.optionalDecimal("ListPrice")
        line.description = reading.optionalText("Description")
        line.serviceDate = try reading.optionalDate("ServiceDate")
        line.endDate = try reading.optionalDate("EndDate")
        line.custom = reading.custom(fields.custom.line)
        return line
    }

    private func sku(of record: JSONObject, number: String) throws(UnusableOrder) -> String {
        let product = record["Product2"]
        let names = fields.skuSource == .stockKeepingUnit ? ["StockKeepingUnit", "ProductCode"] : ["ProductCode"]
        for name in names {
            if let text = product?[name]?.string, let sku = Self.trimmed(text) { return sku }
        }
        throw UnusableOrder(
            field: names.map { "Product2.\($0)" }.joined(separator: ", "),
            reason: "the product of order product \(number) has no SKU", mend: "give the product its SKU, then replay")
    }

    private static func trimmed(_ text: String) -> String? {
        let kept = text.drop(while: \.isWhitespace)
        guard let last = kept.lastIndex(where: { !$0.isWhitespace }) else { return nil }
        return String(kept[...last])
    }

    /// The writer refuses what breaks the message's rules; better said here, where nothing is sent.
    private func check(_ snapshot: OrderSnapshot) throws(UnusableOrder) {
        let message = snapshot.encode()
        guard message.count <= Self.maximumMessageBytes else {
            throw UnusableOrder(
                field: "Order.OrderItems",
                reason: "its message of \(message.count) bytes is more than Kafka takes (\(Self.maximumMessageBytes))",
                mend: "divide the order into smaller ones")
        }
        do throws(ContractError) {
            _ = try OrderSnapshot.decode(message)
        } catch {
            throw UnusableOrder(field: error.path, reason: error.reason, mend: error.mend)
        }
    }
}
