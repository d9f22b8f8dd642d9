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
