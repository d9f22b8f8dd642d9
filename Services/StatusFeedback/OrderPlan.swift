import Contracts
import JSONText
import Ledger
import Salesforce
import ServiceRuntime

/// What one claimed row of an order asks of Salesforce.
struct OrderPlan: Sendable {
    let claim: FeedbackClaim
    let order: SalesforceId
    private(set) var wanted: WantedOrder
    /// What Salesforce shows now; nil where that is not known.
    let shown: ShownOrder?
    /// The order's fields that differ; empty where Salesforce shows them.
    let changes: JSONObject
    /// The lines whose quantities differ.
    private(set) var lineChanges: [(line: SalesforceId, fields: JSONObject)]
    let customer: CustomerLink?

    /// - Throws: `ContractError` where what was kept cannot be read.
    init(_ claim: FeedbackClaim) throws(ContractError) {
        self.claim = claim
        order = try SalesforceId(complete: claim.key)
        let settlement = try claim.settlement.map { bytes throws(ContractError) in try Settlement.decode(bytes) }
        let progress = try claim.state.map { bytes throws(ContractError) in try OrderProgress.decode(bytes) }
        shown = claim.shown.flatMap(ShownOrder.init(stored:))
        wanted = whatSalesforceShows(settlement: settlement, progress: progress, currency: claim.currency)
        changes = wanted.order.changes(from: shown)
        lineChanges = wanted.order.lineChanges(from: shown)
        if let text = claim.accountId, let customerId = settlement?.netSuite?.customerId,
            let account = try? SalesforceId(complete: text)
        {
            customer = CustomerLink(account: account, customerId: customerId)
        } else {
            customer = nil
        }
    }

    /// Whether the order was deleted there: it does not tell its lines any more, and nothing of it is shipped or invoiced.
    var isDeletedInNetSuite: Bool { wanted.state == .deletedInNetSuite }

    /// Has the lines that show quantities in Salesforce show none, and no others, whatever is known of them here.
    mutating func clear(_ lines: Set<SalesforceId>) {
        for line in lines.union(shown?.lines.keys.map { $0 } ?? []) {
            wanted.order.lines[line] = ShownLine(shipped: .zero, invoiced: .zero)
        }
        lineChanges = wanted.order.lineChanges(from: nil).filter { lines.contains($0.line) }
    }

    /// The order's update; `nil` where Salesforce shows everything. The time of writing goes along with whatever is
    /// written of the order or its lines, and with nothing else.
    ///
    /// - Parameter status: what `Order.Status` is set to. It never goes alone: Salesforce refuses an update that activates
    ///   an order beside other changes, so an order that was made a draft a moment ago stays one.
    /// - Parameter hasLines: whether lines are written with it.
    func update(at instant: UTCInstant, status: String?, hasLines: Bool = true) -> RecordUpdate? {
        guard !changes.isEmpty || hasLines && !lineChanges.isEmpty || status != nil else { return nil }
        var fields = changes
        fields[CustomField.Order.syncedAt] = .string(instant.text)
        fields[OrderStatusRule.field] = status.map { .string($0) }
        return RecordUpdate(object: "Order", id: order, fields: fields)
    }

    var lineUpdates: [RecordUpdate] {
        lineChanges.map { RecordUpdate(object: "OrderItem", id: $0.line, fields: $0.fields) }
    }

    /// What Salesforce shows once some of the records have been taken.
    func shows(orderTaken: Bool, linesTaken: Set<SalesforceId>) -> ShownOrder {
        var taken = ShownOrder()
        if orderTaken { taken.fields = changes }
        taken.lines = wanted.order.lines.filter { linesTaken.contains($0.key) }
        return taken.merged(over: shown)
    }
}

/// How a row ends by what became of its records; `random` lies between 0 and 1.
///
/// - Parameter records: those that were to be written, each with what it is of the row.
func end(
    of claim: FeedbackClaim, records: [(part: RowPart, outcome: RecordOutcome)], shows: [UInt8], waits: FeedbackWaits,
    random: Double
) -> FeedbackResult {
    func result(_ end: FeedbackResult.End) -> FeedbackResult {
        let isPart = records.contains { $0.outcome == .updated }
        return FeedbackResult(claim: claim, end: end, shownInPart: isPart ? shows : nil)
    }
    let outcomes = records.map(\.outcome)
    if outcomes.contains(where: \.isUnknown) { return result(.unknown(sendAgainAfter: waits.resend)) }
    if outcomes.contains(where: \.isNotSent) { return result(.notSent(tryAgainAfter: .zero)) }
    let wait = waits.locked.delay(afterTry: claim.lockedTries + 1, random: random)
    for case (let part, .refused(let refusal)) in records {
        // A letter is the end of what was refused; what only waits goes on.
        let again =
            outcomes.contains(where: \.isLocked)
            ? wait : outcomes.contains(where: \.isMisconfigured) ? waits.configuration : nil
        return result(.refused(refusal.letter(of: part), tryAgainAfter: again))
    }
    for case (let part, .locked(let refusal)) in records {
        guard let lockedFor = claim.lockedFor, lockedFor >= waits.lockedLimit else {
            return result(.locked(tryAgainAfter: wait))
        }
        return result(.refused(refusal.letter(ofLocked: part, for: lockedFor), tryAgainAfter: wait))
    }
    if outcomes.contains(where: \.isMisconfigured) { return result(.notSent(tryAgainAfter: waits.configuration)) }
    return FeedbackResult(claim: claim, end: .sent(shown: shows))
}

/// After how long a row is sent again.
struct FeedbackWaits: Sendable {
    /// After an unknown outcome: by then a batch that lands late has landed.
    var resend = Duration.seconds(60)
    /// While the record is locked by somebody else.
    let locked = RetryPolicy(base: .seconds(2), cap: .seconds(600))
    /// While fields of an object are missing or not granted.
    let configuration = Duration.seconds(60)
    /// From then on it is a person's business as well.
    let lockedLimit = Duration.seconds(4 * 3600)
}
