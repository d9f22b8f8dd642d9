public import EventLoop
public import Telemetry

/// The systems in trouble, as a service knows them, with a breaker before each.
///
/// While one is in trouble nothing new is taken, the service is not ready, and what is open waits: one attempt at a time
/// finds out whether the system works again. A fault elsewhere is counted against no message.
@Loop
public final class Troubles {
    /// Whose turn it is: attempts at messages ask all systems, and the database by ``DatabasePatience`` alone.
    enum Line: CaseIterable {
        case messages
        case database

        var systems: [Trouble.System] {
            switch self {
            case .messages: [.netSuite, .salesforce, .kafka]
            case .database: [.database]
            }
        }
    }

    /// The right to make one attempt, of every system that it may ask.
    struct Admission {
        fileprivate let passes: [(system: Trouble.System, pass: Breaker.Pass)]
    }

    private var breakers: [Trouble.System: Breaker] = [:]
    private var waiting: [Line: [Waiter]] = [:]
    private var timer: ScheduledWork?
    private let health: Health
    private let logger: Logger
    private let time: any TimeSource
    private let gauge: Gauge
    private let openings: Counter
    private let waitingGauge: Gauge

    /// Shows troubles in `health` and as metrics.
    public init(
        health: Health, metrics: MetricsRegistry, logger: Logger, time: any TimeSource = LoopTime.shared
    ) {
        self.health = health
        self.logger = logger
        self.time = time
        gauge = metrics.gauge("system_in_trouble", help: "1 while a system keeps us from working", labels: ["system"])
        openings = metrics.counter(
            "system_troubles", help: "How often a system began to keep us from working", labels: ["system"])
        waitingGauge = metrics.gauge("messages_waiting_for_systems", help: "Open messages that wait for a system")
        for system in Trouble.System.allCases where system != .order {
            breakers[system] = Breaker()
            gauge.set(0, system.rawValue)
            openings.add(0, system.rawValue)
        }
    }

    /// Whether no system is in trouble.
    public var isClear: Bool { !breakers.values.contains { $0.isOpen } }

    /// How many messages wait for a system.
    var waitingMessages: Int { waiting[.messages, default: []].count }

    /// Whether so many different orders failed, with none that succeeded between, that the system itself is in trouble.
    public func isWidespread(_ system: Trouble.System) -> Bool { breakers[system]?.isWidespread ?? false }

    /// Notes a trouble; one of a single order is that order's alone and is not kept here.
    public func raise(_ trouble: Trouble) {
        change(trouble.system, because: trouble.reason) { $0.fail(at: time.now, random: .random(in: 0...1)) }
    }

    /// Notes that a system works; for whoever asks it in a way of its own.
    public func clear(_ system: Trouble.System) {
        guard let breaker = breakers[system], breaker.isOpen || breaker.isWidespread else { return answered(system) }
        change(system) { breaker in
            breaker.answered()
            breaker.close()
        }
    }

    /// Notes that all of them work.
    public func clearAll() {
        for system in Trouble.System.allCases { clear(system) }
    }

    /// A system answered in a way that shows it working: what an attempt's success is known by.
    public func answered(_ system: Trouble.System) {
        breakers[system]?.answered()
    }

    /// Makes an attempt at an order when the systems allow it, and learns from how it ends.
    ///
    /// - Parameter key: what tells the order from others.
    /// - Throws: `CancellationError` when the task was cancelled before it was allowed.
    public func attempt(
        of key: [UInt8], _ body: @Loop @Sendable () async -> Outcome
    ) async throws(CancellationError) -> Outcome {
        let admission = try await enter(.messages)
        let outcome = await body()
        leave(admission, reason: outcome.trouble?.reason ?? "") { outcome.finding(of: $0, key: key) }
        // Messages do not ask the database on a pass of their own: whoever watches it says when it is back.
        if let trouble = outcome.trouble, trouble.system == .database { raise(trouble) }
        return outcome
    }

    // MARK: Admission

    @Loop
    private final class Waiter {
        var continuation: CheckedContinuation<Admission?, Never>?
    }

