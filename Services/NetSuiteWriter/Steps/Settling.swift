import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
import Ledger
import NetSuite
import ServiceRuntime

/// The last steps of an order: number and state read back, the whole settlement durable, then published.
///
/// A redelivery comes here again with the same row, and publishes the same bytes under the same event id.
@Loop
struct Settling {
    let batches: LedgerBatches
    let readBack: ReadBack
    let producer: EventProducer
    let time: any TimeSource

    /// - Parameter order: the message that was settled, where it could be read.
    /// - Throws: ``StepEnd`` when NetSuite or Kafka cannot be reached.
    func settle(_ stored: StoredSettlement, order: IncomingOrder? = nil) async throws {
        let value = try await complete(stored, currency: order?.snapshot.currency)
        crashPoint("t2-committed")
        do {
            try await producer.send(
                .orderSettled, value: value, headers: try stored.headers(at: time.wallClock),
                handedOver: { crashPoint("settlement-produced") })
        } catch let trouble as Trouble {
            throw StepEnd.retry(trouble)
        }
        crashPoint("settlement-acknowledged")
        batches.notePublished(SettlementKey(orderId: stored.orderId, sequence: stored.sequence))
    }

    private func complete(_ stored: StoredSettlement, currency: String?) async throws -> [UInt8] {
        if let value = stored.value { return value }
        var seen: ShownOrder?
        if let id = stored.netSuiteId, Self.isReadBack(stored.outcome) { seen = try await shown(id, stored) }
        let settlement = try Self.settlement(of: stored, seen: seen, currency: currency)
        return try await batches.store(
            SettlementValue(
                orderId: stored.orderId, sequence: stored.sequence, value: settlement.encode(),
                netSuiteNumber: settlement.netSuite?.number, netSuiteState: settlement.netSuite?.state?.words))
    }

    /// What NetSuite shows of the order; nil where it has failed for long to show this one alone, which then must not
    /// hold up the messages behind it.
    private func shown(_ id: Int64, _ stored: StoredSettlement) async throws -> ShownOrder? {
        do {
            return try await readBack.read(String(id))
        } catch StepEnd.stuck(let trouble) {
            guard time.wallClock.timeIntervalSince(stored.settledAt) > Self.readBackLimit else {
                throw StepEnd.stuck(trouble)
            }
            return nil
        }
    }

    /// How long NetSuite is asked for the number of an order that it cannot show, in seconds.
    private static let readBackLimit = 120.0

    /// Of orders that NetSuite now shows as the message says; the others are settled with what the ledger knows.
    nonisolated static func isReadBack(_ outcome: SettledOutcome) -> Bool {
        outcome == .written || outcome == .unchanged
    }

    /// The message, from the ledger's row and what was read back.
    nonisolated static func settlement(
        of stored: StoredSettlement, seen: ShownOrder?, currency: String?
    ) throws -> Settlement {
        var settlement = try stored.message()
        if let seen {
            if let number = seen.number { settlement.netSuite?.number = number }
            if let state = seen.state { settlement.netSuite?.state = state }
            // An amount is said with its currency only.
            settlement.netSuite?.total = currency == nil ? nil : seen.total
            settlement.netSuite?.currency = seen.total == nil ? nil : currency
        }
        return settlement
    }
}
