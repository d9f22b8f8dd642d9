public import EventLoop
public import Ledger
public import Telemetry

/// One process leads and works, the others stand by: a lease in PostgreSQL, renewed every few seconds, with a fence under
/// which the leader writes, so that one that slept through its lease can store nothing any more.
@Loop
public final class LeaderRole {
    private let name: String
    private let ledger: Ledger
    private let holder: String
    private let terms: LeadershipTerms
    private let troubles: Troubles
    private let patience: DatabasePatience
    private let logger: Logger
    private let time: any TimeSource
    private let onChange: @Loop @Sendable (Bool) -> Void
    private let work: @Loop @Sendable (Leadership) async -> Void
    private var isStandingBy = false

    /// - Parameters:
    ///   - name: what is led, as the ledger's table of leaders has it.
    ///   - holder: this process, new at each start.
    ///   - onChange: told when this process begins and ceases to lead, and when it stands by from its start on.
    ///   - work: works until cancelled or until somebody else leads.
    public init(
        name: String, ledger: Ledger, holder: String, terms: LeadershipTerms, troubles: Troubles,
        patience: DatabasePatience, logger: Logger, time: any TimeSource,
        onChange: @escaping @Loop @Sendable (Bool) -> Void = { _ in },
        work: @escaping @Loop @Sendable (Leadership) async -> Void
    ) {
        self.name = name
        self.ledger = ledger
        self.holder = holder
        self.terms = terms
        self.troubles = troubles
        self.patience = patience
        self.logger = logger
        self.time = time
        self.onChange = onChange
        self.work = work
    }

    /// Stands by and leads, in turns, until cancelled.
    public func run() async {
        while !Task.isCancelled {
            let askedAt = time.now
            do {
                let leadership = try await patience.untilAnswered { [ledger, name, holder, terms] in
                    try await ledger.acquireLeadership(of: name, holder: holder, lease: terms.lease)
                }
                if let leadership {
                    isStandingBy = false
                    await lead(leadership, until: askedAt + terms.lead)
                    continue
                }
                if !isStandingBy {
                    logger.info("standing by: another process leads", LogField(.component, name))
                    onChange(false)
                }
                isStandingBy = true
            } catch {
                if Task.isCancelled { return }
                troubles.raise(Trouble(.database, "the lease cannot be asked for: \(error)"))
            }
            do { try await time.sleep(for: terms.interval) } catch { return }
        }
    }

    private func lead(_ leadership: Leadership, until end: MonotonicInstant) async {
        logger.info(
            "leading", LogField(.holder, holder), LogField(.fence, leadership.fence), LogField(.component, name))
        onChange(true)
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
        onChange(false)
        // The next leader need not wait for the lease to end; where this fails, it does. A task of its own: this one is
        // cancelled when the service stops.
        let (ledger, time) = (ledger, time)
        let releasing = EventLoop.shared.start {
            try await withDeadline(.seconds(1), time: time) { try await ledger.release(leadership) }
        }
        _ = await releasing.result
        logger.info("no longer leading", LogField(.fence, leadership.fence), LogField(.component, name))
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
            case false?: return logger.warning("another process leads now", LogField(.component, name))
            case nil where Task.isCancelled: return
            case nil: break
            }
            if time.now >= end {
                return logger.warning("the lease could not be renewed in time", LogField(.component, name))
            }
        }
    }
}

/// How long a lead lasts without news, and what follows from it.
public struct LeadershipTerms: Sendable {
    /// After the leader's last renewal another one leads this much later at the earliest.
    public let lease: Duration
    /// Between two renewals, and between two tries of one that stands by: a lost leader is replaced within a lease and
    /// one of these.
    public var interval: Duration { lease / 4 }
    /// The leader ends this long before its lease does.
    var margin: Duration { lease / 8 }
    /// How long it leads from when it asked.
    var lead: Duration { lease - margin }

    /// Terms of this lease.
    public init(lease: Duration) {
        self.lease = lease
    }
}

extension ServiceHost {
    /// Adds a role that one process plays at a time: `work` runs while this one leads.
    ///
    /// The gauge `leading` says by name whether this process leads. Add it after everything that its work uses.
    public func addLeaderRole(
        _ name: String, ledger: Ledger, lease: Duration,
        onChange: @escaping @Loop @Sendable (Bool) -> Void = { _ in },
        work: @escaping @Loop @Sendable (Leadership) async -> Void
    ) {
        let gauge = metrics.gauge("leading", help: "1 while this process plays the role", labels: ["role"])
        gauge.set(0, name)
        let role = LeaderRole(
            name: name, ledger: ledger, holder: instance, terms: LeadershipTerms(lease: lease), troubles: troubles,
            patience: databasePatience, logger: logger, time: time,
            onChange: { isLeading in
                gauge.set(isLeading ? 1 : 0, name)
                onChange(isLeading)
            }, work: work)
        let running = Running()
        lifecycle.add(
            name,
            start: { running.task = EventLoop.shared.start { await role.run() } },
            stop: {
                running.task?.cancel()
                _ = await running.task?.result
            })
    }

    private final class Running: Sendable {
        @Loop var task: Task<Void, any Error>?
    }
}
