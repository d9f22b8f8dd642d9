public import Kafka
import Ledger
public import Telemetry

/// A message in work: what was read, its trace, and a logger that names it.
public struct Delivery: Sendable {
    /// The message as it came.
    public let message: KafkaMessage
    /// Kafka's cluster, on which the offset means something; empty when the brokers did not tell.
    public let clusterId: String
    /// The trace it belongs to: its `traceparent`, or a new one.
    public let trace: TraceContext
    private let unnamedLogger: Logger
    /// Which try this is in this process, from 1: a handler may end a message as held after so many. Those that a
    /// system's trouble ended are not counted.
    public internal(set) var attempt = 1
    /// Whether it may have been open when a process ended, and is registered before it is handled.
    var needsCare = false
    let assignment: UInt64

    init(_ message: KafkaMessage, clusterId: String, assignment: UInt64, logger: Logger) {
        self.message = message
        self.clusterId = clusterId
        self.assignment = assignment
        trace =
            message.headers.first { $0.name == "traceparent" }?.text.flatMap(TraceContext.init(traceparent:))?.child()
            ?? .new()
        unnamedLogger = logger
    }

    /// Says topic, partition, offset and trace with each record; made when something is said.
    public var logger: Logger {
        unnamedLogger.with(
            .topic(message.topic), .partition(message.partition), .offset(message.offset), .traceId(trace.traceId))
    }

    var place: MessagePlace { MessagePlace(partition: message.partition, offset: message.offset) }

    /// What keeps order: messages of one key run one after the other, those of several topics too. A message without a key has a lane of its own.
    var lane: [UInt8] {
        message.key ?? Array("no key \(message.topic) \(message.partition) \(message.offset)".utf8)
    }
}
