/// How an attempt ended, with what must be remembered of it.
public struct AttemptRecord: Sendable {
    /// The claim under which it was made.
    public var claim: Claim
    /// How it ended.
    public var outcome: AttemptOutcome
    /// UUIDv7 for the settlement's `ce_id`; kept only when this record is the one that counts.
    public var settlementEventId: String
    /// The customer that was found or made, whatever became of the order.
    public var customer: CustomerReference?
    /// The last answer of NetSuite, for the operator's page.
    public var answer: AttemptAnswer?

    /// A record.
    public init(
        claim: Claim, outcome: AttemptOutcome, settlementEventId: String, customer: CustomerReference? = nil,
        answer: AttemptAnswer? = nil
    ) {
        self.claim = claim
        self.outcome = outcome
        self.settlementEventId = settlementEventId
        self.customer = customer
        self.answer = answer
    }
}

/// The closed set of ends of an attempt.
public enum AttemptOutcome: Sendable {
    /// NetSuite was changed and shows what the message says.
    case written(WrittenOrder)
    /// NetSuite showed it already.
    case unchanged(WrittenOrder)
    /// NetSuite shows a newer version.
    case superseded(WrittenOrder?)
    /// A person must decide.
    case dead(DeadLetterContent)
    /// This order alone cannot go on now.
    case held(HoldContent)
}

/// What is known of an order in NetSuite after an attempt.
public struct WrittenOrder: Sendable {
    /// Internal id.
    public var netSuiteId: Int64
    /// `tranId`, where an answer showed it.
    public var number: String?
    /// State in words (one list for messages, pages and Salesforce), where an answer showed it.
    public var state: String?
    /// Salesforce line id to NetSuite's `line`, where an answer showed them.
    public var lines: [LineReference]

    /// A written order.
    public init(netSuiteId: Int64, number: String? = nil, state: String? = nil, lines: [LineReference] = []) {
        self.netSuiteId = netSuiteId
        self.number = number
        self.state = state
        self.lines = lines
    }
}

/// A Salesforce order line and its line in NetSuite.
public struct LineReference: Sendable, Equatable {
    /// Salesforce line id, 18 characters.
    public var lineId: String
    /// NetSuite's `line` key.
    public var netSuiteLine: Int64

    /// A pair.
    public init(lineId: String, netSuiteLine: Int64) {
        self.lineId = lineId
        self.netSuiteLine = netSuiteLine
    }
}

/// A Salesforce account and its customer in NetSuite.
public struct CustomerReference: Sendable, Equatable {
    /// Salesforce account id, 18 characters.
    public var accountId: String
    /// NetSuite's internal id.
    public var netSuiteId: Int64

    /// A pair.
    public init(accountId: String, netSuiteId: Int64) {
        self.accountId = accountId
        self.netSuiteId = netSuiteId
    }
}

/// NetSuite's answer to the last request of an attempt.
public struct AttemptAnswer: Sendable {
    /// HTTP status, where there was one.
    public var status: Int?
    /// `o:errorCode`, where there was one.
    public var code: String?
    /// What was done, in words of ours: "created", "2 lines changed".
    public var summary: String

    /// An answer.
    public init(status: Int? = nil, code: String? = nil, summary: String) {
        self.status = status
        self.code = code
        self.summary = summary
    }
}

/// Why an order must be decided by a person.
public struct DeadLetterContent: Sendable {
    /// One of the classes of the contract, such as `missing-item`.
    public var letterClass: String
    /// NetSuite's, Salesforce's or our own code.
    public var code: String?
    /// The field that is to blame, as a path of the snapshot where it can be.
    public var field: String?
    /// What is wrong and what to do, in plain words.
    public var sentence: String
    /// For grouping; without one, class, code and field are used.
    public var fingerprint: String?
    /// The message, where there was one.
    public var message: SourceMessage?

    /// A content.
    public init(
        letterClass: String, code: String? = nil, field: String? = nil, sentence: String,
        fingerprint: String? = nil, message: SourceMessage?
    ) {
        self.letterClass = letterClass
        self.code = code
        self.field = field
        self.sentence = sentence
        self.fingerprint = fingerprint
        self.message = message
    }
}

