import CLibrdkafka

/// What Kafka or librdkafka refused or could not do.
public struct KafkaError: Error, Sendable, Hashable, CustomStringConvertible {
    /// What the error means for the caller.
    public enum Kind: Sendable, Hashable {
        /// A setting cannot work; starting again with the same settings fails again.
        case configuration
        /// The brokers are out of reach or busy; nothing was written. Try again later.
        case unavailable
        /// The message may or may not have been written: produce it again with the same event id.
        case outcomeUnknown
        /// The broker refused this message (too large, not authorised, invalid); the same message is refused again.
        case refused
        /// The topic is not there, as far as is known. A broker that restarts may say so for minutes.
        case unknownTopic
        /// The handle is closed or closing.
        case closed
        /// Anything else.
        case other
    }

    /// librdkafka's code (`rd_kafka_resp_err_t`): negative ones are the library's, others the broker's.
    public let code: Int32
    /// The code's name, such as `_MSG_TIMED_OUT`.
    public let name: String
    /// What it means for the caller.
    public let kind: Kind
    /// Plain words from the library, never a message's content or a secret.
    public let reason: String

    /// Trying again can help.
    public var isRetriable: Bool {
        kind == .unavailable || kind == .outcomeUnknown || kind == .unknownTopic
    }

    /// The client can do nothing more: only a new one helps.
    public var isFatal: Bool { code == RD_KAFKA_RESP_ERR__FATAL.rawValue }

    /// `name: reason`.
    public var description: String { "\(name): \(reason)" }

    /// Makes an error from its parts.
    public init(code: Int32, name: String, kind: Kind, reason: String) {
        self.code = code
        self.name = name
        self.kind = kind
        self.reason = reason
    }

    init(_ code: rd_kafka_resp_err_t, kind: Kind? = nil, reason: String? = nil) {
        self.init(
            code: code.rawValue, name: String(cString: rd_kafka_err2name(code)), kind: kind ?? Self.kind(of: code),
            reason: reason ?? String(cString: rd_kafka_err2str(code)))
    }

    /// Takes the error object over and frees it.
    init(consuming error: OpaquePointer) {
        self.init(rd_kafka_error_code(error), reason: String(cString: rd_kafka_error_string(error)))
        rd_kafka_error_destroy(error)
    }

    static func configuration(_ reason: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, kind: .configuration, reason: reason)
    }

    static func closed(_ reason: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__DESTROY, kind: .closed, reason: reason)
    }

    static func deadline(_ reason: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, kind: .unavailable, reason: reason)
    }

    private static func kind(of code: rd_kafka_resp_err_t) -> Kind {
        switch code {
        case RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL,
            RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_INVALID_SESSION_TIMEOUT, RD_KAFKA_RESP_ERR_INCONSISTENT_GROUP_PROTOCOL:
            .configuration
        case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
            RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
            .unknownTopic
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_INVALID_MSG,
            RD_KAFKA_RESP_ERR_INVALID_MSG_SIZE, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
            RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
            .refused
        case RD_KAFKA_RESP_ERR__DESTROY, RD_KAFKA_RESP_ERR__STATE:
            .closed
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE, RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN,
            RD_KAFKA_RESP_ERR__TIMED_OUT, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, RD_KAFKA_RESP_ERR__QUEUE_FULL,
            RD_KAFKA_RESP_ERR__WAIT_COORD, RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
            RD_KAFKA_RESP_ERR__FATAL, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
            RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
            RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
            RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
            RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, RD_KAFKA_RESP_ERR_NETWORK_EXCEPTION:
            .unavailable
        default:
            .other
        }
    }
}
