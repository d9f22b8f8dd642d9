import EventLoop
import Ledger
import TestSupport
import Testing

@testable import ServiceRuntime

@Suite("Messages that may have ended the process")
struct SuspectRulesTests {
    @Test(
        "it runs beside others at first, alone behind an end, and not at all behind five ends alone",
        arguments: [
            (Suspect(isNew: true, starts: 0, outlived: 0), SuspectHandling.together),
            (Suspect(isNew: false, starts: 0, outlived: 0), .alone(start: 1)),
            (Suspect(isNew: false, starts: 4, outlived: 0), .alone(start: 5)),
            (Suspect(isNew: false, starts: 5, outlived: 0), .poison),
            // Killed from outside long after its start, again and again.
            (Suspect(isNew: false, starts: 10, outlived: 8), .alone(start: 11)),
            (Suspect(isNew: false, starts: 10, outlived: 5), .poison),
            // One that kills late every time ends some day too.
            (Suspect(isNew: false, starts: 19, outlived: 19), .alone(start: 20)),
            (Suspect(isNew: false, starts: 20, outlived: 20), .poison),
        ])
    func handling(suspect: Suspect, handling: SuspectHandling) {
        #expect(suspect.handling == handling)
    }

    @Test("care ends for a partition when as many as could be open are taken and finished")
    func windows() {
        var windows = CarefulWindows([1, 2], size: 2)
        let takes = [(1, 10), (3, 10), (1, 12), (1, 13)].map { windows.take(.init(partition: $0, offset: $1)) }
        #expect(takes == [.withCare(isFirst: true), .withoutCare, .withCare(isFirst: false), .withoutCare])
        let ends = [12, 10].map { windows.finish(.init(partition: 1, offset: $0)) }
        #expect(ends == [false, true])
        #expect(!windows.isEmpty)
        _ = [20, 21].map { windows.take(.init(partition: 2, offset: $0)) }
        let more = [20, 21].map { windows.finish(.init(partition: 2, offset: $0)) }
        #expect(more == [false, true])
        #expect(windows.isEmpty)
    }

    @Test("one that asks to run alone waits for the others, goes before those that come, the least started first")
    func gate() async throws {
        try await onLoop {
            let gate = SoloGate()
            var order: [String] = []
            let first = await gate.enter()
            #expect(first)
            let alone = [Int64](arrayLiteral: 3, 1, 2).map { start in
                EventLoop.shared.start {
                    guard await gate.enter(alone: start) else { return }
                    order.append("alone \(start)")
                    try await LoopTime.shared.sleep(for: .milliseconds(5))
                    order.append("end of \(start)")
                    gate.leave()
                }
            }
            let beside = (0..<2).map { _ in
                EventLoop.shared.start {
                    guard await gate.enter() else { return }
                    order.append("beside")
                    gate.leave()
                }
            }
            let cancelled = EventLoop.shared.start { #expect(await !gate.enter(alone: 0)) }
            try await LoopTime.shared.sleep(for: .milliseconds(20))
            #expect(order.isEmpty)
            cancelled.cancel()
            try await cancelled.value
            gate.leave()
            for task in alone + beside { try await task.value }
            #expect(
                order == ["alone 1", "end of 1", "alone 2", "end of 2", "alone 3", "end of 3", "beside", "beside"])
        }
    }
}
