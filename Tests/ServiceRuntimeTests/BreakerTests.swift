import EventLoop
import Testing

@testable import ServiceRuntime

/// A breaker that is played step by step, with a clock in milliseconds.
private final class Play {
    var breaker = Breaker()
    var milliseconds: Int64 = 0
    var passes: [Breaker.Pass] = []

    var now: MonotonicInstant { MonotonicInstant(nanoseconds: milliseconds * 1_000_000) }

    var phase: String {
        switch breaker.phase {
        case .closed: "closed"
        case .open(let byOrders): byOrders ? "open by orders" : "open"
        case .releasing(let width): "releasing \(width)"
        }
    }

    /// What an attempt does: it goes if it may, the system answers or does not, it ends.
    func attempt(_ finding: Breaker.Finding, answered: Bool = false) -> Bool {
        guard breaker.admits(at: now) else { return false }
        let pass = breaker.enter()
        if answered { breaker.answered() }
        breaker.leave(pass, finding: finding, at: now, random: 1)
        return true
    }

    func enter() -> Bool {
        guard breaker.admits(at: now) else { return false }
        passes.append(breaker.enter())
        return true
    }

    func leave(_ finding: Breaker.Finding, answered: Bool = false) {
        if answered { breaker.answered() }
        breaker.leave(passes.removeFirst(), finding: finding, at: now, random: 1)
    }

    /// Opens it and waits for the moment of the next probe.
    static func open(byOrders: Bool = false) -> Play {
        let play = Play()
        if byOrders {
            for order in UInt8(1)...5 { _ = play.attempt(.suspicious(order: [order]), answered: true) }
        } else {
            _ = play.attempt(.failed)
        }
        play.milliseconds = 10_000
        return play
    }
}

@Suite("The breaker")
struct BreakerTests {
    struct ProbeEnd: Sendable, CustomStringConvertible {
        let isByOrders: Bool
        let finding: Breaker.Finding
        let isAnswered: Bool
        let phase: String
        /// How long until the next may go, where it stays open.
        var wait: Int64 = 0

        var description: String {
            "\(isByOrders ? "open by orders" : "open"), \(finding), \(isAnswered ? "answered" : "not asked")"
        }
    }

    static let probeEnds = [
        ProbeEnd(isByOrders: false, finding: .failed, isAnswered: false, phase: "open", wait: 1000),
        ProbeEnd(isByOrders: false, finding: .failed, isAnswered: true, phase: "open", wait: 1000),
        ProbeEnd(isByOrders: false, finding: .succeeded, isAnswered: true, phase: "releasing 2"),
        // Settled before: nobody was asked, so nothing is known, and the next may look at once.
        ProbeEnd(isByOrders: false, finding: .succeeded, isAnswered: false, phase: "open", wait: 100),
        // A dead, held, superseded or postponed probe tells by whether the system was asked.
        ProbeEnd(isByOrders: false, finding: .ended, isAnswered: true, phase: "releasing 2"),
        ProbeEnd(isByOrders: false, finding: .ended, isAnswered: false, phase: "open", wait: 100),
        // One stuck order keeps nothing open once the system speaks to it.
        ProbeEnd(isByOrders: false, finding: .suspicious(order: [9]), isAnswered: true, phase: "releasing 1"),
        ProbeEnd(isByOrders: false, finding: .suspicious(order: [9]), isAnswered: false, phase: "open", wait: 1000),
        // Reads that succeed and orders that die before they are written do not show that writing works again.
        ProbeEnd(isByOrders: true, finding: .ended, isAnswered: true, phase: "open by orders", wait: 1000),
        ProbeEnd(isByOrders: true, finding: .ended, isAnswered: false, phase: "open by orders", wait: 100),
        ProbeEnd(
            isByOrders: true, finding: .suspicious(order: [9]), isAnswered: true, phase: "open by orders", wait: 1000),
        ProbeEnd(isByOrders: true, finding: .succeeded, isAnswered: true, phase: "releasing 2"),
        ProbeEnd(isByOrders: true, finding: .succeeded, isAnswered: false, phase: "open by orders", wait: 100),
        ProbeEnd(isByOrders: true, finding: .failed, isAnswered: false, phase: "open", wait: 1000),
    ]

