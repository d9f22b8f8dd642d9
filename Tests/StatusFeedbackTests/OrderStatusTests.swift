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

@Suite("The status that an order's state sets in Salesforce")
struct OrderStatusTests {
    static let ruleTexts: [(String, Bool)] = [
        ("shipped=Fulfilled", true), ("shipped = Fulfilled , paid=Closed Won", true), ("partly shipped=Part", true),
        ("shipped", false), ("shipped=", false), ("sent=Fulfilled", false), ("needs attention=Fulfilled", false),
        ("waiting=Fulfilled", false),
    ]

    @Test("the status rule is a list of states with values", arguments: ruleTexts)
    func ruleText(text: String, isGood: Bool) {
        let settings = Settings(environment: ["ORDER_STATUS_BY_STATE": text])
        let rule = try? settings.optional(OrderStatusRule.setting)
        #expect((rule != nil) == isGood)
        if text.contains("Closed") { #expect(rule?.statuses == [.shipped: "Fulfilled", .paid: "Closed Won"]) }
    }

    @Test("a status must exist and be of the Activated category, and is set once for a state")
    func statusRule() {
        let rule = OrderStatusRule(statuses: [.shipped: "Fulfilled", .partlyShipped: "Activated"])
        let known = [("Draft", "Draft"), ("Activated", "Activated"), ("Fulfilled", "Activated")]
            .map { (status: $0.0, category: $0.1) }
        #expect(rule.problem(with: known) == nil)
        #expect(rule.problem(with: known.dropLast())?.contains("no order status \"Fulfilled\"") == true)
        let draft = OrderStatusRule(statuses: [.shipped: "Draft"]).problem(with: known)
        #expect(draft?.contains("category Draft") == true && draft?.contains("ORDER_STATUS_BY_STATE") == true)
        let taken = GivenStatus(value: "Fulfilled", over: nil)
        #expect(rule.wanted(for: .shipped, given: nil) == "Fulfilled")
        #expect(rule.wanted(for: .shipped, given: taken) == nil, "a person's choice stays")
        #expect(rule.wanted(for: .shipped, given: GivenStatus(value: "Fulfilled", over: "Activated")) == "Fulfilled")
        #expect(rule.wanted(for: .partlyShipped, given: taken) == "Activated", "the state says so")
        #expect(rule.wanted(for: .invoiced, given: taken) == nil)
        #expect(rule.wanted(for: nil, given: nil) == nil)
    }

    struct Choosing: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let given: GivenStatus?
        let status: String?
        var category = "Activated"
        /// Over which it is sent; an empty text where it is there or left alone, nil where it is asked for again.
        let over: String?
    }

    static let choosings: [Choosing] = [
        Choosing(testDescription: "never given", given: nil, status: "Activated", over: "Activated"),
        Choosing(testDescription: "there already", given: nil, status: "Fulfilled", over: ""),
        Choosing(testDescription: "a draft", given: nil, status: "Draft", category: "Draft", over: nil),
        Choosing(testDescription: "not told", given: nil, status: nil, over: nil),
        Choosing(
            testDescription: "sent, and taken", given: .init(value: "Fulfilled", over: "Activated"),
            status: "Fulfilled", over: ""),
        Choosing(
            testDescription: "sent, and not taken", given: .init(value: "Fulfilled", over: "Activated"),
            status: "Activated", over: "Activated"),
        Choosing(
            testDescription: "sent, and a person has chosen", given: .init(value: "Fulfilled", over: "Activated"),
            status: "Delivered", over: ""),
        Choosing(
            testDescription: "another one was sent", given: .init(value: "Picked", over: "Activated"),
            status: "Delivered", over: "Delivered"),
        Choosing(
            testDescription: "another one was taken", given: .init(value: "Picked", over: nil), status: "Delivered",
            over: "Delivered"),
    ]

    @Test(
        "a status of which nobody knows whether it was taken is sent again over what was there before only",
        arguments: choosings)
    func choice(_ choosing: Choosing) {
        let choice = OrderStatusRule(statuses: [.shipped: "Fulfilled"]).choice(
            of: "Fulfilled", given: choosing.given,
            standing: OrderStanding(status: choosing.status, category: choosing.category))
        #expect(choice.map { $0.over ?? "" } == choosing.over)
    }

    static let givens: [(RecordOutcome?, Bool, GivenStatus?)] = [
        (.updated, false, GivenStatus(value: "Fulfilled", over: nil)),
        (.unknown(reason: "cut"), false, GivenStatus(value: "Fulfilled", over: "Activated")),
        (.notSent, false, nil), (.systemTrouble(reason: "HTTP 503"), false, nil),
        (.refused(.init(code: "STRING_TOO_LONG")), false, nil),
        (.locked(.init(code: "UNABLE_TO_LOCK_ROW")), false, nil),
        (.updated, true, nil), (.unknown(reason: "cut"), true, nil),
    ]

