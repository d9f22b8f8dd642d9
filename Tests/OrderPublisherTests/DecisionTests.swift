import Contracts
import Foundation
import JSONText
import Salesforce
import ServiceRuntime
import Testing

@testable import OrderPublisher

@Suite("What counts as a new version")
struct VersionDecisionTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var stamp: Int64 = 5000
        var activated: Int64? = 5000
        var last: VersionDecision.Last?
        var isRequested = false
        let expected: VersionDecision
    }

    private static func last(_ version: Int64, _ stamp: Int64, same: Bool) -> VersionDecision.Last {
        VersionDecision.Last(version: version, stampMilliseconds: stamp, hasSameDigest: same)
    }

    static let cases: [Case] = [
        Case(testDescription: "first publication takes the stamp", expected: .publish(version: 5000)),
        Case(testDescription: "activated before the start", activated: 999, expected: .leftOut),
        Case(
            testDescription: "activated in the second of the start", activated: 1000, expected: .publish(version: 5000)),
        Case(
            testDescription: "activated before the start, asked for", activated: 999, isRequested: true,
            expected: .publish(version: 5000)),
        Case(
            testDescription: "published before, though activated before the start", activated: 999,
            last: last(4000, 4000, same: false), expected: .publish(version: 5000)),
        Case(testDescription: "same digest", last: last(4000, 4000, same: true), expected: .unchanged),
        Case(
            testDescription: "same digest, asked for", last: last(4000, 4000, same: true), isRequested: true,
            expected: .publish(version: 5000)),
        Case(
            testDescription: "two edits in one second", last: last(5000, 5000, same: false),
            expected: .publish(version: 5001)),
        Case(
            testDescription: "the last version ran ahead of the stamps", last: last(7000, 5000, same: false),
            expected: .publish(version: 7001)),
        Case(testDescription: "older than what was published", last: last(6000, 6000, same: false), expected: .stale),
        Case(
            testDescription: "older than what was published, asked for", last: last(6000, 6000, same: true),
            isRequested: true, expected: .stale),
        Case(
            testDescription: "no activation date: the touch must do", activated: nil, expected: .publish(version: 5000)),
    ]

    @Test("each reading leads to its decision", arguments: cases)
    func decides(row: Case) {
        let decision = VersionDecision.decide(
            stamp: UTCInstant(millisecondsSinceEpoch: row.stamp),
            activatedAt: row.activated.map { UTCInstant(millisecondsSinceEpoch: $0) }, last: row.last,
            startedAt: UTCInstant(millisecondsSinceEpoch: 1000), isRequested: row.isRequested)
        #expect(decision == row.expected)
    }
}

@Suite("The digest")
struct OrderDigestTests {
    struct Change: Sendable, CustomTestStringConvertible {
        let testDescription: String
        var order: [String: JSONValue] = [:]
        var lines: [JSONObject] = [SampleOrders.line(1), SampleOrders.line(2)]
    }

    static let changes: [Change] = [
        Change(testDescription: "PO number", order: ["PoNumber": "PO-2"]),
        Change(testDescription: "description cleared", order: ["Description": nil]),
        Change(testDescription: "address", order: ["BillingAddress": ["street": "Hauptstr. 2", "city": "Berlin"]]),
        Change(
            testDescription: "quantity",
            lines: [SampleOrders.line(1, ["Quantity": 3]), SampleOrders.line(2)]),
        Change(
            testDescription: "price below a cent",
            lines: [
                SampleOrders.line(1, ["UnitPrice": .number(SampleOrders.decimal("49.501"))]), SampleOrders.line(2),
            ]),
        Change(testDescription: "line removed", lines: [SampleOrders.line(1)]),
        Change(
            testDescription: "line added", lines: [SampleOrders.line(1), SampleOrders.line(2), SampleOrders.line(3)]),
        Change(
            testDescription: "two lines change their quantities",
            lines: [
                SampleOrders.line(1, ["Quantity": 1]), SampleOrders.line(2, ["Quantity": 3]),
            ]),
    ]

    static let touches: [Change] = [
        Change(testDescription: "stamp", order: ["SystemModstamp": "2026-05-29T00:00:00.000+0000"]),
        Change(testDescription: "status of the same category", order: ["Status": "Fulfilled"]),
        Change(testDescription: "account", order: ["Account": ["Name": "Other name"]]),
        Change(testDescription: "our own field", order: ["NetSuite_Order_Id__c": "4711"]),
        Change(
            testDescription: "geocoding",
            order: [
                "BillingAddress": [
                    "geocodeAccuracy": "Street", "latitude": 52, "country": "Germany", "city": "Berlin",
                    "postalCode": "10115", "street": "Hauptstr. 1\nTor 2",
                ]
            ]),
        Change(testDescription: "order of the lines", lines: [SampleOrders.line(2), SampleOrders.line(1)]),
        Change(
            testDescription: "another form of the same number",
            lines: [
                SampleOrders.line(1, ["Quantity": 2, "UnitPrice": .number(SampleOrders.decimal("4.95e1"))]),
                SampleOrders.line(2),
            ]),
        Change(
            testDescription: "product", lines: [SampleOrders.line(1, ["Product2": nil]), SampleOrders.line(2)]),
    ]

