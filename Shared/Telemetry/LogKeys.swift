/// The name of a log field; all of them are constants of this file, so that a search over logs knows them.
public struct LogKey: Sendable, Hashable {
    /// The name as it is printed.
    public let name: String

    private init(_ name: String) {
        self.name = name
    }

    /// Salesforce order id, 18 characters.
    public static let orderId = LogKey("orderId")
    /// Salesforce order number.
    public static let orderNumber = LogKey("orderNumber")
    /// Version of the order's snapshot.
    public static let version = LogKey("version")
    /// CloudEvents id of a message.
    public static let messageId = LogKey("messageId")
    /// W3C trace id.
    public static let traceId = LogKey("traceId")
    /// Kafka topic.
    public static let topic = LogKey("topic")
    /// Kafka partition.
    public static let partition = LogKey("partition")
    /// Kafka offset.
    public static let offset = LogKey("offset")
    /// Outcome of an attempt.
    public static let outcome = LogKey("outcome")
    /// A remote system's, Kafka's or PostgreSQL's own error code.
    public static let errorCode = LogKey("errorCode")
    /// What went wrong, without data of an order.
    public static let reason = LogKey("reason")
    /// What the reader can do about it.
    public static let mend = LogKey("mend")
    /// How long it took, in milliseconds.
    public static let durationMilliseconds = LogKey("durationMilliseconds")
    /// Internal id of a NetSuite record.
    public static let netSuiteId = LogKey("netSuiteId")
    /// NetSuite's or Salesforce's record type.
    public static let recordType = LogKey("recordType")
    /// Class of a dead letter.
    public static let letterClass = LogKey("letterClass")
    /// Id of a dead letter.
    public static let letterId = LogKey("letterId")
    /// Path of a field in a message, a mapping file or a request.
    public static let field = LogKey("field")
    /// Number of a try, from 1.
    public static let attempt = LogKey("attempt")
    /// How many things a record is about.
    public static let count = LogKey("count")
    /// Sequence of a settlement.
    public static let sequence = LogKey("sequence")
    /// HTTP status of an answer.
    public static let status = LogKey("status")
    /// HTTP method.
    public static let method = LogKey("method")
    /// Host and port, or a listening address.
    public static let address = LogKey("address")
    /// A file's path.
    public static let file = LogKey("file")
    /// Name of an environment variable.
    public static let variable = LogKey("variable")
    /// Name of a service, component or lease.
    public static let component = LogKey("component")
    /// Name of a signal.
    public static let signal = LogKey("signal")
    /// A process' own id, new at each start.
    public static let holder = LogKey("holder")
    /// Fence number of a lease.
    public static let fence = LogKey("fence")
    /// How much of a remote system's limit is used.
    public static let used = LogKey("used")
    /// A limit.
    public static let limit = LogKey("limit")
    /// Software version, of ours or of a library.
    public static let softwareVersion = LogKey("softwareVersion")
    /// Stock keeping unit.
    public static let sku = LogKey("sku")
    /// Wait before the next try, in milliseconds.
    public static let delayMilliseconds = LogKey("delayMilliseconds")
    /// Size in bytes.
    public static let bytes = LogKey("bytes")
    /// Number or name of a database migration.
    public static let migration = LogKey("migration")
    /// The part of a C library that a line comes from.
    public static let facility = LogKey("facility")
    /// How many lines like this were left out since the last one.
    public static let suppressed = LogKey("suppressed")
    /// An instant, ISO 8601.
    public static let instant = LogKey("instant")
}

extension LogField {
    /// The Salesforce order id.
    public static func orderId(_ id: String) -> LogField { LogField(.orderId, id) }
    /// The snapshot's version.
    public static func version(_ version: Int64) -> LogField { LogField(.version, version) }
    /// The CloudEvents id.
    public static func messageId(_ id: String) -> LogField { LogField(.messageId, id) }
    /// The W3C trace id.
    public static func traceId(_ id: String) -> LogField { LogField(.traceId, id) }
    /// The Kafka topic.
    public static func topic(_ topic: String) -> LogField { LogField(.topic, topic) }
    /// The Kafka partition.
    public static func partition(_ partition: Int32) -> LogField { LogField(.partition, partition) }
    /// The Kafka offset.
    public static func offset(_ offset: Int64) -> LogField { LogField(.offset, offset) }
    /// The outcome of an attempt.
    public static func outcome(_ outcome: String) -> LogField { LogField(.outcome, outcome) }
    /// The error code of a remote system or a library.
    public static func errorCode(_ code: String) -> LogField { LogField(.errorCode, code) }
    /// What went wrong; never data of an order.
    public static func reason(_ reason: String) -> LogField { LogField(.reason, reason) }
    /// What the reader can do.
    public static func mend(_ mend: String) -> LogField { LogField(.mend, mend) }
    /// How long it took, in whole milliseconds.
    public static func duration(_ duration: Duration) -> LogField {
        let (seconds, attoseconds) = duration.components
        return LogField(.durationMilliseconds, seconds * 1_000 + attoseconds / 1_000_000_000_000_000)
    }
    /// How many.
    public static func count(_ count: Int) -> LogField { LogField(.count, count) }
}
