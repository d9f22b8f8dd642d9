import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry
import TestSupport
import Testing

@testable import StatusFeedback

@Suite("What a product shows of a count")
struct ProductShownTests {
    typealias Field = CustomField.Product

    private static func id(_ prefix: String, _ number: Int) throws -> SalesforceId {
        try SalesforceId("\(prefix)Qk" + String(repeating: "0", count: 10 - String(number).count) + String(number))
    }

    /// A product's row as Salesforce gives it.
    private static func row(
        _ number: Int = 1, sku: String? = "SKU-RED", code: String? = nil, price: String = "55.00",
        currency: String = "USD",
        usesStandardPrice: Bool = false, showing fields: JSONObject = [:]
    ) throws -> JSONObject {
        let entry: JSONValue = [
            "Id": .string(try id("01u", number).text), "UnitPrice": .number(try #require(JSONNumber(text: price))),
            "IsActive": true, "UseStandardPrice": .bool(usesStandardPrice), "CurrencyIsoCode": .string(currency),
        ]
        var row: JSONObject = [
            "Id": .string(try id("01t", number).text), "StockKeepingUnit": sku.map { .string($0) } ?? .null,
            "ProductCode": code.map { .string($0) } ?? .null, "IsActive": true,
            "PricebookEntries": ["totalSize": 1, "done": true, "records": [entry]],
        ]
        for (name, value) in fields.members { row[name] = value }
        return row
    }

    private static let shown: JSONObject = [
        Field.netSuiteItemId: "501", Field.available: 12, Field.availableByLocation: "Main Warehouse: 12, Outlet: 0",
        Field.stockAsOf: "2026-05-28T20:28:20.000+0000", Field.stockStale: false,
    ]

    private static func changes(
        _ count: StockCount, _ rows: [JSONObject], isStale: Bool = false, rules: ProductRules = ProductRules()
    ) -> ProductChanges {
        ProductChanges(
            count, isStale: isStale,
            shownBy: rows.compactMap { ProductRecord($0, skuField: rules.skuField, currency: "USD") }, rules: rules)
    }

    @Test("a count is shown in all and by location; what is shown already is not sent")
    func stock() throws {
        let first = Self.changes(try Make.stock(), [try Self.row()])
        #expect(first.entries.isEmpty)
        #expect(
            first.products.map(\.fields) == [
                [
                    Field.netSuiteItemId: "501", Field.available: 12,
                    Field.availableByLocation: "Main Warehouse: 12, Outlet: 0",
                    Field.stockAsOf: "2026-05-28T20:28:20Z", Field.stockStale: false,
                ]
            ])
        var again = Self.shown
        again[Field.available] = .number(try #require(JSONNumber(text: "12.0000")))
        #expect(Self.changes(try Make.stock(), [try Self.row(showing: again)]).products.isEmpty)
        let stale = Self.changes(try Make.stock(), [try Self.row(showing: Self.shown)], isStale: true)
        #expect(stale.products.map(\.fields) == [[Field.stockStale: true]])
        again[Field.stockStale] = true
        let fresh = Self.changes(try Make.stock(), [try Self.row(showing: again)])
        #expect(fresh.products.map(\.fields) == [[Field.stockStale: false]])
        var service = try Make.stock()
        service.locations = []
        let none = Self.changes(service, [try Self.row(showing: Self.shown)])
        #expect(none.products.map(\.fields) == [[Field.available: nil, Field.availableByLocation: nil]])
    }

    @Test("price and activity are written where they differ and the settings say so")
    func priceAndActivity() throws {
        let count = try Make.stock(price: "60.50", active: false)
        let both = Self.changes(count, [try Self.row(showing: Self.shown)])
        #expect(both.products.map(\.fields) == [["IsActive": false]])
        let listed = try #require(JSONNumber(text: "60.5"))
        #expect(both.entries.map(\.fields) == [["UnitPrice": .number(listed), "IsActive": false]])
        var rules = ProductRules(showsPrice: false, showsActive: false)
        let neither = Self.changes(count, [try Self.row(showing: Self.shown)], rules: rules)
        #expect(neither.products.isEmpty && neither.entries.isEmpty && !neither.isPriceWithheld)
        rules.showsPrice = true
        let priceAlone = Self.changes(count, [try Self.row(showing: Self.shown)], rules: rules)
        #expect(priceAlone.products.isEmpty && priceAlone.entries.map(\.fields.keys) == [["UnitPrice"]])
        // Another currency, or a price that is taken from elsewhere, is left alone.
        let euro = Self.changes(count, [try Self.row(currency: "EUR", showing: Self.shown)], rules: rules)
        #expect(euro.entries.isEmpty && euro.isPriceWithheld)
        let follows = Self.changes(count, [try Self.row(usesStandardPrice: true, showing: Self.shown)], rules: rules)
        #expect(follows.entries.isEmpty && follows.isPriceWithheld)
        // Nor is an entry of another currency, or of an item without a price, opened or closed.
        let closed = try Make.stock(price: "55.00", active: false)
        #expect(Self.changes(closed, [try Self.row(currency: "EUR", showing: Self.shown)]).entries.isEmpty)
        #expect(Self.changes(closed, [try Self.row(showing: Self.shown)]).entries.count == 1)
        let unpriced = try Make.stock(price: nil, active: false)
        #expect(Self.changes(unpriced, [try Self.row(showing: Self.shown)]).entries.isEmpty)
        let without = Self.changes(try Make.stock(price: nil), [try Self.row(showing: Self.shown)])
        #expect(without.entries.isEmpty && !without.isPriceWithheld)
    }

    @Test(
        "the SKU is StockKeepingUnit, else ProductCode, or the code alone by the setting; blanks around it do not count"
    )
    func skus() throws {
        let record = { (row: JSONObject, field: SKUField) in ProductRecord(row, skuField: field, currency: nil)?.sku }
        #expect(record(try Self.row(sku: " SKU-RED ", code: "C"), .stockKeepingUnit) == "SKU-RED")
        #expect(record(try Self.row(sku: nil, code: "C"), .stockKeepingUnit) == "C")
        #expect(record(try Self.row(sku: "SKU-RED", code: "C"), .productCode) == "C")
        #expect(record(try Self.row(sku: "SKU-RED", code: " "), .productCode) == nil)
    }

    @Loop
    private static func delivery(
        _ salesforce: ScriptedSalesforce, rules: ProductRules = ProductRules(), health: Health = Health(),
        time: any TimeSource = LoopTime.shared
    ) -> (SalesforceDelivery, MetricsRegistry) {
        let registry = MetricsRegistry()
        let delivery = SalesforceDelivery(
            salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(), productRules: rules,
            health: health, clock: time, metrics: FeedbackMetrics(registry), logger: .quiet)
        return (delivery, registry)
    }

    @Test("200 counts are one query and one write; all products with a SKU are written, an unknown SKU is counted")
    func manyCounts() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            salesforce.rows = { query in
                guard query.contains("FROM Product2") else { return .success([]) }
                return Result { try [1, 2, 3].map { try Self.row($0, sku: $0 == 3 ? "SKU-2" : "SKU-1") } }
                    .mapError { _ in .systemTrouble(reason: "test") }
            }
            let (delivery, metrics) = Self.delivery(salesforce)
            let claims = try (1...200).map { Make.claim(try Make.stock("SKU-\($0)")) }
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(salesforce.queries.count == 1 && salesforce.queries[0].contains("'SKU-200'"))
            #expect(salesforce.calls.map(\.count) == [3])
            #expect(salesforce.calls[0].allSatisfy { $0.object == "Product2" })
            #expect(batch.results.allSatisfy { DeliveryTests.word($0.end) == "sent" } && batch.results.count == 200)
            let text = metrics.prometheusText()
            #expect(text.contains("salesforce_unknown_skus_total 198"), "\(text)")
            #expect(text.contains("salesforce_shown_total{object=\"Product2\"} 2"))
        }
    }

    @Test("long SKUs are asked for in several queries, none longer than an address may be")
    func longSKUs() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (delivery, _) = Self.delivery(salesforce)
            let claims = try (1...100).map { Make.claim(try Make.stock(String(repeating: "é", count: 60) + "\($0)")) }
            _ = await delivery.deliver(claims, mayCall: { true })
            #expect(salesforce.queries.count > 1)
            // é is two bytes, six when encoded.
            #expect(salesforce.queries.allSatisfy { $0.utf8.count * 3 < 15_000 })
        }
    }

    @Test("fields that are missing put products off and say so, and orders go out all the same")
    func missingFields() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            salesforce.fields["Product2"]?.remove(Field.stockStale)
            let (health, time) = (Health(), SimulatedTime(wallClock: .init(timeIntervalSince1970: 1_780_000_000)))
            let (delivery, _) = Self.delivery(salesforce, health: health, time: time)
            let claims = [Make.claim(try Make.stock()), Make.claim(try Make.settlement())]
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(batch.trouble == nil)
            #expect(batch.results.map { DeliveryTests.word($0.end) } == ["sent", "not sent, after 60.0"])
            #expect(health.notReady.map(\.component) == ["Salesforce Product2"])
            let reason = health.notReady.first?.reason ?? ""
            #expect(reason.contains("Product2.NetSuite_Stock_Stale__c") && reason.contains("crossdock check"))
            #expect(salesforce.calls.map { $0.map(\.object) } == [["Order"]])
            salesforce.fields["Product2"]?.insert(Field.stockStale)
            let soon = await delivery.deliver(claims, mayCall: { true })
            #expect(soon.results.map { DeliveryTests.word($0.end) } == ["sent", "not sent, after 60.0"])
            #expect(salesforce.queries.isEmpty, "not asked for before the wait is over")
            await time.advance(by: .seconds(60))
            let later = await delivery.deliver(claims, mayCall: { true })
            #expect(later.results.map { DeliveryTests.word($0.end) } == ["sent", "sent"])
            #expect(health.notReady.isEmpty)
        }
    }

    @Test("a refused product or price is a letter of its own that names the SKU; the others are written")
    func refused() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let skus = ["SKU-1", "SKU-2", "SKU-3"]
            salesforce.rows = { _ in
                Result { try (1...3).map { try Self.row($0, sku: skus[$0 - 1], price: "1.00") } }
                    .mapError { _ in .systemTrouble(reason: "test") }
            }
            salesforce.answer = { updates in
                .success(
                    updates.map { update in
                        switch (update.object, update.id.text.dropLast(3).last) {
                        case ("Product2", "1"): .refused(.init(code: "FIELD_CUSTOM_VALIDATION_EXCEPTION"))
                        case ("PricebookEntry", "2"): .busy(.init(code: "UNABLE_TO_LOCK_ROW"))
                        case ("Product2", "3"): .refused(.init(code: "ENTITY_IS_DELETED"))
                        default: .updated
                        }
                    })
            }
            let (delivery, _) = Self.delivery(salesforce)
            let batch = await delivery.deliver(try skus.map { Make.claim(try Make.stock($0)) }, mayCall: { true })
            #expect(salesforce.calls.map(\.count) == [6])
            #expect(
                batch.results.map { DeliveryTests.word($0.end) } == [
                    "letter salesforce-refused FIELD_CUSTOM_VALIDATION_EXCEPTION ", "locked", "sent",
                ])
            guard case .refused(let letter, _) = batch.results[0].end else { return }
            #expect(letter.sentence.contains("the product SKU-1"))
        }
    }
}
