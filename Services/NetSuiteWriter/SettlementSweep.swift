import EventLoop
import Ledger
import ServiceRuntime
import Telemetry

/// Publishes settlements that nobody published: no message comes again for a held order whose writer died after its
/// outcome was durable, for what the command line settled, nor for what order-publisher settled as unreadable.
@Loop
final class SettlementSweep {
    private static let lookEvery: Duration = .seconds(5)

    private let ledger: Ledger
    private let patience: DatabasePatience
    private let age: Duration
    private let time: any TimeSource
    private let logger: Logger
    private let mayTake: @Loop @Sendable () -> Bool
    private let settle: @Loop @Sendable (StoredSettlement) async throws -> Void
    private var sweeping: Task<Void, any Error>?

    /// - Parameters:
    ///   - age: from which a settlement is nobody else's any more.
    ///   - mayTake: whether the writer wants more work now and no system is in trouble.
    ///   - settle: completes a settlement and publishes it.
    init(
        ledger: Ledger, patience: DatabasePatience, age: Duration, time: any TimeSource, logger: Logger,
        mayTake: @escaping @Loop @Sendable () -> Bool,
        settle: @escaping @Loop @Sendable (StoredSettlement) async throws -> Void
    ) {
        self.ledger = ledger
        self.patience = patience
        self.age = age
        self.time = time
        self.logger = logger
        self.mayTake = mayTake
        self.settle = settle
    }

    func start() {
        sweeping = EventLoop.shared.start { [self] in
            while true {
                try await time.sleep(for: Self.lookEvery * Double.random(in: 0.5...1.5))
                try await sweep()
            }
        }
    }

    func stop() { sweeping?.cancel() }

    private func sweep() async throws {
        guard mayTake() else { return }
        do {
            let waiting = try await patience.untilAnswered { [ledger, age] in
                try await ledger.takeUnpublishedSettlements(olderThan: age, limit: 50)
            }
            for stored in waiting {
                guard mayTake() else { return }
                // One that NetSuite cannot show now keeps no other back.
                do { try await settle(stored) } catch StepEnd.stuck { continue }
            }
        } catch {
            try Task.checkCancellation()
            logger.debug("settlements could not be swept", .reason("\(type(of: error))"))
        }
    }
}
