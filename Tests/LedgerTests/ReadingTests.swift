import EventLoop
import Foundation
import Ledger
import Postgres
import TestSupport
import Testing

@Suite("Reading for the command line")
struct ReadingTests {
    @Test("an order is found by id, short id, number, NetSuite id and NetSuite number")
    func finds() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let claim = try await ledger.claimed(Fixture.request(12))
                _ = try await ledger.recorded(
                    claim, .written(WrittenOrder(netSuiteId: 4_711, number: "SO99", state: "pending fulfillment")))
                let id = Fixture.orderId(12)
                for text in [id, String(id.prefix(15)), "000012", "4711", "SO99"] {
                    let found = try await ledger.findOrders(text)
                    #expect(found.map(\.orderId) == [id], "by \(text)")
                    #expect(found.first?.state == "pending fulfillment")
                }
                for text in ["", "nothing", "801", "%", "'; drop table orders"] {
                    #expect(try await ledger.findOrders(text).isEmpty)
                }
                #expect(try await ledger.history(of: Fixture.orderId(13)) == nil)
            }
        }
    }

    @Test("the history shows publication, attempts, letters and settlements in time order")
    func history() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                let leader = try #require(
                    try await ledger.acquireLeadership(of: "order-publisher", holder: "p", lease: .seconds(10)))
                _ = try await ledger.insertPublications(
                    [
                        Publication(
                            orderId: Fixture.orderId(1), orderNumber: "00001", version: 1_000, digest: [1],
                            digestFields: "a", stampMilliseconds: 1_000, eventId: Fixture.eventId(),
                            traceParent: "00-t",
                            payload: [7])
                    ], under: leader)
                #expect(try await ledger.orders(.underway).count == 1)
                let claim = try await ledger.claimed(Fixture.request())
                _ = try await ledger.recorded(claim, .dead(Fixture.letter()))
                try await ledger.recordLeftActivated(
                    orderId: Fixture.orderId(1), status: "Draft", stampMilliseconds: 1_001)
                try await ledger.recordLeftActivated(
                    orderId: Fixture.orderId(1), status: "Draft", stampMilliseconds: 1_001)
                let history = try #require(try await ledger.history(of: Fixture.orderId(1)))
                #expect(history.summary.state == "needs attention")
                #expect(history.summary.sentence == "There is no item. Make it.\u{FFFD}")
                #expect(history.events.map(\.at) == history.events.map(\.at).sorted())
                let kinds = history.events.map(\.kind)
                #expect(kinds.first == .published)
                #expect(kinds.last == .leftActivated)
                #expect(kinds.count { $0 == .leftActivated } == 1)
                for kind in [OrderEvent.Kind.attemptStarted, .attemptEnded, .letterOpened, .settled] {
                    #expect(kinds.contains(kind))
                }
                #expect(history.events.first { $0.kind == .attemptEnded }?.detail == "created HTTP 204")
            }
        }
    }

    @Test("lists filter by state and keep to their limit")
    func lists() async throws {
        try await onLoop {
            try await withLedger { ledger, _ in
                for number in 1...3 {
                    let claim = try await ledger.claimed(Fixture.request(number))
                    if number == 3 { continue }
                    _ = try await ledger.recorded(claim, .written(WrittenOrder(netSuiteId: Int64(number))))
                }
                #expect(try await ledger.orders().count == 3)
                #expect(try await ledger.orders(limit: 2).count == 2)
                #expect(try await ledger.orders().first?.orderId == Fixture.orderId(3))
                #expect(try await ledger.orders(.written).count == 2)
                #expect(try await ledger.orders(.underway).map(\.orderId) == [Fixture.orderId(3)])
                #expect(try await ledger.orders(.needsAttention).isEmpty)
            }
        }
    }
}
