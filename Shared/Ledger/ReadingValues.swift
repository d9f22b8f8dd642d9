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
    /// Id of the newest open letter.
    public let letterId: String?
}

/// An order that waits by itself, as a list shows it.
public struct HeldOrderSummary: Sendable, Equatable {
    /// Salesforce order id.
    public let orderId: String
    /// Salesforce order number.
    public let orderNumber: String?
    /// The held version.
    public let version: Int64
    /// Why, in plain words.
    public let sentence: String
    /// NetSuite's or our own code.
    public let code: String?
    /// How often it was held in a row.
    public let tries: Int64
    /// Since when (server's clock).
    public let heldSince: Date
    /// When it is tried again (server's clock).
    public let nextTryAt: Date
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
        /// A dead letter is tried again.
        case letterReplayed = "letter-replayed"
        /// Its replay failed, or never reached its topic.
        case letterReplayFailed = "letter-replay-failed"
        /// A dead letter was closed.
        case letterClosed = "letter-closed"
        /// A closed one was opened again.
        case letterReopened = "letter-reopened"
        /// Somebody wrote something down.
        case letterNoted = "letter-noted"
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
    /// Why and until when it waits by itself; nil when it does not.
    public let hold: HeldOrderSummary?
    /// What happened.
    public let events: [OrderEvent]
}

/// What is known of showing one item's stock in Salesforce.
public struct ProductFeedback: Sendable, Equatable {
    /// When the newest count arrived at status-feedback (server's clock).
    public let arrivedAt: Date
    /// Instant of that count on NetSuite's clock, in milliseconds.
    public let asOfMilliseconds: Int64
    /// Whether Salesforce took everything of it.
    public let isShown: Bool
    /// When Salesforce took a count last (server's clock).
    public let shownAt: Date?
    /// How many products of Salesforce had the SKU then; nil where that is not known.
    public let productCount: Int?
    /// Whether the count is older than it may be.
    public let isOverdue: Bool
    /// Id of the newest open dead letter.
    public let letterId: String?
    /// Its sentence.
    public let sentence: String?
}
