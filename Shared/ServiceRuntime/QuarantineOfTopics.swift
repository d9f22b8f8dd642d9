import EventLoop
import Kafka
import Ledger
import Telemetry

/// The quarantine of each topic of a loop: places and readers are a topic's own, but what runs alone is alone in the
/// whole process.
@Loop
final class QuarantineOfTopics {
    private let topics: [String: Quarantine]

    /// - Parameter make: the quarantine of a topic, behind the gate that they share.
    init(_ topics: [String], make: (_ topic: String, _ gate: SoloGate) -> Quarantine) {
        let gate = SoloGate()
        self.topics = Dictionary(
            topics.map { ($0, make($0, gate)) }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether so few messages are open that another one may be taken, of whichever topic.
    func admits(open: Int) -> Bool { topics.values.allSatisfy { $0.admits(open: open) } }

    /// Says that this process reads these partitions; `ready` follows as each topic knows how its readers before ended.
    func begin(_ partitions: [TopicPartition], clusterId: String, ready: @escaping @Loop @Sendable () -> Void) {
        for (topic, quarantine) in topics {
            quarantine.begin(
                partitions.filter { $0.topic == topic }.map(\.partition), clusterId: clusterId, ready: ready)
        }
    }

    /// Says that this process has ended in order with its partitions.
    func end(within limit: Duration) async {
        let ends = topics.values.map { quarantine in
            EventLoop.shared.start { await quarantine.end(within: limit) }
        }
        for end in ends { _ = await end.result }
    }

    /// Notes a message that was taken; whether it is to be handled with care.
    func take(_ delivery: Delivery) -> Bool { topics[delivery.message.topic]?.take(delivery.place) ?? false }

    /// Registers a message before it is handled, and says how to handle it.
    func register(_ delivery: Delivery) async throws -> SuspectHandling {
        try await of(delivery).register(delivery.place, logger: delivery.logger)
    }

    /// Runs an attempt at a message, beside others or alone; nil handling is that of a message that needs no care.
    func attempt(
        _ delivery: Delivery, _ handling: SuspectHandling?, _ body: @Loop @Sendable () async -> Outcome
    ) async throws -> Outcome {
        guard let handling else { return try await of(delivery).attempt(body) }
        return try await of(delivery).attempt(delivery.place, handling, logger: delivery.logger, body)
    }

    /// Notes that a registered message is finished; whether its partition needs no care from here on.
    func finish(_ delivery: Delivery, next: Int64?) -> Bool {
        topics[delivery.message.topic]?.finish(delivery.place, next: next) ?? false
    }

    /// The group gives messages of the topics that were asked for, and of no others.
    private func of(_ delivery: Delivery) throws -> Quarantine {
        guard let quarantine = topics[delivery.message.topic] else { throw CancellationError() }
        return quarantine
    }
}
