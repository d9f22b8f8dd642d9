import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import Salesforce
import Telemetry
import TestSupport
import Testing

@testable import StatusFeedback

@Suite("Each record of a batch has its own end")
struct DeliveryTests {
    @Loop
    static func delivery(_ salesforce: ScriptedSalesforce) -> SalesforceDelivery {
        SalesforceDelivery(
            salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(), clock: LoopTime.shared,
            metrics: FeedbackMetrics(MetricsRegistry()), logger: .quiet)
    }

    static func word(_ end: FeedbackResult.End?) -> String {
        switch end {
        case .sent: "sent"
        case .unknown(let wait): "again after \(wait.inSeconds)"
        case .notSent(let wait): "not sent, after \(wait.inSeconds)"
        case .locked: "locked"
        case .refused(let content, _): "letter \(content.letterClass) \(content.code ?? "") \(content.field ?? "")"
        case nil: "none"
        }
    }

    @Test("a refused record becomes a letter, a locked one is sent again, the others are sent")
    func ownEnds() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let refused = try Make.orderId(2)
            let busy = try Make.orderId(3)
            salesforce.answer = { updates in
                .success(
                    updates.map { update in
                        switch update.id {
                        case refused:
                            .refused(.init(code: "STRING_TOO_LONG", fields: ["NetSuite_Status__c"], message: "m"))
                        case busy: .busy(.init(code: "UNABLE_TO_LOCK_ROW"))
                        default: .updated
                        }
                    })
            }
            let claims = try (1...4).map { Make.claim(try Make.settlement($0)) }
            let batch = await Self.delivery(salesforce).deliver(claims, mayCall: { true })
            #expect(salesforce.calls.count == 1)
            #expect(
                salesforce.calls[0].allSatisfy { $0.fields["NetSuite_Synced_At__c"]?.string?.hasSuffix("Z") == true })
            #expect(
                batch.results.map { Self.word($0.end) } == [
                    "sent", "letter salesforce-refused STRING_TOO_LONG Order.NetSuite_Status__c", "locked",
                    "sent",
                ])
            #expect(batch.trouble == nil)
        }
    }

    @Test("accounts go behind the orders, each once, in calls of 200 records")
    func accountsBehindOrders() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let claims = try (1...150).map { number in
                Make.claim(
                    try Make.settlement(number, customer: "c\(number / 2)"), account: try Make.accountId(number / 2))
            }
            for number in 0...75 { salesforce.present.updateValue(nil, forKey: try Make.accountId(number)) }
            let delivery = Self.delivery(salesforce)
            let batch = await delivery.deliver(claims, mayCall: { true })
            #expect(batch.results.count == 150)
            #expect(salesforce.look.map(\.count) == [76])
            #expect(salesforce.calls.map(\.count) == [200, 26])
            let objects = salesforce.calls.flatMap { $0 }.map(\.object)
            #expect(objects == Array(repeating: "Order", count: 150) + Array(repeating: "Account", count: 76))
            _ = await delivery.deliver(claims, mayCall: { true })
            #expect(salesforce.look.count == 1)
        }
    }

    @Test("nothing to say is no call")
    func noCall() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let settlement = try Make.settlement()
            let claim = Make.claim(settlement, shown: whatSalesforceShows(settlement: settlement).order.stored)
            let batch = await Self.delivery(salesforce).deliver([claim], mayCall: { true })
            #expect(batch.results.map { Self.word($0.end) } == ["sent"])
            #expect(salesforce.calls.isEmpty)
        }
    }

    @Test(
        "trouble of the system counts against no order",
        arguments: [
            (SalesforceFailure.systemTrouble(reason: "HTTP 503"), "not sent, after 0.0"),
            (.unknownOutcome(reason: "cut"), "again after 60.0"),
            (.refused(.init(code: "INVALID_FIELD", fields: ["NetSuite_Status__c"])), "not sent, after 0.0"),
        ])
    func systemTrouble(_ failure: SalesforceFailure, _ word: String) async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            salesforce.answer = { _ in .failure(failure) }
            let claims = try (1...3).map { Make.claim(try Make.settlement($0)) }
            let batch = await Self.delivery(salesforce).deliver(claims, mayCall: { true })
            #expect(batch.results.map { Self.word($0.end) } == [word, word, word])
            #expect(batch.trouble != nil)
            #expect(salesforce.calls.count == 1)
        }
    }

    @Test("a call that is refused for one record's sake is halved until that record is found")
    func halving() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let bad = try Make.orderId(5)
            salesforce.answer = { updates in
                updates.contains { $0.id == bad }
                    ? .failure(.refused(.init(code: "MALFORMED_ID"))) : .success(updates.map { _ in .updated })
            }
            let claims = try (1...8).map { Make.claim(try Make.settlement($0)) }
            let batch = await Self.delivery(salesforce).deliver(claims, mayCall: { true })
            let words = batch.results.map { Self.word($0.end) }
            #expect(words.filter { $0 == "sent" }.count == 7)
            #expect(words[4].hasPrefix("letter salesforce-refused MALFORMED_ID"))
            #expect(batch.trouble == nil)
        }
    }

    @Test("a refused account is one letter, however many orders it has")
    func refusedAccount() async throws {
        try await onLoop {
            let salesforce = ScriptedSalesforce()
            let account = try Make.accountId(1)
            salesforce.present.updateValue(nil, forKey: account)
            salesforce.answer = { updates in
                .success(updates.map { $0.object == "Account" ? .refused(.init(code: "DUPLICATE_VALUE")) : .updated })
            }
            let claims = try (1...3).map { Make.claim(try Make.settlement($0, customer: "7"), account: account) }
            let batch = await Self.delivery(salesforce).deliver(claims, mayCall: { true })
            #expect(
                batch.results.map { Self.word($0.end) } == [
                    "letter salesforce-refused DUPLICATE_VALUE ", "sent", "sent",
                ])
        }
    }
}
