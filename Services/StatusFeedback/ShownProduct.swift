import Contracts
import JSONText
import Ledger
import Salesforce

/// What of a count is shown beside the stock, by the settings.
struct ProductRules: Equatable, Sendable {
    /// Whether list prices go into the standard price book.
    var showsPrice = true
    /// Whether items that are not sold any more make products inactive, and the other way round.
    var showsActive = true
    /// Which product field is the SKU.
    var skuField = SKUField.stockKeepingUnit
    /// The currency of a single-currency organisation, where Salesforce does not tell it.
    var organizationCurrency: String?
}

/// Which product field is the SKU.
enum SKUField: String, Sendable, CaseIterable {
    /// `Product2.StockKeepingUnit`, else `Product2.ProductCode`.
    case stockKeepingUnit = "StockKeepingUnit"
    /// `Product2.ProductCode` only.
    case productCode = "ProductCode"
}

/// A product as Salesforce shows it now, with its entries in the standard price book.
struct ProductRecord: Sendable {
    struct Entry: Sendable {
        let id: SalesforceId
        let price: ExactDecimal?
        let isActive: Bool
        let currency: String?
        /// The price cannot be written where it is taken from another entry.
        let usesStandardPrice: Bool
    }

    let id: SalesforceId
    let sku: String
    let fields: JSONObject
    let entries: [Entry]

    /// Reads a row of the products' query; nil where it has no id or no SKU.
    ///
    /// - Parameter currency: of entries that do not say their own.
    init?(_ row: JSONObject, skuField: SKUField, currency: String?) {
        let code = trimmed(row["ProductCode"]?.string)
        let sku = skuField == .productCode ? code : trimmed(row["StockKeepingUnit"]?.string) ?? code
        guard let id = row["Id"]?.string.flatMap({ try? SalesforceId($0) }), let sku else { return nil }
        self.id = id
        self.sku = sku
        fields = row
        entries = (row["PricebookEntries"]?["records"]?.array ?? []).compactMap { entry in
            guard let id = entry["Id"]?.string.flatMap({ try? SalesforceId($0) }) else { return nil }
            return Entry(
                id: id, price: entry["UnitPrice"]?.number.flatMap { try? ExactDecimal($0) },
                isActive: entry["IsActive"]?.bool ?? false, currency: entry["CurrencyIsoCode"]?.string ?? currency,
                usesStandardPrice: entry["UseStandardPrice"]?.bool ?? false)
        }
    }
}

private func trimmed(_ text: String?) -> String? {
    guard let text else { return nil }
    let head = text.drop(while: \.isWhitespace)
    let tail = String(head.reversed().drop(while: \.isWhitespace).reversed())
    return tail.isEmpty ? nil : tail
}

/// What a count asks of the products that have its SKU.
struct ProductChanges: Sendable {
    /// Records to write, products first; empty where Salesforce shows everything.
    var products: [RecordUpdate] = []
    var entries: [RecordUpdate] = []
    /// Whether a list price is not shown because no standard entry has its currency, or the entry takes its price from elsewhere.
    var isPriceWithheld = false

    /// Compares a count with what is shown; nothing that is equal is sent.
    ///
    /// - Parameter isStale: whether the count is older than it may be.
    init(_ count: StockCount, isStale: Bool, shownBy records: [ProductRecord], rules: ProductRules) {
        let wanted = whatSalesforceShows(count, isStale: isStale, rules: rules)
        for record in records {
            let changes = JSONObject(
                wanted.members.filter { !isSame($0.value, record.fields[$0.name]) }.map { ($0.name, $0.value) })
            if !changes.isEmpty {
                products.append(RecordUpdate(object: "Product2", id: record.id, fields: changes))
            }
            for entry in record.entries {
                // Other currencies' entries are people's: which of them are open is theirs to say.
                guard let price = count.listPrice, entry.currency == price.currency else { continue }
                var fields: JSONObject = [:]
                if rules.showsPrice, !entry.usesStandardPrice, entry.price != price.amount {
                    fields["UnitPrice"] = .number(price.amount.normalized.jsonNumber)
                }
                if rules.showsActive, entry.isActive != count.active { fields["IsActive"] = .bool(count.active) }
                if !fields.isEmpty {
                    entries.append(RecordUpdate(object: "PricebookEntry", id: entry.id, fields: fields))
                }
            }
        }
        if let price = count.listPrice, rules.showsPrice {
            isPriceWithheld = records.contains { record in
                !record.entries.contains { $0.currency == price.currency && !$0.usesStandardPrice }
            }
        }
    }
}

/// The product's fields that a count says; null is an empty field.
func whatSalesforceShows(_ count: StockCount, isStale: Bool, rules: ProductRules) -> JSONObject {
    typealias Field = CustomField.Product
    let available = count.locations.isEmpty ? nil : sum(of: count.locations.map(\.available))
    var fields: JSONObject = [
        Field.netSuiteItemId: .string(count.itemId),
        Field.available: available.map { .number($0.normalized.jsonNumber) } ?? .null,
        Field.availableByLocation: .null,
        // Salesforce keeps seconds.
        Field.stockAsOf: .string(count.asOf.soqlText), Field.stockStale: .bool(isStale),
    ]
    let byLocation = joined(count.locations.map { "\($0.name): \($0.available.plainText)" }, length: 4000)
    if !byLocation.isEmpty { fields[Field.availableByLocation] = .string(byLocation) }
    if rules.showsActive { fields["IsActive"] = .bool(count.active) }
    return fields
}

/// Whether a field that shows `shown` needs no `wanted`: numbers and instants are written in more than one way.
private func isSame(_ wanted: JSONValue, _ shown: JSONValue?) -> Bool {
    guard let shown else { return false }
    if let left = wanted.number, let right = shown.number {
        guard let left = try? ExactDecimal(left), let right = try? ExactDecimal(right) else { return false }
        return left == right
    }
    if let left = wanted.string, let right = shown.string {
        if left == right { return true }
        guard let left = try? UTCInstant(left), let right = instant(ofSalesforce: right) else { return false }
        return left == right
    }
    return wanted == shown
}

/// Reads `2026-05-28T20:26:40.000+0000`.
private func instant(ofSalesforce text: String) -> UTCInstant? {
    text.hasSuffix("+0000") ? try? UTCInstant("\(text.dropLast(5))Z") : nil
}

/// What one claimed row of an item asks of Salesforce.
struct ProductPlan: Sendable {
    let claim: FeedbackClaim
    let count: StockCount

    /// - Throws: `ContractError` where what was kept cannot be read.
    init(_ claim: FeedbackClaim) throws(ContractError) {
        self.claim = claim
        count = try StockCount.decode(claim.state ?? [])
    }
}
