import Testing

@testable import ServiceRuntime

@Suite("Offsets and lanes")
struct OffsetTests {
    @Test("the watermark never passes an unfinished message, in whatever order they finish", arguments: 0..<200)
    func watermark(seed: UInt64) {
        var random = Seeded(state: seed)
        var tracker = OffsetTracker()
        var offsets: [Int64] = []
        var next: Int64 = Int64(seed)
        for _ in 0..<100 {
            next += Int64(1 + random.next() % 4)  // sparse: gaps as markers and compaction leave them
            offsets.append(next)
            tracker.handOut(next)
        }
        var unfinished = Set(offsets)
        var stored: Int64?
        for offset in offsets.shuffled(using: &random) {
            unfinished.remove(offset)
            if let moved = tracker.finish(offset) {
                #expect(stored.map { moved > $0 } ?? true)
                stored = moved
            }
            if let stored { #expect(unfinished.allSatisfy { $0 >= stored }) }
        }
        #expect(stored == offsets.last.map { $0 + 1 })
        #expect(tracker.openCount == 0)
    }

    @Test("one message of a key runs, the next ones wait in their order, other keys do not")
    func lanes() {
        var lanes = Lanes<Int>()
        let entered = [
            lanes.enter(1, key: [1]), lanes.enter(2, key: [1]), lanes.enter(3, key: [1]), lanes.enter(4, key: [2]),
        ]
        #expect(entered == [true, false, false, true])
        #expect(lanes.queuedCount == 2)
        let left = [lanes.leave([1]), lanes.leave([2])]
        #expect(left == [2, nil])
        let waits = !lanes.enter(5, key: [1])
        let third = lanes.leave([1])
        #expect(waits && third == 3)
        lanes.dropWaiting { $0 == 5 }
        let last = lanes.leave([1])
        #expect(last == nil)
        #expect(lanes.runningCount == 0)
        #expect(lanes.queuedCount == 0)
    }

    @Test("waits double up to their cap and are never below half of their value")
    func retryDelays() {
        let policy = RetryPolicy(base: .milliseconds(100), cap: .seconds(5))
        let table: [(Int, Double, Duration)] = [
            (1, 1, .milliseconds(100)), (1, 0, .milliseconds(50)), (2, 1, .milliseconds(200)),
            (4, 1, .milliseconds(800)), (7, 1, .seconds(5)), (1000, 0, .milliseconds(2500)),
        ]
        for (number, random, expected) in table {
            #expect(policy.delay(afterTry: number, random: random) == expected)
        }
    }
}

/// SplitMix64: the same seed, the same order.
struct Seeded: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
