/// Items that could not be read and are read again until they can be, however long that takes: the changes that named them
/// lie behind the marks by then.
struct DueItems: Sendable, Equatable {
    /// The most that are remembered; the rest waits for the count of all items.
    static let most = 1_000
    /// Polls that read them again right away, since the last one was added; later ones do it seldom.
    static let eagerPolls = 20
    /// Of later polls, one in so many.
    static let patience = 20

    /// Internal ids, the oldest first.
    private(set) var ids: [Int64]
    private var polls = 0

    /// Reads a cursor's text; what is no id in it is left out.
    init(text: String = "") {
        ids = text.split(separator: " ").compactMap { Int64($0) }
    }

    /// The ids as a cursor's text.
    var text: String { ids.map(String.init).joined(separator: " ") }

    /// What the poll that begins reads again.
    mutating func turn() -> [Int64] {
        guard !ids.isEmpty else { return [] }
        polls += 1
        return polls <= Self.eagerPolls || polls % Self.patience == 0 ? ids : []
    }

    /// Takes in what a reading said.
    /// - Returns: how many could not be remembered.
    mutating func note(read: [Int64], unreadable: Set<Int64>) -> Int {
        let known = Set(ids)
        let done = known.intersection(read).subtracting(unreadable)
        if !done.isEmpty { ids.removeAll { done.contains($0) } }
        let new = unreadable.subtracting(known).sorted()
        guard !new.isEmpty else { return 0 }
        let room = max(0, Self.most - ids.count)
        ids += new.prefix(room)
        polls = 0
        return max(0, new.count - room)
    }
}
