/// Which messages of a partition are finished, and up to where its offset may move.
///
/// Offsets are sparse (transaction markers, compaction): only those that were handed out count, and nothing is ever
/// computed by adding one to the last.
struct OffsetTracker {
    private var open: [Int64] = []  // handed out, in order; finished ones leave from the front
    private var finished: Set<Int64> = []
    private(set) var next: Int64?  // the offset to read next, once something is finished

    /// How many are handed out and not yet behind the watermark.
    var openCount: Int { open.count - firstOpen }

    private var firstOpen = 0

    /// Notes that a message was handed out; offsets rise.
    mutating func handOut(_ offset: Int64) {
        open.append(offset)
    }

    /// Notes that a message is finished; returns the new offset to store when the watermark moved.
    mutating func finish(_ offset: Int64) -> Int64? {
        finished.insert(offset)
        var moved = false
        while firstOpen < open.count, finished.remove(open[firstOpen]) != nil {
            next = open[firstOpen] + 1
            firstOpen += 1
            moved = true
        }
        if firstOpen > 1024, firstOpen * 2 > open.count {
            open.removeFirst(firstOpen)
            firstOpen = 0
        }
        return moved ? next : nil
    }
}

/// Messages by key: one of a key runs, the others wait behind it in their order.
struct Lanes<Item> {
    private var waiting: [[UInt8]: [Item]] = [:]
    private(set) var queuedCount = 0

    /// Whether the item may run now; else it waits in the lane of its key.
    mutating func enter(_ item: Item, key: [UInt8]) -> Bool {
        guard waiting[key] != nil else {
            waiting[key] = []
            return true
        }
        waiting[key]?.append(item)
        queuedCount += 1
        return false
    }

    /// Ends the run of a key; returns the next item of its lane, which runs from now on.
    mutating func leave(_ key: [UInt8]) -> Item? {
        guard var lane = waiting[key] else { return nil }
        if lane.isEmpty {
            waiting[key] = nil
            return nil
        }
        let next = lane.removeFirst()
        waiting[key] = lane
        queuedCount -= 1
        return next
    }

    /// Drops waiting items, such as those of a partition that another process has now, and gives them.
    @discardableResult
    mutating func dropWaiting(where shouldDrop: (Item) -> Bool) -> [Item] {
        var dropped: [Item] = []
        for (key, lane) in waiting {
            dropped += lane.filter(shouldDrop)
            waiting[key] = lane.filter { !shouldDrop($0) }
        }
        queuedCount -= dropped.count
        return dropped
    }

    /// How many keys have a running item.
    var runningCount: Int { waiting.count }
}
