import Contracts
import Foundation
import Ledger
import NetSuite
import ServiceRuntime
import Testing

@testable import NetSuiteWriter

@Suite("What answers and ledger rows mean for an order")
struct RefusalTests {
    private static func refusal(_ classification: NetSuiteRefusal.Classification) -> NetSuiteRefusal {
        NetSuiteRefusal(
            status: 400, code: "USER_ERROR", detail: "Please enter value(s) for: Location.", path: "location",
            classification: classification)
    }

    @Test(
        "a refusal becomes a letter of its class, a lock or a change beside us is tried again",
        arguments: [
            (.permission, "permission"), (.invalidField, "refused"), (.missingField, "refused"),
            (.nonexistent, "refused"), (.alreadyExists, "refused"), (.other, "refused"), (.lockedByWorkflow, nil),
            (.recordChanged, nil),
        ] as [(NetSuiteRefusal.Classification, String?)])
    func classes(classification: NetSuiteRefusal.Classification, expected: String?) throws {
        let order = try SampleOrder.incoming()
        switch Refusals.end(of: Self.refusal(classification), order: order) {
        case .dead(let letter):
            #expect(letter.letterClass == expected)
            #expect(letter.sentence.contains("NetSuite says: Please enter"))
            #expect(letter.message == order.source)
        case .stuck(let trouble):
            #expect(expected == nil)
            #expect(trouble.trouble.system == .order)
            #expect(trouble.trouble.suspected == nil)
        default:
            Issue.record("neither a letter nor an order that waits")
        }
    }

    @Test("a change without an answer is unknown, a read without one is asked again; NetSuite is suspected")
    func failures() {
        guard case .unknown(let trouble) = Refusals.end(of: .unknown("cut")) else {
            Issue.record("a change without an answer must be unknown")
            return
        }
        #expect(trouble.trouble.suspected == .netSuite)
        guard case .stuck(let trouble) = Refusals.end(ofReading: .unknown("cut")) else {
            Issue.record("a read must be tried again")
            return
        }
        #expect(trouble.trouble.suspected == .netSuite)
        guard case .retry(let trouble) = Refusals.end(ofReading: .systemTrouble(.init(.network, "cut"))) else {
            Issue.record("the network is no order's trouble")
            return
        }
        #expect(trouble.system == .netSuite)
    }

    @Test("a held order's waits grow to a cap, are drawn at random, and outlast what may still take effect")
    func waits() {
        let first: Duration = .seconds(30)
        #expect(HoldRule.wait(heldBefore: 0, first: first, random: 1) == .seconds(30))
        #expect(HoldRule.wait(heldBefore: 0, first: first, random: 0) == .seconds(15))
        #expect(HoldRule.wait(heldBefore: 2, first: first, random: 1) == .seconds(120))
        #expect(HoldRule.wait(heldBefore: 500, first: first, random: 1) == .seconds(900))
        #expect(HoldRule.wait(heldBefore: 0, first: first, random: 0, underWay: .seconds(90)) == .seconds(90))
    }

    @Test("an order that waits says why and what to do, without data of NetSuite's answer")
    func sentences() {
        for trouble in [
            OrderTrouble.lockedByWorkflow(code: "USER_ERROR"), .savedBySomebody(code: nil),
            .withoutAnswer("NetSuite answered with status 500"), .contradiction("it shows none"),
        ] {
            #expect(trouble.sentence.contains("Crossdock tries again by itself."))
            #expect(trouble.sentence.count < 500)
        }
    }

    @Test("a letter's sentence is bounded, whatever NetSuite says")
    func bounded() throws {
        let long = NetSuiteRefusal(
            status: 400, code: nil, detail: String(repeating: "x", count: 5000), path: nil, classification: .other)
        guard case .dead(let letter) = Refusals.end(of: long, order: try SampleOrder.incoming()) else {
            Issue.record("a letter was expected")
            return
        }
        #expect(letter.sentence.count <= 900)
    }

    @Test("only outcomes that NetSuite now shows are read back", arguments: SettledOutcome.allCases)
    func readBack(outcome: SettledOutcome) {
        #expect(Settling.isReadBack(outcome) == (outcome == .written || outcome == .unchanged))
    }
}

/// One order as the pipeline sees it after decoding.
enum SampleOrder {
    static func incoming() throws -> IncomingOrder {
        let snapshot = OrderSnapshot(
            orderId: try SalesforceId("801Qk00000aBcDeIAK"), orderNumber: "00001234", version: 1_780_000_000_000,
            source: .init(organizationId: try SalesforceId("00DQk000000XyZaMAK")), status: "Activated",
            effectiveDate: try CalendarDate("2026-05-28"), currency: "USD",
            account: .init(id: try SalesforceId("001Qk000003EfGhIAK"), name: "Acme"),
            lines: [
                .init(
                    id: try SalesforceId("802Qk00000Ab1CdIAJ"), number: "0000000001", sku: "SKU-RED",
                    productId: try SalesforceId("01tQk000000Pr2dIAC"), quantity: try ExactDecimal("2"),
                    unitPrice: try ExactDecimal("49.50"))
            ])
        let headers = Topic.orderSubmitted.headers(
            for: snapshot, id: .new(at: Date(timeIntervalSince1970: 1_780_000_000)),
            at: Date(timeIntervalSince1970: 1_780_000_000), traceparent: nil)
        return IncomingOrder(
            snapshot: snapshot, headers: headers,
            source: SourceMessage(
                clusterId: "c", topic: Topic.orderSubmitted.name, partition: 0, offset: 1, key: nil, value: [1],
                headers: []), bodyDigest: [], traceparent: "", held: nil)
    }
}
