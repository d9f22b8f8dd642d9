import EventLoop
import Ledger
import ServiceRuntime
import Telemetry

/// Tries held orders again when they are due, beside the messages and never in their way.
///
/// Every writer looks; the claim decides whose try it is. Nothing is tried while a system is in trouble.
@Loop
final class HeldOrderResumer {
    /// So many at a time: a held order takes a slot from one that flows.
    private static let mostAtOnce = 2
    private static let lookEvery: Duration = .seconds(1)
    /// After a try that a system's trouble ended, or another holder's claim.
    private static let pause: Duration = .seconds(5)

    private let ledger: Ledger
    private let patience: DatabasePatience
    private let time: any TimeSource
    private let logger: Logger
    private let mayTake: @Loop @Sendable () -> Bool
    private let handle: @Loop @Sendable (Delivery, HeldOrder) async -> Outcome

    private var looking: Task<Void, any Error>?
    private var running: [String: Task<Void, any Error>] = [:]
    private var notBefore: [String: MonotonicInstant] = [:]

    /// - Parameters:
    ///   - mayTake: whether the writer wants more work now and no system is in trouble.
    ///   - handle: tries the message of a held order once.
    init(
        ledger: Ledger, patience: DatabasePatience, time: any TimeSource, logger: Logger,
        mayTake: @escaping @Loop @Sendable () -> Bool,
        handle: @escaping @Loop @Sendable (Delivery, HeldOrder) async -> Outcome
    ) {
        self.ledger = ledger
        self.patience = patience
        self.time = time
        self.logger = logger
        self.mayTake = mayTake
        self.handle = handle
    }

    func start() {
        looking = EventLoop.shared.start { [self] in
            while true {
                try await look()
                // Writers that started together do not look together.
                try await time.sleep(for: Self.lookEvery * Double.random(in: 0.5...1.5))
            }
        }
    }

    /// Ends the tries under way; what each claimed is given back, or its lease ends.
    func stop() async {
        looking?.cancel()
        for task in running.values { task.cancel() }
        let end = time.now + .milliseconds(500)
        while !running.isEmpty, time.now < end { try? await time.sleep(for: .milliseconds(5)) }
    }

    private var isRoom: Bool { mayTake() && running.count < Self.mostAtOnce }

    private func look() async throws {
        guard isRoom else { return }
        let due: [HeldOrder]
        do {
            due = try await patience.untilAnswered { [ledger] in try await ledger.heldOrdersDue() }
        } catch {
            try Task.checkCancellation()
            return logger.warning("held orders could not be looked up", .reason("\(error)"))
        }
        notBefore = notBefore.filter { $0.value > time.now }
        for held in due where running[held.orderId] == nil && notBefore[held.orderId] == nil {
            guard isRoom else { return }
            running[held.orderId] = EventLoop.shared.start { [self] in
                await resume(held)
                running[held.orderId] = nil
            }
        }
    }

    private func resume(_ held: HeldOrder) async {
        let delivery = Delivery(resuming: held, logger: logger)
        delivery.logger.info("a held order is tried again", .orderId(held.orderId), LogField(.attempt, held.tries))
        switch await handle(delivery, held) {
        case .written, .unchanged, .superseded, .held, .dead: break
        case .postponed(let wait): notBefore[held.orderId] = time.now + max(wait, .seconds(1))
        case .retry, .unknown: notBefore[held.orderId] = time.now + Self.pause * Double.random(in: 0.5...1)
        }
    }
}
