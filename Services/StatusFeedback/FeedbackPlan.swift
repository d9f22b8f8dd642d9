import Contracts
import JSONText
import Ledger
import Salesforce
import ServiceRuntime

/// What one claimed row asks of Salesforce.
struct FeedbackPlan: Sendable {
    let claim: FeedbackClaim
    let order: SalesforceId
    /// What Salesforce shows once the changes are made.
    let shows: ShownFields
    /// The fields that differ; empty where Salesforce shows them.
    let changes: JSONObject
    let customer: CustomerLink?

    /// - Throws: `ContractError` where the kept settlement cannot be read.
    init(_ claim: FeedbackClaim) throws(ContractError) {
        let settlement = try Settlement.decode(claim.value)
        self.claim = claim
        order = settlement.orderId
        let wanted = whatSalesforceShows(settlement)
        let shown = claim.shown.flatMap(ShownFields.init(stored:))
        shows = wanted.merged(over: shown)
        changes = wanted.changes(from: shown)
        if let text = claim.accountId, let customerId = settlement.netSuite?.customerId,
            let account = try? SalesforceId(complete: text)
        {
            customer = CustomerLink(account: account, customerId: customerId)
        } else {
            customer = nil
        }
    }

    /// The order's update; `nil` where Salesforce shows everything.
    func update(at instant: UTCInstant) -> RecordUpdate? {
        guard !changes.isEmpty else { return nil }
        var fields = changes
        fields[CustomField.Order.syncedAt] = .string(instant.text)
        return RecordUpdate(object: "Order", id: order, fields: fields)
    }
}

/// What became of one record that was to be written.
enum RecordOutcome: Equatable, Sendable {
    case updated
    /// Locked by somebody else.
    case locked(SalesforceRefusal)
    case refused(SalesforceRefusal)
    /// Not sent, or refused for a reason that every record shares.
    case systemTrouble(reason: String)
    case unknown(reason: String)
    /// Not sent, since the claim was not ours for long enough.
    case notSent

    init(_ result: RecordResult) {
        switch result {
        case .updated: self = .updated
        case .busy(let refusal): self = .locked(refusal)
        case .refused(let refusal): self = .refused(refusal)
        }
    }

    /// Fields that all records of an object lack are no record's fault: they are missing, or not granted.
    static func withConfigurationTrouble(_ outcomes: [RecordOutcome], of updates: [RecordUpdate]) -> [RecordOutcome] {
        var told = outcomes
        for positions in Dictionary(grouping: outcomes.indices, by: { updates[$0].object }).values {
            let refusals = positions.compactMap { position -> SalesforceRefusal? in
                if case .refused(let refusal) = outcomes[position], refusal.isOfTheFields { refusal } else { nil }
            }
            guard let first = refusals.first, refusals.count == positions.count else { continue }
            for position in positions { told[position] = .systemTrouble(reason: first.asConfigurationTrouble) }
        }
        return told
    }
}

extension SalesforceRefusal {
    /// About fields or objects that are missing, or not granted.
    var isOfTheFields: Bool { ["INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE"].contains(code) }

    /// A whole call's refusal that is about no record of it.
    var isOfTheConfiguration: Bool { isOfTheFields || code == "NOT_FOUND" }

    var asConfigurationTrouble: String { "\(self): a field is missing or not granted, see `crossdock check`" }

    /// The dead letter of a record that Salesforce will not take.
    func letter(of object: String) -> DeadLetterContent {
        let letterClass = DeadLetterClass.salesforceRefused
        let words = message.isEmpty ? "" : " Salesforce says: \(fitting(message, length: 500))"
        return DeadLetterContent(
            letterClass: letterClass.rawValue, code: code, field: fields.first.map { "\(object).\($0)" },
            sentence: "\(letterClass.sentence) Refused with \(self).\(words)", message: nil)
    }

    /// The dead letter of a record that has been locked too long.
    func letter(ofLocked object: String, for duration: Duration) -> DeadLetterContent {
        let hours = duration.components.seconds / 3600
        return DeadLetterContent(
            letterClass: DeadLetterClass.salesforceRefused.rawValue, code: code, field: object,
            sentence: """
                Salesforce has kept this \(object) locked (\(code)) for \(hours) hours, so it does not show how the order \
                stands. See which approval or job locks it; it is tried again by itself.
                """, message: nil)
    }
}

/// How a claimed row ends, by what became of its order and of its account; `random` lies between 0 and 1.
func end(
    of plan: FeedbackPlan, order: RecordOutcome?, account: RecordOutcome?, waits: FeedbackWaits, random: Double
) -> FeedbackResult.End {
    let outcomes = [(order, "Order"), (account, "Account")]
    for case (.unknown?, _) in outcomes { return .unknown(sendAgainAfter: waits.resend) }
    for case (.systemTrouble?, _) in outcomes { return .notSent(tryAgainAfter: .zero) }
    for case (.notSent?, _) in outcomes { return .notSent(tryAgainAfter: .zero) }
    for case (.refused(let refusal)?, let object) in outcomes {
        return .refused(refusal.letter(of: object), tryAgainAfter: nil)
    }
    for case (.locked(let refusal)?, let object) in outcomes {
        let wait = waits.locked.delay(afterTry: plan.claim.lockedTries + 1, random: random)
        guard let lockedFor = plan.claim.lockedFor, lockedFor >= waits.lockedLimit else {
            return .locked(tryAgainAfter: wait)
        }
        return .refused(refusal.letter(ofLocked: object, for: lockedFor), tryAgainAfter: wait)
    }
    return .sent(shown: plan.shows.stored)
}

/// After how long a row is sent again.
struct FeedbackWaits: Sendable {
    /// After an unknown outcome: by then a batch that lands late has landed.
    var resend = Duration.seconds(60)
    /// While the record is locked by somebody else.
    let locked = RetryPolicy(base: .seconds(2), cap: .seconds(600))
    /// From then on it is a person's business as well.
    let lockedLimit = Duration.seconds(4 * 3600)
}
