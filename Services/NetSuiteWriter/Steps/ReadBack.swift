import Contracts
import EventLoop
import NetSuite
import ServiceRuntime

/// What NetSuite shows of an order just written.
struct ShownOrder: Sendable, Equatable {
    var number: String?
    var state: OrderState?
    var total: ExactDecimal?
    var currencyId: String?
}

/// Number and state of orders just written, which NetSuite's answer to a create does not tell: many in one query.
@Loop
final class ReadBack {
    private let client: NetSuiteClient
    private let reads: Coalescer<String, ShownOrder?>

    /// While all slots are taken a read-back waits for 200 orders or 5 s; an idle order waits for nobody.
    init(client: NetSuiteClient, time: any TimeSource) {
        self.client = client
        reads = Coalescer(
            maximumBatch: NetSuiteClient.largestReadBack, time: time,
            patience: { client.gate.inUse >= client.gate.width ? .seconds(5) : .zero }
        ) { ids in
            let shown = try await client.readBack(Array(Set(ids)))
            return ids.map { shown[$0].map(ShownOrder.init) }
        }
    }

    /// Reads one order.
    ///
    /// - Throws: ``StepEnd`` when NetSuite cannot be asked.
    func read(_ id: String) async throws -> ShownOrder {
        do {
            if let shown = try await reads.submit(id) { return shown }
            // A query may lag behind a write; the record itself does not. One that is gone was deleted since. Each is
            // asked for by itself, so that one which NetSuite cannot show keeps no other back.
            let record = try await client.salesOrder(.internalId(id), includingLines: false)
            return record.map(ShownOrder.init) ?? ShownOrder(state: .deletedInNetSuite)
        } catch let failure as NetSuiteFailure {
            throw Refusals.end(ofReading: failure)
        }
    }
}

extension ShownOrder {
    init(_ summary: SalesOrderSummary) {
        self.init(
            number: summary.tranId, state: OrderState(netSuiteStatus: summary.status), total: summary.total,
            currencyId: summary.currencyId)
    }

    init(_ record: SalesOrderRecord) {
        self.init(
            number: record.tranId, state: record.status.flatMap(OrderState.init(netSuiteStatus:)),
            total: record.total, currencyId: record.currencyId)
    }
}