    @Test("the end of a probe decides whether it stays open, and when the next one goes", arguments: probeEnds)
    func endOfProbe(_ row: ProbeEnd) {
        let play = Play.open(byOrders: row.isByOrders)
        #expect(play.attempt(row.finding, answered: row.isAnswered))
        #expect(play.phase == row.phase)
        guard row.wait > 0 else { return }
        play.milliseconds += row.wait - 1
        #expect(!play.breaker.admits(at: play.now))
        play.milliseconds += 1
        #expect(play.breaker.admits(at: play.now))
    }

    @Test("while it is open one attempt goes at a time, and the probes come to every three seconds at most")
    func oneAtATime() {
        let play = Play()
        #expect(play.attempt(.failed))
        #expect(!play.enter())
        play.milliseconds = 500
        #expect(play.enter())
        play.milliseconds = 60_000
        #expect(!play.enter(), "the probe has not ended")
        play.leave(.failed)
        var probes = 0
        for _ in 0..<60_000 {
            play.milliseconds += 1
            if play.attempt(.failed) { probes += 1 }
        }
        #expect(probes == 21)  // after 1, 2 and 3 s, then every 3 s
        #expect(Breaker.delay(afterProbes: 30, random: 0) == .seconds(2))
    }

    @Test("attempts from before the opening neither close it by old answers nor hold the probe up")
    func stragglers() {
        let play = Play()
        for _ in 0..<4 { #expect(play.enter()) }
        play.breaker.answered()
        play.leave(.failed)
        play.leave(.succeeded)
        #expect(play.phase == "open", "the answer came before the failure")
        play.milliseconds = 500
        #expect(play.enter(), "two of before still run")
        play.leave(.failed)
        #expect(play.phase == "open")
        play.leave(.succeeded, answered: true)
        #expect(play.phase == "releasing 2", "an answer since then shows that it works")
    }

    @Test("what waited is let go a few at a time, more with each success, and a failure stops it again")
    func release() {
        let play = Play.open()
        #expect(play.attempt(.succeeded, answered: true))
        #expect(play.enter() && play.enter())
        #expect(!play.enter())
        play.leave(.succeeded, answered: true)
        #expect(play.phase == "releasing 3")
        #expect(play.enter() && play.enter())
        #expect(!play.enter())
        play.leave(.failed)
        #expect(play.phase == "open")
        #expect(!play.enter())
        play.milliseconds += 10_000
        #expect(play.enter())
        for _ in 0..<3 { play.leave(.succeeded, answered: true) }
        for _ in 0..<40 { _ = play.attempt(.succeeded, answered: true) }
        #expect(play.phase == "closed")
    }

    @Test("orders that fail are the system's trouble from the fifth different one without a success between")
    func widespread() {
        let play = Play()
        for _ in 0..<20 { #expect(play.attempt(.suspicious(order: [1]), answered: true)) }
        for order in UInt8(2)...4 { #expect(play.attempt(.suspicious(order: [order]), answered: true)) }
        #expect(play.phase == "closed" && !play.breaker.isWidespread)
        #expect(play.attempt(.succeeded, answered: true))
        for order in UInt8(1)...4 { #expect(play.attempt(.suspicious(order: [order]), answered: true)) }
        #expect(play.phase == "closed")
        #expect(play.attempt(.suspicious(order: [5]), answered: true))
        #expect(play.phase == "open by orders" && play.breaker.isWidespread)
        play.breaker.close()
        #expect(play.phase == "releasing 2" && !play.breaker.isWidespread)
    }
}
