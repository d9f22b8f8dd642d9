import Contracts
import EventLoop
import Foundation
import JSONText
import Kafka
import Ledger
import Salesforce
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime
@testable import StatusFeedback

/// Sender and intake over rows in memory and a scripted Salesforce.
@Loop
private struct Stage {
    let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 1_780_000_000))
    let store: MemoryStore
    let salesforce = ScriptedSalesforce()
    let health = Health()
    let troubles: Troubles
    let sender: FeedbackSender
    let intake: FeedbackIntake

    init(realTime: Bool = false) {
        let time: any TimeSource = realTime ? LoopTime.shared : self.time
        let metrics = MetricsRegistry()
        let store = MemoryStore(time: time)
        self.store = store
        troubles = Troubles(health: health, metrics: metrics, logger: .quiet, time: time)
        let patience = DatabasePatience(troubles: troubles, time: time)
        let sender = FeedbackSender(
            store: store,
            delivery: SalesforceDelivery(
                salesforce: salesforce, limit: .seconds(60), waits: FeedbackWaits(), health: health,
                clock: time, metrics: FeedbackMetrics(metrics), logger: .quiet),
            troubles: troubles, patience: patience, holder: "test", lease: FeedbackLease(call: .seconds(60)),
            resendAfter: .seconds(60), interval: .seconds(1),
            time: time,
            logger: .quiet)
        self.sender = sender
        intake = FeedbackIntake(
            store: store, staleAfter: .seconds(93_600), patience: patience, time: LoopTime.shared,
            wakeSender: { sender.wake() })
    }

    func arrive(_ settlement: Settlement) async -> Outcome {
        await intake.handle(Stage.delivery(settlement.encode(), of: settlement))
    }

    static func delivery(_ payload: [UInt8], of settlement: Settlement) -> Delivery {
        let headers = Topic.orderSettled.headers(for: settlement, id: .new(at: Date()), at: Date(), traceparent: nil)
        let message = KafkaMessage(
            topic: Topic.orderSettled.name, partition: 0, offset: 7, key: Array(settlement.orderId.text.utf8),
            value: payload, headers: headers.encode().map { KafkaHeader($0.0, $0.1) }, timestamp: .unavailable)
        return Delivery(message, clusterId: "c", assignment: 1, logger: .quiet)
    }

    static func delivery<Message: Sendable>(
        _ topic: Topic<Message>, _ message: Message, payload: [UInt8]
    ) -> Delivery {
        let headers = topic.headers(for: message, id: .new(at: Date()), at: Date(), traceparent: nil)
        let message = KafkaMessage(
            topic: topic.name, partition: 0, offset: 8, key: Array(topic.key(of: message).utf8), value: payload,
            headers: headers.encode().map { KafkaHeader($0.0, $0.1) }, timestamp: .unavailable)
        return Delivery(message, clusterId: "c", assignment: 1, logger: .quiet)
    }

    /// The status that was sent last, by order.
    var statuses: [String] {
        salesforce.calls.flatMap { $0 }.compactMap { $0.fields["NetSuite_Status__c"]?.string }
    }
}

