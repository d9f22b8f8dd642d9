public import FoundationEssentials

/// Which orders a list shows.
public enum OrderFilter: String, Sendable, CaseIterable {
    /// All of them.
    case all
    /// With an open dead letter.
    case needsAttention = "needs-attention"
    /// Held by itself.
    case waiting
    /// Published or claimed and not settled yet.
    case underway
    /// Written or found unchanged, and nothing open.
    case written
}

/// One order in a list.
public struct OrderSummary: Sendable, Equatable {
    /// Salesforce order id.
    public let orderId: String
    /// Salesforce order number.
    public let orderNumber: String?
    /// NetSuite's internal id.
    public let netSuiteId: Int64?
    /// NetSuite's `tranId`.
    public let netSuiteNumber: String?
    /// In words: "needs attention", "waiting (held)", NetSuite's state, or "underway".
    public let state: String
    /// Newest version that was published or claimed.
    public let newestVersion: Int64?
    /// Version written last.
    public let writtenVersion: Int64?
    /// Outcome of the last settlement.
    public let lastOutcome: SettledOutcome?
    /// When anything was last recorded of it.
    public let changedAt: Date
    /// The sentence of the newest open letter, or of the hold.
    public let sentence: String?
}

/// One thing that happened to an order.
public struct OrderEvent: Sendable, Equatable {
    /// What kind of thing.
    public enum Kind: String, Sendable, CaseIterable {
        /// The publisher stored a version.
        case published
        /// Kafka confirmed the message.
        case acknowledged
        /// An operator asked for it to be read afresh.
        case publishRequested = "publish-requested"
        /// The order left the status category Activated.
        case leftActivated = "left-activated"
        /// The writer claimed it.
        case attemptStarted = "attempt-started"
        /// The attempt ended.
        case attemptEnded = "attempt-ended"
        /// The version was settled.
        case settled
        /// The settlement's delivery was confirmed.
        case settlementPublished = "settlement-published"
        /// Salesforce took the state.
        case shown
        /// A dead letter was opened.
        case letterOpened = "letter-opened"
        /// A dead letter was closed.
        case letterClosed = "letter-closed"
        /// The order is held.
        case held
    }

    /// When (server's clock).
    public let at: Date
    /// What.
    public let kind: Kind
    /// The version it is about.
    public let version: Int64?
    /// Outcome, state or class, as one word.
    public let outcome: String?
    /// A sentence.
    public let detail: String?
    /// Who: holder or operator.
    public let by: String?
    /// Id of the message, attempt or letter.
    public let reference: String?
    /// The `traceparent`, where there is one.
    public let traceParent: String?
}

/// An order with everything that happened to it, in time order.
public struct OrderHistory: Sendable, Equatable {
    /// How it stands.
    public let summary: OrderSummary
    /// What happened.
    public let events: [OrderEvent]
}

/// A dead letter in a list; the message itself is not part of it.
public struct DeadLetter: Sendable, Equatable {
    /// Its id.
    public let id: String
    /// `open`, `replaying`, `resolved`, `superseded` or `discarded`.
    public let state: String
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

/// How many letters are open of one class.
public struct DeadLetterCount: Sendable, Equatable {
    /// One of the classes of the contract.
    public let letterClass: String
    /// How many are open or replaying.
    public let count: Int64
    /// When the oldest of them was opened.
    public let oldest: Date
}
