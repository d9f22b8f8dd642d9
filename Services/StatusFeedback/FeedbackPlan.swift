import Contracts
import JSONText
import Ledger
import Salesforce

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
        // An earlier call may land late: then everything is said again.
        changes = claim.isResend ? shows.changes(from: nil) : wanted.changes(from: shown)
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
    case busy
    case refused(SalesforceRefusal)
    /// Not sent, or refused for a reason that every record shares.
    case systemTrouble(reason: String)
    case unknown(reason: String)

    init(_ result: RecordResult) {
        switch result {
        case .updated: self = .updated
        case .busy: self = .busy
        case .refused(let refusal):
            self =
                refusal.isOfTheConfiguration
                ? .systemTrouble(reason: refusal.asConfigurationTrouble) : .refused(refusal)
        }
    }
}

extension SalesforceRefusal {
    /// Fields that are missing, or not granted, are no order's fault.
    var isOfTheConfiguration: Bool {
        ["INVALID_FIELD", "INVALID_FIELD_FOR_INSERT_UPDATE", "INVALID_TYPE", "NOT_FOUND"].contains(code)
    }

    var asConfigurationTrouble: String { "\(self): a field is missing or not granted, see `crossdock check`" }

    /// The dead letter of a record that Salesforce will not take.
    func letter(of object: String) -> DeadLetterContent {
        let letterClass = DeadLetterClass.salesforceRefused
        let words = message.isEmpty ? "" : " Salesforce says: \(fitting(message, length: 500))"
        return DeadLetterContent(
            letterClass: letterClass.rawValue, code: code, field: fields.first.map { "\(object).\($0)" },
            sentence: "\(letterClass.sentence) Refused with \(self).\(words)", message: nil)
    }
}

/// How a claimed row ends, by what became of its order and of its account.
func end(
    of plan: FeedbackPlan, order: RecordOutcome?, account: RecordOutcome?
) -> FeedbackResult.End {
    let outcomes = [(order, "Order"), (account, "Account")]
    for case (.unknown?, _) in outcomes { return .sendAgain(after: SendAgain.unknown) }
    for case (.systemTrouble?, _) in outcomes { return .sendAgain(after: .zero) }
    for case (.busy?, _) in outcomes { return .sendAgain(after: SendAgain.busy) }
    for case (.refused(let refusal)?, let object) in outcomes { return .refused(refusal.letter(of: object)) }
    return .sent(shown: plan.shows.stored)
}

/// After how long the newest state is sent again.
enum SendAgain {
    /// The outcome is unknown: by then a batch that lands late has landed.
    static let unknown = Duration.seconds(60)
    /// The record was locked by somebody else.
    static let busy = Duration.seconds(10)
}
