import EventLoop

/// Lets attempts run beside each other, or one alone while no other runs. Who asks to be alone goes first, and of those
/// who was so the least often.
@Loop
final class SoloGate {
    private struct Waiter {
        let number: UInt64
        /// Nil for those that run beside others.
        let start: Int64?
        let continuation: CheckedContinuation<Bool, Never>
    }

    private var running = 0
    private var isAlone = false
    private var waiting: [Waiter] = []
    private var nextNumber: UInt64 = 0
    private var isTurnScheduled = false

    /// Goes through; false when the task was cancelled before. Else ``leave()`` must follow.
    /// - Parameter start: which start alone it would be; nil to run beside others.
    func enter(alone start: Int64? = nil) async -> Bool {
        if Task.isCancelled { return false }
        if start == nil, !isAlone, waiting.isEmpty {
            running += 1
            return true
        }
        nextNumber += 1
        let number = nextNumber
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                waiting.append(Waiter(number: number, start: start, continuation: continuation))
                scheduleTurn()
            }
        } onCancel: {
            EventLoop.shared.perform { [weak self] in self?.giveUp(number) }
        }
    }

    /// Makes room for those that wait.
    func leave() {
        running -= 1
        isAlone = false
        scheduleTurn()
    }

    private func giveUp(_ number: UInt64) {
        guard let index = waiting.firstIndex(where: { $0.number == number }) else { return }
        waiting.remove(at: index).continuation.resume(returning: false)
        scheduleTurn()
    }

    /// Not at once: those that come in the same turn of the loop are compared with each other.
    private func scheduleTurn() {
        guard !isTurnScheduled, !waiting.isEmpty else { return }
        isTurnScheduled = true
        EventLoop.shared.start { [self] in
            await Task.yield()
            isTurnScheduled = false
            turn()
        }
    }

    private func turn() {
        guard !isAlone else { return }
        let alone = waiting.indices.filter { waiting[$0].start != nil }
        if let first = alone.min(by: { (waiting[$0].start ?? 0, $0) < (waiting[$1].start ?? 0, $1) }) {
            guard running == 0 else { return }
            isAlone = true
            running = 1
            return waiting.remove(at: first).continuation.resume(returning: true)
        }
        running += waiting.count
        for waiter in waiting { waiter.continuation.resume(returning: true) }
        waiting = []
    }
}
