/// What NetSuite says to a request that creates or changes a record.
public enum NetSuiteWriteAnswer: Sendable, Equatable {
    /// Applied; the internal id is the last segment of `Location`.
    case applied(id: String)
    /// Refused, and not applied.
    case refused(NetSuiteRefusal)
}

/// Why a request has no useful answer: closed, so that callers decide by it alone.
public enum NetSuiteFailure: Error, Sendable, Equatable {
    /// Sent, or perhaps sent, and no whole and sensible answer: it may have been applied.
    case unknown(String)
    /// Nothing left us, or the caller withdrew it before it was sent.
    case notSent(String)
    /// Not applied, and not this request's fault: limits, login, maintenance, network.
    case systemTrouble(NetSuiteTrouble)
    /// A read that was refused.
    case refused(NetSuiteRefusal)
}

/// Trouble of NetSuite as a whole, which every request would meet.
public struct NetSuiteTrouble: Error, Sendable, Equatable, CustomStringConvertible {
    /// What kind of trouble.
    public enum Kind: String, Sendable, Equatable {
        /// The account's concurrency limit.
        case throttled
        /// Log-in refused, or not tried again for now.
        case login
        /// Maintenance, or an answer that is none of the service's own.
        case maintenance
        /// The service cannot be reached.
        case network
    }

    /// What kind of trouble.
    public let kind: Kind
    /// In plain words, without data of a record.
    public let reason: String

    /// A trouble.
    public init(_ kind: Kind, _ reason: String) {
        self.kind = kind
        self.reason = reason
    }

    /// The reason.
    public var description: String { reason }
}

/// NetSuite's own refusal of a request (record service error body; "Error Handling and Error Codes").
public struct NetSuiteRefusal: Sendable, Equatable {
    /// What a caller decides by; from status, `o:errorCode` and, for `USER_ERROR`, a part of the text.
    public enum Classification: String, Sendable, Equatable, CaseIterable {
        /// "This record already exists", "This entity already exists".
        case alreadyExists
        /// A workflow has locked the record.
        case lockedByWorkflow
        /// Somebody saved between our read and our write.
        case recordChanged
        /// The role may not do this.
        case permission
        /// A value that NetSuite does not take.
        case invalidField
        /// A mandatory field without value.
        case missingField
        /// No record with this id.
        case nonexistent
        /// Anything else.
        case other
    }

    /// HTTP status.
    public let status: Int
    /// `o:errorCode`.
    public let code: String?
    /// The detail text, bounded; it may hold data of the record, so it is for the dead letter and never for a log.
    public let detail: String
    /// `o:errorPath` of the body, such as `item.items[1].item`.
    public let path: String?
    /// What a caller decides by.
    public let classification: Classification

    /// A refusal.
    public init(status: Int, code: String?, detail: String, path: String?, classification: Classification) {
        self.status = status
        self.code = code
        self.detail = detail
        self.path = path
        self.classification = classification
    }
}
