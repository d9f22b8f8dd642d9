import Contracts
import EventLoop
import Foundation
import JSONText
import Ledger
import Postgres
import Salesforce
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime
@testable import StatusFeedback

@Suite("The same over the ledger's own rows in PostgreSQL")
struct LedgerFlowTests {
    @Test("settlements of 250 orders reach Salesforce in two calls, accounts included, and are then at rest")
    func throughTheLedger() async throws {
        try await onLoop {
            let pool = PostgresPool(
                configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .quiet)
            let ledger = Ledger(pool: pool, logger: .quiet)
            let salesforce = ScriptedSalesforce()
            let account = try Make.accountId(1)
            salesforce.present.updateValue(nil, forKey: account)
            _ = try await ledger.claim(
                [
                    ClaimRequest(
                        orderId: try Make.orderId(1).text, orderNumber: "00000001", accountId: account.text, version: 1,
                        bodyDigest: [1], eventId: EventId.new(at: Date()).text,
                        traceParent: TraceContext.new().traceparent, replayOf: nil)
                ], holder: "writer", lease: .seconds(60))
            let stage = sender(ledger, salesforce)
            try await ledger.takeSettlements(
                try (1...250).map { Make.arrived(try Make.settlement($0, sequence: 2, customer: "77")) })
            stage.sender.start()
            try await eventually("all calls") { salesforce.calls.flatMap { $0 }.count == 251 }
            #expect(salesforce.calls.map(\.count) == [200, 1, 50])
            let written = salesforce.calls.flatMap { $0 }.filter { $0.object == "Account" }
            #expect(written == [.init(object: "Account", id: account, fields: ["NetSuite_Customer_Id__c": "77"])])
            try await ledger.takeSettlements([Make.arrived(try Make.settlement(1, sequence: 1, state: .closed))])
            stage.sender.wake()
            try await eventually("rest") { try await ledger.nextFeedbackDue() == nil }
            #expect(salesforce.calls.count == 3)
            await stage.sender.stop()
            await pool.close()
        }
    }

