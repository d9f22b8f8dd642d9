import Contracts
import EventLoop
import JSONText
import Ledger
import Salesforce
import Telemetry

/// Writes the rows of a batch that are about orders, with their lines and accounts.
@Loop
final class OrderDelivery {
    /// Orders have many lines or few; a batch ends with its last call, and the next ones are not to wait for all of them.
    private static let maximumRecords = 5 * SalesforceClient.maximumRecordsPerCall

    private let writing: SalesforceWriting
    private let statuses: OrderStatuses?
    private var customers = CustomerLinks()
    private var reportedAmounts: Set<WithheldAmounts> = []

    init(_ writing: SalesforceWriting, statuses: OrderStatuses?) {
        self.writing = writing
        self.statuses = statuses
    }

    func deliver(_ plans: [OrderPlan], _ mayCall: @escaping MayCall) async -> DeliveredBatch {
        let now = forNow(plans)
        var batch = DeliveredBatch(results: plans.dropFirst(now.count).map { writing.notSent($0.claim) })
        let before = writing.writer.calls
        let looked: Looked
        do {
            looked = try await look(at: now)
        } catch {
            // Nothing was sent yet.
            var unseen = writing.unseen(now.map(\.claim), because: error)
            if error is OrderStatuses.NotKept { unseen.trouble = nil }
            batch.add(unseen)
            writing.metrics.note(calls: writing.writer.calls - before, ordersShown: 0)
            return batch
        }
        let written = await write(looked, mayCall)
        let results = ends(looked, written)
        batch.add(
            DeliveredBatch(results: results, trouble: written.outcomes.values.compactMap(\.trouble).first))
        note(looked.plans, results, written.outcomes, calls: writing.writer.calls - before)
        return batch
    }

    /// The first of them that make a batch of few calls; those behind come with the next one.
    private func forNow(_ plans: [OrderPlan]) -> [OrderPlan] {
        var records = 0
        let count =
            plans.firstIndex { plan in
                records += 1 + plan.lineChanges.count
                return records > Self.maximumRecords
            } ?? plans.count
        return Array(plans.prefix(max(count, 1)))
    }

    // MARK: Before the write

    /// Orders, and what was looked at before they are written.
    private struct Looked {
        var plans: [OrderPlan]
        var accounts: [RecordUpdate] = []
        var statuses = OrderStatuses.Choices()
        /// Why the lines of orders that were deleted in NetSuite are not known; nil where they are.
        var linesRefusal: SalesforceRefusal?
    }

    private func look(at plans: [OrderPlan]) async throws -> Looked {
        var looked = Looked(plans: plans)
        looked.accounts = try await accountUpdates(plans)
        looked.linesRefusal = try await clearLines(of: &looked.plans)
        if let statuses { looked.statuses = try await statuses.choose(for: plans, writing) }
        return looked
    }

    private func accountUpdates(_ plans: [OrderPlan]) async throws -> [RecordUpdate] {
        let links = customers.unknown(among: plans.compactMap(\.customer))
        guard !links.isEmpty, writing.parts.refusal(of: "Account") == nil else { return [] }
        do {
            let present = try await writing.writer.read("Account") { [salesforce = writing.salesforce] in
                try await salesforce.customerIds(of: links.map(\.account))
            }
            return customers.updates(for: links, present: present)
        } catch SalesforceFailure.refused(let refusal) {
            writing.parts.note("Account", refusal)
            return []
        }
    }

    /// What the lines of orders show that were deleted in NetSuite is asked of Salesforce: progress does not tell them any
    /// more, and what was written without an answer is in no memory of ours.
    private func clearLines(of plans: inout [OrderPlan]) async throws -> SalesforceRefusal? {
        let orders = plans.filter(\.isDeletedInNetSuite).map(\.order)
        guard !orders.isEmpty else { return nil }
        if let refusal = writing.parts.refusal(of: "OrderItem") { return refusal }
        do {
            let lines = try await writing.writer.read("OrderItem") { [salesforce = writing.salesforce] in
                try await salesforce.linesWithQuantities(of: orders)
            }
            for index in plans.indices where plans[index].isDeletedInNetSuite {
                plans[index].clear(lines[plans[index].order] ?? [])
            }
            return nil
        } catch SalesforceFailure.refused(let refusal) {
            writing.parts.note("OrderItem", refusal)
            return refusal
        }
    }

