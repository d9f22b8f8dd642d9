import EventLoop
import Foundation
import Glibc
import Ledger
import Postgres
import TestSupport
import Testing

/// Stands before PostgreSQL and, when armed, lets a statement through and swallows its answer with the connection.
@Loop
private final class AnswerSwallower {
    let directory: String
    var marker: [UInt8]?
    private(set) var swallowed = 0
    private let server: String
    private var listening: DescriptorWatch?
    private var watches: [DescriptorWatch] = []

    init(before server: String) throws {
        self.server = server
        directory = try Leftovers.shared.makeDirectory("proxy")
        let listener = try Self.socket(at: "\(directory)/.s.PGSQL.5432") { bind($0, $1, $2) }
        #expect(listen(listener, 16) == 0)
        listening = try EventLoop.shared.watch(listener, for: .readable) { [weak self] _ in
            self?.pass(accept(listener, nil, nil))
        }
    }

    private static func socket(
        at path: String, _ call: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
    ) throws -> Int32 {
        let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: Array(path.utf8)) }
        let code = withUnsafePointer(to: address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                call(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
        try #require(code == 0)
        return descriptor
    }

    private func pass(_ client: Int32) {
        guard let upstream = try? Self.socket(at: "\(server)/.s.PGSQL.5432", { connect($0, $1, $2) }) else { return }
        var isDoomed = false
        var pair: [DescriptorWatch] = []
        func end() {
            for watch in pair { watch.cancel() }
            close(client)
            close(upstream)
        }
        func forward(from: Int32, to: Int32) -> [UInt8]? {
            var buffer = [UInt8](repeating: 0, count: 65_536)
            let count = read(from, &buffer, buffer.count)
            return count > 0 ? Array(buffer.prefix(count)) : nil
        }
        let up = try? EventLoop.shared.watch(client, for: .readable) { [weak self] _ in
            guard let bytes = forward(from: client, to: upstream) else { return end() }
            if let marker = self?.marker, bytes.firstRange(of: marker) != nil {
                isDoomed = true
                self?.marker = nil
            }
            _ = write(upstream, bytes, bytes.count)
        }
        let down = try? EventLoop.shared.watch(upstream, for: .readable) { [weak self] _ in
            guard let bytes = forward(from: upstream, to: client) else { return end() }
            if isDoomed {
                self?.swallowed += 1
                return end()
            }
            _ = write(client, bytes, bytes.count)
        }
        pair = [up, down].compactMap { $0 }
    }
}

@Suite("Lost answers")
struct LostAnswerTests {
    @Loop
    private static func withSwallower(
        _ body: @Loop (Ledger, AnswerSwallower) async throws -> Void
    ) async throws {
        var configuration = try await PostgresCluster.shared().newLedgerDatabase()
        let swallower = try AnswerSwallower(before: configuration.host)
        configuration.host = swallower.directory
        let pool = PostgresPool(configuration: configuration, logger: .silent)
        try await body(Ledger(pool: pool, logger: .silent), swallower)
        await pool.close()
    }

    @Test("a claim whose answer is lost is there once, and the caller gets it")
    func claim() async throws {
        try await onLoop {
            try await Self.withSwallower { ledger, swallower in
                swallower.marker = Array("claim_orders".utf8)
                let claim = try await ledger.claimed(Fixture.request())
                #expect(swallower.swallowed == 1)
                #expect(claim.fence == 1)
                #expect(claim.starts == 1)
                #expect(claim.previousUnknown == nil)
                #expect(try await ledger.history(of: claim.orderId)?.events.count == 1)
            }
        }
    }

    @Test("an outcome whose answer is lost is recorded once, under its first event id")
    func record() async throws {
        try await onLoop {
            try await Self.withSwallower { ledger, swallower in
                let claim = try await ledger.claimed(Fixture.request())
                swallower.marker = Array("record_attempts".utf8)
                let record = AttemptRecord(
                    claim: claim, outcome: .written(WrittenOrder(netSuiteId: 5)), settlementEventId: Fixture.eventId())
                let answers = try await ledger.record([record])
                #expect(swallower.swallowed == 1)
                guard case .alreadyRecorded(let settlement) = try #require(answers.first) else {
                    throw ConditionUnmet(description: "\(answers)")
                }
                #expect(settlement.eventId == record.settlementEventId)
                #expect(settlement.sequence == 1)
                let value = SettlementValue(orderId: claim.orderId, sequence: 1, value: [1])
                swallower.marker = Array("update settlements".utf8)
                #expect(try await ledger.storeSettlements([value]) == [[1]])
                #expect(swallower.swallowed == 2)
            }
        }
    }

    @Test("a publication whose answer is lost is there once")
    func publication() async throws {
        try await onLoop {
            try await Self.withSwallower { ledger, swallower in
                swallower.marker = Array("insert into leaders".utf8)
                let leader = try #require(
                    try await ledger.acquireLeadership(of: "order-publisher", holder: "p", lease: .seconds(10)))
                swallower.marker = Array("insert_publications".utf8)
                let publication = Publication(
                    orderId: Fixture.orderId(1), version: 1_000, digest: [1], digestFields: "a",
                    stampMilliseconds: 1_000, eventId: Fixture.eventId(), traceParent: "00-t", payload: [7])
                let stored = try await ledger.insertPublications([publication], under: leader)
                #expect(swallower.swallowed == 2)
                #expect(stored.map(\.eventId) == [publication.eventId])
                #expect(try await ledger.unacknowledgedPublications(under: leader).count == 1)
            }
        }
    }
}
