import Ledger

/// How a message is handled that may have ended a process before.
enum SuspectHandling: Equatable {
    /// Beside others: it was not open when a process ended, or nobody could know.
    case together
    /// Alone in the process; which of its starts alone this is, from 1.
    case alone(start: Int64)
    /// Not at all: it ended the process again and again while nothing else ran.
    case poison
}

extension Suspect {
    /// So many starts alone that end the process make a message poison.
    static let mostStarts: Int64 = 5
    /// A start that was outlived does not count, since what ended that process later came from outside as likely as
    /// not. So many starts are enough all the same: a message that kills late must not do so for ever.
    static let mostStartsAtAll: Int64 = 20

    /// What is to be done with the message.
    var handling: SuspectHandling {
        if isNew { return .together }
        if starts - outlived >= Self.mostStarts || starts >= Self.mostStartsAtAll { return .poison }
        return .alone(start: starts + 1)
    }
}

/// The part of each partition that may have been open when its reader before ended, and is handled with care.
struct CarefulWindows {
    /// What follows for a message that was taken.
    enum Take: Equatable {
        case withoutCare
        /// `isFirst` of its partition: all before it are finished.
        case withCare(isFirst: Bool)
    }

    private struct Window {
        var left: Int
        var isTouched = false
        var open: Set<Int64> = []
    }

    private var windows: [Int32: Window] = [:]

    /// Whether nothing needs care.
    var isEmpty: Bool { windows.isEmpty }

    /// - Parameter size: how many messages may have been open in one partition.
    init(_ partitions: Set<Int32> = [], size: Int = 0) {
        for partition in partitions { windows[partition] = Window(left: size) }
    }

    /// Notes a message that was taken.
    mutating func take(_ place: MessagePlace) -> Take {
        guard let window = windows[place.partition], window.left > 0 else { return .withoutCare }
        windows[place.partition]?.left -= 1
        windows[place.partition]?.isTouched = true
        windows[place.partition]?.open.insert(place.offset)
        return .withCare(isFirst: !window.isTouched)
    }

    /// Notes that a message that needed care is finished; whether its partition needs none from here on.
    mutating func finish(_ place: MessagePlace) -> Bool {
        windows[place.partition]?.open.remove(place.offset)
        guard let window = windows[place.partition], window.left <= 0, window.open.isEmpty else { return false }
        windows[place.partition] = nil
        return true
    }
}
