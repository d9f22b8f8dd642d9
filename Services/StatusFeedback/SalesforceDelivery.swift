import Contracts
import EventLoop
import JSONText
import Ledger
import Salesforce
import ServiceRuntime
import Telemetry

/// How a batch of claimed rows ended.
struct DeliveredBatch: Sendable {
    var results: [FeedbackResult] = []
    /// Why Salesforce as a whole did not serve, where it did not.
    var trouble: String?
}

/// Writes a batch of claimed rows to Salesforce: orders with their lines and accounts, then products with their prices;
/// each record with its own result.
@Loop
final class SalesforceDelivery {
    private let salesforce: any SalesforceRecords
    private let writer: RecordWriter
    private let waits: FeedbackWaits
    private let statusRule: OrderStatusRule
    private let productRules: ProductRules
    private let clock: any TimeSource
    private let metrics: FeedbackMetrics
    private let logger: Logger
    private let catalogue: ProductCatalogue
    private let parts: PartTroubles
    private var customers = CustomerLinks()
    private var reportedAmounts: Set<WithheldAmounts> = []

    init(
        salesforce: any SalesforceRecords, limit: Duration, waits: FeedbackWaits, statusRule: OrderStatusRule = .none,
        productRules: ProductRules = ProductRules(), health: Health = Health(), clock: any TimeSource,
        metrics: FeedbackMetrics, logger: Logger
    ) {
        self.salesforce = salesforce
        self.waits = waits
        self.statusRule = statusRule
        self.productRules = productRules
        self.clock = clock
        self.metrics = metrics
        self.logger = logger
        writer = RecordWriter(
            salesforce: salesforce, limit: limit, clock: clock, metrics: metrics, logger: logger)
        catalogue = ProductCatalogue(salesforce: salesforce, rules: productRules)
        parts = PartTroubles(wait: waits.configuration, health: health, time: clock, logger: logger)
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
        var batch = DeliveredBatch()
        var orders: [OrderPlan] = []
        var products: [ProductPlan] = []
        for claim in claims {
            do throws(ContractError) {
                switch claim.object {
                case .order: orders.append(try OrderPlan(claim))
                case .product: products.append(try ProductPlan(claim))
                }
            } catch {
                batch.results.append(
                    FeedbackResult(claim: claim, end: .refused(unreadable(error), tryAgainAfter: nil)))
            }
        }
        let now = ordersForNow(orders)
        batch.results += orders.dropFirst(now.count).map { notSent($0.claim) }
        await deliver(now, to: &batch, mayCall)
        // What keeps orders from being written keeps products too.
        if batch.trouble == nil {
            await deliver(products, to: &batch, mayCall)
        } else {
            batch.results += products.map { notSent($0.claim) }
        }
        return batch
    }

    private func notSent(_ claim: FeedbackClaim) -> FeedbackResult {
        FeedbackResult(claim: claim, end: .notSent(tryAgainAfter: .zero))
    }

    // MARK: Orders

    /// Orders have many lines or few; a batch ends with its last call, and the next ones are not to wait for all of them.
    private static let maximumRecords = 5 * SalesforceClient.maximumRecordsPerCall

    /// The first of them that make a batch of few calls; those behind come with the next one.
    private func ordersForNow(_ plans: [OrderPlan]) -> [OrderPlan] {
        var records = 0
        let count =
            plans.firstIndex { plan in
                records += 1 + plan.lineChanges.count
                return records > Self.maximumRecords
            } ?? plans.count
        return Array(plans.prefix(max(count, 1)))
    }

