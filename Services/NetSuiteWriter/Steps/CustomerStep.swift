import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import OrderMapping
import ServiceRuntime

/// The customer of an order's account: the linked one, the known one, or one made now, once.
@Loop
final class CustomerStep {
    private let client: NetSuiteClient
    private let mapping: OrderMapping
    private var beingFound: [SalesforceId: Task<String, any Error>] = [:]

    init(client: NetSuiteClient, mapping: OrderMapping) {
        self.client = client
        self.mapping = mapping
    }

    /// The customer's internal id.
    ///
    /// - Throws: ``StepEnd``.
    func customer(of order: IncomingOrder, work: OrderWork) async throws -> String {
        if let linked = try linkedCustomer(order) { return linked }
        if let known = work.leased.claim.customerId { return String(known) }
        let account = order.snapshot.account.id
        // A new account's orders often come together: one of them asks, the others take its answer, and each asks for
        // itself only where that one failed.
        if let first = beingFound[account], let id = try? await first.value { return id }
        let task = EventLoop.shared.start { [self] in try await findOrMake(order, work: work) }
        beingFound[account] = task
        defer { if beingFound[account] == task { beingFound[account] = nil } }
        return try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    private func findOrMake(_ order: IncomingOrder, work: OrderWork) async throws -> String {
        let externalId = ExternalId.customer(order.snapshot.account.id)
        if work.isProbeNeeded, let found = try await find(externalId) { return found }
        let body = try rendered(order)
        switch try await work.send({ try await client.createCustomer(body, beforeSending: $0) }) {
        case .applied(let id):
            return id
        case .refused(let refusal) where refusal.classification == .alreadyExists:
            // Ours, when the external id leads to it; else somebody else's record has the name.
            if let found = try await find(externalId) { return found }
            if work.isDoubtful {
                throw StepEnd.stuck(.contradiction("it refuses the customer as one that exists, and shows none"))
            }
            throw StepEnd.dead(
                Refusals.letter(.customerNameTaken, code: refusal.code, field: "account.name", order: order))
        case .refused(let refusal):
            throw Refusals.end(of: refusal, order: order)
        }
    }

    /// A customer that a person linked on the account is used as it is, and none is made.
    private func linkedCustomer(_ order: IncomingOrder) throws -> String? {
        guard let linked = order.snapshot.account.netSuiteId.value, !linked.isEmpty else { return nil }
        guard Int64(linked) != nil, linked.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            throw StepEnd.dead(
                Refusals.letter(
                    .invalidMessage, field: "account.netSuiteId",
                    detail: "The account's NetSuite customer id is no number: correct or empty it on the Account.",
                    order: order))
        }
        return linked
    }

    private func find(_ externalId: String) async throws -> String? {
        do {
            return try await client.customer(.externalId(externalId))?.id
        } catch {
            throw Refusals.end(ofReading: error)
        }
    }

    private func rendered(_ order: IncomingOrder) throws -> JSONValue {
        do {
            return try mapping.customerBody(order.snapshot)
        } catch {
            throw StepEnd.dead(Preparation.letter(for: error, order: order))
        }
    }
}
