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

@Suite("Orders with their lines")
struct OrderLinesTests {
    @Loop
    private static func delivery(
        _ salesforce: ScriptedSalesforce, health: Health = Health(), time: any TimeSource = LoopTime.shared
    ) -> (SalesforceDelivery, MetricsRegistry) {
        let registry = MetricsRegistry()
        let delivery = SalesforceDelivery(
            salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(), health: health, clock: time,
            metrics: FeedbackMetrics(registry), logger: .quiet)
        return (delivery, registry)
    }

    @Test("a call holds records of many orders in few runs of one object, and its calls per order are a figure")
    func runs() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (delivery, metrics) = Self.delivery(salesforce)
            let claims = try (1...100).map { Make.claim(try Make.progress($0)) }
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(salesforce.calls.map(\.count) == [200, 100])
            for call in salesforce.calls {
                let runs = zip(call, call.dropFirst()).filter { $0.object != $1.object }.count + 1
                #expect(runs <= 10)
            }
            #expect(batch.results.allSatisfy { DeliveryTests.word($0.end) == "sent" })
            #expect(metrics.prometheusText().contains("salesforce_calls_per_shown_order 0.02"))
            #expect(metrics.prometheusText().contains("salesforce_shown_total{object=\"Order\"} 100"))
        }
    }

    @Test(
        "orders with many lines make small batches: what does not fit comes with the next, and one that is huge goes alone"
    )
    func manyLines() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (delivery, _) = Self.delivery(salesforce)
            var plans = try (1...30).map { try Make.progress($0) }
            for number in plans.indices {
                plans[number].lines = try (0..<99).map {
                    .init(id: try Make.lineId(number * 100 + $0), shipped: .zero, invoiced: .zero, closed: false)
                }
            }
            let batch = await delivery.deliver(plans.map { Make.claim($0) }, mayCall: { true })
            #expect(salesforce.calls.map(\.count) == [200, 200, 200, 200, 200])
            #expect(batch.results.filter { DeliveryTests.word($0.end) == "sent" }.count == 10)
            #expect(batch.results.filter { DeliveryTests.word($0.end) == "not sent, after 0.0" }.count == 20)
            #expect(batch.trouble == nil && batch.results.count == 30)
            plans[0].lines = try (0..<1500).map {
                .init(id: try Make.lineId($0), shipped: .zero, invoiced: .zero, closed: false)
            }
            let huge = await delivery.deliver(plans.prefix(2).map { Make.claim($0) }, mayCall: { true })
            #expect(Set(huge.results.map { DeliveryTests.word($0.end) }) == ["sent", "not sent, after 0.0"])
        }
    }

    @Test("a refused line is one letter that names it, and what the others took is kept; a line that is gone is none")
    func lines() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (refused, gone) = (try Make.lineId(2), try Make.lineId(5))
            salesforce.answer = { updates in
                .success(
                    updates.map { update in
                        switch update.id {
                        case refused: .refused(.init(code: "FIELD_CUSTOM_VALIDATION_EXCEPTION", message: "No."))
                        case gone: .refused(.init(code: "ENTITY_IS_DELETED"))
                        default: .updated
                        }
                    })
            }
            let (delivery, _) = Self.delivery(salesforce)
            let batch = await delivery.deliver(
                try (1...3).map { Make.claim(try Make.progress($0)) }, mayCall: { true })
            guard case .refused(let letter, nil) = batch.results[0].end else {
                Issue.record("\(batch.results[0].end)")
                return
            }
            #expect(letter.sentence.contains("line \(refused.text)"))
            let kept = try #require(batch.results[0].shownInPart.flatMap(ShownOrder.init(stored:)))
            #expect(kept.fields["NetSuite_Status__c"] == "partly shipped")
            let third = try Make.lineId(3)
            #expect(Set(kept.lines.keys) == [third])
            guard case .sent(let shown) = batch.results[1].end else {
                Issue.record("\(batch.results[1].end)")
                return
            }
            // A line that is gone is not sent again with the next state.
            let next = try OrderPlan(Make.claim(try Make.progress(2), shown: shown))
            #expect(next.lineChanges.isEmpty)
            #expect(DeliveryTests.word(batch.results[2].end) == "sent")
        }
    }

    @Test(
        "lines whose fields are missing wait by themselves: orders show the rest, and lines follow",
        arguments: [true, false])
    func missingLineFields(isWholeCall: Bool) async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (health, time) = (Health(), SimulatedTime(wallClock: Date(timeIntervalSince1970: 1_780_000_000)))
            let refusal = SalesforceRefusal(code: "INVALID_FIELD", fields: ["NetSuite_Quantity_Shipped__c"])
            salesforce.answer = { updates in
                if isWholeCall, updates.contains(where: { $0.object == "OrderItem" }) {
                    return .failure(.refused(refusal))
                }
                return .success(updates.map { $0.object == "OrderItem" ? .refused(refusal) : .updated })
            }
            let (delivery, _) = Self.delivery(salesforce, health: health, time: time)
            let batch = await delivery.deliver([Make.claim(try Make.progress())], mayCall: { true })
            #expect(batch.trouble == nil)
            #expect(batch.results.map { DeliveryTests.word($0.end) } == ["not sent, after 60.0"])
            #expect(health.notReady.map(\.component) == ["Salesforce OrderItem"])
            let shown = try #require(batch.results[0].shownInPart)
            #expect(ShownOrder(stored: shown)?.fields["NetSuite_Status__c"] == "partly shipped")
            let calls = salesforce.calls.count
            salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            let claim = Make.claim(try Make.progress(), shown: shown)
            let soon = await delivery.deliver([claim], mayCall: { true })
            #expect(soon.results.map { DeliveryTests.word($0.end) } == ["not sent, after 60.0"])
            #expect(salesforce.calls.count == calls, "nothing but lines is due, and these wait")
            await time.advance(by: .seconds(60))
            let later = await delivery.deliver([claim], mayCall: { true })
            #expect(later.results.map { DeliveryTests.word($0.end) } == ["sent"])
            #expect(salesforce.calls.last?.map(\.object) == ["Order", "OrderItem", "OrderItem"])
            #expect(health.notReady.isEmpty)
        }
    }

    @Test("where orders' own fields are missing nothing goes on, and that is said once a batch")
    func missingOrderFields() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            salesforce.answer = { updates in
                updates.contains { $0.object == "Order" }
                    ? .failure(.refused(.init(code: "INVALID_FIELD", fields: ["NetSuite_Status__c"])))
                    : .success(updates.map { _ in .updated })
            }
            let (delivery, _) = Self.delivery(salesforce)
            let claims = try (1...100).map { Make.claim(try Make.progress($0)) }
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(batch.trouble?.contains("NetSuite_Status__c") == true)
            #expect(Set(batch.results.map { DeliveryTests.word($0.end) }) == ["not sent, after 0.0"])
        }
    }

    private static func deleted(_ number: Int) throws -> OrderProgress {
        OrderProgress(
            orderId: try Make.orderId(number), netSuite: .init(id: "10\(number)"), state: .deletedInNetSuite,
            asOf: Make.asOf)
    }

    @Test("lines of deleted orders are cleared as Salesforce shows them, whatever is known of them here, in one look")
    func deletedLines() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (first, second) = (try Make.orderId(1), try Make.orderId(2))
            let (known, unknown) = (try Make.lineId(2), try Make.lineId(3))
            salesforce.lines = .success([first: [known, unknown]])
            let (delivery, _) = Self.delivery(salesforce)
            var shown = ShownOrder()
            shown.lines = [known: ShownLine(shipped: .zero, invoiced: .zero)]
            var other = try Make.progress(3)
            other.lines = []
            let claims = [
                Make.claim(try Self.deleted(1), shown: shown.stored), Make.claim(try Self.deleted(2)),
                Make.claim(other),
            ]
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(salesforce.lineLooks == [[first, second]])
            let none: JSONObject = ["NetSuite_Quantity_Shipped__c": 0, "NetSuite_Quantity_Invoiced__c": 0]
            let cleared = salesforce.calls.joined().filter { $0.object == "OrderItem" && $0.fields == none }
            #expect(Set(cleared.map(\.id)) == [known, unknown])
            #expect(batch.results.map { DeliveryTests.word($0.end) } == ["sent", "sent", "sent"])
        }
    }

    @Test("where lines may not be looked at, a deleted order shows the rest, and its lines are looked at again")
    func unseenLines() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let (health, time) = (Health(), SimulatedTime(wallClock: Date(timeIntervalSince1970: 1_780_000_000)))
            salesforce.lines = .failure(
                .refused(.init(code: "INVALID_FIELD", fields: ["NetSuite_Quantity_Shipped__c"])))
            let (delivery, _) = Self.delivery(salesforce, health: health, time: time)
            let batch = await delivery.deliver([Make.claim(try Self.deleted(1))], mayCall: { true })
            #expect(
                batch.results.map { DeliveryTests.word($0.end) } == ["not sent, after 60.0"] && batch.trouble == nil)
            #expect(salesforce.calls.map { $0.map(\.object) } == [["Order"]])
            #expect(health.notReady.map(\.component) == ["Salesforce OrderItem"])
            let line = try Make.lineId(2)
            salesforce.lines = .success([try Make.orderId(1): [line]])
            await time.advance(by: .seconds(60))
            let claim = Make.claim(try Self.deleted(1), shown: batch.results[0].shownInPart)
            let again = await delivery.deliver([claim], mayCall: { true })
            #expect(again.results.map { DeliveryTests.word($0.end) } == ["sent"])
            #expect(salesforce.calls.last?.map(\.object) == ["Order", "OrderItem"])
            #expect(health.notReady.isEmpty)
        }
    }
}