    private func deliver(_ plans: [OrderPlan], to batch: inout DeliveredBatch, _ mayCall: @escaping MayCall) async {
        guard !plans.isEmpty else { return }
        let before = writer.calls
        let accounts: [RecordUpdate]
        let statuses: [SalesforceId: StatusChoice]
        do {
            accounts = try await accountUpdates(plans)
            statuses = try await chosenStatuses(plans)
        } catch {
            // Nothing was sent yet.
            batch.results += plans.map { notSent($0.claim) }
            batch.trouble = (error as? SalesforceFailure)?.asTrouble ?? "\(error)"
            return metrics.note(calls: writer.calls - before, ordersShown: 0)
        }
        let now = UTCInstant(date: clock.wallClock)
        let putOff = parts.refusal(of: "OrderItem").map(RecordOutcome.misconfigured)
        let lines = plans.flatMap(\.lineUpdates)
        let updates =
            plans.compactMap { $0.update(at: now, status: statuses[$0.order]?.toSet, hasLines: putOff == nil) }
            + (putOff == nil ? lines : []) + accounts
        let written = await writer.write(updates, sparing: OrderStatusRule.field, mayCall)
        var outcomes = written.outcomes
        parts.note(updates, outcomes)
        if let putOff { for line in lines { outcomes[line.id] = putOff } }
        if let refusal = parts.refusal(of: "Account") {
            for link in customers.unknown(among: plans.compactMap(\.customer)) {
                outcomes[link.account] = .misconfigured(refusal)
            }
        }
        noteUnsetStatuses(written)
        noteAccounts(plans, outcomes)
        let results = ends(plans, outcomes, statuses.filter { !written.spared.contains($0.key) })
        batch.results += results
        batch.trouble = outcomes.values.compactMap(\.trouble).first
        note(plans, results, outcomes, calls: writer.calls - before)
    }

    private func accountUpdates(_ plans: [OrderPlan]) async throws -> [RecordUpdate] {
        let links = customers.unknown(among: plans.compactMap(\.customer))
        guard !links.isEmpty, parts.refusal(of: "Account") == nil else { return [] }
        do {
            let present = try await writer.read("Account") { [salesforce] in
                try await salesforce.customerIds(of: links.map(\.account))
            }
            return customers.updates(for: links, present: present)
        } catch SalesforceFailure.refused(let refusal) {
            parts.note("Account", refusal)
            return []
        }
    }

    /// What is known of an order's status before it is written.
    private struct StatusChoice {
        /// What the state asks for.
        let wanted: String
        /// What is sent; nil where the order shows it already.
        let toSet: String?
    }

    /// Orders whose state asks for another value of `Order.Status` are read first: only one that is active now is
    /// changed.
    private func chosenStatuses(_ plans: [OrderPlan]) async throws -> [SalesforceId: StatusChoice] {
        let wanted = plans.compactMap { plan in
            statusRule.status(for: plan.wanted.state, setBefore: plan.shown?.orderStatus).map { (plan.order, $0) }
        }
        guard !wanted.isEmpty else { return [:] }
        let standings = try await writer.read("Order") { [salesforce] in
            try await salesforce.standings(of: wanted.map(\.0))
        }
        var chosen: [SalesforceId: StatusChoice] = [:]
        for (order, status) in wanted {
            guard let standing = standings[order], standing.isActivated else { continue }
            chosen[order] = StatusChoice(wanted: status, toSet: standing.status == status ? nil : status)
        }
        return chosen
    }

    /// A status that Salesforce refused is not set, and asked for again when the order is written next.
    private func noteUnsetStatuses(_ written: WrittenRecords) {
        for order in written.spared where written.outcomes[order] == .updated {
            metrics.refusedStatuses.add(1)
            logger.warning("an order's status cannot be set in Salesforce", .orderId(order.text))
        }
    }

    private func noteAccounts(_ plans: [OrderPlan], _ outcomes: [SalesforceId: RecordOutcome]) {
        for link in plans.compactMap(\.customer) where outcomes[link.account] == .updated { customers.remember(link) }
    }

    private func ends(
        _ plans: [OrderPlan], _ outcomes: [SalesforceId: RecordOutcome], _ statuses: [SalesforceId: StatusChoice]
    ) -> [FeedbackResult] {
        var lettered: Set<SalesforceId> = []
        return plans.map { plan in
            var records: [(part: RowPart, outcome: RecordOutcome)] = []
            if let outcome = outcomes[plan.order] { records.append((.order, outcome)) }
            for change in plan.lineChanges {
                if let outcome = outcomes[change.line] { records.append((.line(change.line.text), outcome)) }
            }
            if let account = plan.customer?.account, let outcome = outcomes[account] {
                // One letter tells of an account, however many of its orders are in the batch.
                var isTold = false
                if case .refused = outcome { isTold = !lettered.insert(account).inserted }
                if !isTold { records.append((.account, outcome)) }
            }
            let sentLines = Set(plan.lineChanges.map(\.line))
            let linesTaken = plan.wanted.order.lines.keys.filter { id in
                !sentLines.contains(id) || outcomes[id]?.isDone == true
            }
            let shows = plan.shows(
                orderTaken: outcomes[plan.order]?.isDone ?? true, linesTaken: Set(linesTaken),
                status: statuses[plan.order]?.wanted)
            return end(
                of: plan.claim, records: records, shows: shows.stored, waits: waits, random: .random(in: 0...1))
        }
    }