/// Why an order waits by itself, and until when.
public struct HoldContent: Sendable {
    /// Why, in plain words.
    public var sentence: String
    /// NetSuite's or our own code.
    public var code: String?
    /// How long until the next try.
    public var retryAfter: Duration
    /// Whether something was sent in this attempt that may still take effect: the next claim learns of it.
    public var isUnknown: Bool
    /// The message, which the next try starts from.
    public var message: SourceMessage

    /// A content.
    public init(
        sentence: String, code: String? = nil, retryAfter: Duration, isUnknown: Bool = false, message: SourceMessage
    ) {
        self.sentence = sentence
        self.code = code
        self.retryAfter = retryAfter
        self.isUnknown = isUnknown
        self.message = message
    }
}

/// A Kafka message as it came, for keeping.
public struct SourceMessage: Sendable, Equatable {
    /// One header; a value may be absent.
    public struct Header: Sendable, Equatable {
        /// Name.
        public var name: String
        /// Bytes of the value.
        public var value: [UInt8]?

        /// A header.
        public init(name: String, value: [UInt8]?) {
            self.name = name
            self.value = value
        }
    }

    /// Kafka's cluster id: offsets start anew on another cluster.
    public var clusterId: String
    /// Topic.
    public var topic: String
    /// Partition.
    public var partition: Int32
    /// Offset.
    public var offset: Int64
    /// Key as it came.
    public var key: [UInt8]?
    /// Value as it came; up to 1 MiB is kept whole, of a longer one the first 64 KiB, its length and its digest.
    public var value: [UInt8]?
    /// Headers in their order.
    public var headers: [Header]

    /// A message.
    public init(
        clusterId: String, topic: String, partition: Int32, offset: Int64, key: [UInt8]?, value: [UInt8]?,
        headers: [Header]
    ) {
        self.clusterId = clusterId
        self.topic = topic
        self.partition = partition
        self.offset = offset
        self.key = key
        self.value = value
        self.headers = headers
    }
}

/// A message that became a dead letter before anything was claimed: undecodable, or saying two different things.
public struct UnclaimedLetter: Sendable {
    /// The order, where the message's key is an order id: then it is settled under it, else the letter is all.
    public var orderId: String?
    /// The version, where it could be read.
    public var version: Int64?
    /// The message's `ce_id`, where it could be read.
    public var eventId: String?
    /// The message's `traceparent`, or a new one.
    public var traceParent: String
    /// `ce_replayof`, where it could be read: then the same letter is opened again.
    public var replayOf: String?
    /// Why; its message must be there.
    public var content: DeadLetterContent
    /// UUIDv7 for the settlement's `ce_id`, where there is an order.
    public var settlementEventId: String

    /// A letter.
    public init(
        orderId: String?, version: Int64? = nil, eventId: String? = nil, traceParent: String,
        replayOf: String? = nil, content: DeadLetterContent, settlementEventId: String
    ) {
        self.orderId = orderId
        self.version = version
        self.eventId = eventId
        self.traceParent = traceParent
        self.replayOf = replayOf
        self.content = content
        self.settlementEventId = settlementEventId
    }
}

/// What became of an ``AttemptRecord``.
public enum RecordAnswer: Sendable {
    /// Durable now.
    case recorded(StoredSettlement)
    /// Durable before: the commit's answer had been lost.
    case alreadyRecorded(StoredSettlement)
    /// Another holder has the order: drop everything, it decides.
    case fenced
}

/// A held order whose next try is due: claim it with ``ClaimRequest/retriesHeld`` set.
public struct HeldOrder: Sendable, Equatable {
    /// Salesforce order id.
    public let orderId: String
    /// The held version.
    public let version: Int64
    /// How often it was held in a row.
    public let tries: Int64
    /// How long it has been held (server's clock).
    public let age: Duration
    /// The message's `ce_id`.
    public let eventId: String
    /// The message's `traceparent`.
    public let traceParent: String
    /// The message as it came.
    public let message: SourceMessage
}
