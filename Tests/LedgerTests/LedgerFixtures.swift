import EventLoop
import Foundation
import Ledger
import Postgres
import Telemetry
import TestSupport
import Testing

/// A ledger in a database of its own.
@Loop
func withLedger<R: Sendable>(_ body: @Loop (Ledger, PostgresPool) async throws -> R) async throws -> R {
    let configuration = try await PostgresCluster.shared().newLedgerDatabase()
    let pool = PostgresPool(configuration: configuration, logger: .silent)
    do {
        let result = try await body(Ledger(pool: pool, logger: .silent), pool)
        await pool.close()
        return result
    } catch {
        await pool.close()
        throw error
    }
}

enum Fixture {
    static let holder = "writer-a"
    static let lease: Duration = .seconds(60)

    static func orderId(_ number: Int) -> String {
        let digits = String(number)
        return "801" + String(repeating: "0", count: 12 - digits.count) + digits + "AAA"
    }

    static func request(
        _ number: Int = 1, version: Int64 = 1_000, body: UInt8 = 1, replayOf: String? = nil,
        eventId: String = UUID().uuidString, retriesHeld: Bool = false
    ) -> ClaimRequest {
        ClaimRequest(
            orderId: orderId(number), orderNumber: "0000\(number)", accountId: "001" + orderId(number).dropFirst(3),
            version: version, bodyDigest: [body], eventId: eventId, traceParent: "00-trace-\(number)-01",
            replayOf: replayOf, retriesHeld: retriesHeld)
    }

    static func message(offset: Int64 = 7, value: [UInt8] = [0, 255, 123]) -> SourceMessage {
        SourceMessage(
            clusterId: "cluster", topic: "t", partition: 3, offset: offset, key: [1, 2], value: value,
            headers: [.init(name: "ce_id", value: Array("a=b%\u{00}".utf8)), .init(name: "empty", value: nil)])
    }

    static func letter(_ letterClass: String = "missing-item", offset: Int64 = 7) -> DeadLetterContent {
        DeadLetterContent(
            letterClass: letterClass, code: "no-item", field: "lines[0].sku", sentence: "There is no item. Make it.\0",
            message: message(offset: offset))
    }

    static func eventId() -> String { UUID().uuidString }
}

extension Ledger {
    /// Claims one order, which must be free.
    func claimed(_ request: ClaimRequest, holder: String = Fixture.holder) async throws -> Claim {
        let answers = try await claim([request], holder: holder, lease: Fixture.lease)
        guard case .claimed(let claim) = try #require(answers.first) else {
            throw ConditionUnmet(description: "not claimed: \(answers)")
        }
        return claim
    }

    /// Stores one outcome, which must be new.
    func recorded(_ claim: Claim, _ outcome: AttemptOutcome, customer: CustomerReference? = nil) async throws
        -> StoredSettlement
    {
        let record = AttemptRecord(
            claim: claim, outcome: outcome, settlementEventId: Fixture.eventId(), customer: customer,
            answer: AttemptAnswer(status: 204, code: nil, summary: "created"))
        guard case .recorded(let settlement) = try #require(try await self.record([record]).first) else {
            throw ConditionUnmet(description: "not recorded")
        }
        return settlement
    }
}

struct ConditionUnmet: Error, CustomStringConvertible {
    let description: String
}
