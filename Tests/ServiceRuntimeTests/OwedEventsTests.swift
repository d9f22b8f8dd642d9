import Contracts
import EventLoop
import Foundation
import ServiceRuntime
import Telemetry
import TestSupport
import Testing

@testable import Ledger

/// Kafka, and what the ledger was told, in memory.
@Loop
private final class OwedBench {
    /// Keys and orderings, as sends began.
    private(set) var sent: [String] = []
    /// The event ids of each call.
    private(set) var acknowledged: [[String]] = []
    /// Keys whose sends fail.
    var failing: Set<String> = []
    /// Keys whose sends do not end.
    var stuck: Set<String> = []
    private(set) var cancelled = 0
    /// What the ledger gives as owed: a page a call.
    var pages: [[StoredEvent]] = []

    func owed() -> OwedEvents<OrderProgress> {
        OwedEvents(
            topic: .orderProgressed, logger: .silent, open: { _ in self.pages.isEmpty ? [] : self.pages.removeFirst() },
            send: { (_, headers) async throws(Trouble) in try await self.send(headers) },
            acknowledge: { self.acknowledged.append($0.sorted()) })
    }

    private func send(_ headers: CloudEventHeaders) async throws(Trouble) {
        sent.append("\(headers.subject)\(headers.ordering)")
        // Others come to send before this one ends.
        await Task.yield()
        if stuck.contains(headers.subject) {
            do { try await LoopTime.shared.sleep(for: .seconds(60)) } catch { cancelled += 1 }
        }
        if failing.contains(headers.subject) { throw Trouble(.kafka, "down") }
        sent.append("\(headers.subject)\(headers.ordering) confirmed")
    }

    func forget() { (sent, acknowledged) = ([], []) }
}

@Suite("Events that are owed to Kafka")
struct OwedEventsTests {
    private static func id(_ key: String, _ ordering: Int64) -> String {
        "01900000-0000-7000-8000-0000000000\(key)\(ordering)"
    }

    private static func event(_ key: String, _ ordering: Int64, isSettled: Bool = false) -> StoredEvent {
        StoredEvent(
            id: id(key, ordering), key: key, ordering: ordering, storedAt: UTCInstant(millisecondsSinceEpoch: 0),
            traceParent: TraceContext.new().traceparent, value: isSettled ? nil : Array("{}".utf8))
    }

    @Test("different keys are sent at once, events of one key in turn, and all are acknowledged together")
    func inTurn() async throws {
        try await onLoop {
            let bench = OwedBench()
            try await bench.owed().produce([Self.event("a", 2), Self.event("b", 1), Self.event("a", 1)])
            #expect(bench.acknowledged == [[Self.id("a", 1), Self.id("a", 2), Self.id("b", 1)]])
            #expect(Set(bench.sent.prefix(2)) == ["a1", "b1"])
            #expect(
                bench.sent.filter { $0.hasPrefix("a") } == ["a1", "a1 confirmed", "a2", "a2 confirmed"])
        }
    }

    @Test(
        "a key stops at its first failure and others go on; what was confirmed is acknowledged, then the trouble thrown"
    )
    func failure() async throws {
        try await onLoop {
            let bench = OwedBench()
            bench.failing = ["a"]
            let events = [Self.event("a", 1), Self.event("a", 2), Self.event("b", 1), Self.event("b", 2)]
            _ = try await caught(Trouble.self) { try await bench.owed().produce(events) }
            #expect(bench.acknowledged == [[Self.id("b", 1), Self.id("b", 2)]])
            #expect(!bench.sent.contains("a2"))

            bench.forget()
            bench.failing = ["a", "b"]
            _ = try await caught(Trouble.self) { try await bench.owed().produce(events) }
            #expect(bench.acknowledged.isEmpty)
        }
    }

    @Test("an event that Kafka has for certain is acknowledged and not sent again")
    func settled() async throws {
        try await onLoop {
            let bench = OwedBench()
            try await bench.owed().produce([Self.event("a", 1, isSettled: true), Self.event("a", 2)])
            #expect(bench.sent == ["a2", "a2 confirmed"])
            #expect(bench.acknowledged == [[Self.id("a", 1), Self.id("a", 2)]])
        }
    }

    @Test("what is open is produced page by page until nothing is, and stays open where Kafka fails")
    func open() async throws {
        try await onLoop {
            let bench = OwedBench()
            bench.pages = [[Self.event("a", 1), Self.event("b", 1)], [Self.event("a", 2)]]
            let leadership = Leadership(name: "test", holder: "first", fence: 1)
            #expect(try await bench.owed().produceOpen(under: leadership) == 3)
            #expect(bench.acknowledged.count == 2)

            bench.forget()
            bench.failing = ["a"]
            bench.pages = [[Self.event("a", 3)], [Self.event("b", 2)]]
            _ = try await caught(Trouble.self) { try await bench.owed().produceOpen(under: leadership) }
            #expect(bench.acknowledged.isEmpty)
            #expect(bench.pages.count == 1)
        }
    }

    @Test("who is cancelled takes the sends with it, and acknowledges nothing that was not confirmed")
    func cancellation() async throws {
        try await onLoop {
            let bench = OwedBench()
            (bench.stuck, bench.failing) = (["a"], ["a"])
            let producing = EventLoop.shared.start { try await bench.owed().produce([Self.event("a", 1)]) }
            try await eventually("the send began") { bench.sent == ["a1"] }
            producing.cancel()
            _ = try await caught(Trouble.self) { try await producing.value }
            #expect(bench.cancelled == 1)
            #expect(bench.acknowledged.isEmpty)
        }
    }
}