    @Test("what the snapshot carries from the order and its lines changes it", arguments: changes)
    func changesCount(change: Change) throws {
        let fields = try SampleOrders.fields().digest
        let before = OrderDigest(of: SampleOrders.records(), over: fields)
        let after = OrderDigest(of: SampleOrders.records(change.order, lines: change.lines), over: fields)
        #expect(before.bytes != after.bytes)
    }

    @Test("what it does not carry leaves it alone", arguments: touches)
    func touchesDoNotCount(change: Change) throws {
        let fields = try SampleOrders.fields().digest
        let before = OrderDigest(of: SampleOrders.records(), over: fields)
        let after = OrderDigest(of: SampleOrders.records(change.order, lines: change.lines), over: fields)
        #expect(before.bytes == after.bytes)
    }

    @Test("a field that is configured later sends no order again, and its change does from then on")
    func laterFieldsDoNotCount() throws {
        let then = OrderDigest(of: SampleOrders.records(), over: try SampleOrders.fields().digest)
        let withRegion = SampleOrders.records(["Region__c": "North"])
        #expect(OrderDigest.isSame(withRegion, as: then.bytes, over: then.fieldsText))
        let fields = try SampleOrders.fields(custom: .init(order: ["Region__c"])).digest
        let now = OrderDigest(of: withRegion, over: fields)
        #expect(now.fields.contains("Order.Region__c"))
        #expect(!OrderDigest.isSame(SampleOrders.records(["Region__c": "South"]), as: now.bytes, over: now.fieldsText))
    }

    @Test("status, stamps, numbers and our own fields are not among its fields")
    func fieldsAreTheOrdersOwn() throws {
        let fields = try SampleOrders.fields().digest
        for name in ["Status", "StatusCode", "SystemModstamp", "ActivatedDate", "OrderNumber", "Id"] {
            #expect(!fields.contains("Order.\(name)"))
        }
        #expect(fields.allSatisfy { $0.hasPrefix("Order.") || $0.hasPrefix("OrderItem.") })
        #expect(fields.contains("OrderItem.Quantity") && fields.contains("Order.BillingAddress"))
    }
}

@Suite("Pacing and cursors")
struct PacingTests {
    @Test(
        "polls get rarer as the reserve comes near",
        arguments: [
            (0, 1.0), (8_000, 1.0), (9_000, 1.0), (10_000, 1.5), (10_500, 2.0), (11_250, 4.0), (11_850, 20.0),
            (12_000, 20.0), (15_000, 20.0), (16_000, 20.0),
        ])
    func factorGrows(used: Int, factor: Double) {
        let found = Pacing.factor(usage: APIUsage(used: used, allowed: 15_000), reservePercent: 20)
        #expect(abs(found - factor) < 0.01, "\(found)")
    }

    @Test("without knowing the usage, or without a reserve, the interval stands")
    func unknownUsageIsNoReason() {
        #expect(Pacing.factor(usage: nil, reservePercent: 20) == 1)
        #expect(Pacing.factor(usage: APIUsage(used: 9, allowed: 10), reservePercent: 0) == 1)
    }

    @Test("a day of polls at the default interval fits a Developer Edition, with a change at each poll")
    func defaultFitsADeveloperOrg() throws {
        let seconds = try #require(OrderPublisherConfiguration.pollInterval.defaultText.flatMap(Int.init))
        #expect(86_400 / seconds * 4 <= 15_000)
    }

    @Test("a cursor is read as it was written, and anything else is none")
    func cursorRoundTrip() throws {
        let cursor = WatchCursor(stamp: try UTCInstant("2026-05-28T20:26:40Z"), id: SampleOrders.orderId)
        #expect(WatchCursor(text: cursor.text) == cursor)
        #expect(WatchCursor(text: WatchCursor(stamp: cursor.stamp).text) == WatchCursor(stamp: cursor.stamp))
        for text in ["", "yesterday", "2026-05-28T20:26:40.000Z", "x 801"] { #expect(WatchCursor(text: text) == nil) }
    }

    @Test("rows of one second are told apart by their ids, and the overlap begins before all of its second")
    func conditions() throws {
        let cursor = WatchCursor(stamp: try UTCInstant("2026-05-28T20:26:40Z"), id: SampleOrders.orderId)
        #expect(
            cursor.condition == "(SystemModstamp > 2026-05-28T20:26:40Z OR (SystemModstamp = 2026-05-28T20:26:40Z "
                + "AND Id > '801Qk00000aBcDeIAK'))")
        #expect(cursor.back(by: .seconds(600)).condition == "SystemModstamp >= 2026-05-28T20:16:40Z")
        #expect(cursor.back(by: .seconds(600)) < cursor)
        #expect(WatchCursor(stamp: cursor.stamp) < cursor)
    }

    @Test("a row is seen in the state in which it was dealt with, until no poll reads it again")
    func seenRows() throws {
        let (early, late) = (try UTCInstant("2026-05-28T20:00:00Z"), try UTCInstant("2026-05-28T20:10:00Z"))
        var seen = SeenRows()
        seen.insert(id: "a", stamp: early)
        #expect(seen.contains(id: "a", stamp: early))
        #expect(!seen.contains(id: "a", stamp: late))
        #expect(!seen.contains(id: "b", stamp: early))
        seen.forget(before: late)
        #expect(!seen.contains(id: "a", stamp: early))
    }
}
