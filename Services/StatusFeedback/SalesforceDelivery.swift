import Contracts
import EventLoop
import Ledger
import ServiceRuntime
import Telemetry

/// How a batch of claimed rows ended.
struct DeliveredBatch: Sendable {
    var results: [FeedbackResult] = []
    /// Why Salesforce as a whole did not serve, where it did not.
    var trouble: String?

    mutating func add(_ other: DeliveredBatch) {
        results += other.results
        trouble = trouble ?? other.trouble
    }
}

/// Writes a batch of claimed rows to Salesforce: orders with their lines and accounts, then products with their prices;
/// each record with its own result.
@Loop
final class SalesforceDelivery {
    private let writing: SalesforceWriting
    private let orders: OrderDelivery
    private let products: ProductDelivery

    /// - Parameters:
    ///   - limit: how long a call may take, its log-in included.
    ///   - statuses: sets `Order.Status`; nil where no state sets one.
    init(
        salesforce: any SalesforceRecords, limit: Duration, waits: FeedbackWaits, statuses: OrderStatuses? = nil,
        productRules: ProductRules = ProductRules(), health: Health = Health(), clock: any TimeSource,
        metrics: FeedbackMetrics, logger: Logger
    ) {
        writing = SalesforceWriting(
            salesforce: salesforce,
            writer: RecordWriter(salesforce: salesforce, limit: limit, clock: clock, metrics: metrics, logger: logger),
            parts: PartTroubles(wait: waits.configuration, health: health, time: clock, logger: logger), waits: waits,
            clock: clock, metrics: metrics, logger: logger)
        orders = OrderDelivery(writing, statuses: statuses)
        products = ProductDelivery(writing, rules: productRules)
    }

    /// Why Salesforce does not serve; nil when it does.
    func whySalesforceFails() async -> String? {
        do {
            try await writing.salesforce.ask()
            return nil
        } catch {
            return "\(error)"
        }
    }

    /// Writes the rows; every row has a result, whatever happens.
    func deliver(_ claims: [FeedbackClaim], mayCall: @escaping MayCall) async -> DeliveredBatch {
        var batch = DeliveredBatch()
        var orderPlans: [OrderPlan] = []
        var productPlans: [ProductPlan] = []
        for claim in claims {
            do throws(ContractError) {
                switch claim.object {
                case .order: orderPlans.append(try OrderPlan(claim))
                case .product: productPlans.append(try ProductPlan(claim))
                }
            } catch {
                batch.results.append(
                    FeedbackResult(claim: claim, end: .refused(unreadable(error), tryAgainAfter: nil)))
            }
        }
        if !orderPlans.isEmpty { batch.add(await orders.deliver(orderPlans, mayCall)) }
        // What keeps orders from being written keeps products too.
        if batch.trouble != nil {
            batch.results += productPlans.map { writing.notSent($0.claim) }
        } else if !productPlans.isEmpty {
            batch.add(await products.deliver(productPlans, mayCall))
        }
        return batch
    }

    private func unreadable(_ error: ContractError) -> DeadLetterContent {
        let letterClass = DeadLetterClass.invalidMessage
        return DeadLetterContent(
            letterClass: letterClass.rawValue, field: error.path, sentence: "\(letterClass.sentence) Found: \(error).",
            message: nil)
    }
}
