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

        /// After so many polls it is given up; nil where it never is.
        var mostPolls: Int? {
            switch self {
            case .unreadable, .notShown: nil
            case .notInLedger: 480
            }
        }

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

        /// At first at each poll, later at every twentieth: one that stays as it is must not cost calls at each.
        var isTurn: Bool { polls <= DueOrders.pollsBeforeWarning || polls % 20 == 0 }
    }

    /// More than these are no trouble of single orders.
    static let most = 5_000
    /// An order that is due for so many polls is a person's business.
    static let pollsBeforeWarning = 5

    private(set) var entries: [Int64: Entry] = [:]

    init() {}

    /// Reads what the ledger kept: `4711u3 4712n0`. A word that is none is left out.
    init(text: String) {
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
    /// - Returns: orders that are due so long that a person should know, each once.
    mutating func beginPoll() -> [(id: Int64, reason: Reason)] {
        var late: [(id: Int64, reason: Reason)] = []
        for (id, entry) in entries {
            entries[id]?.polls += 1
            if let most = entry.reason.mostPolls, entry.polls >= most {
                entries[id] = nil
            } else if entry.polls + 1 == Self.pollsBeforeWarning, entry.reason.mostPolls == nil {
                late.append((id, entry.reason))
            }
        }
        return late
    }

    /// Orders to read at this poll.
    var toRead: [Int64] {
        entries.filter { $0.value.isTurn && $0.value.reason != .notInLedger }.map(\.key).sorted()
    }

    /// Orders to ask the ledger for at this poll.
    var toAskLedger: [Int64] { entries.filter { $0.value.reason == .notInLedger }.map(\.key).sorted() }

    /// Notes that an order could not be dealt with.
    mutating func note(_ id: Int64, _ reason: Reason) {
        let isSame = entries[id]?.reason == reason
        entries[id] = Entry(reason: reason, polls: isSame ? entries[id]?.polls ?? 0 : 0)
    }

    /// Notes that an order was dealt with.
    mutating func settle(_ id: Int64) { entries[id] = nil }

    /// How many are due, by reason.
    func count(_ reason: Reason) -> Int { entries.values.count { $0.reason == reason } }
}
