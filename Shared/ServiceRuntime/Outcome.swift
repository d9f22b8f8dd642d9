import EventLoop

/// How an attempt at a message ended: a closed set, so that every step that follows is decided here and nowhere else.
public enum Outcome: Sendable, Equatable {
    /// The remote system shows what the message says.
    case written
    /// It already did.
    case unchanged
    /// A newer version was written before.
    case superseded
    /// This message alone cannot go on now; its next try is a durable row.
    case held
    /// A person must decide; the dead letter is durable.
    case dead
    /// Somebody else works on this order, or its time has not come: again after the pause given. Nobody's fault.
    case postponed(Duration)
    /// Transient, and nothing was sent or it was refused: again after a pause.
    case retry(Trouble)
    /// Sent, and no answer: probed before anything is sent again.
    case unknown(Trouble)

    /// Whether the message is finished: its effect or its row is durable, and its offset may move.
    public var isFinal: Bool {
        switch self {
        case .written, .unchanged, .superseded, .held, .dead: true
        case .postponed, .retry, .unknown: false
        }
    }

    /// The word for logs and metrics.
    public var name: String {
        switch self {
        case .written: "written"
        case .unchanged: "unchanged"
        case .superseded: "superseded"
        case .held: "held"
        case .dead: "dead"
        case .postponed: "postponed"
        case .retry: "retry"
        case .unknown: "unknown"
        }
    }
}

/// What stands in the way, and whose trouble it is.
public struct Trouble: Error, Sendable, Equatable {
    /// A system that all messages need, or this one order.
    public enum System: String, Sendable, CaseIterable {
        /// NetSuite as a whole: limits, login, maintenance, network.
        case netSuite = "NetSuite"
        /// Salesforce as a whole.
        case salesforce = "Salesforce"
        /// PostgreSQL.
        case database = "PostgreSQL"
        /// Kafka.
        case kafka = "Kafka"
        /// One order alone: the others flow.
        case order
    }

    /// Whose trouble it is.
    public let system: System
    /// Why, in words without data of an order.
    public let reason: String
    /// Of a trouble of one order: the system that would be to blame if many orders had it.
    public let suspected: System?

    /// Whose trouble, and why; for one order's trouble also which system may be behind it.
    public init(_ system: System, _ reason: String, suspecting suspected: System? = nil) {
        self.system = system
        self.reason = reason
        self.suspected = suspected
    }
}

/// How long to wait before a message is tried again.
public struct RetryPolicy: Sendable {
    let base: Duration
    let cap: Duration

    /// Waits grow from `base` to `cap`, each drawn between half and the whole of its value.
    public init(base: Duration = .milliseconds(100), cap: Duration = .seconds(5)) {
        self.base = base
        self.cap = cap
    }

    /// The wait after so many failed tries (from 1); `random` lies between 0 and 1.
    public func delay(afterTry number: Int, random: Double) -> Duration {
        let doublings = Double(1 << min(max(number - 1, 0), 20))
        let full = min(base.inSeconds * doublings, cap.inSeconds)
        // Never below the half: a wait of nothing would make an outage's retries a burst.
        return .nanoseconds(Int64(full * (0.5 + 0.5 * min(max(random, 0), 1)) * 1_000_000_000))
    }
}
