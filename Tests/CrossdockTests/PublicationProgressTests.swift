import Foundation
import Testing

@testable import Crossdock
@testable import Ledger

@Suite("Following a publication")
struct PublicationProgressTests {
    private static func event(
        _ kind: OrderEvent.Kind, at second: Double, version: Int64? = nil, outcome: String? = nil,
        detail: String? = nil, reference: String? = nil
    ) -> OrderEvent {
        OrderEvent(
            at: Date(timeIntervalSince1970: 1_700_000_000 + second), kind: kind, version: version, outcome: outcome,
            detail: detail, by: nil, reference: reference, traceParent: nil)
    }

    private static func history(_ events: OrderEvent...) -> OrderHistory {
        OrderHistory(
            summary: OrderSummary(
                orderId: "801000000000001AAA", orderNumber: "1", netSuiteId: nil, netSuiteNumber: nil,
                state: "underway", newestVersion: nil, writtenVersion: nil, lastOutcome: nil, changedAt: Date(),
                sentence: nil, letterId: nil),
            hold: nil, events: events)
    }

    @Test("what was before the request is no news, and what was told is not told again")
    func news() {
        var progress = PublicationProgress()
        let old = Self.event(.settled, at: 1, version: 5, outcome: "written")
        let request = Self.event(.publishRequested, at: 2, reference: "7")
        progress.take(Self.history(old, request))
        #expect(progress.news.map(\.kind) == [.publishRequested])
        #expect(progress.end == nil && !progress.isAnswered)
        let answered = Self.event(.publishRequested, at: 2, detail: "published as version 6", reference: "7")
        let published = Self.event(.published, at: 3, version: 6)
        progress.take(Self.history(old, answered, published))
        #expect(progress.news.map(\.kind) == [.publishRequested, .published])
        #expect(progress.end == nil && progress.isAnswered, "the settlement of the version before it does not count")
        progress.take(
            Self.history(old, answered, published, Self.event(.settled, at: 4, version: 6, outcome: "written")))
        #expect(progress.news.map(\.kind) == [.settled])
        #expect(progress.end == .settled(.written))
    }

    @Test("a request that led to nothing ends with the publisher's answer")
    func nothing() {
        var progress = PublicationProgress()
        progress.take(
            Self.history(Self.event(.publishRequested, at: 2, detail: "the order is not active", reference: "7")))
        #expect(progress.end == .notPublished("the order is not active"))
    }
}
