import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import OrderMapping
import ServiceRuntime

/// Makes NetSuite's sales order equal to the message: created once, or changed by the least that closes the difference.
@Loop
struct OrderStep {
    let client: NetSuiteClient
    let preparation: Preparation

    /// The order, what was made ready of it, and the internal id of its customer.
    struct Wanted: Sendable {
        let order: IncomingOrder
        let prepared: Preparation.Prepared
        let customerId: String
    }

    /// - Throws: ``StepEnd``.
    func apply(_ wanted: Wanted, work: OrderWork) async throws -> AttemptOutcome {
        if let id = work.leased.claim.netSuiteId {
            return try await change(wanted, work: work) { try await client.salesOrder(.internalId(String(id))) }
        }
        return try await create(wanted, work: work)
    }

    /// What an earlier attempt at this very version left in NetSuite, where its answer is unknown and it got there.
    ///
    /// - Throws: ``StepEnd``.
    func landed(_ order: IncomingOrder, work: OrderWork) async throws -> AttemptOutcome? {
        guard work.isProbeNeeded else { return nil }
        try work.requireNothingUnderWay()
        let record =
            if let id = work.leased.claim.netSuiteId {
                try await read { try await client.salesOrder(.internalId(String(id))) }
            } else {
                try await find(order)
            }
        guard let record, record.version == String(order.snapshot.version) else { return nil }
        return .written(try written(record))
    }

    // MARK: Create

    private func create(_ wanted: Wanted, work: OrderWork) async throws -> AttemptOutcome {
        let order = wanted.order
        if work.isProbeNeeded, let landed = try await find(order) {
            return try await compare(wanted, record: landed, work: work)
        }
        let externalId = ExternalId.salesOrder(order.snapshot.orderId)
        let body = wanted.prepared.body.bytes(customerId: wanted.customerId)
        let answer = try await work.send {
            try await client.createSalesOrder(externalId: externalId, body: body, beforeSending: $0)
        }
        switch answer {
        case .applied(let id):
            return .written(WrittenOrder(netSuiteId: try number(id)))
        case .refused(let refusal) where refusal.classification == .alreadyExists:
            if let record = try await find(order) {
                return try await compare(wanted, record: record, work: work)
            }
            throw nameTaken(refusal, order: order, work: work)
        case .refused(let refusal):
            throw end(of: refusal, order: order, work: work)
        }
    }

    /// The external id is in use, and no sales order has it: a record of another kind, unless the answer was of the past.
    private func nameTaken(_ refusal: NetSuiteRefusal, order: IncomingOrder, work: OrderWork) -> StepEnd {
        if work.isDoubtful {
            return .stuck(.contradiction("it refuses the order as one that exists, and shows none"))
        }
        let externalId = ExternalId.salesOrder(order.snapshot.orderId)
        return .dead(
            Refusals.letter(
                .refused, code: refusal.code, field: "externalId",
                detail: "Another transaction there has the external id \(externalId): take it away from that one.",
                order: order))
    }

    private func end(of refusal: NetSuiteRefusal, order: IncomingOrder, work: OrderWork) -> StepEnd {
        let isOfAnItem = refusal.path?.hasPrefix("item") == true
        // An item that was renamed or made inactive since it was looked up is looked up once more.
        if isOfAnItem { preparation.items.forget(order.skus) }
        if isOfAnItem, work.isFirstTry {
            return .stuck(.contradiction("it refuses an item that it has shown"))
        }
        return Refusals.end(of: refusal, order: order)
    }

    private func find(_ order: IncomingOrder) async throws -> SalesOrderRecord? {
        let externalId = ExternalId.salesOrder(order.snapshot.orderId)
        return try await read { try await client.salesOrder(.externalId(externalId)) }
    }

    private func read(
        _ request: () async throws -> SalesOrderRecord?
    ) async throws -> SalesOrderRecord? {
        do {
            return try await request()
        } catch let failure as NetSuiteFailure {
            throw Refusals.end(ofReading: failure)
        }
    }

    /// The order is there already: by an earlier try of ours, or by an earlier version.
    private func compare(
        _ wanted: Wanted, record: SalesOrderRecord, work: OrderWork
    ) async throws -> AttemptOutcome {
        let shown = record.version.flatMap { Int64($0) }
        if shown == wanted.order.snapshot.version { return .written(try written(record)) }
        return try await change(wanted, work: work) { record }
    }

    // MARK: Change

    private func change(
        _ wanted: Wanted, work: OrderWork, reading: () async throws -> SalesOrderRecord?
    ) async throws -> AttemptOutcome {
        let order = wanted.order
        try work.requireNothingUnderWay()
        guard let record = try await read(reading) else {
            throw work.isDoubtful ? .stuck(.contradiction("it does not show an order that it has")) : gone(order)
        }
        if let shown = record.version.flatMap({ Int64($0) }), shown > order.snapshot.version {
            return .superseded(try written(record))
        }
        let shows = try preparation.renderChange(order, items: wanted.prepared.items)
        guard case .patch(let patch) = OrderDifference.between(wanted: shows, actual: record.fields) else {
            return .unchanged(try written(record))
        }
        guard let status = record.status else {
            throw StepEnd.stuck(.withoutAnswer("the order is shown without its status"))
        }
        guard ["A", "B"].contains(status) else { throw tooLate(order, record) }
        let answer = try await work.send(isChange: true) {
            try await client.updateSalesOrder(record.id, .object(patch), beforeSending: $0)
        }
        switch answer {
        case .applied:
            return .written(WrittenOrder(netSuiteId: try number(record.id)))
        case .refused(let refusal):
            let end = end(of: refusal, order: order, work: work)
            // What a person changed since it was read may be the reason: it is read once more.
            guard case .dead = end, work.isFirstTry else { throw end }
            throw StepEnd.stuck(.savedBySomebody(code: refusal.code))
        }
    }

    private func written(_ record: SalesOrderRecord) throws -> WrittenOrder {
        WrittenOrder(
            netSuiteId: try number(record.id), number: record.tranId,
            state: record.status.flatMap(OrderState.init(netSuiteStatus:))?.words, lines: record.lineReferences)
    }

    private func number(_ id: String) throws -> Int64 {
        guard let number = Int64(id) else {
            throw StepEnd.unknown(.withoutAnswer("its answer has an id that is no number"))
        }
        return number
    }

    private func gone(_ order: IncomingOrder) -> StepEnd {
        .dead(
            Refusals.letter(
                .refused, code: "NONEXISTENT_ID",
                detail: "The order was deleted in NetSuite: enter it there by hand, or discard this letter.",
                order: order))
    }

    private func tooLate(_ order: IncomingOrder, _ record: SalesOrderRecord) -> StepEnd {
        let state = record.status.flatMap(OrderState.init(netSuiteStatus:))?.words ?? "in an unknown state"
        return .dead(
            Refusals.letter(
                .amendmentNotPossible, field: "status",
                detail: "It is \(state) there and takes no changes any more.", order: order))
    }
}

extension SalesOrderRecord {
    /// NetSuite's line keys by Salesforce line id, of the open lines that carry one.
    var lineReferences: [LineReference] {
        (lines ?? []).compactMap { line in
            guard let id = line.crossdockLineId, !id.isEmpty, !line.isClosed else { return nil }
            return LineReference(lineId: id, netSuiteLine: line.line)
        }
    }
}