@Suite("Settlements reach Salesforce in batches, newest last")
struct SenderTests {
    @Test("a settlement is shown, and an older one that comes later changes nothing")
    func olderChangesNothing() async throws {
        try await onLoop {
            let stage = Stage()
            stage.sender.start()
            #expect(await stage.arrive(try Make.settlement(sequence: 2, state: .shipped)) == .written)
            try await eventually("the first call") { stage.salesforce.calls.count == 1 }
            _ = await stage.arrive(try Make.settlement(sequence: 1, state: .pendingApproval))
            await stage.time.advance(by: .seconds(30))
            #expect(stage.statuses == ["shipped"])
            _ = await stage.arrive(try Make.settlement(sequence: 3, state: .invoiced))
            await stage.time.advance(by: .seconds(2))
            try await eventually("the second call") { stage.salesforce.calls.count == 2 }
            #expect(
                stage.salesforce.calls[1].map { $0.fields.keys } == [["NetSuite_Status__c", "NetSuite_Synced_At__c"]])
            await stage.sender.stop()
        }
    }

    @Test("what arrives while the sender pauses goes in one call")
    func batches() async throws {
        try await onLoop {
            let stage = Stage()
            stage.sender.start()
            _ = await stage.arrive(try Make.settlement(1))
            try await eventually("the first call") { stage.salesforce.calls.count == 1 }
            for number in 2...250 { _ = await stage.arrive(try Make.settlement(number)) }
            await stage.time.advance(by: .seconds(1))
            try await eventually("the second call") { stage.salesforce.calls.count == 2 }
            await stage.time.advance(by: .seconds(1))
            try await eventually("the third call") { stage.salesforce.calls.count == 3 }
            #expect(stage.salesforce.calls.map(\.count) == [1, 200, 49])
            await stage.sender.stop()
        }
    }

    @Test("while Salesforce is in trouble nothing is taken and the service says why; then it flows again")
    func trouble() async throws {
        try await onLoop {
            let stage = Stage()
            stage.salesforce.answer = { _ in .failure(.systemTrouble(reason: "HTTP 503")) }
            stage.sender.start()
            _ = await stage.arrive(try Make.settlement())
            try await eventually("trouble") { !stage.troubles.isClear }
            #expect(!stage.sender.isFlowing)
            #expect(stage.health.notReady.map(\.component) == ["Salesforce"])
            stage.salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            await stage.time.advance(by: .seconds(1))
            try await eventually("the end of trouble") { stage.troubles.isClear }
            #expect(stage.sender.isFlowing)
            #expect(stage.store.rows.values.first?.shown != nil)
            await stage.sender.stop()
        }
    }

    @Test("fields that products lack keep no order and no message waiting")
    func productFieldsMissing() async throws {
        try await onLoop {
            let stage = Stage()
            stage.salesforce.fields["Product2"]?.remove("NetSuite_Stock_Stale__c")
            stage.sender.start()
            let count = try Make.stock()
            _ = await stage.intake.handle(Stage.delivery(Topic.inventoryCounted, count, payload: count.encode()))
            try await eventually("the count is put off") { stage.store.ends.count == 1 }
            #expect(stage.sender.isFlowing && stage.troubles.isClear)
            #expect(stage.health.notReady.map(\.component) == ["Salesforce Product2"])
            _ = await stage.arrive(try Make.settlement())
            await stage.time.advance(by: .seconds(2))
            try await eventually("the order") { stage.statuses == ["pending fulfillment"] }
            await stage.sender.stop()
        }
    }

    @Test("after an unknown answer what is newer goes out at once, and whole again 60 s later")
    func unknownAnswer() async throws {
        try await onLoop {
            let stage = Stage()
            stage.salesforce.answer = { _ in .failure(.unknownOutcome(reason: "cut")) }
            stage.sender.start()
            _ = await stage.arrive(try Make.settlement(sequence: 1))
            try await eventually("the row's end") { stage.store.ends.count == 1 }
            stage.salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            _ = await stage.arrive(try Make.settlement(sequence: 2, state: .shipped))
            for _ in 0..<58 { await stage.time.advance(by: .seconds(1)) }
            // It is not known what Salesforce shows: a difference would not do.
            try await eventually("the newer one") { stage.salesforce.calls.count == 2 }
            #expect(stage.salesforce.calls[1][0].fields.count == 5)
            for _ in 0..<8 { await stage.time.advance(by: .seconds(1)) }
            try await eventually("once more") { stage.salesforce.calls.count == 3 }
            #expect(stage.salesforce.calls[2][0].fields["NetSuite_Status__c"] == "shipped")
            #expect(stage.salesforce.calls[2][0].fields.count == 5)
            await stage.sender.stop()
        }
    }

    @Test("trouble between does not end a resend that is owed")
    func troubleKeepsTheResend() async throws {
        try await onLoop {
            let stage = Stage()
            stage.salesforce.answer = { _ in .failure(.unknownOutcome(reason: "cut")) }
            stage.sender.start()
            _ = await stage.arrive(try Make.settlement(sequence: 1))
            try await eventually("the row's end") { stage.store.ends.count == 1 }
            stage.salesforce.answer = { _ in .failure(.systemTrouble(reason: "HTTP 503")) }
            _ = await stage.arrive(try Make.settlement(sequence: 2, state: .shipped))
            for _ in 0..<5 { await stage.time.advance(by: .seconds(1)) }
            try await eventually("tries") { stage.salesforce.calls.count >= 2 }
            stage.salesforce.answer = { updates in .success(updates.map { _ in .updated }) }
            for _ in 0..<6 { await stage.time.advance(by: .seconds(1)) }
            try await eventually("shown") { stage.store.rows.values.first?.shown != nil }
            let calls = stage.salesforce.calls.count
            for _ in 0..<55 { await stage.time.advance(by: .seconds(1)) }
            try await eventually("the resend") { stage.salesforce.calls.count == calls + 1 }
            await stage.sender.stop()
        }
    }

    @Test("who has slept through its claim sends nothing")
    func sleptThroughTheClaim() async throws {
        try await onLoop {
            let stage = Stage()
            stage.store.renews = false
            stage.store.whileClaiming = { [time = stage.time] in await time.advance(by: .seconds(90)) }
            stage.sender.start()
            _ = await stage.arrive(try Make.settlement())
            try await eventually("the row's end") { stage.store.ends.count == 1 }
            #expect(stage.salesforce.calls.isEmpty)
            stage.store.whileClaiming = nil
            await stage.sender.stop()
        }
    }

    @Test("a settlement that cannot be read is kept whole and lets the others pass", arguments: ["{", "{}"])
    func unreadable(_ payload: String) async throws {
        try await onLoop {
            let stage = Stage()
            let settlement = try Make.settlement()
            let outcome = await stage.intake.handle(Stage.delivery(Array(payload.utf8), of: settlement))
            #expect(outcome == .dead)
            let letter = try #require(stage.store.letters.first)
            #expect(letter.content.letterClass == (payload == "{" ? "undecodable" : "invalid-message"))
            #expect(letter.content.message?.value == Array(payload.utf8))
            #expect(letter.content.message?.offset == 7)
            #expect(letter.orderId == nil)
        }
    }

    @Test("progress and stock are taken beside settlements, and one that cannot be read touches nothing")
    func progressAndStock() async throws {
        try await onLoop {
            let stage = Stage()
            stage.salesforce.rows = { _ in .success([]) }
            stage.sender.start()
            let progress = try Make.progress(1)
            #expect(await stage.arrive(try Make.settlement(1)) == .written)
            let message = { (payload: [UInt8]) in
                Stage.delivery(Topic.orderProgressed, progress, payload: payload)
            }
            #expect(await stage.intake.handle(message(progress.encode())) == .written)
            for _ in 0..<3 { await stage.time.advance(by: .seconds(1)) }
            try await eventually("progress is shown") { stage.statuses.last == "partly shipped" }
            let calls = stage.salesforce.calls.count
            for payload in ["{", "{}"] {
                #expect(await stage.intake.handle(message(Array(payload.utf8))) == .dead)
            }
            let count = try Make.stock()
            #expect(
                await stage.intake.handle(Stage.delivery(Topic.inventoryCounted, count, payload: Array("[".utf8)))
                    == .dead)
            #expect(
                stage.store.letters.map(\.content.letterClass) == ["undecodable", "invalid-message", "undecodable"])
            #expect(stage.store.letters.map(\.content.message?.topic).last == Topic.inventoryCounted.name)
            #expect(stage.store.letters.allSatisfy { $0.orderId == nil })
            #expect(
                await stage.intake.handle(Stage.delivery(Topic.inventoryCounted, count, payload: count.encode()))
                    == .written)
            for _ in 0..<3 { await stage.time.advance(by: .seconds(1)) }
            try await eventually("stock is looked up") { !stage.salesforce.queries.isEmpty }
            #expect(stage.salesforce.calls.count == calls)
            await stage.sender.stop()
        }
    }

    @Test("a replayed settlement that can be read resolves its letter, one that cannot names it")
    func replays() async throws {
        try await onLoop {
            let stage = Stage()
            let settlement = try Make.settlement()
            let headers = [KafkaHeader("ce_id", "e-1"), KafkaHeader("ce_replayof", "17")]
            for payload in [settlement.encode(), [1]] {
                var whole = Stage.delivery(payload, of: settlement).message.headers.filter { $0.name != "ce_id" }
                let id = EventId.new(at: Date()).text
                whole += payload == [1] ? headers : [KafkaHeader("ce_id", id), headers[1]]
                let message = KafkaMessage(
                    topic: Topic.orderSettled.name, partition: 0, offset: 7, key: Array(settlement.orderId.text.utf8),
                    value: payload, headers: whole, timestamp: .unavailable)
                _ = await stage.intake.handle(
                    Delivery(message, clusterId: "c", assignment: 1, logger: .quiet))
                if payload == [1] {
                    #expect(stage.store.letters.map(\.replayOf) == ["17"])
                    #expect(stage.store.letters.map(\.eventId) == ["e-1"])
                } else {
                    #expect(stage.store.resolvedReplays == ["17 \(id)"])
                }
            }
            #expect(stage.store.resolvedReplays.count == 1)
        }
    }

    @Test("stopping is quick while Salesforce hangs, and the cut batch is due again")
    func stopping() async throws {
        try await onLoop {
            let stage = Stage(realTime: true)
            stage.salesforce.hang = { try? await LoopTime.shared.sleep(for: .seconds(600)) }
            stage.salesforce.answer = { _ in .failure(.unknownOutcome(reason: "cancelled")) }
            stage.sender.start()
            _ = await stage.arrive(try Make.settlement())
            try await eventually("the call") { stage.salesforce.calls.count == 1 }
            let started = MonotonicInstant.now
            await stage.sender.stop()
            #expect(MonotonicInstant.now - started < .seconds(2))
            #expect(stage.store.rows.values.allSatisfy { !$0.isClaimed && $0.resendAt != nil })
        }
    }

    @Test("stopping an idle sender waits for nothing")
    func stoppingIdle() async throws {
        try await onLoop {
            let stage = Stage()
            stage.sender.start()
            try await eventually("rest") { !stage.time.isIdle }
            let started = MonotonicInstant.now
            await stage.sender.stop()
            #expect(MonotonicInstant.now - started < .seconds(1))
        }
    }
}
