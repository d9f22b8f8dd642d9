import EventLoop
import Foundation
import Telemetry
import TestSupport
import Testing

@testable import Postgres
@testable import ServiceRuntime

@Suite("Troubles")
struct TroublesTests {
    @Loop
    private final class Stage {
        let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
        let health = Health()
        let troubles: Troubles
        var attempts: [MonotonicInstant] = []
        var running = 0
        var mostRunning = 0
        var written = 0
        var isDown = true

        init() { troubles = Troubles(health: health, metrics: MetricsRegistry(), logger: .silent, time: time) }

        /// An order that is tried until it is written.
        func order(_ number: UInt8) -> Task<Void, any Error> {
            EventLoop.shared.start { [self] in
                while try await troubles.attempt(of: [number], attempt) != .written {}
            }
        }

        @Sendable private func attempt() async -> Outcome {
            attempts.append(time.now)
            running += 1
            mostRunning = max(mostRunning, running)
            try? await time.sleep(for: .milliseconds(100))
            running -= 1
            guard !isDown else { return .retry(Trouble(.netSuite, "no answer")) }
            troubles.answered(.netSuite)
            written += 1
            return .written
        }
    }

    @Test("a trouble is forgotten when nothing waits for the system any more, and the next orders ask it one by one")
    func forgotten() async throws {
        try await onLoop {
            let stage = Stage()
            let order = stage.order(1)
            await stage.time.advance(by: .milliseconds(150))
            #expect(stage.health.notReady.count == 1)
            await stage.time.advance(by: .seconds(20))
            #expect(stage.health.notReady.count == 1, "while it waits the trouble stays")
            order.cancel()
            await stage.time.advance(by: .seconds(12))
            #expect(stage.health.notReady.isEmpty)
            #expect(stage.troubles.isClear)
            stage.mostRunning = 0
            let orders = (2...9).map { stage.order($0) }
            await stage.time.advance(by: .milliseconds(150))
            #expect(stage.mostRunning == 1)
            #expect(!stage.troubles.isClear)
            for order in orders { order.cancel() }
        }
    }

    @Test("fifty orders ask a system that is away once in two seconds, and come back without a burst when it answers")
    func outage() async throws {
        try await onLoop {
            let stage = Stage()
            let orders = (0..<50).map { stage.order($0) }
            await stage.time.advance(by: .milliseconds(150))
            #expect(stage.attempts.count == 50, "those that were on their way")
            #expect(stage.health.notReady.map(\.reason) == ["no answer"])
            stage.attempts = []
            stage.mostRunning = 0
            await stage.time.advance(by: .seconds(60))
            #expect((20...32).contains(stage.attempts.count), "\(stage.attempts.count)")
            #expect(stage.mostRunning == 1)

            stage.isDown = false
            stage.attempts = []
            let back = stage.time.now
            while stage.written == 0 { await stage.time.advance(by: .milliseconds(100)) }
            #expect(stage.time.now - back <= .seconds(4))
            #expect(stage.health.notReady.isEmpty)
            await stage.time.advance(by: .milliseconds(150))
            #expect(stage.attempts.count <= 16, "the width doubles with each round, from two")
            await stage.time.advance(by: .seconds(5))
            #expect(stage.written == 50)
            for order in orders { try await order.value }
        }
    }

    @Test("an order whose task is cancelled leaves the queue, and no message goes while the database is away")
    func leaving() async throws {
        try await onLoop {
            let stage = Stage()
            stage.isDown = false
            stage.troubles.raise(Trouble(.database, "gone"))
            let first = stage.order(1)
            let second = stage.order(2)
            await stage.time.advance(by: .seconds(30))
            #expect(stage.attempts.isEmpty)
            #expect(stage.troubles.waitingMessages == 2)
            first.cancel()
            await #expect(throws: CancellationError.self) { try await first.value }
            #expect(stage.troubles.waitingMessages == 1)
            stage.troubles.clear(.database)
            await stage.time.advance(by: .seconds(1))
            try await second.value
            #expect(stage.written == 1)
        }
    }

    @Test("while the database is away one call at a time asks for it, and all go on when it is back")
    func database() async throws {
        try await onLoop {
            let stage = Stage()
            let patience = DatabasePatience(troubles: stage.troubles, time: stage.time)
            let database = Database()
            let calls = (0..<20).map { _ in
                EventLoop.shared.start { try await patience.untilAnswered { try database.call() } }
            }
            await stage.time.advance(by: .seconds(60))
            #expect((20...32).contains(database.calls), "\(database.calls)")
            database.isDown = false
            await stage.time.advance(by: .seconds(4))
            for call in calls { try await call.value }
            #expect(stage.troubles.isClear)
        }
    }
}

@Loop
private final class Database {
    var isDown = true
    var calls = 0

    func call() throws {
        calls += 1
        if isDown { throw PostgresError(.unavailable, "gone") }
    }
}
