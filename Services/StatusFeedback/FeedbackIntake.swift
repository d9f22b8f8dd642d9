import Contracts
import CrashPoints
import EventLoop
import FoundationEssentials
import JSONText
import Ledger
import ServiceRuntime
import Telemetry

/// Takes settlements, progress and stock into the ledger: a message is finished once its row is durable, and Salesforce
/// is told from there.
@Loop
final class FeedbackIntake {
    /// The topics that it reads.
    static let topics = [Topic.orderSettled.name, Topic.orderProgressed.name, Topic.inventoryCounted.name]

    private let store: any FeedbackStore
    private let patience: DatabasePatience
    private let time: any TimeSource
    private let wakeSender: @Loop @Sendable () -> Void
    private let settlements: Coalescer<ArrivedSettlement, Void>
    private let progress: Coalescer<ArrivedState, Void>
    private let stock: Coalescer<ArrivedState, Void>

    /// - Parameter staleAfter: from which age on a count of stock is stale.
    init(
        store: any FeedbackStore, staleAfter: Duration, patience: DatabasePatience, time: any TimeSource,
        wakeSender: @escaping @Loop @Sendable () -> Void
    ) {
        self.store = store
        self.patience = patience
        self.time = time
        self.wakeSender = wakeSender
        settlements = Coalescer(maximumBatch: 500, time: time) { arrived in
            let newest = newestPerOrder(arrived)
            try await patience.untilAnswered { try await store.takeSettlements(newest) }
            return noteStored(arrived)
        }
        progress = Coalescer(maximumBatch: 500, time: time) { arrived in
            try await patience.untilAnswered { try await store.takeProgress(arrived) }
            return noteStored(arrived)
        }
        stock = Coalescer(maximumBatch: 500, time: time) { arrived in
            try await patience.untilAnswered { try await store.takeStock(arrived, staleAfter: staleAfter) }
            return noteStored(arrived)
        }
    }

    func handle(_ delivery: Delivery) async -> Outcome {
        await finish {
            switch read(delivery) {
            case .success(let arrived): try await take(arrived, delivery)
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

    private enum Arrived {
        case settlement(ArrivedSettlement)
        case progress(ArrivedState)
        case stock(ArrivedState)
    }

    private func read(_ delivery: Delivery) -> Result<Arrived, ContractError> {
        let trace = delivery.trace.traceparent
        do throws(ContractError) {
            switch delivery.topic {
            case Topic.orderProgressed.name:
                let progress = try delivery.read(Topic.orderProgressed).message
                return .success(
                    .progress(state(Topic.orderProgressed.key(of: progress), progress.asOf, delivery, trace)))
            case Topic.inventoryCounted.name:
                let count = try delivery.read(Topic.inventoryCounted).message
                return .success(.stock(state(Topic.inventoryCounted.key(of: count), count.asOf, delivery, trace)))
            default:
                crashPoint("settlement-taken")
                let settlement = try delivery.read(Topic.orderSettled).message
                return .success(
                    .settlement(
                        ArrivedSettlement(
                            orderId: settlement.orderId.text, sequence: settlement.sequence, value: delivery.payload,
                            traceParent: trace)))
            }
        } catch {
            return .failure(error)
        }
    }

    private func state(_ key: String, _ asOf: UTCInstant, _ delivery: Delivery, _ trace: String) -> ArrivedState {
        ArrivedState(
            key: key, asOfMilliseconds: asOf.millisecondsSinceEpoch, value: delivery.payload, traceParent: trace)
    }

    private func take(_ arrived: Arrived, _ delivery: Delivery) async throws -> Outcome {
        switch arrived {
        case .settlement(let settlement): _ = try await settlements.submit(settlement)
        case .progress(let state): _ = try await progress.submit(state)
        case .stock(let state): _ = try await stock.submit(state)
        }
        wakeSender()
        if let replay = delivery.replay {
            try await patience.untilAnswered { [store] in
                try await store.resolveReplay(of: replay.letterId, eventId: replay.eventId, by: "status-feedback")
            }
        }
        return .written
    }

    /// A message that cannot be read is kept without its order or item: what is shown of that stays as it is, and where a
    /// settlement was lost the writer's own row says how the order stands.
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
        delivery.logger.warning("a message for Salesforce cannot be read", LogField(.letterClass, letterClass.rawValue))
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

/// What follows once the rows of messages are durable.
private func noteStored(_ arrived: [some Sendable]) -> [Void] {
    crashPoint("row-stored")
    return arrived.map { _ in () }
}
