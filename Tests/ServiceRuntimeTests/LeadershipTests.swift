import EventLoop
import Foundation
import Ledger
import Postgres
import ServiceRuntime
import Telemetry
import TestSupport
import Testing

@Suite("One process leads")
struct LeadershipTests {
    private static let terms = LeadershipTerms(lease: .seconds(4))

    /// A process of the service, as far as leading goes.
    @Loop
    final class Candidate {
        private(set) var terms: [Int64] = []
        private(set) var isLeading = false
        /// What it was told of itself, in turn.
        private(set) var changes: [Bool] = []
        private var task: Task<Void, any Error>?

        init(_ name: String, _ ledger: Ledger) {
            let metrics = MetricsRegistry()
            let troubles = Troubles(health: Health(), metrics: metrics, logger: .silent)
            let role = LeaderRole(
                name: "test", ledger: ledger, holder: name, terms: LeadershipTests.terms, troubles: troubles,
                patience: DatabasePatience(troubles: troubles, time: LoopTime.shared), logger: .silent,
                time: LoopTime.shared, onChange: { [weak self] in self?.changes.append($0) }
            ) { [weak self] term in
                self?.terms.append(term.fence)
                self?.isLeading = true
                // Works until cancelled.
                try? await LoopTime.shared.sleep(for: .seconds(600))
                self?.isLeading = false
            }
            task = EventLoop.shared.start { await role.run() }
        }

        func stop() async {
            task?.cancel()
            _ = await task?.result
        }
    }

    @Test("the second stands by, and leads once the first has gone, under a higher fence")
    func secondTakesOver() async throws {
        try await onLoop {
            let configuration = try await PostgresCluster.shared().newLedgerDatabase()
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            let ledger = Ledger(pool: pool, logger: .silent)
            let first = Candidate("first", ledger)
            try await eventually("the first leads") { first.isLeading }
            let second = Candidate("second", ledger)
            let start = MonotonicInstant.now
            // Longer than a renewal: the first keeps the lead, the second is turned away.
            try await eventually("two renewals") {
                MonotonicInstant.now - start > Self.terms.interval * 2
            }
            #expect(first.isLeading && !second.isLeading)
            #expect(first.changes == [true] && second.changes == [false], "one that stands by is told so once")
            await first.stop()
            #expect(!first.isLeading)
            let stopped = MonotonicInstant.now
            try await eventually("the second leads") { second.isLeading }
            // At its next try: the lease was given back and did not have to end.
            #expect(MonotonicInstant.now - stopped < Self.terms.interval + .seconds(2))
            #expect(second.terms.count == 1 && second.changes == [false, true])
            #expect((second.terms.first ?? 0) > (first.terms.first ?? 0))
            await second.stop()
            await pool.close()
        }
    }

    @Test("a leader whose lease was taken stops its work by itself")
    func lostLeaseStopsTheWork() async throws {
        try await onLoop {
            let configuration = try await PostgresCluster.shared().newLedgerDatabase()
            let pool = PostgresPool(configuration: configuration, logger: .silent)
            let ledger = Ledger(pool: pool, logger: .silent)
            let first = Candidate("first", ledger)
            try await eventually("the first leads") { first.isLeading }
            // As after a pause longer than the lease.
            let fence = first.terms.first ?? 0
            _ = try await pool.query("update leaders set holder = 'other', fence = \(fence) + 1")
            try await eventually("the work stops") { !first.isLeading }
            await first.stop()
            await pool.close()
        }
    }

    @Test("a database that freezes ends the lead before the lease does")
    func frozenDatabaseEndsTheLead() async throws {
        try await onLoop {
            let cluster = try await PostgresCluster.start()
            let pool = PostgresPool(configuration: try await cluster.newLedgerDatabase(), logger: .silent)
            let first = Candidate("first", Ledger(pool: pool, logger: .silent))
            try await eventually("the first leads") { first.isLeading }
            let start = MonotonicInstant.now
            await cluster.stop(signal: SIGQUIT)
            try await eventually("the work stops") { !first.isLeading }
            #expect(MonotonicInstant.now - start < Self.terms.lease)
            await first.stop()
            await pool.close()
        }
    }
}