    @Test("what is known of a status behind its write is what the write's end tells", arguments: givens)
    func given(outcome: RecordOutcome?, isSpared: Bool, known: GivenStatus?) {
        let choice = StatusChoice(wanted: "Fulfilled", over: "Activated")
        #expect(choice.given(outcome, isSpared: isSpared, before: nil) == known)
        let left = StatusChoice(wanted: "Fulfilled", over: nil)
        #expect(left.given(outcome, isSpared: isSpared, before: nil) == GivenStatus(value: "Fulfilled", over: nil))
    }

    private static let rule = OrderStatusRule(statuses: [.shipped: "Fulfilled"])

    private struct Refused: Error {}

    /// A delivery, and what it keeps before it sends a status.
    @Loop
    private final class Bench {
        let salesforce = ScriptedSalesforce()
        let health = Health()
        let metrics = MetricsRegistry()
        let time = SimulatedTime(wallClock: .init(timeIntervalSince1970: 0))
        var kept: [GivenStatus] = []
        var keeps = true
        var releases = 0
        var refusesReleases = false
        private(set) var check: OrderStatusCheck?

        /// - Parameter isGood: whether the values exist in Salesforce; else Salesforce does not answer that.
        func delivery(isGood: Bool = true) async throws -> SalesforceDelivery {
            if isGood {
                salesforce.rows = { _ in .success([["ApiName": "Fulfilled", "StatusCode": "Activated"]]) }
            } else {
                salesforce.rows = { _ in .failure(.systemTrouble(reason: "HTTP 503")) }
            }
            let check = OrderStatusCheck(
                rule: OrderStatusTests.rule, salesforce: salesforce, health: health, time: time, logger: .quiet,
                release: { [weak self] in
                    self?.releases += 1
                    if self?.refusesReleases == true { throw Refused() }
                })
            self.check = check
            check.start()
            if isGood { try await eventually("the check is good") { check.isGood } }
            let statuses = OrderStatuses(rule: OrderStatusTests.rule, check: check) { [weak self] given in
                self?.kept += given.map(\.status)
                return self?.keeps ?? false
            }
            return SalesforceDelivery(
                salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(), statuses: statuses,
                health: health, clock: LoopTime.shared, metrics: FeedbackMetrics(metrics), logger: .quiet)
        }

        func stop() async { await check?.stop() }
    }

    private static func with(_ body: @escaping @Loop @Sendable (Bench) async throws -> Void) async throws {
        try await onLoop {
            let bench = Bench()
            do { try await body(bench) } catch {
                await bench.stop()
                throw error
            }
            await bench.stop()
        }
    }

    private static let activated = OrderStanding(status: "Activated", category: "Activated")

    private static let standings: [(standing: OrderStanding?, isSet: Bool)] = [
        (activated, true), (OrderStanding(status: "Fulfilled", category: "Activated"), false),
        (OrderStanding(status: "Draft", category: "Draft"), false), (nil, false),
    ]

    @Test("a status is set on an order that is active now, in the same record, after one look", arguments: standings)
    func status(standing: OrderStanding?, isSet: Bool) async throws {
        try await Self.with { bench in
            let (salesforce, first) = (bench.salesforce, try Make.orderId(1))
            if let standing { salesforce.standing[first] = standing }
            let claims = [
                Make.claim(try Make.progress(1, state: .shipped)), Make.claim(try Make.progress(2, state: .invoiced)),
            ]
            let batch = try await bench.delivery().deliver(claims, mayCall: { true })
            #expect(salesforce.standingLooks == [[first]])
            let update = try #require(salesforce.calls.first?.first)
            #expect((update.fields["Status"] == "Fulfilled") == isSet && (update.fields["Status"] == nil) == !isSet)
            #expect(update.fields["NetSuite_Status__c"] == "shipped")
            #expect(bench.kept == (isSet ? [GivenStatus(value: "Fulfilled", over: "Activated")] : []))
            // Set or found: it is asked for no more. Where the order is no active one it is asked for again.
            let isActive = standing?.category == "Activated"
            #expect(batch.results[0].orderStatus == (isActive ? GivenStatus(value: "Fulfilled", over: nil) : nil))
            #expect(batch.results.allSatisfy { DeliveryTests.word($0.end) == "sent" && !$0.owesStatus })
        }
    }

