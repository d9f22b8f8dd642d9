import EventLoop
import Foundation
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("The coalescer")
struct CoalescerTests {
    @Test("what is asked while a call runs goes together into the next one, and each gets its own answer")
    func gathers() async throws {
        try await onLoop {
            var batches: [[Int]] = []
            var release: CheckedContinuation<Void, Never>?
            let coalescer = Coalescer<Int, Int>(maximumBatch: 10) { requests in
                batches.append(requests)
                if batches.count == 1 { await withCheckedContinuation { release = $0 } }
                return requests.map { $0 * 2 }
            }
            let first = EventLoop.shared.start { try await coalescer.submit(0) }
            try await eventually("the first call runs") { release != nil }
            let others = (1...25).map { number in
                EventLoop.shared.start { try await coalescer.submit(number) }
            }
            try await eventually("all wait") { coalescer.waitingCount == 25 }
            release?.resume()
            let zero = try await first.value
            #expect(zero == 0)
            for (number, task) in zip(1...25, others) {
                let answer = try await task.value
                #expect(answer == number * 2)
            }
            #expect(batches.map(\.count) == [1, 10, 10, 5])
        }
    }

    @Test("a call that fails fails those who waited for it and nobody else")
    func failure() async throws {
        struct Refused: Error {}
        try await onLoop {
            let coalescer = Coalescer<Int, Int>(maximumBatch: 1) { requests in
                if requests == [1] { throw Refused() }
                return requests
            }
            let bad = EventLoop.shared.start { try await coalescer.submit(1) }
            let good = EventLoop.shared.start { try await coalescer.submit(2) }
            await #expect(throws: Refused.self) { try await bad.value }
            let two = try await good.value
            #expect(two == 2)
        }
    }

    @Test("a batch that is not full waits as long as patience says, a full one for nobody")
    func patience() async throws {
        try await onLoop {
            let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
            var sizes: [Int] = []
            let coalescer = Coalescer<Int, Int>(
                maximumBatch: 3, time: time, patience: { .seconds(5) }
            ) { requests in
                sizes.append(requests.count)
                return requests
            }
            let tasks = (0..<4).map { number in EventLoop.shared.start { try await coalescer.submit(number) } }
            await time.advance(by: .seconds(4))
            #expect(sizes == [3])
            await time.advance(by: .seconds(2))
            #expect(sizes == [3, 1])
            for task in tasks { _ = try await task.value }
        }
    }
}
