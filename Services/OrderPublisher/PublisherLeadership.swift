import EventLoop
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// One publisher leads and polls, the others stand by: a lease in PostgreSQL, renewed every few seconds, with a fence
/// under which the leader writes, so that one that slept through its lease can store nothing any more.
@Loop
final class PublisherLeadership {
    private static let name = "order-publisher"

    private let ledger: Ledger
    private let holder: String
    private let terms: LeadershipTerms
    private let troubles: Troubles
    private let patience: DatabasePatience
    private let measures: PublisherMeasures
    private let logger: Logger
    private let time: any TimeSource
    /// Works until cancelled or until somebody else leads.
    private let work: @Loop @Sendable (Leadership) async -> Void
    private var isStandingBy = false

    init(
        ledger: Ledger, holder: String, terms: LeadershipTerms, troubles: Troubles, patience: DatabasePatience,
        measures: PublisherMeasures, logger: Logger, time: any TimeSource,
        work: @escaping @Loop @Sendable (Leadership) async -> Void
    ) {
        self.ledger = ledger
        self.holder = holder
        self.terms = terms
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
                let leadership = try await patience.untilAnswered { [ledger, holder, terms] in
                    try await ledger.acquireLeadership(of: Self.name, holder: holder, lease: terms.lease)
                }
                if let leadership {
                    isStandingBy = false
                    await lead(leadership, until: askedAt + terms.lead)
                    continue
                }
                if !isStandingBy { logger.info("standing by: another order-publisher leads") }
                isStandingBy = true
            } catch {
                if Task.isCancelled { return }
                troubles.raise(Trouble(.database, "the lease cannot be asked for: \(error)"))
            }
            do { try await time.sleep(for: terms.interval) } catch { return }
        }
    }

    private func lead(_ leadership: Leadership, until end: MonotonicInstant) async {
        logger.info("leading", LogField(.holder, holder), LogField(.fence, leadership.fence))
        measures.noteLeading(true)
        let work = work
        let working = EventLoop.shared.start { await work(leadership) }
        let renewing = EventLoop.shared.start { [self] in
            await renewUntilLost(leadership, from: end)
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
    private func renewUntilLost(_ leadership: Leadership, from end: MonotonicInstant) async {
        var end = end
        while true {
            do { try await time.sleep(for: max(.zero, min(terms.interval, end - time.now))) } catch { return }
            let askedAt = time.now
            let (ledger, lease) = (ledger, terms.lease)
            // Asked even by one that slept through its lease: while nobody else has taken it, it may be renewed.
            let isOurs = try? await withDeadline(max(end - askedAt, terms.margin), time: time) {
                try await ledger.renew(leadership, lease: lease)
            }
            switch isOurs {
            case true?: end = askedAt + terms.lead
            case false?: return logger.warning("another order-publisher leads now")
            case nil where Task.isCancelled: return
            case nil: break
            }
            if time.now >= end { return logger.warning("the lease could not be renewed in time") }
        }
    }
}

/// How long a lead lasts without news, and what follows from it.
struct LeadershipTerms: Sendable {
    /// After the leader's last renewal another one leads this much later at the earliest.
    let lease: Duration
    /// Between two renewals, and between two tries of one that stands by: a lost leader is replaced within a lease and
    /// one of these.
    var interval: Duration { lease / 4 }
    /// The leader ends this long before its lease does.
    var margin: Duration { lease / 8 }
    /// How long it leads from when it asked.
    var lead: Duration { lease - margin }
}