    private func note(
        _ plans: [OrderPlan], _ results: [FeedbackResult], _ outcomes: [SalesforceId: RecordOutcome], calls: Int
    ) {
        var shown = 0
        for (plan, result) in zip(plans, results) {
            if let withheld = plan.wanted.withheldAmounts { report(withheld) }
            guard case .sent = result.end else { continue }
            let isWritten = outcomes[plan.order] == .updated
            if isWritten {
                shown += 1
                logger.debug(
                    "shown in Salesforce", .orderId(plan.order.text), LogField(.sequence, plan.claim.sequence ?? 0))
            }
        }
        metrics.note(calls: calls, ordersShown: shown)
    }

    private func report(_ withheld: WithheldAmounts) {
        metrics.withheldAmounts.add(1)
        guard reportedAmounts.count < 100, reportedAmounts.insert(withheld).inserted else { return }
        logger.warning(
            "amounts are not shown: the order's currency in Salesforce is not the one in NetSuite",
            .reason("\(withheld.orderCurrency ?? "not known") and \(withheld.netSuiteCurrency ?? "not known")"))
    }

    private func unreadable(_ error: ContractError) -> DeadLetterContent {
        let letterClass = DeadLetterClass.invalidMessage
        return DeadLetterContent(
            letterClass: letterClass.rawValue, field: error.path, sentence: "\(letterClass.sentence) Found: \(error).",
            message: nil)
    }

    // MARK: Products

    private func deliver(_ plans: [ProductPlan], to batch: inout DeliveredBatch, _ mayCall: @escaping MayCall) async {
        guard !plans.isEmpty else { return }
        // A row without both is written in neither.
        if parts.refusal(of: "Product2") != nil || parts.refusal(of: "PricebookEntry") != nil {
            batch.results += plans.map(waitingForFields)
            return
        }
        let found: [String: [ProductRecord]]
        do {
            found = try await writer.read("Product2") { [catalogue, writer] in
                var isFirst = true
                return try await catalogue.products(of: plans.map(\.count.sku)) {
                    if !isFirst { writer.noteFurtherCall() }
                    isFirst = false
                }
            }
        } catch SalesforceFailure.refused(let refusal) {
            parts.note("Product2", refusal)
            batch.results += plans.map(waitingForFields)
            return
        } catch {
            batch.results += plans.map { notSent($0.claim) }
            batch.trouble = (error as? SalesforceFailure)?.asTrouble ?? "\(error)"
            return
        }
        let changes = plans.map { plan in
            ProductChanges(
                plan.count, isStale: plan.claim.isOverdue, shownBy: found[plan.count.sku] ?? [], rules: productRules)
        }
        let updates = changes.flatMap(\.products) + changes.flatMap(\.entries)
        let outcomes = await writer.write(updates, mayCall).outcomes
        parts.note("Product2", nil)
        parts.note(updates, outcomes)
        for (plan, change) in zip(plans, changes) {
            if found[plan.count.sku] == nil { metrics.unknownSKUs.add(1) }
            if change.isPriceWithheld { metrics.withheldPrices.add(1) }
            let records =
                change.products.map { (part: RowPart.product(plan.count.sku), outcome: outcomes[$0.id] ?? .notSent) }
                + change.entries.map { (part: RowPart.price(plan.count.sku), outcome: outcomes[$0.id] ?? .notSent) }
            let result = end(
                of: plan.claim, records: records, shows: Array(String(found[plan.count.sku]?.count ?? 0).utf8),
                waits: waits, random: .random(in: 0...1))
            if case .sent = result.end, !records.isEmpty { metrics.shown.add(1, "Product2") }
            batch.results.append(result)
        }
        batch.trouble = outcomes.values.compactMap(\.trouble).first
    }

    private func waitingForFields(_ plan: ProductPlan) -> FeedbackResult {
        FeedbackResult(claim: plan.claim, end: .notSent(tryAgainAfter: waits.configuration))
    }
}
