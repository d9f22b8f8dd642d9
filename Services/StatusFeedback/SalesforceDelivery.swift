import Contracts
import EventLoop
import JSONText
import Ledger
import Salesforce
import Telemetry

/// How a batch of claimed rows ended.
struct DeliveredBatch: Sendable {
    var results: [FeedbackResult]
    /// Why Salesforce as a whole did not serve, where it did not.
    var trouble: String?
}

/// Writes a batch of claimed rows to Salesforce: one record per order and per account, each with its own result.
@Loop
final class SalesforceDelivery {
    /// Asked before each call: whether the rows are ours until it has ended.
    typealias MayCall = @Loop @Sendable () async -> Bool

    private let salesforce: any SalesforceRecords
    /// How long a call may take, its log-in included.
    private let limit: Duration
    private let waits: FeedbackWaits
    private let clock: any TimeSource
    private let metrics: FeedbackMetrics
    private let logger: Logger
    private var customers = CustomerLinks()

    init(
        salesforce: any SalesforceRecords, limit: Duration, waits: FeedbackWaits, clock: any TimeSource,
        metrics: FeedbackMetrics, logger: Logger
    ) {
        self.salesforce = salesforce
        self.limit = limit
        self.waits = waits
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
    }

    /// Why Salesforce does not serve; nil when it does.
    func whySalesforceFails() async -> String? {
        do {
            try await salesforce.ask()
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Writes the rows; every row has a result, whatever happens.
    func deliver(_ claims: [FeedbackClaim], mayCall: @escaping MayCall) async -> DeliveredBatch {
        var plans: [FeedbackPlan] = []
        var results: [FeedbackResult] = []
        for claim in claims {
            do throws(ContractError) {
                plans.append(try FeedbackPlan(claim))
            } catch {
                results.append(FeedbackResult(claim: claim, end: .refused(unreadable(error), tryAgainAfter: nil)))
            }
        }
        let accounts: [RecordUpdate]
        do {
            accounts = try await accountUpdates(plans)
        } catch {
            // Nothing was sent yet.
            results += plans.map { FeedbackResult(claim: $0.claim, end: .notSent(tryAgainAfter: .zero)) }
            return DeliveredBatch(results: results, trouble: "\(error)")
        }
        let now = UTCInstant(date: clock.wallClock)
        let updates = plans.compactMap { $0.update(at: now) } + accounts
        let outcomes = RecordOutcome.withConfigurationTrouble(await write(updates, mayCall), of: updates)
        note(updates, outcomes, plans)
        return DeliveredBatch(
            results: results + ends(plans, updates, outcomes), trouble: outcomes.compactMap(\.trouble).first)
    }

    private func accountUpdates(_ plans: [FeedbackPlan]) async throws -> [RecordUpdate] {
        let links = customers.unknown(among: plans.compactMap(\.customer))
        guard !links.isEmpty else { return [] }
        let present = try await withDeadline(limit, time: clock) { [salesforce] in
            try await salesforce.customerIds(of: links.map(\.account))
        }
        return customers.updates(for: links, present: present)
    }

    /// Writes records, 200 a call; a call that is refused as a whole is halved until the record is found.
    private func write(_ updates: [RecordUpdate], _ mayCall: @escaping MayCall) async -> [RecordOutcome] {
        var outcomes: [RecordOutcome] = []
        var rest = updates[...]
        while !rest.isEmpty {
            let call = Array(rest.prefix(SalesforceClient.maximumRecordsPerCall))
            rest = rest.dropFirst(call.count)
            if let trouble = outcomes.last?.trouble {
                outcomes += call.map { _ in .systemTrouble(reason: trouble) }
            } else if await mayCall() {
                outcomes += await writeOnce(call, mayCall)
            } else {
                outcomes += call.map { _ in .notSent }
            }
        }
        return outcomes
    }

    private func writeOnce(_ updates: [RecordUpdate], _ mayCall: @escaping MayCall) async -> [RecordOutcome] {
        do throws(SalesforceFailure) {
            let results = try await update(updates)
            metrics.calls.add(1, "answered")
            return results.map(RecordOutcome.init)
        } catch {
            metrics.calls.add(1, error.name)
            switch error {
            case .systemTrouble(let reason): return updates.map { _ in .systemTrouble(reason: reason) }
            case .unknownOutcome(let reason): return updates.map { _ in .unknown(reason: reason) }
            case .refused(let refusal) where refusal.isOfTheConfiguration:
                return updates.map { _ in .systemTrouble(reason: refusal.asConfigurationTrouble) }
            case .refused(let refusal):
                guard updates.count > 1 else { return [.refused(refusal)] }
                return await write(Array(updates.prefix(updates.count / 2)), mayCall)
                    + write(Array(updates.dropFirst(updates.count / 2)), mayCall)
            }
        }
    }

    private func update(_ updates: [RecordUpdate]) async throws(SalesforceFailure) -> [RecordResult] {
        do {
            return try await withDeadline(limit, time: clock) { [salesforce] in try await salesforce.update(updates) }
        } catch let failure as SalesforceFailure {
            throw failure
        } catch {
            throw .unknownOutcome(reason: "no answer: \(error)")
        }
    }

    private func ends(
        _ plans: [FeedbackPlan], _ updates: [RecordUpdate], _ outcomes: [RecordOutcome]
    ) -> [FeedbackResult] {
        let byRecord = Dictionary(zip(updates.map(\.id), outcomes), uniquingKeysWith: { first, _ in first })
        var lettered: Set<SalesforceId> = []
        return plans.map { plan in
            var account = plan.customer.flatMap { byRecord[$0.account] }
            // One letter tells of an account, however many of its orders are in the batch.
            if case .refused? = account, let id = plan.customer?.account, !lettered.insert(id).inserted {
                account = nil
            }
            return FeedbackResult(
                claim: plan.claim,
                end: end(
                    of: plan, order: byRecord[plan.order], account: account, waits: waits, random: .random(in: 0...1)))
        }
    }

    private func note(_ updates: [RecordUpdate], _ outcomes: [RecordOutcome], _ plans: [FeedbackPlan]) {
        let links = Dictionary(plans.compactMap(\.customer).map { ($0.account, $0) }, uniquingKeysWith: { $1 })
        for (update, outcome) in zip(updates, outcomes) {
            metrics.records.add(1, update.object, outcome.name)
            if outcome == .updated, let link = links[update.id], update.object == "Account" {
                customers.remember(link)
            }
            if case .refused(let refusal) = outcome {
                logger.warning(
                    "Salesforce refused a record", LogField(.recordType, update.object), .errorCode(refusal.code),
                    LogField(.field, refusal.fields.first ?? ""))
            }
        }
        let updated = Set(zip(updates, outcomes).filter { $0.1 == .updated }.map(\.0.id))
        for plan in plans where updated.contains(plan.order) {
            logger.debug("shown in Salesforce", .orderId(plan.order.text), LogField(.sequence, plan.claim.sequence))
        }
    }

    private func unreadable(_ error: ContractError) -> DeadLetterContent {
        let letterClass = DeadLetterClass.invalidMessage
        return DeadLetterContent(
            letterClass: letterClass.rawValue, field: error.path, sentence: "\(letterClass.sentence) Found: \(error).",
            message: nil)
    }
}

extension RecordOutcome {
    /// The word for metrics.
    var name: String {
        switch self {
        case .updated: "updated"
        case .locked: "busy"
        case .refused: "refused"
        case .systemTrouble, .notSent: "not_sent"
        case .unknown: "unknown"
        }
    }

    /// Why Salesforce as a whole did not serve.
    var trouble: String? {
        switch self {
        case .systemTrouble(let reason), .unknown(let reason): reason
        case .updated, .locked, .refused, .notSent: nil
        }
    }
}

extension SalesforceFailure {
    /// The word for metrics.
    fileprivate var name: String {
        switch self {
        case .refused: "refused"
        case .systemTrouble: "trouble"
        case .unknownOutcome: "unknown"
        }
    }
}

/// The figures of the way to Salesforce.
@Loop
struct FeedbackMetrics: Sendable {
    let calls: Counter
    let records: Counter

    init(_ registry: MetricsRegistry) {
        calls = registry.counter("salesforce_writes", help: "Calls that write to Salesforce", labels: ["result"])
        records = registry.counter(
            "salesforce_records", help: "Records written to Salesforce", labels: ["object", "result"])
    }
}
