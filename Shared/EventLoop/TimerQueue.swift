/// Work that the loop does at its time, once, unless it is cancelled before.
@Loop
public final class ScheduledWork {
    nonisolated let due: MonotonicInstant
    nonisolated(unsafe) var sequence: UInt64 = 0  // set once by the queue, on the loop's thread
    private(set) var isDone = false
    private var work: (@Loop () -> Void)?
    private let onCancel: @Loop () -> Void

    init(due: MonotonicInstant, _ work: @escaping @Loop () -> Void, onCancel: @escaping @Loop () -> Void) {
        self.due = due
        self.work = work
        self.onCancel = onCancel
    }

    /// Prevents the work; without effect when it has begun.
    public func cancel() {
        guard !isDone else { return }
        isDone = true
        work = nil
        onCancel()
    }

    func fire() {
        guard !isDone else { return }
        isDone = true
        let due = work
        work = nil
        due?()
    }
}

/// Timers by time, then by the order in which they were made: a binary heap that drops cancelled ones lazily.
struct TimerQueue {
    private var heap: [ScheduledWork] = []
    private var cancelled = 0
    private var nextSequence: UInt64 = 0

    var nextDue: MonotonicInstant? { heap.first?.due }

    mutating func insert(_ timer: ScheduledWork) {
        timer.sequence = nextSequence
        nextSequence += 1
        heap.append(timer)
        siftUp(heap.count - 1)
    }

    /// Counts a cancelled timer; when they are the larger part the heap is built anew without them.
    mutating func noteCancellation() {
        cancelled += 1
        guard cancelled > 64, cancelled * 2 > heap.count else { return }
        heap = EventLoop.shared.assumeIsolated { heap.filter { !$0.isDone } }
        for parent in (0..<heap.count / 2).reversed() { siftDown(parent) }
        cancelled = 0
    }

    mutating func takeDue(at now: MonotonicInstant) -> [ScheduledWork] {
        var due: [ScheduledWork] = []
        while let first = heap.first, first.due <= now {
            due.append(first)
            removeFirst()
        }
        return due
    }

    private mutating func removeFirst() {
        let last = heap.removeLast()
        guard !heap.isEmpty else { return }
        heap[0] = last
        siftDown(0)
    }

    private static func isBefore(_ left: ScheduledWork, _ right: ScheduledWork) -> Bool {
        left.due == right.due ? left.sequence < right.sequence : left.due < right.due
    }

    private mutating func siftUp(_ start: Int) {
        var child = start
        while child > 0 {
            let parent = (child - 1) / 2
            guard Self.isBefore(heap[child], heap[parent]) else { return }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    private mutating func siftDown(_ start: Int) {
        var parent = start
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count {
                if Self.isBefore(heap[child], heap[smallest]) { smallest = child }
            }
            if smallest == parent { return }
            heap.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
