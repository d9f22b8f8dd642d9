import Contracts
import Foundation
import JSONText

/// Messages that tests share; all names are invented.
enum Samples {
    static let orderId = "801Qk00000aBcDeIAK"

    static func snapshot() throws -> OrderSnapshot {
        var account = OrderSnapshot.Account(id: try SalesforceId("001Qk000003EfGhIAK"), name: "Zoë & Søn 😀 שלום")
        account.email = .null
        account.billTo = .value(PostalAddress(street: "1 Main St\nFloor 2", city: "Springfield", countryCode: "US"))
        var line = OrderSnapshot.Line(
            id: try SalesforceId("802Qk00000Ab1Cd"), number: "0000000001", sku: "SKU-RED",
            productId: try SalesforceId("01tQk000000Pr2d"), quantity: try ExactDecimal("2.0"),
            unitPrice: try ExactDecimal("49.50"))
        line.listPrice = .value(try ExactDecimal("55.00"))
        line.serviceDate = .null
        var snapshot = OrderSnapshot(
            orderId: try SalesforceId(orderId), orderNumber: "00001234", version: 1_780_000_000_000,
            source: .init(organizationId: try SalesforceId("00DQk000000XyZaMAK")), status: "Activated",
            effectiveDate: try CalendarDate("2026-06-01"), currency: "USD", account: account, lines: [line])
        snapshot.poNumber = .value("PO \"7\"")
        snapshot.description = .null
        snapshot.shipTo = .value(PostalAddress(addressee: "Dock 4", street: "2 Main St"))
        snapshot.custom = [
            "Priority__c": "High", "Weight__c": .number(JSONNumber(12)), "Gift__c": true, "Note__c": nil,
        ]
        return snapshot
    }

    static func settlement() throws -> Settlement {
        var settlement = Settlement(
            orderId: try SalesforceId(orderId), sequence: 3, outcome: .dead,
            settledAt: try UTCInstant("2026-05-28T20:26:40.123Z"))
        settlement.orderNumber = "00001234"
        settlement.version = 1_780_000_000_000
        settlement.netSuite = .init(
            id: "1001", number: "SO1001", state: .pendingFulfillment, total: try ExactDecimal("99.00"), currency: "USD",
            customerId: "77")
        settlement.letter = .init(
            id: "12", deadLetterClass: .missingItem, code: "INVALID_KEY", field: "lines[0].sku",
            sentence: DeadLetterClass.missingItem.sentence)
        settlement.hold = .init(sentence: "A workflow keeps the order locked.")
        return settlement
    }

    static func progress() throws -> OrderProgress {
        let line = try SalesforceId("802Qk00000Ab1Cd")
        var progress = OrderProgress(
            orderId: try SalesforceId(orderId),
            netSuite: .init(id: "1001", number: "SO1001", total: try ExactDecimal("99.00"), currency: "USD"),
            state: .partlyInvoiced, asOf: try UTCInstant("2026-05-28T20:26:40.123Z"))
        progress.lines = [
            .init(id: line, shipped: try ExactDecimal("2.0"), invoiced: try ExactDecimal("1"), closed: false)
        ]
        var shipment = OrderProgress.Shipment(
            id: "5120", number: "IF77", date: try CalendarDate("2026-05-28"), status: "shipped",
            carrier: "UPS \"Ground\"")
        shipment.trackingNumbers = ["1Z999AA10123456784", "1Z999AA10123456785"]
        shipment.lines = [.init(id: line, quantity: try ExactDecimal("2.0"))]
        progress.shipments = [shipment, .init(id: "5121", number: "IF78", status: "status X")]
        progress.invoices = [
            .init(
                id: "6001", number: "INV9", date: try CalendarDate("2026-05-29"), status: "open",
                total: try ExactDecimal("49.50"), paid: try ExactDecimal("20"), unpaid: try ExactDecimal("29.50"))
        ]
        progress.payments = [
            .init(id: "7001", number: "PYMT3", status: "deposited", applied: try ExactDecimal("15"))
        ]
        progress.credits = [
            .init(
                id: "8001", number: "CM2", date: try CalendarDate("2026-05-30"), status: "fully applied",
                total: try ExactDecimal("5"), applied: try ExactDecimal("5"))
        ]
        return progress
    }

    static func stock() throws -> StockCount {
        var count = StockCount(
            sku: "SKU-RED", itemId: "801", active: true, asOf: try UTCInstant("2026-05-28T20:26:40.123Z"))
        count.listPrice = .init(amount: try ExactDecimal("55.00"), currency: "USD")
        count.locations = [
            .init(
                id: "1", name: "Main \u{2013} Hall 3", available: try ExactDecimal("8"), onHand: try ExactDecimal("10"),
                backOrdered: .zero),
            .init(
                id: "2", name: "West", available: .zero, onHand: try ExactDecimal("-1"),
                backOrdered: try ExactDecimal("2.5")),
        ]
        return count
    }

    /// The encoded snapshot as a tree, changed, and back as bytes.
    static func snapshotBytes(_ change: (inout JSONObject) -> Void) throws -> [UInt8] {
        guard var object = try JSONValue.parse(snapshot().encode()).object else { return [] }
        change(&object)
        return JSONValue.object(object).bytes()
    }
}

extension JSONObject {
    /// Sets a member of the only line.
    mutating func setLine(_ name: String, _ value: JSONValue?) {
        guard var line = self["lines"]?[0]?.object else { return }
        line[name] = value
        self["lines"] = [.object(line)]
    }
}
