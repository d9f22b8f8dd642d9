import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("The publisher's rows")
struct PublisherTests {
    @Loop
    private static func lead(_ ledger: Ledger, _ holder: String = "p1") async throws -> Leadership {
        try #require(try await ledger.acquireLeadership(of: "order-publisher", holder: holder, lease: .seconds(10)))
    }

    private static func publication(_ number: Int = 1, version: Int64 = 1_000, requestId: Int64? = nil) -> Publication {
        Publication(
            orderId: Fixture.orderId(number), orderNumber: "0000\(number)", version: version, digest: [1],
            digestFields: "a,b", stampMilliseconds: version, eventId: Fixture.eventId(), traceParent: "00-t",
            payload: [7], requestId: requestId)
    }

    @Test("one leads at a time; released or run out, another leads with a higher fence")
    func leads() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let first = try await Self.lead(ledger)
                #expect(
                    try await ledger.acquireLeadership(of: "order-publisher", holder: "p2", lease: .seconds(9)) == nil)
                #expect(try await ledger.renew(first, lease: .milliseconds(1)))
                try await eventually("the lease ends") {
                    let second = try await ledger.acquireLeadership(
                        of: "order-publisher", holder: "p2", lease: .seconds(10))
                    return second?.fence == first.fence + 1
                }
                #expect(try await ledger.renew(first, lease: .seconds(10)) == false)
                await #expect(throws: LeadershipLost.self) {
                    try await ledger.moveCursor("orders", to: "x", under: first)
                }
                await #expect(throws: LeadershipLost.self) {
                    try await ledger.insertPublications([Self.publication()], under: first)
                }
                #expect(try await ledger.cursor("orders") == nil)
            }
        }
    }

    @Test("what is not settled can be sent again, and nothing else")
    func unsettledAgain() async throws {
        try await onLoop {
            try await withLedger { ledger, pool in
                let leader = try await Self.lead(ledger)
                let stored = try await ledger.insertPublications(
                    (1...3).map { Self.publication($0) }, under: leader)
                try await ledger.acknowledgePublications(stored.prefix(2).map(\.eventId))
                // As the settlement of the second leaves it.
                _ = try await pool.query("update publications set payload = null where order_id = \(stored[1].orderId)")
                #expect(try await ledger.sendUnsettledAgain() == 1)
                let owed = try await ledger.unacknowledgedPublications(under: leader)
                #expect(owed.map(\.eventId) == [stored[0].eventId, stored[2].eventId])
            }
        }
    }

    @Test("a cursor moves under its leader")
    func cursors() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                try await ledger.moveCursor("orders", to: "one", under: leader)
                try await ledger.moveCursor("orders", to: "two", under: leader)
                #expect(try await ledger.cursor("orders") == "two")
                try await ledger.release(leader)
                let next = try await Self.lead(ledger, "p2")
                #expect(next.fence == leader.fence + 1)
                _ = try await ledger.insertPublications([Self.publication(1)], under: next)
                #expect(try await ledger.unacknowledgedPublications(under: next).count == 1)
                #expect(try await ledger.unacknowledgedPublications(under: leader).isEmpty)
            }
        }
    }

    @Test("a version is stored once, produced until it is confirmed, and emptied when it is settled")
    func publishes() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                let stored = try await ledger.insertPublications(
                    [Self.publication(2), Self.publication(1)], under: leader)
                #expect(stored.map(\.orderId) == [Fixture.orderId(2), Fixture.orderId(1)])
                let repeated = try await ledger.insertPublications([Self.publication(1)], under: leader)
                #expect(repeated == [stored[1]])
                #expect(try await ledger.unacknowledgedPublications(under: leader).count == 2)
                try await ledger.acknowledgePublications([stored[0].eventId])
                let open = try await ledger.unacknowledgedPublications(under: leader)
                #expect(open.map(\.eventId) == [stored[1].eventId])
                #expect(open.first?.payload == [7])
                let claim = try await ledger.claimed(Fixture.request())
                _ = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: 1)))
                #expect(try await ledger.unacknowledgedPublications(under: leader).isEmpty)
                _ = try await ledger.insertPublications([Self.publication(1, version: 1_001)], under: leader)
                let last = try await ledger.lastPublications(of: [Fixture.orderId(1), Fixture.orderId(9)])
                #expect(last.count == 1)
                #expect(last[Fixture.orderId(1)]?.version == 1_001)
                #expect(last[Fixture.orderId(1)]?.digestFields == "a,b")
            }
        }
    }

    @Test("requests wait once per order, and end by a publication or by an answer")
    func requests() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let orders = [Fixture.orderId(1), Fixture.orderId(2)]
                try await ledger.requestPublication(of: orders, by: "ann")
                try await ledger.requestPublication(of: orders, by: "bob")
                let open = try await ledger.publishRequests()
                #expect(Set(open.map(\.orderId)) == Set(orders))
                #expect(open.allSatisfy { $0.requestedBy == "ann" })
                let leader = try await Self.lead(ledger)
                let first = try #require(open.first { $0.orderId == orders[0] })
                _ = try await ledger.insertPublications([Self.publication(1, requestId: first.id)], under: leader)
                try await ledger.closePublishRequests(open.map(\.id), answer: "not active")
                #expect(try await ledger.publishRequests().isEmpty)
                let history = try #require(try await ledger.history(of: orders[0]))
                let asked = history.events.first { $0.kind == .publishRequested }
                #expect(asked?.detail == "published as version 1000")
            }
        }
    }

    @Test("an unreadable order has one open letter, which its publication resolves")
    func unreadable() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try await Self.lead(ledger)
                var content = Fixture.letter("invalid-message")
                content.message = nil
                let order = UnreadableOrder(orderId: Fixture.orderId(1), orderNumber: "00001", content: content)
                try await ledger.recordUnreadable([order], under: leader)
                try await ledger.recordUnreadable([order], under: leader)
                let letters = try await ledger.deadLetters()
                #expect(letters.map(\.seenCount) == [2])
                #expect(letters.first?.source == "Order \(Fixture.orderId(1))")
                #expect(try await ledger.orders(.needsAttention).map(\.orderNumber) == ["00001"])
                _ = try await ledger.insertPublications([Self.publication()], under: leader)
                #expect(try await ledger.deadLetters().isEmpty)
            }
        }
    }
}
