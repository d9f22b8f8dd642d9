/// Orders that a poll could not deal with, and that later ones try again; kept in the ledger, so that none is lost when
/// the mark moves past its change.
struct DueOrders: Sendable, Equatable {
    /// Why an order is due; the letter is its form in the ledger.
    enum Reason: Character, Sendable, CaseIterable {
        /// A value of it, or of one of its documents, cannot be read.
        case unreadable = "u"
        /// NetSuite's queries do not show it, and nothing proves that it was deleted.
        case notShown = "n"
        /// It bears our external id, and the ledger does not know it (yet): its write may be under way.
        case notInLedger = "l"

        /// Whether NetSuite is asked for it at each turn; else the ledger alone is.
        var isRead: Bool { self != .notInLedger }

        /// The word of metrics and logs.
        var word: String {
            switch self {
            case .unreadable: "unreadable"
            case .notShown: "not_shown"
            case .notInLedger: "not_in_ledger"
            }
        }
    }

    struct Entry: Sendable, Equatable {
        var reason: Reason
        /// Polls since it became due.
        var polls = 0
        /// Its turn came, and went by because others took all of a poll's look-ups.
        var isOwed = false

        /// At first at each poll, later at every twentieth: one that stays as it is must not cost calls at each.
        var isTurn: Bool { isOwed || polls <= DueOrders.pollsBeforeWarning || polls % 20 == 0 }
    }

    /// More orders than these that cannot be read are no trouble of single orders; and so many are waited for at most that
    /// the ledger does not know.
    static let most = 5_000
    /// So long an order that the ledger does not know is waited for: its write may be an open question for days.
    static let longestWait = Duration.seconds(7 * 24 * 3600)
    /// An order that is due for so many polls is a person's business.
    static let pollsBeforeWarning = 5

    private(set) var entries: [Int64: Entry] = [:]
    /// Polls that make ``longestWait``. Polls count and not days, since nobody asks while the watch stands still.
    private let mostPolls: Int

    /// Reads what the ledger kept: `4711u3 4712n0`. A word that is none is left out.
    ///
    /// - Parameter interval: between two polls.
    init(text: String = "", interval: Duration) {
        mostPolls = Int(Self.longestWait / max(interval, .seconds(1)))
        for word in text.split(separator: " ") {
            guard let at = word.firstIndex(where: \.isLetter), let id = Int64(word[..<at]),
                let reason = Reason(rawValue: word[at]), let polls = Int(word[word.index(after: at)...])
            else { continue }
            entries[id] = Entry(reason: reason, polls: polls)
        }
    }

    /// The form in which the ledger keeps it.
    var text: String {
        entries.sorted { $0.key < $1.key }.map { "\($0.key)\($0.value.reason.rawValue)\($0.value.polls)" }
            .joined(separator: " ")
    }

    /// A poll begins.
    /// - Returns: orders that are due so long that a person should know, each once; and how many are not waited for any
    ///   more.
    mutating func beginPoll() -> (late: [(id: Int64, reason: Reason)], givenUp: Int) {
        var late: [(id: Int64, reason: Reason)] = []
        var givenUp = 0
        for (id, entry) in entries {
            entries[id]?.polls += 1
            if entry.reason == .notInLedger, entry.polls >= mostPolls {
                entries[id] = nil
                givenUp += 1
            } else if entry.polls + 1 == Self.pollsBeforeWarning, entry.reason.isRead {
                late.append((id, entry.reason))
            }
        }
        return (late, givenUp)
    }

    /// Gives up those that the ledger does not know for the longest time, where there are too many: the orders of another
    /// installation on the same account, or of a ledger that was made anew.
    /// - Returns: how many.
    mutating func boundUnknown() -> Int {
        let unknown = entries.filter { $0.value.reason == .notInLedger }
        let excess = unknown.count - Self.most
        guard excess > 0 else { return 0 }
        let oldest = unknown.sorted { ($1.value.polls, $0.key) < ($0.value.polls, $1.key) }
        for (id, _) in oldest.prefix(excess) { entries[id] = nil }
        return excess
    }

    /// Whether so many orders cannot be read that it is no trouble of single ones.
    var areTooMany: Bool { entries.values.count { $0.reason.isRead } > Self.most }

    /// Orders to read at this poll.
    var toRead: [Int64] {
        entries.filter { $0.value.isTurn && $0.value.reason.isRead }.map(\.key).sorted()
    }

    /// Orders to ask the ledger for at this poll.
    var toAskLedger: [Int64] { entries.filter { $0.value.reason == .notInLedger }.map(\.key).sorted() }

    /// Notes that an order could not be dealt with.
    ///
    /// - Parameter isOwed: it could not because the poll's look-ups were used up; its turn is the next poll.
    mutating func note(_ id: Int64, _ reason: Reason, isOwed: Bool = false) {
        let isSame = entries[id]?.reason == reason
        entries[id] = Entry(reason: reason, polls: isSame ? entries[id]?.polls ?? 0 : 0, isOwed: isOwed)
    }

    /// Notes that an order was dealt with.
    mutating func settle(_ id: Int64) { entries[id] = nil }

    /// How many are due, by reason.
    func count(_ reason: Reason) -> Int { entries.values.count { $0.reason == reason } }
}
