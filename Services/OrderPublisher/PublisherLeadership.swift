import EventLoop
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// One publisher leads and polls, the others stand by: a lease in PostgreSQL, renewed every few seconds, with a fence
/// under which the leader writes, so that one that slept through its lease can store nothing any more.
@Loop
final class PublisherLeadership {
    static let lease: Duration = .seconds(12)
    static let renewInterval: Duration = .seconds(3)
    /// The leader ends this long before its lease does.
    static let margin: Duration = .seconds(2)
    private static let renewDeadline: Duration = .seconds(4)
    private static let name = "order-publisher"

    private let ledger: Ledger
    private let holder: String
    private let troubles: Troubles
    private let patience: DatabasePatience
    private let measures: PublisherMeasures
    private let logger: Logger
    private let time: any TimeSource
    /// Works until cancelled or until somebody else leads.
    private let work: @Loop @Sendable (Leadership) async -> Void
    private var isStandingBy = false

    init(
        ledger: Ledger, holder: String, troubles: Troubles, patience: DatabasePatience, measures: PublisherMeasures,
        logger: Logger,
        time: any TimeSource, work: @escaping @Loop @Sendable (Leadership) async -> Void
    ) {
        self.ledger = ledger
        self.holder = holder
        self.troubles = troubles
        self.patience = patience
        self.measures = measures
        self.logger = logger
        self.time = time
        self.work = work
    }

    /// Stands by and leads, in turns, until cancelled.
    func run() async {
        while !Task.isCancelled {
            let askedAt = time.now
            do {
                let leadership = try await patience.untilAnswered { [ledger, holder] in
                    try await ledger.acquireLeadership(of: Self.name, holder: holder, lease: Self.lease)
                }
                if let leadership {
                    isStandingBy = false
                    await lead(leadership, leaseEnd: askedAt + Self.lease)
                    continue
                }
                if !isStandingBy { logger.info("standing by: another order-publisher leads") }
                isStandingBy = true
            } catch {
                if Task.isCancelled { return }
                troubles.raise(Trouble(.database, "the lease cannot be asked for: \(error)"))
            }
            do { try await time.sleep(for: Self.renewInterval) } catch { return }
        }
    }

    private func lead(_ leadership: Leadership, leaseEnd: MonotonicInstant) async {
        logger.info("leading", LogField(.holder, holder), LogField(.fence, leadership.fence))
        measures.noteLeading(true)
        let work = work
        let working = EventLoop.shared.start { await work(leadership) }
        let renewing = EventLoop.shared.start { [self] in
            await renewUntilLost(leadership, leaseEnd: leaseEnd)
            working.cancel()
        }
        await withTaskCancellationHandler {
            _ = await working.result
        } onCancel: {
            working.cancel()
        }
        renewing.cancel()
        measures.noteLeading(false)
        // The next leader need not wait for the lease to end; where this fails, it does. A task of its own: this one is
        // cancelled when the service stops.
        let (ledger, time) = (ledger, time)
        let releasing = EventLoop.shared.start {
            try await withDeadline(.seconds(1), time: time) { try await ledger.release(leadership) }
        }
        _ = await releasing.result
        logger.info("no longer leading", LogField(.fence, leadership.fence))
    }

    /// Returns when the lease is somebody else's, or so near its end that it may be, or when cancelled.
    private func renewUntilLost(_ leadership: Leadership, leaseEnd: MonotonicInstant) async {
        var leaseEnd = leaseEnd
        while true {
            do { try await time.sleep(for: Self.renewInterval) } catch { return }
            let askedAt = time.now
            let ledger = ledger
            let isOurs = try? await withDeadline(Self.renewDeadline, time: time) {
                try await ledger.renew(leadership, lease: Self.lease)
            }
            switch isOurs {
            case true?: leaseEnd = askedAt + Self.lease
            case false?: return logger.warning("another order-publisher leads now")
            case nil: break
            }
            if time.now + Self.margin >= leaseEnd {
                return logger.warning("the lease could not be renewed in time")
            }
        }
    }
}
