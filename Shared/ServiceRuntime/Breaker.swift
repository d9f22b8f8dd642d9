import EventLoop

/// Decides when a system that fails may be asked again: a circuit breaker, without clock, timer and effect of its own.
///
/// Closed, all attempts may go. Open, one at a time finds out whether the system works, at most every few seconds. Once
/// it does, few may go at once and more with each that succeeds, so that what has waited does not come back as a burst.
struct Breaker {
    /// Whether attempts may go.
    enum Phase: Equatable {
        case closed
        /// The system itself failed, or so many different orders did that it must be the system.
        case open(byOrders: Bool)
        /// It answers again; so many may go at once.
        case releasing(Int)
    }

    /// What an attempt shows of the system.
    enum Finding: Equatable {
        /// The system failed.
        case failed
        /// This order failed, and with enough others it would be the system.
        case suspicious(order: [UInt8])
        /// The order is written, or was found so.
        case succeeded
        /// It ended in another way, which says something only if the system was asked.
        case ended
    }

    /// The right to make one attempt.
    struct Pass {
        fileprivate let opening: Int
        fileprivate let answers: UInt64
        /// Whether the attempt finds out if the system works.
        let isProbe: Bool
    }

    /// So many different orders that fail, with no success between, are the system's trouble.
    static let widespread = 5
    /// From this width on nothing is held back any more.
    static let wide = 32
    /// How soon to look again where the system was not asked at all.
    private static let afterNothing = Duration.milliseconds(100)
    /// For so long behind the moment of the next probe is a trouble remembered when there is nothing to probe with.
    private static let memory = Duration.seconds(5)

    private(set) var phase = Phase.closed
    /// When the next probe may go, while it is open.
    private(set) var nextProbe = MonotonicInstant(nanoseconds: 0)
    private var suspects: Set<[UInt8]> = []
    private var running = 0  // passes given since it opened last
    private var opening = 0  // how often it opened: older passes do not count as running
    private var failedProbes = 0
    private var answers: UInt64 = 0
    private var answersBeforeOpening: UInt64 = 0

    /// Whether nothing may go but a probe.
    var isOpen: Bool { if case .open = phase { true } else { false } }

    /// Whether so many orders failed that the system is to blame.
    var isWidespread: Bool { suspects.count >= Self.widespread }

    /// Whether an attempt may go now.
    func admits(at now: MonotonicInstant) -> Bool {
        switch phase {
        case .closed: true
        case .open: running == 0 && now >= nextProbe
        case .releasing(let width): running < width
        }
    }

    /// Lets an attempt go that ``admits(at:)`` allows; ``leave(_:finding:at:random:)`` must follow.
    mutating func enter() -> Pass {
        running += 1
        return Pass(opening: opening, answers: answers, isProbe: isOpen)
    }

    /// The system answered in a way that shows it working, whoever asked.
    mutating func answered() {
        answers += 1
    }

    /// An attempt has ended.
    /// - Parameter random: between 0 and 1; spreads the probes of several processes.
    mutating func leave(_ pass: Pass, finding: Finding, at now: MonotonicInstant, random: Double) {
        if pass.opening == opening { running -= 1 }
        // An answer from before it opened says nothing of now.
        let wasAsked = answers > max(pass.answers, isOpen ? answersBeforeOpening : 0)
        let isProbe = pass.isProbe && pass.opening == opening
        switch finding {
        case .failed:
            fail(isProbe: isProbe, at: now, random: random)
        case .suspicious(let order):
            suspects.insert(order)
            if isWidespread {
                open(byOrders: true, at: now, random: random)
            } else if phase == .open(byOrders: false), wasAsked {
                // What was wrong with all of it is over: from here on orders are judged one by one.
                return phase = .releasing(1)
            }
            if isProbe { lookAgain(at: now, random: random) }
        case .succeeded where wasAsked:
            suspects = []
            widen()
        case .ended where wasAsked && phase != .open(byOrders: true):
            widen()
        case .succeeded, .ended:
            guard isProbe, isOpen else { return }
            if wasAsked { lookAgain(at: now, random: random) } else { nextProbe = now + Self.afterNothing }
        }
    }

    /// Somebody found the system failing.
    mutating func fail(at now: MonotonicInstant, random: Double) {
        fail(isProbe: false, at: now, random: random)
    }

    /// Somebody found the system working, for sure.
    mutating func close() {
        suspects = []
        if isOpen { phase = .releasing(2) }
    }

    /// When it may be forgotten that the system failed: nobody has asked for a while, so nobody would find out. Nil while
    /// it works, or somebody asks.
    var forgottenAt: MonotonicInstant? { isOpen && running == 0 ? nextProbe + Self.memory : nil }

    /// Leaves it to the next attempt, alone, to find out.
    mutating func forget() {
        suspects = []
        if isOpen { phase = .releasing(1) }
    }

    private mutating func fail(isProbe: Bool, at now: MonotonicInstant, random: Double) {
        open(byOrders: false, at: now, random: random)
        if isProbe { lookAgain(at: now, random: random) }
    }

    private mutating func open(byOrders: Bool, at now: MonotonicInstant, random: Double) {
        guard !isOpen else {
            if !byOrders { phase = .open(byOrders: false) }
            return
        }
        if phase == .closed { failedProbes = 0 }
        phase = .open(byOrders: byOrders)
        opening += 1
        running = 0
        answersBeforeOpening = answers
        lookAgain(at: now, random: random)
    }

    private mutating func lookAgain(at now: MonotonicInstant, random: Double) {
        guard isOpen else { return }
        nextProbe = now + Self.delay(afterProbes: failedProbes, random: random)
        failedProbes += 1
    }

    private mutating func widen() {
        switch phase {
        case .closed: break
        case .open: phase = .releasing(2)
        case .releasing(let width): phase = width < Self.wide ? .releasing(width + 1) : .closed
        }
    }

    /// The first look is soon, since most troubles are short; from the fourth on they come every two to three seconds.
    static func delay(afterProbes count: Int, random: Double) -> Duration {
        let full = min(0.5 * Double(1 << min(count, 10)), 3)
        return .milliseconds(Int64(full * (2 + min(max(random, 0), 1)) / 3 * 1000))
    }
}
