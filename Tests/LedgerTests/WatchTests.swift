import Contracts
import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("What the watches publish")
struct WatchTests {
    private static let topic = "netsuite.order.progressed.v1"

    @Loop
    private static func lead(_ ledger: Ledger, _ holder: String = "w1") async throws -> Leadership {
        try #require(try await ledger.acquireLeadership(of: "progress-watch", holder: holder, lease: .seconds(10)))
    }

    private static func state(
        _ key: String = Fixture.orderId(1), asOf: Int64 = 1_000, content: UInt8 = 1
    ) -> NewState {
        NewState(
            key: key, asOfMilliseconds: asOf, content: [content], value: [content, UInt8(truncatingIfNeeded: asOf)],
            eventId: Fixture.eventId(), traceParent: "00-t")
    }

    /// Stores as the watch of orders does, unless told otherwise.
    @Loop
    private static func store(
        _ states: [NewState], in ledger: Ledger, evenIfUnchanged: Bool = false, keepsHistory: Bool = true,
        under leader: Leadership
    ) async throws -> [PublishedState] {
        try await ledger.storeStates(
            states, topic: topic, evenIfUnchanged: evenIfUnchanged, keepsHistory: keepsHistory, under: leader)
    }

    @Test("a state is stored when its content is another, and a repeated one is not")
    func changes() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let first = Self.state()
                let stored = try await Self.store([first], in: ledger, under: leader)
                #expect(stored.map(\.eventId) == [first.eventId])
                #expect(stored.first?.value == first.value)
                #expect(stored.first?.isAcknowledged == false)
                #expect(try await Self.store([Self.state(asOf: 2_000)], in: ledger, under: leader).isEmpty)
                let changed = Self.state(asOf: 3_000, content: 2)
                let undone = Self.state(asOf: 4_000, content: 1)
                #expect(try await Self.store([changed, undone], in: ledger, under: leader).count == 2)
                let history = try await ledger.states(topic: Self.topic, key: first.key)
                #expect(history.map(\.asOfMilliseconds) == [1_000, 3_000, 4_000])
                #expect(history.map(\.eventId) == [first.eventId, changed.eventId, undone.eventId])
                #expect(try await ledger.states(topic: "another", key: first.key).isEmpty)
            }
        }
    }

    @Test("an instant that is not above the newest one stores nothing", arguments: [Int64(999), 1_000])
    func notAbove(_ asOf: Int64) async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let first = try await Self.store([Self.state()], in: ledger, under: leader)
                let late = Self.state(asOf: asOf, content: 2)
                #expect(try await Self.store([late], in: ledger, evenIfUnchanged: true, under: leader).isEmpty)
                #expect(try await ledger.newestStates(topic: Self.topic, keys: [late.key])[late.key] == first.first)
            }
        }
    }

    @Test("a full count stores the same content again, and only the newest stays once Kafka has it")
    func fullCount() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let first = Self.state("SKU-RED")
                _ = try await Self.store([first], in: ledger, keepsHistory: false, under: leader)
                let second = Self.state("SKU-RED", asOf: 2_000)
                let stored = try await Self.store(
                    [second], in: ledger, evenIfUnchanged: true, keepsHistory: false, under: leader)
                #expect(stored.map(\.eventId) == [second.eventId])
                let both = try await ledger.states(topic: Self.topic, key: "SKU-RED")
                #expect(both.map(\.asOfMilliseconds) == [1_000, 2_000], "the first is not confirmed yet")
                try await ledger.acknowledgeStates([first.eventId, second.eventId])
                let third = Self.state("SKU-RED", asOf: 3_000, content: 3)
                _ = try await Self.store([third], in: ledger, keepsHistory: false, under: leader)
                let left = try await ledger.states(topic: Self.topic, key: "SKU-RED")
                #expect(left.map(\.eventId) == [third.eventId])
            }
        }
    }

    @Test("what Kafka has not confirmed is there until it is, in the order in which it was stored")
    func unacknowledged() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let states = [3, 1, 2].map { Self.state(Fixture.orderId($0), asOf: 5_000) }
                let earlier = Self.state(Fixture.orderId(9), asOf: 9_000)
                _ = try await Self.store([earlier], in: ledger, under: leader)
                _ = try await Self.store(states, in: ledger, under: leader)
                try await ledger.release(leader)
                let next = try await Self.lead(ledger, "w2")
                let open = try await ledger.unacknowledgedStates(topic: Self.topic, under: next)
                #expect(open.map(\.key) == [9, 1, 2, 3].map(Fixture.orderId))
                #expect(open.first?.eventId == earlier.eventId)
                #expect(try await ledger.unacknowledgedStates(topic: Self.topic, limit: 2).count == 2)
                #expect(try await ledger.unacknowledgedStates(topic: Self.topic, under: leader).isEmpty)
                #expect(try await ledger.unacknowledgedStates(topic: "another").isEmpty)
                try await ledger.acknowledgeStates(open.dropLast().map(\.eventId))
                let left = try await ledger.unacknowledgedStates(topic: Self.topic)
                #expect(left.map(\.key) == [Fixture.orderId(3)])
                let confirmed = try await ledger.newestStates(
                    topic: Self.topic, keys: [Fixture.orderId(1), Fixture.orderId(1), "unknown"])
                #expect(confirmed.count == 1)
                #expect(confirmed[Fixture.orderId(1)]?.isAcknowledged == true)
            }
        }
    }

    @Test("a leader that was followed by another stores nothing")
    func fenced() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let former = try await Self.lead(ledger)
                #expect(try await ledger.renew(former, lease: .milliseconds(1)))
                try await eventually("the lease ends") {
                    try await ledger.acquireLeadership(of: "progress-watch", holder: "w2", lease: .seconds(10)) != nil
                }
                await #expect(throws: LeadershipLost.self) {
                    try await Self.store([Self.state()], in: ledger, under: former)
                }
                #expect(try await ledger.states(topic: Self.topic, key: Fixture.orderId(1)).isEmpty)
            }
        }
    }

    @Test("of two leaders that store at once, the one that was followed is refused and the other's states stay")
    func racing() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                for round in 1...20 {
                    let key = Fixture.orderId(round)
                    let former = try await Self.lead(ledger, "a\(round)")
                    #expect(try await ledger.renew(former, lease: .zero))
                    async let late = try? Self.store(
                        [Self.state(key, asOf: 2_000, content: 1)], in: ledger, under: former)
                    async let taken = ledger.acquireLeadership(
                        of: "progress-watch", holder: "b\(round)", lease: .seconds(10))
                    let leader = try #require(try await taken)
                    let before = try await ledger.newestStates(topic: Self.topic, keys: [key])[key]
                    let asOf = (before?.asOfMilliseconds ?? 0) + 1
                    _ = try await Self.store([Self.state(key, asOf: asOf, content: 2)], in: ledger, under: leader)
                    let stored = await late
                    let history = try await ledger.states(topic: Self.topic, key: key)
                    // What the former leader was told is what is there.
                    #expect(history.first?.value.first == (stored?.isEmpty == false ? 1 : 2))
                    #expect(history.last?.value.first == 2)
                    try await ledger.release(leader)
                }
            }
        }
    }

    @Test("a call that is made again, since its answer was lost, answers the same")
    func repeated() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let states = [Self.state(), Self.state(asOf: 2_000, content: 2), Self.state(asOf: 3_000, content: 2)]
                let stored = try await Self.store(states, in: ledger, under: leader)
                #expect(stored.map(\.eventId) == states.prefix(2).map(\.eventId))
                #expect(try await Self.store(states, in: ledger, under: leader) == stored)
            }
        }
    }

    @Test("a thousand states are stored in one call, each once")
    func thousand() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let states = (1...1_000).map { Self.state(Fixture.orderId($0), asOf: 7_000) }
                let started = ContinuousClock.now
                #expect(try await Self.store(states, in: ledger, under: leader).count == 1_000)
                let took = ContinuousClock.now - started
                #expect(took < .seconds(10), "\(took)")
                #expect(try await Self.store(states.reversed(), in: ledger, under: leader).count == 1_000)
                let newest = try await ledger.newestStates(topic: Self.topic, keys: states.map(\.key))
                #expect(newest.count == 1_000)
                #expect(try await ledger.unacknowledgedStates(topic: Self.topic, limit: 5_000).count == 1_000)
            }
        }
    }

    @Test("orders are known by NetSuite's ids, and documents by the orders that they ever belonged to")
    func documents() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                #expect(try await ledger.firstWrittenAt() == nil)
                let claim = try await ledger.claimed(Fixture.request())
                _ = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 5_001)))
                let orders = try await ledger.watchedOrders(netSuiteIds: [5_001, 77, 5_001])
                #expect(
                    orders == [WatchedOrder(orderId: claim.orderId, netSuiteId: 5_001, netSuiteNumber: nil)])
                #expect(abs(try #require(try await ledger.firstWrittenAt()).timeIntervalSinceNow) < 60)
                try await ledger.rememberDocuments([(9, 5_001), (9, 5_002), (9, 5_001), (8, 5_001)])
                try await ledger.rememberDocuments([(9, 5_002)])
                try await ledger.rememberDocuments([])
                #expect(try await ledger.orders(ofDocuments: [9, 8, 1]) == [9: [5_001, 5_002], 8: [5_001]])
            }
        }
    }

    @Test("the currency of a published order is kept, and a later version's replaces it")
    func currency() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let leader = try await Self.lead(ledger)
                let currencies: [String?] = ["USD", nil, "EUR"]
                for (index, currency) in currencies.enumerated() {
                    let publication = Publication(
                        orderId: Fixture.orderId(1), version: Int64(index + 1), digest: [1], digestFields: "a",
                        stampMilliseconds: 1, eventId: Fixture.eventId(), traceParent: "00-t", payload: [7],
                        currency: currency)
                    _ = try await ledger.insertPublications([publication], under: leader)
                    let kept = try await pool.query("select currency from orders").first?.string("currency")
                    #expect(kept == (index == 2 ? "EUR" : "USD"))
                }
            }
        }
    }
}