    @Test("states that Kafka lost unread are taken from the ledger, each key's newest, and reach Salesforce")
    func lostStates() async throws {
        try await onLoop {
            let pool = PostgresPool(
                configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .quiet)
            let ledger = Ledger(pool: pool, logger: .quiet)
            let salesforce = ScriptedSalesforce()
            let stage = sender(ledger, salesforce)
            let leadership = try #require(
                try await ledger.acquireLeadership(of: "watch", holder: "w", lease: .seconds(60)))
            let topic = Topic.orderProgressed
            for (number, asOf) in [(1, 0), (1, 5), (2, 0)] as [(Int, Int64)] {
                var progress = try Make.progress(number, state: asOf == 5 ? .shipped : .partlyShipped)
                progress.asOf = UTCInstant(millisecondsSinceEpoch: Make.asOf.millisecondsSinceEpoch + asOf)
                let stored = try await ledger.storeStates(
                    [
                        NewState(
                            key: topic.key(of: progress), asOfMilliseconds: progress.asOf.millisecondsSinceEpoch,
                            content: progress.encode(), value: progress.encode(), eventId: EventId.new(at: Date()).text,
                            traceParent: TraceContext.new().traceparent)
                    ], topic: topic.name, evenIfUnchanged: false, keepsHistory: true, under: leadership)
                try await ledger.acknowledgeStates(stored.map(\.eventId))
            }
            let lost = LostStates(
                store: ledger, staleAfter: .seconds(3600),
                patience: DatabasePatience(troubles: stage.troubles, time: LoopTime.shared), logger: .quiet,
                wakeSender: { stage.sender.wake() })
            stage.sender.start()
            try await lost.take(topics: [Topic.orderSettled.name])
            #expect(try await ledger.nextFeedbackDue() == nil, "no topic of states")
            try await lost.take(topics: [topic.name, Topic.inventoryCounted.name])
            let records: @Loop () -> [RecordUpdate] = {
                salesforce.calls.flatMap { $0 }.filter { $0.object == "Order" }
            }
            try await eventually("both orders") { records().count == 2 }
            let shown = Set(records().compactMap { $0.fields["NetSuite_Status__c"]?.string })
            #expect(shown == ["shipped", "partly shipped"])
            try await lost.take(topics: [topic.name])
            try await eventually("rest") { try await ledger.nextFeedbackDue() == nil }
            let all = records().count
            #expect(all == 2)
            await stage.sender.stop()
            await pool.close()
        }
    }

    @Test("a refused order has an open letter, which a later settlement that is taken closes")
    func letters() async throws {
        try await onLoop {
            let pool = PostgresPool(
                configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .quiet)
            let ledger = Ledger(pool: pool, logger: .quiet)
            let salesforce = ScriptedSalesforce()
            salesforce.answer = { updates in .success(updates.map { _ in .refused(.init(code: "ENTITY_IS_DELETED")) }) }
            let stage = sender(ledger, salesforce)
            let open: @Loop () async throws -> Int64? = {
                try await pool.query(
                    "select count(*) as n from dead_letters where class = 'salesforce-refused' and state = 'open'"
                ).first?.int64("n")
            }
            try await ledger.takeSettlements([Make.arrived(try Make.settlement())])
            stage.sender.start()
            try await eventually("the letter") { try await open() == 1 }
            salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            try await ledger.takeSettlements([Make.arrived(try Make.settlement(sequence: 2, state: .shipped))])
            stage.sender.wake()
            try await eventually("its end") { try await open() == 0 }
            await stage.sender.stop()
            await pool.close()
        }
    }

    @Test("a count without a product in Salesforce comes to rest, and is looked for again only when it is due or newer")
    func countWithoutProduct() async throws {
        try await onLoop {
            let pool = PostgresPool(
                configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .quiet)
            let ledger = Ledger(pool: pool, logger: .quiet)
            let salesforce = ScriptedSalesforce()
            let stage = sender(ledger, salesforce)
            let count = try Make.stock("SKU-NOWHERE")
            let now = Int64(Date().timeIntervalSince1970 * 1000)
            try await ledger.takeStock(
                [ArrivedState(key: count.sku, asOfMilliseconds: now, value: count.encode(), traceParent: "t")],
                staleAfter: .seconds(3600))
            try await ledger.takeSettlements([Make.arrived(try Make.settlement())])
            stage.sender.start()
            try await eventually("rest until it is stale") {
                let due = try await ledger.nextFeedbackDue()
                return salesforce.queries.count == 1 && due.map { $0 > .seconds(3000) } == true
            }
            #expect(salesforce.calls.map { $0.map(\.object) } == [["Order"]])
            _ = try await pool.query("update feedback set due_at = clock_timestamp() where object = 'Product2'")
            stage.sender.wake()
            try await eventually("it is looked for once more") { salesforce.queries.count == 2 }
            try await eventually("rest") { try await ledger.nextFeedbackDue() == nil }
            let letters = try await pool.query("select 1 as one from dead_letters")
            #expect(letters.count == 0 && stage.troubles.isClear)
            await stage.sender.stop()
            await pool.close()
        }
    }

    @Test("who takes over the rows of one that was lost in the middle of a write lets a person's later choice stay")
    func statusOfALapsedClaim() async throws {
        try await onLoop {
            let pool = PostgresPool(
                configuration: try await PostgresCluster.shared().newLedgerDatabase(), logger: .quiet)
            let ledger = Ledger(pool: pool, logger: .quiet)
            let salesforce = ScriptedSalesforce()
            let rule = OrderStatusRule(statuses: [.shipped: "Fulfilled"])
            salesforce.rows = { _ in .success([["ApiName": "Fulfilled", "StatusCode": "Activated"]]) }
            let check = OrderStatusCheck(
                rule: rule, salesforce: salesforce, health: Health(), time: LoopTime.shared, logger: .quiet,
                release: { try await ledger.releaseOwedStatuses() })
            check.start()
            try await eventually("the check is good") { check.isGood }
            let delivery = SalesforceDelivery(
                salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(),
                statuses: OrderStatuses(rule: rule, check: check) { (try? await ledger.noteStatuses($0)) ?? false },
                clock: LoopTime.shared, metrics: FeedbackMetrics(MetricsRegistry()), logger: .quiet)
            let order = try Make.orderId(1)
            let progress = try Make.progress(1, state: .shipped)
            try await ledger.takeProgress(
                [
                    ArrivedState(
                        key: order.text, asOfMilliseconds: progress.asOf.millisecondsSinceEpoch,
                        value: progress.encode(), traceParent: "t")
                ])
            salesforce.standing[order] = OrderStanding(status: "Activated", category: "Activated")
            let first = try await ledger.claimFeedback(
                holder: "f1", lease: .milliseconds(50), resendAfter: .seconds(60))
            _ = await delivery.deliver(first, mayCall: { true })
            #expect(salesforce.calls.last?.first?.fields["Status"] == "Fulfilled")
            // It ends here, and stores nothing of it. A person goes on.
            salesforce.standing[order] = OrderStanding(status: "Delivered", category: "Activated")
            var second: [FeedbackClaim] = []
            try await eventually("the claim lapses") {
                second = try await ledger.claimFeedback(holder: "f2", lease: .seconds(60), resendAfter: .seconds(60))
                return !second.isEmpty
            }
            #expect(second.map(\.orderStatus) == [GivenStatus(value: "Fulfilled", over: "Activated")])
            let batch = await delivery.deliver(second, mayCall: { true })
            #expect(salesforce.calls.last?.first?.fields["Status"] == nil)
            #expect(salesforce.calls.last?.first?.fields["NetSuite_Status__c"] == "shipped")
            try await ledger.finishFeedback(batch.results)
            let rows = try await pool.query("select order_status, order_status_over from feedback")
            #expect(try rows.first?.string("order_status") == "Fulfilled")
            #expect(try rows.first?.optionalString("order_status_over") == nil)
            #expect(try await ledger.noteStatuses([(first[0], GivenStatus(value: "Late", over: "x"))]) == false)
            await check.stop()
            await pool.close()
        }
    }

    @Loop
    private func sender(
        _ ledger: Ledger, _ salesforce: ScriptedSalesforce
    ) -> (sender: FeedbackSender, troubles: Troubles) {
        let metrics = MetricsRegistry()
        let troubles = Troubles(health: Health(), metrics: metrics, logger: .quiet)
        let sender = FeedbackSender(
            store: ledger,
            delivery: SalesforceDelivery(
                salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(), clock: LoopTime.shared,
                metrics: FeedbackMetrics(metrics), logger: .quiet),
            troubles: troubles, patience: DatabasePatience(troubles: troubles, time: LoopTime.shared), holder: "test",
            lease: FeedbackLease(call: .seconds(60)),
            resendAfter: .seconds(60), interval: .zero, time: LoopTime.shared, logger: .quiet)
        return (sender, troubles)
    }
}
