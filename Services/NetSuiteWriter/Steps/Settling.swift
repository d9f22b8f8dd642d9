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
                .orderSettled, value: value, headers: try Self.headers(of: stored, at: time.wallClock),
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
        var settlement = Settlement(
            orderId: try SalesforceId(complete: stored.orderId), sequence: stored.sequence,
            outcome: Settlement.Outcome(rawValue: stored.outcome.rawValue) ?? .dead,
            settledAt: UTCInstant(date: stored.settledAt))
        settlement.orderNumber = stored.orderNumber
        settlement.version = stored.version
        if stored.netSuiteId != nil || stored.customerId != nil {
            settlement.netSuite = Settlement.NetSuiteOrder(
                id: stored.netSuiteId.map(String.init), number: seen?.number ?? stored.netSuiteNumber,
                state: seen?.state ?? stored.netSuiteState.flatMap(OrderState.init(rawValue:)), total: seen?.total,
                currency: seen?.total == nil ? nil : currency, customerId: stored.customerId.map(String.init))
        }
        if let letter = stored.letter {
            settlement.letter = Settlement.Letter(
                id: letter.id, deadLetterClass: DeadLetterClass(rawValue: letter.letterClass) ?? .refused,
                code: letter.code, field: letter.field, sentence: letter.sentence)
        }
        settlement.hold = stored.hold.map { Settlement.Hold(code: $0.code, sentence: $0.sentence) }
        return settlement
    }

    private static func headers(of stored: StoredSettlement, at now: Date) throws -> CloudEventHeaders {
        CloudEventHeaders(
            id: try EventId(stored.eventId), source: Topic.orderSettled.source, type: Topic.orderSettled.name,
            subject: stored.orderId, time: UTCInstant(date: now), ordering: stored.sequence,
            traceparent: stored.traceParent)
    }
}
