import JSONText

/// How an order stands after a version of it was dealt with: the payload of `Topic.orderSettled`.
public struct Settlement: Sendable, Equatable {
    /// The order's id in Salesforce.
    public var orderId: SalesforceId
    /// Grows by one with each settlement of the order.
    public var sequence: Int64
    /// What became of the version.
    public var outcome: Outcome
    /// When.
    public var settledAt: UTCInstant
    /// The number that people know, where it is known.
    public var orderNumber: String?
    /// The version that was dealt with, where it is known.
    public var version: Int64?
    /// The order in NetSuite, where it is there.
    public var netSuite: NetSuiteOrder?
    /// The order's newest open dead letter, whichever version it belongs to.
    public var letter: Letter?
    /// Why the order is held, with the outcome `held`.
    public var hold: Hold?

    /// What became of a version.
    public enum Outcome: String, Sendable, CaseIterable {
        case written, unchanged, superseded, dead, held
        /// A person closed the order's dead letter without a replay.
        case discarded
        /// A person opened a closed dead letter again.
        case reopened
    }

    /// The order as NetSuite has it.
    public struct NetSuiteOrder: Sendable, Equatable {
        /// The sales order's internal id.
        public var id: String?
        /// The sales order's number, `tranId`.
        public var number: String?
        /// Where it stands.
        public var state: OrderState?
        /// Its total with tax and shipping.
        public var total: ExactDecimal?
        /// The currency of the total.
        public var currency: String?
        /// The customer's internal id.
        public var customerId: String?

        /// Makes an order of what is known.
        public init(
            id: String? = nil, number: String? = nil, state: OrderState? = nil, total: ExactDecimal? = nil,
            currency: String? = nil, customerId: String? = nil
        ) {
            self.id = id
            self.number = number
            self.state = state
            self.total = total
            self.currency = currency
            self.customerId = customerId
        }
    }

    /// An open dead letter.
    public struct Letter: Sendable, Equatable {
        /// The letter's id, as the command line takes it.
        public var id: String
        /// Why it is one.
        public var deadLetterClass: DeadLetterClass
        /// The remote system's code, where there is one.
        public var code: String?
        /// The field that it is about, where it is known.
        public var field: String?
        /// What happened and what to do, in plain words.
        public var sentence: String

        /// Makes a letter.
        public init(
            id: String, deadLetterClass: DeadLetterClass, code: String? = nil, field: String? = nil, sentence: String
        ) {
            self.id = id
            self.deadLetterClass = deadLetterClass
            self.code = code
            self.field = field
            self.sentence = sentence
        }
    }

    /// Why an order is held.
    public struct Hold: Sendable, Equatable {
        /// The remote system's code, where there is one.
        public var code: String?
        /// Why it waits, in plain words.
        public var sentence: String

        /// Makes a hold.
        public init(code: String? = nil, sentence: String) {
            self.code = code
            self.sentence = sentence
        }
    }

    /// A settlement with its required fields; set the others afterwards.
    public init(orderId: SalesforceId, sequence: Int64, outcome: Outcome, settledAt: UTCInstant) {
        self.orderId = orderId
        self.sequence = sequence
        self.outcome = outcome
        self.settledAt = settledAt
    }

    /// The payload, in UTF-8.
    public func encode() -> [UInt8] {
        var writer = JSONWriter()
        writer.beginObject()
        writer.field("orderId", orderId.text)
        writer.field("sequence", sequence)
        writer.field("outcome", outcome.rawValue)
        writer.field("settledAt", settledAt.text)
        writer.field("orderNumber", optional: orderNumber)
        if let version { writer.field("version", version) }
        if let netSuite { netSuite.write(to: &writer) }
        if let letter { letter.write(to: &writer) }
        if let hold {
            writer.name("hold")
            writer.beginObject()
            writer.field("code", optional: hold.code)
            writer.field("sentence", hold.sentence)
            writer.endObject()
        }
        writer.endObject()
        return writer.bytes
    }
}

extension Settlement.NetSuiteOrder {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.name("netSuite")
        writer.beginObject()
        writer.field("id", optional: id)
        writer.field("number", optional: number)
        writer.field("state", optional: state?.rawValue)
        writer.field("total", optional: total?.text)
        writer.field("currency", optional: currency)
        writer.field("customerId", optional: customerId)
        writer.endObject()
    }
}

extension Settlement.Letter {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.name("letter")
        writer.beginObject()
        writer.field("id", id)
        writer.field("class", deadLetterClass.rawValue)
        writer.field("code", optional: code)
        writer.field("field", optional: field)
        writer.field("sentence", sentence)
        writer.endObject()
    }
}
