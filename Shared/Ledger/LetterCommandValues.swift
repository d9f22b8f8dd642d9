/// Who does something to dead letters, and whether they only ask what would come of it.
public struct LetterCommand: Sendable {
    /// The operator's name, as it is kept.
    public var by: String
    /// Why, in their words.
    public var note: String?
    /// Look only: nothing is changed.
    public var isDryRun: Bool

    /// A command.
    public init(by: String, note: String? = nil, isDryRun: Bool = false) {
        self.by = by
        self.note = note
        self.isDryRun = isDryRun
    }
}

/// What became of one letter that was to be replayed.
public enum ReplayAnswer: Sendable, Equatable {
    /// It is `replaying` under this message: produce it. Asked again, the same message comes again.
    case produce(ReplayMessage, isRepeated: Bool)
    /// The publisher was asked to read the order afresh.
    case requested
    /// What Salesforce must show is due to be sent again.
    case due
    /// Nothing was changed.
    case refused(LetterRefusal)
}

/// A message that replays a letter.
public struct ReplayMessage: Sendable, Equatable {
    /// Topic of the first message.
    public let topic: String
    /// Its key: so the order of the versions is kept.
    public let key: [UInt8]?
    /// Its value.
    public let value: [UInt8]?
    /// Its headers, with a `ce_id` of its own and `ce_replayof`.
    public let headers: [SourceMessage.Header]
    /// The `ce_id` under which it counts.
    public let eventId: String
}

/// What became of one letter that was to be discarded, or opened again.
public enum LetterAnswer: Sendable, Equatable {
    /// Done; with the settlement that says so, where there is an order to settle.
    case done(StoredSettlement?)
    /// It was so before; with the settlement that said so.
    case already(StoredSettlement?)
    /// Nothing was changed.
    case refused(LetterRefusal)
}

/// Why nothing was done to a letter.
public enum LetterRefusal: Sendable, Equatable {
    /// There is no such letter.
    case unknown
    /// It is closed: open it again first, or leave it.
    case closed(DeadLetterState)
    /// Its bytes were too many to be kept.
    case notWhole
    /// This version of the order has been settled, or written, since.
    case stale(newerVersion: Int64)
    /// Another letter of the same record is open.
    case occupied
    /// Nothing is waiting to be shown for its order.
    case nothingDue
}
