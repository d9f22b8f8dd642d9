import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
import JSONText
import Ledger
import ServiceRuntime
import Telemetry

/// Takes settlements into the ledger: the message is finished once its row is durable, and Salesforce is told from there.
@Loop
final class SettlementIntake {
    private let store: any FeedbackStore
    private let patience: DatabasePatience
    private let time: any TimeSource
    private let wakeSender: @Loop @Sendable () -> Void
    private let rows: Coalescer<ArrivedSettlement, Void>

    init(
        store: any FeedbackStore, patience: DatabasePatience, time: any TimeSource,
        wakeSender: @escaping @Loop @Sendable () -> Void
    ) {
        self.store = store
        self.patience = patience
        self.time = time
        self.wakeSender = wakeSender
        rows = Coalescer(maximumBatch: 500, time: time) { arrived in
            let newest = newestPerOrder(arrived)
            try await patience.untilAnswered { try await store.takeSettlements(newest) }
            crashPoint("row-stored")
            return arrived.map { _ in () }
        }
    }

    func handle(_ delivery: Delivery) async -> Outcome {
        crashPoint("settlement-taken")
        return await finish {
            switch readSettlement(delivery) {
            case .success(let settlement): try await take(settlement, delivery)
            case .failure(let error): try await bury(delivery, because: error)
            }
        }
    }

    /// Makes a message that ends the process a dead letter, without reading it.
    func handlePoison(_ delivery: Delivery) async -> Outcome {
        await finish { try await bury(delivery, .poison, sentence: DeadLetterClass.poison.sentence) }
    }

    private func finish(_ body: () async throws -> Outcome) async -> Outcome {
        do {
            return try await body()
        } catch is CancellationError {
            return .retry(Trouble(.order, "the service stops"))
        } catch {
            return .retry(Trouble(databaseError: error) ?? Trouble(.order, "unexpected: \(type(of: error))"))
        }
    }

    private func readSettlement(_ delivery: Delivery) -> Result<Settlement, ContractError> {
        do throws(ContractError) {
            return .success(try delivery.read(Topic.orderSettled).message)
        } catch {
            return .failure(error)
        }
    }

    private func take(_ settlement: Settlement, _ delivery: Delivery) async throws -> Outcome {
        _ = try await rows.submit(
            ArrivedSettlement(
                orderId: settlement.orderId.text, sequence: settlement.sequence, value: delivery.payload,
                traceParent: delivery.trace.traceparent))
        wakeSender()
        if let replay = delivery.replay {
            try await patience.untilAnswered { [store] in
                try await store.resolveReplay(of: replay.letterId, eventId: replay.eventId, by: "status-feedback")
            }
        }
        return .written
    }

    /// A settlement that cannot be read is kept without its order: the writer's own row says how that stands.
    private func bury(_ delivery: Delivery, because error: ContractError) async throws -> Outcome {
        let isJSON = (try? JSONValue.parse(delivery.payload)) != nil
        let letterClass: DeadLetterClass = isJSON ? .invalidMessage : .undecodable
        return try await bury(
            delivery, letterClass, field: error.path.isEmpty ? nil : error.path,
            sentence: "\(letterClass.sentence) Found: \(error).")
    }

    private func bury(
        _ delivery: Delivery, _ letterClass: DeadLetterClass, field: String? = nil, sentence: String
    ) async throws -> Outcome {
        let replay = delivery.replay
        let letter = UnclaimedLetter(
            orderId: nil, eventId: replay?.eventId, traceParent: delivery.trace.traceparent, replayOf: replay?.letterId,
            content: DeadLetterContent(
                letterClass: letterClass.rawValue, field: field, sentence: sentence, message: delivery.sourceMessage),
            settlementEventId: EventId.new(at: time.wallClock).text)
        try await patience.untilAnswered { [store] in _ = try await store.recordUndecodable([letter]) }
        delivery.logger.warning("a settlement cannot be read", LogField(.letterClass, letterClass.rawValue))
        return .dead
    }
}

/// Of several settlements of one order the one with the highest sequence.
func newestPerOrder(_ arrived: [ArrivedSettlement]) -> [ArrivedSettlement] {
    var newest: [String: ArrivedSettlement] = [:]
    for settlement in arrived where settlement.sequence > newest[settlement.orderId]?.sequence ?? 0 {
        newest[settlement.orderId] = settlement
    }
    return newest.values.sorted { $0.orderId < $1.orderId }
}
