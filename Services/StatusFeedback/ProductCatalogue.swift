import Contracts
import EventLoop
import JSONText
import Salesforce

/// Finds products by SKU, many in a query, each with its entries in the standard price book.
@Loop
final class ProductCatalogue {
    /// Queries go in the address, which Salesforce bounds.
    private static let mostBytesOfSKUs = 9_000

    private let salesforce: any SalesforceRecords
    private let rules: ProductRules
    private var shape: Shape?

    /// What the organisation has of the objects, by describe.
    private struct Shape {
        let query: String
        let condition: [String]
        let currency: String?
        let skuField: SKUField
    }

    init(salesforce: any SalesforceRecords, rules: ProductRules) {
        self.salesforce = salesforce
        self.rules = rules
    }

    /// The products of these SKUs; a SKU that Salesforce does not have is absent.
    ///
    /// - Parameter onCall: told before each call.
    func products(
        of skus: [String], onCall: () -> Void
    ) async throws(SalesforceFailure) -> [String: [ProductRecord]] {
        let shape = try await self.shape(onCall)
        var found: [String: [ProductRecord]] = [:]
        for batch in batches(of: skus, fieldCount: shape.condition.count) {
            onCall()
            let rows: [JSONObject]
            do {
                rows = try await salesforce.records(query(batch, shape))
            } catch {
                // Whatever it lacks may have been granted, or taken away, since it was described.
                self.shape = nil
                throw error
            }
            let wanted = Set(batch)
            for row in rows {
                // Salesforce compares without regard to case.
                guard let product = ProductRecord(row, skuField: shape.skuField, currency: shape.currency),
                    wanted.contains(product.sku)
                else { continue }
                found[product.sku, default: []].append(product)
            }
        }
        return found
    }

    private func query(_ skus: [String], _ shape: Shape) -> SOQL {
        if shape.condition.count == 1 {
            return "\(unsafe: shape.query) WHERE \(unsafe: shape.condition[0]) IN \(skus) ORDER BY Id"
        }
        return """
            \(unsafe: shape.query) WHERE StockKeepingUnit IN \(skus) \
            OR (StockKeepingUnit = null AND ProductCode IN \(skus)) ORDER BY Id
            """
    }

    private func batches(of skus: [String], fieldCount: Int) -> [[String]] {
        var batches: [[String]] = []
        var bytes = Self.mostBytesOfSKUs
        for sku in skus {
            // Percent-encoded, quoted, with its comma; most SKUs are plain.
            let cost = fieldCount * (sku.utf8.reduce(9) { $0 + (isPlain($1) ? 1 : 6) })
            bytes += cost
            if bytes > Self.mostBytesOfSKUs {
                batches.append([])
                bytes = cost
            }
            batches[batches.count - 1].append(sku)
        }
        return batches
    }

    private func isPlain(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte & 0xDF) || byte == UInt8(ascii: "-")
    }

    private func shape(_ onCall: () -> Void) async throws(SalesforceFailure) -> Shape {
        if let shape { return shape }
        onCall()
        let product = try await salesforce.fieldNames(of: "Product2") ?? []
        let missing = CustomField.Product.stockFields.map(\.name).filter { !product.contains($0) }
        guard missing.isEmpty else { throw Self.missing(missing, of: "Product2") }
        let wanted = ["StockKeepingUnit", "ProductCode"].filter { name in
            product.contains(name) && (rules.skuField == .stockKeepingUnit || name == SKUField.productCode.rawValue)
        }
        guard !wanted.isEmpty else { throw Self.missing([rules.skuField.rawValue], of: "Product2") }
        var fields = ["Id"] + wanted + CustomField.Product.stockFields.map(\.name)
        if rules.showsActive { fields.append("IsActive") }
        var currency: String?
        if rules.showsPrice || rules.showsActive {
            let (entries, ofOrganization) = try await entryQuery(onCall)
            fields.append(entries)
            currency = ofOrganization
        }
        let made = Shape(
            query: "SELECT \(fields.joined(separator: ", ")) FROM Product2", condition: wanted, currency: currency,
            skuField: wanted.contains("StockKeepingUnit") ? .stockKeepingUnit : .productCode)
        shape = made
        return made
    }

    private func entryQuery(
        _ onCall: () -> Void
    ) async throws(SalesforceFailure) -> (query: String, organizationCurrency: String?) {
        onCall()
        let entry = try await salesforce.fieldNames(of: "PricebookEntry") ?? []
        let needed = ["UnitPrice", "IsActive", "UseStandardPrice"]
        guard entry.isSuperset(of: needed) else {
            throw Self.missing(needed.filter { !entry.contains($0) }, of: "PricebookEntry")
        }
        var fields = ["Id"] + needed
        var currency = rules.organizationCurrency
        if entry.contains("CurrencyIsoCode") {
            fields.append("CurrencyIsoCode")
        } else if currency == nil, rules.showsPrice {
            onCall()
            currency = try await salesforce.records("SELECT DefaultCurrencyIsoCode FROM Organization")
                .first?["DefaultCurrencyIsoCode"]?.string
        }
        let list = fields.joined(separator: ", ")
        return ("(SELECT \(list) FROM PricebookEntries WHERE Pricebook2.IsStandard = true)", currency)
    }

    private static func missing(_ names: [String], of object: String) -> SalesforceFailure {
        .refused(SalesforceRefusal(code: "INVALID_FIELD", fields: names.map { "\(object).\($0)" }))
    }
}
