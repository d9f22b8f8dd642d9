import EventLoop
import Foundation
import NetSuite
import TestSupport
import Testing

@Loop
private final class Order {
    var entered: [Int] = []
}

@Suite("The concurrency gate")
struct ConcurrencyGateTests {
    @Test("lets its width through, the rest in the order of coming")
    func firstComeFirstServed() async throws {
        try await onLoop {
            let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
            let gate = ConcurrencyGate(ceiling: 2, quietPeriod: .seconds(10), time: time)
            let order = Order()
            for number in 0..<5 {
                EventLoop.shared.start { if await gate.enter(within: .seconds(60)) { order.entered.append(number) } }
            }
            await time.advance(by: .zero)
            #expect(order.entered == [0, 1])
            #expect(gate.inUse == 2)
            #expect(gate.waitingCount == 3)
            gate.leave()
            await time.advance(by: .zero)
            #expect(order.entered == [0, 1, 2])
            gate.leave()
            gate.leave()
            await time.advance(by: .zero)
            #expect(order.entered == [0, 1, 2, 3, 4])
            #expect(gate.inUse == 2)
        }
    }

    @Test("who waits too long or is cancelled does not enter")
    func givesUp() async throws {
        try await onLoop {
            let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
            let gate = ConcurrencyGate(ceiling: 1, quietPeriod: .seconds(10), time: time)
            #expect(await gate.enter(within: .seconds(1)))
            let late = EventLoop.shared.start { await gate.enter(within: .seconds(5)) }
            let cancelled = EventLoop.shared.start { await gate.enter(within: .seconds(60)) }
            await time.advance(by: .seconds(4))
            #expect(gate.waitingCount == 2)
            cancelled.cancel()
            await time.advance(by: .seconds(2))
            let entered = [try await late.value, try await cancelled.value]
            #expect(entered == [false, false])
            #expect(gate.waitingCount == 0)
            gate.leave()
            #expect(gate.inUse == 0)
        }
    }

    @Test("one burst of refusals narrows it once; quiet widens it step by step")
    func narrowsAndWidens() async throws {
        try await onLoop {
            let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
            let gate = ConcurrencyGate(ceiling: 5, quietPeriod: .seconds(10), time: time)
            let began = time.now
            await time.advance(by: .seconds(1))
            for _ in 0..<5 { gate.narrow(requestBegan: began) }
            #expect(gate.width == 2)
            await time.advance(by: .seconds(1))
            gate.narrow(requestBegan: time.now)
            #expect(gate.width == 1)
            await time.advance(by: .seconds(1))
            gate.narrow(requestBegan: time.now)
            #expect(gate.width == 1)
            await time.advance(by: .seconds(9))
            #expect(gate.width == 1)
            await time.advance(by: .seconds(2))
            #expect(gate.width == 2)
            await time.advance(by: .seconds(60))
            #expect(gate.width == 5)
            #expect(time.isIdle)
        }
    }

    @Test("narrowed, it waits until fewer are through")
    func narrowedWhileInUse() async throws {
        try await onLoop {
            let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
            let gate = ConcurrencyGate(ceiling: 4, quietPeriod: .seconds(100), time: time)
            for _ in 0..<4 { #expect(await gate.enter(within: .seconds(1))) }
            gate.narrow(requestBegan: time.now)
            let order = Order()
            EventLoop.shared.start { if await gate.enter(within: .seconds(60)) { order.entered.append(1) } }
            await time.advance(by: .zero)
            gate.leave()
            gate.leave()
            await time.advance(by: .zero)
            #expect(order.entered.isEmpty)
            gate.leave()
            await time.advance(by: .zero)
            #expect(order.entered == [1])
        }
    }
}