    /// Waits for its turn, first come first served.
    func enter(_ line: Line) async throws(CancellationError) -> Admission {
        if Task.isCancelled { throw CancellationError() }
        if waiting[line, default: []].isEmpty, admits(line) { return admit(line) }
        let waiter = Waiter()
        let admission = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiter.continuation = continuation
                waiting[line, default: []].append(waiter)
                noteWaiting()
                schedule()
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in self?.giveUp(waiter, in: line) }
        }
        guard let admission else { throw CancellationError() }
        return admission
    }

    /// Ends an attempt; `finding` tells what it shows of a system.
    func leave(
        _ admission: Admission, reason: String = "", finding: (Trouble.System) -> Breaker.Finding
    ) {
        for (system, pass) in admission.passes {
            let finding = finding(system)
            let saysWhy = finding != .succeeded && finding != .ended
            change(system, because: saysWhy ? reason : nil) { breaker in
                breaker.leave(pass, finding: finding, at: time.now, random: .random(in: 0...1))
            }
        }
    }

    private func giveUp(_ waiter: Waiter, in line: Line) {
        guard let index = waiting[line]?.firstIndex(where: { $0 === waiter }) else { return }
        waiting[line]?.remove(at: index)
        waiter.continuation?.resume(returning: nil)
        noteWaiting()
        schedule()
    }

    private func admits(_ line: Line) -> Bool {
        let now = time.now
        // No message goes while the database is away: it could not even be claimed.
        if line == .messages, breakers[.database]?.isOpen == true { return false }
        return line.systems.allSatisfy { breakers[$0]?.admits(at: now) ?? true }
    }

    private func admit(_ line: Line) -> Admission {
        Admission(
            passes: line.systems.compactMap { system in
                guard let pass = breakers[system]?.enter() else { return nil }
                return (system, pass)
            })
    }

    /// What failed is forgotten when the messages that waited are another process's by now: else this one would stay not
    /// ready until it gets work, and nobody gives work to one that is not ready.
    private func forget() {
        guard waitingMessages == 0 else { return }
        for system in Line.messages.systems where breakers[system]?.forgottenAt.map({ $0 <= time.now }) == true {
            change(system) { $0.forget() }
        }
    }

    /// Lets go whoever may.
    private func turn() {
        for line in Line.allCases {
            while let first = waiting[line]?.first, admits(line) {
                waiting[line]?.removeFirst()
                first.continuation?.resume(returning: admit(line))
            }
        }
        noteWaiting()
        schedule()
    }

    /// Only the moments of the next probe and of forgetting come by themselves; all else is somebody's end.
    private func schedule() {
        timer?.cancel()
        timer = nil
        let now = time.now
        let lines = waiting.filter { !$0.value.isEmpty }.keys
        var moments = lines.flatMap(\.systems).compactMap { breakers[$0] }.filter(\.isOpen).map(\.nextProbe)
        if waitingMessages == 0 { moments += Line.messages.systems.compactMap { breakers[$0]?.forgottenAt } }
        guard let next = moments.filter({ $0 > now }).min() else { return }
        timer = time.schedule(after: next - now) { [weak self] in
            self?.forget()
            self?.turn()
        }
    }

    private func noteWaiting() {
        waitingGauge.set(Double(waitingMessages))
    }

    // MARK: Saying so

    private func change(_ system: Trouble.System, because reason: String? = nil, _ body: (inout Breaker) -> Void) {
        guard var breaker = breakers[system] else { return }
        let (wasOpen, phase) = (breaker.isOpen, breaker.phase)
        body(&breaker)
        breakers[system] = breaker
        report(system, breaker, wasOpen: wasOpen, reason: reason)
        if breaker.phase != .closed || phase != .closed { turn() }
    }

    private func report(_ system: Trouble.System, _ breaker: Breaker, wasOpen: Bool, reason: String?) {
        if breaker.isOpen, let reason { health.set(system.rawValue, reason: reason) }
        guard breaker.isOpen != wasOpen else { return }
        gauge.set(breaker.isOpen ? 1 : 0, system.rawValue)
        if breaker.isOpen {
            openings.add(1, system.rawValue)
            logger.warning(
                "a system is in trouble: nothing new is taken until it answers again",
                LogField(.component, system.rawValue), .reason(reason ?? ""))
        } else {
            health.set(system.rawValue, reason: nil)
            logger.info("the system is no longer taken to be in trouble", LogField(.component, system.rawValue))
        }
    }
}

extension Outcome {
    /// What stood in the way, if anything did.
    var trouble: Trouble? {
        switch self {
        case .retry(let trouble), .unknown(let trouble): trouble
        case .written, .unchanged, .superseded, .held, .dead, .postponed: nil
        }
    }

    /// What the outcome of an attempt at an order shows of a system.
    func finding(of system: Trouble.System, key: [UInt8]) -> Breaker.Finding {
        switch self {
        case .written, .unchanged: .succeeded
        case .superseded, .held, .dead, .postponed: .ended
        case .retry(let trouble), .unknown(let trouble):
            if trouble.system == system {
                .failed
            } else if trouble.system == .order, trouble.suspected == system {
                .suspicious(order: key)
            } else {
                .ended
            }
        }
    }
}
