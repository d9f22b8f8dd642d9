import EventLoop
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

@testable import ServiceRuntime

/// Processes that read the same three messages one after the other, each killed at a moment of its own.
@Suite("The quarantine")
struct QuarantineTests {
    /// One process: what it started, until it was killed.
    @Loop
    private final class Life {
        let quarantine: Quarantine
        private let pool: PostgresPool
        private var tasks: [Task<Void, any Error>] = []
        private(set) var handling: [Int64: SuspectHandling] = [:]
        private(set) var running: [Int64] = []
        private(set) var finished: [Int64] = []

        init(_ number: Int, _ database: PostgresConfiguration) {
            pool = PostgresPool(configuration: database, logger: .silent)
            let (metrics, time) = (MetricsRegistry(), LoopTime.shared)
            let troubles = Troubles(health: Health(), metrics: metrics, logger: .silent)
            quarantine = Quarantine(
                name: "writer", topic: "orders", holder: "process \(number)", windowSize: 100,
                ledger: Ledger(pool: pool, logger: .silent),
                patience: DatabasePatience(troubles: troubles, time: time), metrics: metrics, logger: .silent,
                time: time)
        }

        /// Takes the messages and handles them; those that hang never end.
        func begin(_ offsets: [Int64], hanging: Set<Int64>) async throws {
            quarantine.begin([0], clusterId: "cluster") {}
            try await eventually("it is known how the one before ended") { self.quarantine.isReady }
            for offset in offsets {
                let place = MessagePlace(partition: 0, offset: offset)
                guard quarantine.take(place) else { continue }
                tasks.append(EventLoop.shared.start { [self] in try await handle(place, hanging: hanging) })
            }
        }

        private func handle(_ place: MessagePlace, hanging: Set<Int64>) async throws {
            let handling = try await quarantine.register(place, logger: .silent)
            self.handling[place.offset] = handling
            guard handling != .poison else { return end(place) }
            let outcome = try await quarantine.attempt(place, handling, logger: .silent) { [self] in
                running.append(place.offset)
                guard hanging.contains(place.offset) else { return .written }
                try? await LoopTime.shared.sleep(for: .seconds(600))
                return .postponed(.zero)
            }
            if outcome.isFinal { end(place) }
        }

        private func end(_ place: MessagePlace) {
            finished.append(place.offset)
            _ = quarantine.finish(place, next: nil)
        }

        /// Ends as by `kill -9`: nothing of it reaches the database any more.
        func kill() async {
            await pool.close()
            for task in tasks { task.cancel() }
        }

        func stop() async {
            await quarantine.end(within: .seconds(1))
            await pool.close()
        }
    }

    @Loop
    private func withDatabase(_ body: (PostgresConfiguration) async throws -> Void) async throws {
        let cluster = try await PostgresCluster.start()
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(try await cluster.newLedgerDatabase()))
        } catch {
            result = .failure(error)
        }
        await cluster.stop(signal: 3)
        try result.get()
    }

    @Test("a message that kills is found after one end beside others and five alone; the others are finished meanwhile")
    func poison() async throws {
        try await onLoop {
            try await withDatabase { database in
                let first = Life(0, database)
                try await first.begin([1, 2, 3], hanging: [2])
                #expect(first.handling.isEmpty, "behind an end in order nothing is registered")
                await first.kill()
                var left: [Int64] = [1, 2, 3]
                for number in 1...6 {
                    let life = Life(number, database)
                    try await life.begin(left, hanging: [2])
                    try await eventually("the message kills") { life.running.contains(2) }
                    #expect(life.handling[2] == (number == 1 ? .together : .alone(start: Int64(number) - 1)))
                    if number == 1 { try await eventually("the others end") { life.finished.count == 2 } }
                    left.removeAll { life.finished.contains($0) }
                    await life.kill()
                }
                let last = Life(7, database)
                try await last.begin(left, hanging: [2])
                try await eventually("it is not handled any more") { last.finished.contains(2) }
                #expect(last.handling[2] == .poison)
                #expect(!last.running.contains(2))
                await last.stop()
                let next = Life(8, database)
                try await next.begin([4], hanging: [])
                #expect(next.handling.isEmpty)
                await next.stop()
            }
        }
    }

    @Test("ten kills from outside, each at the worst moment, make no message poison")
    func outsideKills() async throws {
        try await onLoop {
            try await withDatabase { database in
                for number in 0...10 {
                    let life = Life(number, database)
                    // All that run hang, so each kill strikes a message that is alone and has just begun.
                    try await life.begin([1, 2, 3], hanging: [1, 2, 3])
                    if number > 0 {
                        try await eventually("all are judged, and one runs") {
                            life.handling.count == 3 && !life.running.isEmpty
                        }
                        #expect(!life.handling.values.contains(.poison), "process \(number): \(life.handling)")
                    }
                    await life.kill()
                }
            }
        }
    }
}
