import Contracts
import EventLoop
import Ledger
import Salesforce

/// What becomes of an order's status with a write.
struct StatusChoice: Equatable, Sendable {
    /// What the state asks for.
    let wanted: String
    /// The status over which it is sent; nil where nothing is: the order shows it, or a person has chosen another one since
    /// it was sent.
    let over: String?

    /// What is sent.
    var toSet: String? { over == nil ? nil : wanted }

    /// What is known of it once the write has ended; `before` is what was known before.
    func given(_ outcome: RecordOutcome?, isSpared: Bool, before: GivenStatus?) -> GivenStatus? {
        guard let over else { return GivenStatus(value: wanted, over: nil) }
        if isSpared { return before }
        return switch outcome {
        case .updated: GivenStatus(value: wanted, over: nil)
        case .unknown: GivenStatus(value: wanted, over: over)
        default: before
        }
    }
}

/// Chooses for orders that are about to be written whether their `Order.Status` goes along, and keeps what is sent before
/// it is: whoever finds a write without its answer can tell a person's choice from what was there before.
@Loop
final class OrderStatuses {
    /// Stores what is about to be sent; false where the claims are not ours any more, or cannot be stored.
    typealias Keep = @Loop @Sendable ([(claim: FeedbackClaim, status: GivenStatus)]) async -> Bool

    /// Why the rows of a batch are not sent: what they would set could not be kept.
    struct NotKept: Error {}

    /// What is chosen for a batch.
    struct Choices {
        /// Orders whose state asks for a status that is not known to have been given, and that are active.
        var chosen: [SalesforceId: StatusChoice] = [:]
        /// Orders whose status waits until it is known that it can be set.
        var owed: Set<SalesforceId> = []
    }

    private let rule: OrderStatusRule
    private let check: OrderStatusCheck
    private let keep: Keep

    init(rule: OrderStatusRule, check: OrderStatusCheck, keep: @escaping Keep) {
        self.rule = rule
        self.check = check
        self.keep = keep
    }

    /// Orders whose state asks for another status are read first: only one that is active now is changed.
    ///
    /// - Throws: ``NotKept``, or what the read throws.
    func choose(for plans: [OrderPlan], _ writing: SalesforceWriting) async throws -> Choices {
        let asking = plans.filter { wanted(by: $0) != nil }
        guard !asking.isEmpty else { return Choices() }
        guard check.isGood else { return Choices(owed: Set(asking.map(\.order))) }
        let standings = try await writing.writer.read("Order") { [salesforce = writing.salesforce] in
            try await salesforce.standings(of: asking.map(\.order))
        }
        var choices = Choices()
        var kept: [(claim: FeedbackClaim, status: GivenStatus)] = []
        for plan in asking {
            guard let wanted = wanted(by: plan), let standing = standings[plan.order],
                let choice = rule.choice(of: wanted, given: plan.claim.orderStatus, standing: standing)
            else { continue }
            choices.chosen[plan.order] = choice
            if let over = choice.over { kept.append((plan.claim, GivenStatus(value: wanted, over: over))) }
        }
        if !kept.isEmpty, await !keep(kept) { throw NotKept() }
        return choices
    }

    private func wanted(by plan: OrderPlan) -> String? {
        rule.wanted(for: plan.wanted.state, given: plan.claim.orderStatus)
    }
}