    @Test(
        "orders that are refused with their status show the rest all the same, and are asked for it again",
        arguments: ["FIELD_INTEGRITY_EXCEPTION", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_FIELD"])
    func refusedStatus(code: String) async throws {
        try await Self.with { bench in
            let salesforce = bench.salesforce
            salesforce.standing[try Make.orderId(1)] = Self.activated
            let refusal = SalesforceRefusal(code: code, fields: ["Status"])
            salesforce.answer = { updates in
                if code == "INVALID_FIELD", updates.contains(where: { $0.fields["Status"] != nil }) {
                    return .failure(.refused(refusal))
                }
                return .success(updates.map { $0.fields["Status"] == nil ? .updated : .refused(refusal) })
            }
            let delivery = try await bench.delivery()
            let batch = await delivery.deliver(
                [Make.claim(try Make.progress(1, state: .shipped))], mayCall: { true })
            #expect(batch.results.map { DeliveryTests.word($0.end) } == ["sent"])
            let last = try #require(salesforce.calls.last { $0.contains { $0.object == "Order" } })
            #expect(last.map(\.object) == ["Order"] && last[0].fields["NetSuite_Status__c"] == "shipped")
            #expect(bench.metrics.prometheusText().contains("salesforce_statuses_refused_total 1"))
            guard case .sent(let shown) = batch.results[0].end else { return }
            #expect(batch.results[0].orderStatus == nil, "it was not set")
            salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            _ = await delivery.deliver(
                [Make.claim(try Make.progress(1, state: .shipped), shown: shown)], mayCall: { true })
            #expect(salesforce.calls.last?.first?.fields["Status"] == "Fulfilled")
        }
    }

    @Test("after a write without answer the status is known as sent; a row whose status cannot be kept is not sent")
    func kept() async throws {
        try await Self.with { bench in
            bench.salesforce.standing[try Make.orderId(1)] = Self.activated
            bench.salesforce.answer = { _ in .failure(.unknownOutcome(reason: "cut")) }
            let delivery = try await bench.delivery()
            let claim = Make.claim(try Make.progress(1, state: .shipped))
            let batch = await delivery.deliver([claim], mayCall: { true })
            let sent = GivenStatus(value: "Fulfilled", over: "Activated")
            #expect(batch.results.map(\.orderStatus) == [sent])
            bench.salesforce.standing[try Make.orderId(1)] = OrderStanding(status: "Delivered", category: "Activated")
            bench.salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            let again = await delivery.deliver(
                [Make.claim(try Make.progress(1, state: .shipped), orderStatus: sent)], mayCall: { true })
            #expect(again.results.map(\.orderStatus) == [GivenStatus(value: "Fulfilled", over: nil)])
            #expect(bench.salesforce.calls.last?.first?.fields["Status"] == nil, "a person has chosen since")
            bench.salesforce.standing[try Make.orderId(1)] = Self.activated
            bench.keeps = false
            let calls = bench.salesforce.calls.count
            let unkept = await delivery.deliver([claim], mayCall: { true })
            #expect(unkept.results.map { DeliveryTests.word($0.end) } == ["not sent, after 0.0"])
            #expect(unkept.trouble == nil && bench.salesforce.calls.count == calls)
        }
    }

    @Test("until it is known that the values can be set, orders show everything else and the status is owed")
    func owed() async throws {
        try await Self.with { bench in
            bench.salesforce.standing[try Make.orderId(1)] = Self.activated
            let delivery = try await bench.delivery(isGood: false)
            let claims = [
                Make.claim(try Make.progress(1, state: .shipped)), Make.claim(try Make.progress(2, state: .invoiced)),
            ]
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(batch.results.map { DeliveryTests.word($0.end) } == ["sent", "sent"] && batch.trouble == nil)
            #expect(batch.results.map(\.owesStatus) == [true, false] && batch.results[0].orderStatus == nil)
            #expect(bench.salesforce.standingLooks.isEmpty && bench.kept.isEmpty)
            #expect(bench.salesforce.calls.flatMap { $0 }.allSatisfy { $0.fields["Status"] == nil })
        }
    }

    @Test("values that cannot be set keep the service from being ready, until they can; then what is owed is released")
    func check() async throws {
        try await Self.with { bench in
            @Loop func says(_ words: String) -> Bool {
                bench.health.notReady.contains { $0.component == "ORDER_STATUS_BY_STATE" && $0.reason.contains(words) }
            }
            _ = try await bench.delivery(isGood: false)
            #expect(says("not asked yet"))
            try await eventually("trouble shows") { says("HTTP 503") }
            bench.salesforce.rows = { _ in .success([["ApiName": "Fulfilled", "StatusCode": "Draft"]]) }
            await bench.time.advance(by: .seconds(2))
            try await eventually("what is wrong shows") { says("category Draft") }
            #expect(bench.check?.isGood == false && bench.releases == 0)
            bench.salesforce.rows = { _ in .success([["ApiName": "Fulfilled", "StatusCode": "Activated"]]) }
            bench.refusesReleases = true
            await bench.time.advance(by: .seconds(30))
            try await eventually("it is good") { bench.check?.isGood == true && bench.releases == 1 }
            #expect(bench.health.notReady.isEmpty)
            let asked = bench.salesforce.queries.count
            await bench.time.advance(by: .seconds(60))
            try await eventually("one release was refused, and another process may have put off one since") {
                bench.releases == 2
            }
            #expect(bench.salesforce.queries.count == asked)
        }
    }
}
