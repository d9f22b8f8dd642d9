public import FoundationEssentials

/// Where a dead letter stands.
public enum DeadLetterState: String, Sendable, CaseIterable {
    /// Somebody must decide.
    case open
    /// Tried again, and not settled yet.
    case replaying
    /// A replay was written.
    case resolved
    /// A newer version of the order took its place.
    case superseded
    /// A person gave it up.
    case discarded
}

/// Which dead letters are meant.
public struct LetterFilter: Sendable, Equatable {
    /// States, any of them.
    public var states: Set<DeadLetterState>
    /// One of the classes of the contract; nil for all.
    public var letterClass: String?
    /// Fingerprint, as a whole; nil for all.
    public var fingerprint: String?

    /// A filter.
    public init(_ states: Set<DeadLetterState>, letterClass: String? = nil, fingerprint: String? = nil) {
        self.states = states
        self.letterClass = letterClass
        self.fingerprint = fingerprint
    }

    /// Letters that wait for a person.
    public static let open = LetterFilter([.open])
    /// Letters that are not closed.
    public static let unsettled = LetterFilter([.open, .replaying])
    /// All of them.
    public static let all = LetterFilter(Set(DeadLetterState.allCases))
}

/// A dead letter in a list; the message itself is not part of it.
public struct DeadLetter: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// Where it stands.
    public let state: DeadLetterState
    /// Salesforce order id, where known.
    public let orderId: String?
    /// Salesforce order number, where known.
    public let orderNumber: String?
    /// Version, where known.
    public let version: Int64?
    /// One of the classes of the contract.
    public let letterClass: String
    /// NetSuite's, Salesforce's or our own code.
    public let code: String?
    /// The field that is to blame.
    public let field: String?
    /// What is wrong and what to do.
    public let sentence: String
    /// For grouping.
    public let fingerprint: String
    /// `topic/partition@offset`, or the object and its id.
    public let source: String
    /// How often the same message came.
    public let seenCount: Int64
    /// When it was opened (last).
    public let openedAt: Date
    /// When it was closed.
    public let closedAt: Date?
}

/// A dead letter with everything that is kept of it.
public struct DeadLetterDetail: Sendable, Equatable {
    /// How it stands.
    public let letter: DeadLetter
    /// A newer version of the order that has been settled: then a replay is refused.
    public let newerVersion: Int64?
    /// The message, where it came from one.
    public let message: KeptMessage?
    /// Who did what, in time order.
    public let trail: [LetterAct]
}

/// A message as a dead letter keeps it.
public struct KeptMessage: Sendable, Equatable {
    /// Key as it came.
    public let key: [UInt8]?
    /// Value as it came; its first 64 KiB where it is not whole.
    public let value: [UInt8]?
    /// Headers in their order.
    public let headers: [SourceMessage.Header]
    /// How many bytes the value had.
    public let valueLength: Int64
    /// SHA-256 of the whole value, where there was one.
    public let valueDigest: [UInt8]?
    /// Whether all bytes are kept.
    public let isWhole: Bool
}

/// One thing that was done to a dead letter.
public struct LetterAct: Sendable, Equatable {
    /// The closed set of acts.
    public enum Kind: String, Sendable, CaseIterable {
        case opened, replayed, resolved, superseded, discarded, reopened, noted
        /// A replay under way was asked for again: the same event.
        case replayRepeated = "replay-repeated"
        /// It failed, or never reached its topic: open again.
        case replayFailed = "replay-failed"
    }

    /// What.
    public let kind: Kind
    /// When (server's clock).
    public let at: Date
    /// Who: operator, or the process that did it.
    public let by: String
    /// Of a replay: the new message's `ce_id`, or the publish request.
    public let eventId: String?
    /// A sentence: why, or what somebody wrote down.
    public let note: String?
}

/// Dead letters of one fingerprint.
public struct LetterGroup: Sendable, Equatable {
    /// What they have in common.
    public let fingerprint: String
    /// One of the classes of the contract.
    public let letterClass: String
    /// The newest letter's sentence.
    public let sentence: String
    /// How many letters.
    public let count: Int64
    /// When the oldest of them was opened.
    public let oldest: Date
    /// How long ago that was (server's clock).
    public let oldestAge: Duration
    /// The sums of their orders' lines, exact, one a currency.
    public let totals: [LetterTotal]
    /// How many of them have no snapshot that can be read, and are in no sum.
    public let withoutTotal: Int64
}

/// A sum in one currency.
public struct LetterTotal: Sendable, Equatable {
    /// ISO 4217.
    public let currency: String
    /// Decimal text, exact.
    public let amount: String
}

/// How many letters are open of one class.
public struct DeadLetterCount: Sendable, Equatable {
    /// One of the classes of the contract.
    public let letterClass: String
    /// How many are open or replaying.
    public let count: Int64
    /// When the oldest of them was opened.
    public let oldest: Date
}
