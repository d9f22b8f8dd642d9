import JSONText

/// What Salesforce has against a request or a record.
public struct SalesforceRefusal: Sendable, Equatable, CustomStringConvertible {
    /// Salesforce's error code, such as `FIELD_CUSTOM_VALIDATION_EXCEPTION`; the only thing to decide by.
    public let code: String
    /// The fields that it is about, where Salesforce names them.
    public let fields: [String]
    /// Salesforce's text, in the integration user's language. It may quote data: for people, never for logs.
    public let message: String

    /// Makes a refusal.
    public init(code: String, fields: [String] = [], message: String = "") {
        self.code = code
        self.fields = fields
        self.message = message
    }

    /// Code and fields, without the text.
    public var description: String {
        fields.isEmpty ? code : "\(code) (\(fields.joined(separator: ", ")))"
    }

    /// Codes that say nothing against the record: the same request may succeed later.
    public var isTransient: Bool { SalesforceRefusal.transientCodes.contains(code) }

    /// Codes that every request would get now.
    public var isOfTheSystem: Bool { SalesforceRefusal.systemCodes.contains(code) }

    private static let transientCodes: Set<String> = [
        "UNABLE_TO_LOCK_ROW", "ENTITY_IS_LOCKED", "PROCESSING_HALTED", "ALL_OR_NONE_OPERATION_ROLLED_BACK",
    ]
    private static let systemCodes: Set<String> = [
        "REQUEST_LIMIT_EXCEEDED", "SERVER_UNAVAILABLE", "TXN_SECURITY_METERING_ERROR", "QUERY_TIMEOUT",
        "REQUEST_RUNNING_TOO_LONG", "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE", "API_DISABLED_FOR_ORG",
        "API_CURRENTLY_DISABLED", "STORAGE_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "INVALID_SESSION_ID",
        "INVALID_OPERATION_WITH_EXPIRED_PASSWORD",
    ]
}

/// Why a call to Salesforce gave no result: a closed set, so that callers decide by it.
public enum SalesforceFailure: Error, Sendable, Equatable, CustomStringConvertible {
    /// Salesforce understood and will not do it; the same again gets the same.
    case refused(SalesforceRefusal)
    /// Salesforce as a whole does not answer now: network, 5xx, limits, login, maintenance. Nothing was changed.
    case systemTrouble(reason: String)
    /// A change was sent and it is not known whether it was made.
    case unknownOutcome(reason: String)

    /// Why, without data.
    public var description: String {
        switch self {
        case .refused(let refusal): "Salesforce refused: \(refusal)"
        case .systemTrouble(let reason): "Salesforce is in trouble: \(reason)"
        case .unknownOutcome(let reason): "outcome unknown: \(reason)"
        }
    }
}

extension SalesforceRefusal {
    /// The longest text of Salesforce's that is kept, in Unicode scalars: one character can be as long as a text.
    private static let maximumMessageScalars = 500

    /// One element of an error array; collections say `statusCode` where other answers say `errorCode`. Nil where it has
    /// no code of Salesforce's: then it is somebody else's answer, and not this record's fault.
    init?(_ value: JSONValue) {
        guard let code = (value["errorCode"] ?? value["statusCode"])?.string, Self.isCode(code) else { return nil }
        let message = value["message"]?.string ?? ""
        self.init(
            code: code,
            fields: (value["fields"]?.array ?? []).prefix(20).compactMap(\.string).filter { $0.utf8.count <= 255 },
            message: String(String.UnicodeScalarView(message.unicodeScalars.prefix(Self.maximumMessageScalars))))
    }

    /// Capital letters, digits and underscores: `FIELD_CUSTOM_VALIDATION_EXCEPTION`.
    private static func isCode(_ text: String) -> Bool {
        (1...100).contains(text.utf8.count)
            && text.utf8.allSatisfy {
                (0x41...0x5A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "_")
            }
    }
}
