import Contracts
import EventLoop
import Ledger
import Salesforce
import Telemetry

/// Writes the rows of a batch that are about products, with their prices.
@Loop
final class ProductDelivery {
    private let writing: SalesforceWriting
    private let rules: ProductRules
    private let catalogue: ProductCatalogue

    init(_ writing: SalesforceWriting, rules: ProductRules) {
        self.writing = writing
        self.rules = rules
        catalogue = ProductCatalogue(salesforce: writing.salesforce, rules: rules)
    }

    func deliver(_ plans: [ProductPlan], _ mayCall: @escaping MayCall) async -> DeliveredBatch {
        let (writer, parts) = (writing.writer, writing.parts)
        // A row without both is written in neither.
        if parts.refusal(of: "Product2") != nil || parts.refusal(of: "PricebookEntry") != nil {
            return DeliveredBatch(results: plans.map { writing.waitingForFields($0.claim) })
        }
        let found: [String: [ProductRecord]]
        do {
            found = try await products(of: plans)
        } catch SalesforceFailure.refused(let refusal) {
            parts.note("Product2", refusal)
            return DeliveredBatch(results: plans.map { writing.waitingForFields($0.claim) })
        } catch {
            return writing.unseen(plans.map(\.claim), because: error)
        }
        let changes = plans.map { plan in
            ProductChanges(
                plan.count, isStale: plan.claim.isOverdue, shownBy: found[plan.count.sku] ?? [], rules: rules)
        }
        let updates = changes.flatMap(\.products) + changes.flatMap(\.entries)
        let outcomes = await writer.write(updates, mayCall).outcomes
        parts.note("Product2", nil)
        parts.note(updates, outcomes)
        let results = zip(plans, changes).map { plan, change in
            end(of: plan, change, outcomes, productCount: found[plan.count.sku]?.count)
        }
        return DeliveredBatch(results: results, trouble: outcomes.values.compactMap(\.trouble).first)
    }

    private func products(of plans: [ProductPlan]) async throws -> [String: [ProductRecord]] {
        try await writing.writer.read("Product2") { [catalogue, writer = writing.writer] in
            var isFirst = true
            return try await catalogue.products(of: plans.map(\.count.sku)) {
                if !isFirst { writer.noteFurtherCall() }
                isFirst = false
            }
        }
    }

    /// - Parameter productCount: how many products have the SKU; nil where none.
    private func end(
        of plan: ProductPlan, _ change: ProductChanges, _ outcomes: [SalesforceId: RecordOutcome], productCount: Int?
    ) -> FeedbackResult {
        if productCount == nil { writing.metrics.unknownSKUs.add(1) }
        if change.isPriceWithheld { writing.metrics.withheldPrices.add(1) }
        let records =
            change.products.map { (part: RowPart.product(plan.count.sku), outcome: outcomes[$0.id] ?? .notSent) }
            + change.entries.map { (part: RowPart.price(plan.count.sku), outcome: outcomes[$0.id] ?? .notSent) }
        let result = writing.end(of: plan.claim, records: records, shows: Array(String(productCount ?? 0).utf8))
        if case .sent = result.end, !records.isEmpty { writing.metrics.shown.add(1, "Product2") }
        return result
    }
}
