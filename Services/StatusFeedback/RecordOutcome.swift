import Ledger
import Salesforce

/// What became of one record that was to be written.
enum RecordOutcome: Equatable, Sendable {
    case updated
    /// A line or a product that is not in Salesforce any more: it shows nothing, and is told nothing.
    case gone
    /// Locked by somebody else.
    case locked(SalesforceRefusal)
    case refused(SalesforceRefusal)
    /// Fields that the object lacks, or that are not granted: no record's fault.
    case misconfigured(SalesforceRefusal)
    /// Not sent, or refused for a reason that every record shares.
    case systemTrouble(reason: String)
    case unknown(reason: String)
    /// Not sent, since the claim was not ours for long enough.
    case notSent

    init(_ result: RecordResult, of object: String) {
        switch result {
        case .updated: self = .updated
        case .busy(let refusal): self = .locked(refusal)
        case .refused(let refusal):
            // An amended order loses lines; the order itself is another matter.
            self = refusal.isOfADeletedRecord && object != "Order" && object != "Account" ? .gone : .refused(refusal)
        }
    }

    /// Fields that all records of an object lack are no record's fault: they are missing, or not granted.
    static func withConfigurationTrouble(_ outcomes: [RecordOutcome], of updates: [RecordUpdate]) -> [RecordOutcome] {
        var told = outcomes
        for positions in Dictionary(grouping: outcomes.indices, by: { updates[$0].object }).values {
            // Of a record that is not there Salesforce says that alone.
            let judged = positions.filter { !outcomes[$0].isOfADeletedRecord }
            let refusals = judged.compactMap { position -> SalesforceRefusal? in
                if case .refused(let refusal) = outcomes[position], refusal.isOfTheFields { refusal } else { nil }
            }
            guard let first = refusals.first, refusals.count == judged.count else { continue }
            for position in judged { told[position] = .misconfigured(first) }
        }
        return told
    }

    /// Without their fields orders cannot be written at all; of other objects it keeps their own part waiting.
    func asTrouble(of object: String) -> RecordOutcome {
        if case .misconfigured(let refusal) = self, object == "Order" {
            .systemTrouble(reason: refusal.asConfigurationTrouble)
        } else {
            self
        }
    }

    /// Whether Salesforce needs nothing more of this record.
    var isDone: Bool { self == .updated || self == .gone }

    /// Whether it waits until its object's fields are there.
    var isMisconfigured: Bool { if case .misconfigured = self { true } else { false } }

    private var isOfADeletedRecord: Bool {
        switch self {
        case .gone: true
        case .refused(let refusal): refusal.isOfADeletedRecord
        default: false
        }
    }

    var isLocked: Bool { if case .locked = self { true } else { false } }

    var isUnknown: Bool { if case .unknown = self { true } else { false } }

    var isNotSent: Bool {
        switch self {
        case .systemTrouble, .notSent: true
        default: false
        }
    }

    /// The word for metrics.
    var name: String {
        switch self {
        case .updated: "updated"
        case .gone: "gone"
        case .locked: "busy"
        case .refused: "refused"
        case .systemTrouble, .misconfigured, .notSent: "not_sent"
        case .unknown: "unknown"
        }
    }

    /// Why Salesforce as a whole did not serve.
    var trouble: String? {
        switch self {
        case .systemTrouble(let reason), .unknown(let reason): reason
        case .updated, .gone, .locked, .refused, .misconfigured, .notSent: nil
        }
    }
}

extension SalesforceRefusal {
    /// About fields or objects that are missing, or not granted.
    var isOfTheFields: Bool { ["INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE"].contains(code) }

    /// A whole call's refusal that is about no record of it.
    var isOfTheConfiguration: Bool { isOfTheFields || code == "NOT_FOUND" }

    /// About a record that is not there (any more).
    var isOfADeletedRecord: Bool { ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY"].contains(code) }

    var asConfigurationTrouble: String { "\(self): a field is missing or not granted, see `crossdock check`" }
}