    // MARK: The write

    private func write(_ looked: Looked, _ mayCall: @escaping MayCall) async -> WrittenRecords {
        let now = UTCInstant(date: writing.clock.wallClock)
        let putOff = writing.parts.refusal(of: "OrderItem").map(RecordOutcome.misconfigured)
        let lines = looked.plans.flatMap(\.lineUpdates)
        let updates =
            looked.plans.compactMap { plan in
                plan.update(
                    at: now, status: looked.statuses.chosen[plan.order]?.toSet, hasLines: putOff == nil)
            } + (putOff == nil ? lines : []) + looked.accounts
        var written = await writing.writer.write(updates, sparing: OrderStatusRule.field, mayCall)
        writing.parts.note(updates, written.outcomes)
        if let putOff { for line in lines { written.outcomes[line.id] = putOff } }
        if let refusal = writing.parts.refusal(of: "Account") {
            for link in customers.unknown(among: looked.plans.compactMap(\.customer)) {
                written.outcomes[link.account] = .misconfigured(refusal)
            }
        }
        noteUnsetStatuses(written)
        for link in looked.plans.compactMap(\.customer) where written.outcomes[link.account] == .updated {
            customers.remember(link)
        }
        return written
    }

    /// A status that Salesforce refused is not set, and asked for again when the order is written next.
    private func noteUnsetStatuses(_ written: WrittenRecords) {
        for order in written.spared where written.outcomes[order] == .updated {
            writing.metrics.refusedStatuses.add(1)
            writing.logger.warning("an order's status cannot be set in Salesforce", .orderId(order.text))
        }
    }

    // MARK: Behind the write

    private func ends(_ looked: Looked, _ written: WrittenRecords) -> [FeedbackResult] {
        var lettered: Set<SalesforceId> = []
        return looked.plans.map { plan in
            var records = records(of: plan, written.outcomes, lettered: &lettered)
            if plan.isDeletedInNetSuite, let refusal = looked.linesRefusal {
                records.append((.line(plan.order.text), .misconfigured(refusal)))
            }
            let sentLines = Set(plan.lineChanges.map(\.line))
            let linesTaken = plan.wanted.order.lines.keys.filter { id in
                !sentLines.contains(id) || written.outcomes[id]?.isDone == true
            }
            let shows = plan.shows(
                orderTaken: written.outcomes[plan.order]?.isDone ?? true, linesTaken: Set(linesTaken))
            var result = writing.end(of: plan.claim, records: records, shows: shows.stored)
            if let choice = looked.statuses.chosen[plan.order] {
                result.orderStatus = choice.given(
                    written.outcomes[plan.order], isSpared: written.spared.contains(plan.order),
                    before: plan.claim.orderStatus)
            }
            result.owesStatus = looked.statuses.owed.contains(plan.order)
            return result
        }
    }

    private func records(
        of plan: OrderPlan, _ outcomes: [SalesforceId: RecordOutcome], lettered: inout Set<SalesforceId>
    ) -> [(part: RowPart, outcome: RecordOutcome)] {
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
        return records
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
                writing.logger.debug(
                    "shown in Salesforce", .orderId(plan.order.text), LogField(.sequence, plan.claim.sequence ?? 0))
            }
        }
        writing.metrics.note(calls: calls, ordersShown: shown)
    }

    private func report(_ withheld: WithheldAmounts) {
        writing.metrics.withheldAmounts.add(1)
        guard reportedAmounts.count < 100, reportedAmounts.insert(withheld).inserted else { return }
        writing.logger.warning(
            "amounts are not shown: the order's currency in Salesforce is not the one in NetSuite",
            .reason("\(withheld.orderCurrency ?? "not known") and \(withheld.netSuiteCurrency ?? "not known")"))
    }
}
