import EventLoop
import Foundation
import Glibc
import TestSupport
import Testing

@Suite("The event loop")
struct EventLoopTests {
    @Test("tasks started on the loop stay on its thread through every await")
    func staysOnLoop() async throws {
        try await onLoop {
            #expect(EventLoop.shared.isOnLoop)
            try await LoopTime.shared.sleep(for: .milliseconds(1))
            #expect(EventLoop.shared.isOnLoop)
            let value = try await EventLoop.shared.runOnHelperThread { EventLoop.shared.isOnLoop }
            #expect(!value)
            #expect(EventLoop.shared.isOnLoop)
        }
    }

    @Test("a descriptor's handler is called when bytes arrive and not after it is cancelled")
    func watchesDescriptors() async throws {
        try await onLoop {
            var ends: [Int32] = [0, 0]
            #expect(pipe(&ends) == 0)
            let (reading, writing) = (ends[0], ends[1])
            var seen = 0
            let watch = try EventLoop.shared.watch(reading, for: .readable) { readiness in
                #expect(readiness.contains(.readable))
                var byte: UInt8 = 0
                #expect(read(reading, &byte, 1) == 1)
                seen += 1
            }
            _ = write(writing, "ab", 2)
            try await eventually("both bytes seen") { seen == 2 }
            watch.cancel()
            watch.cancel()
            _ = write(writing, "c", 1)
            try await LoopTime.shared.sleep(for: .milliseconds(5))
            #expect(seen == 2)
            close(reading)
            close(writing)
        }
    }

    @Test("timers fire in the order of their times, cancelled ones never, whatever their number")
    func timersInOrder() async throws {
        try await onLoop {
            var fired: [Int] = []
            for index in (0..<50).reversed() {
                EventLoop.shared.schedule(after: .milliseconds(index % 25)) { fired.append(index % 25) }
            }
            let cancelled = (0..<500).map { index in
                EventLoop.shared.schedule(after: .milliseconds(index % 7)) { fired.append(-1) }
            }
            for timer in cancelled { timer.cancel() }
            try await eventually("all fired") { fired.count == 50 }
            #expect(fired == fired.sorted())
        }
    }

    @Test("a cancelled sleeper wakes at once")
    func cancelledSleep() async throws {
        try await onLoop {
            let sleeper = EventLoop.shared.start { try await LoopTime.shared.sleep(for: .seconds(600)) }
            await Task.yield()
            sleeper.cancel()
            await #expect(throws: CancellationError.self) { try await sleeper.value }
        }
    }

    @Test("a deadline ends the wait even when the work ignores cancellation")
    func deadline() async throws {
        try await onLoop {
            await #expect(throws: DeadlineExceeded.self) {
                try await withDeadline(.milliseconds(5)) {
                    await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                        EventLoop.shared.schedule(after: .milliseconds(200)) { continuation.resume() }
                    }
                }
            }
            let seven = try await withDeadline(.seconds(5)) { 7 }
            #expect(seven == 7)
        }
    }

    @Test("simulated time moves only when it is advanced, and wakes sleepers in order")
    func simulatedTime() async throws {
        try await onLoop {
            let time = SimulatedTime(wallClock: Date(timeIntervalSince1970: 0))
            var woken: [Int] = []
            for seconds in [30, 10, 20] {
                EventLoop.shared.start {
                    try await time.sleep(for: .seconds(seconds))
                    woken.append(seconds)
                }
            }
            await time.advance(by: .seconds(9))
            #expect(woken.isEmpty)
            await time.advance(by: .seconds(11))
            #expect(woken == [10, 20])
            #expect(time.wallClock == Date(timeIntervalSince1970: 20))
            await time.advance(by: .seconds(3600))
            #expect(woken == [10, 20, 30])
        }
    }
}

@Suite("The lifecycle")
struct LifecycleTests {
    @Test("components start in order and stop backwards")
    func ordered() async throws {
        try await onLoop {
            var steps: [String] = []
            let lifecycle = Lifecycle { _ in }
            for name in ["a", "b", "c"] {
                lifecycle.add(name, start: { steps.append("+\(name)") }, stop: { steps.append("-\(name)") })
            }
            EventLoop.shared.schedule(after: .milliseconds(5)) { lifecycle.stop(because: "SIGTERM") }
            #expect(await lifecycle.run() == 0)
            #expect(steps == ["+a", "+b", "+c", "-c", "-b", "-a"])
        }
    }

    @Test("a component that cannot start ends the process with what was started stopped")
    func failedStart() async throws {
        struct Refused: Error {}
        try await onLoop {
            var steps: [String] = []
            let lifecycle = Lifecycle { _ in }
            lifecycle.add("a", stop: { steps.append("-a") })
            lifecycle.add("b", start: { throw Refused() })
            lifecycle.add("c", start: { steps.append("+c") })
            #expect(await lifecycle.run() == 1)
            #expect(steps == ["-a"])
        }
    }

    @Test("a start that hangs and a stop that hangs hold up nobody beyond the limit")
    func hangs() async throws {
        try await onLoop {
            let lifecycle = Lifecycle(stopLimit: .milliseconds(100)) { _ in }
            lifecycle.add("hangs", start: { await forever() }, stop: { await forever() })
            EventLoop.shared.schedule(after: .milliseconds(5)) { lifecycle.stop(because: "SIGTERM") }
            #expect(await lifecycle.run() == 0)
        }
    }
}

@Loop
private func forever() async {
    await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in }
}
