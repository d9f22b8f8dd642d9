import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import OrderMapping
import ServiceRuntime

/// The customer of an order's account: the linked one, the known one, or one made now, once.
@Loop
struct CustomerStep {
    let client: NetSuiteClient
    let mapping: OrderMapping

    /// The customer's internal id.
    ///
    /// - Throws: ``StepEnd``.
    func customer(of order: IncomingOrder, work: OrderWork) async throws -> String {
        if let linked = try linkedCustomer(order) { return linked }
        if let known = work.leased.claim.customerId { return String(known) }
        let externalId = ExternalId.customer(order.snapshot.account.id)
        if work.leased.claim.previousUnknown != nil, let found = try await find(externalId) { return found }
        let body = try rendered(order)
        switch try await work.send({ try await client.createCustomer(body, beforeSending: $0) }) {
        case .applied(let id):
            return id
        case .refused(let refusal) where refusal.classification == .alreadyExists:
            // Ours, when the external id leads to it; else somebody else's record has the name.
            if let found = try await find(externalId) { return found }
            throw StepEnd.dead(
                Refusals.letter(.customerNameTaken, code: refusal.code, field: "account.name", order: order))
        case .refused(let refusal):
            throw Refusals.end(of: refusal, order: order)
        }
    }

    /// A customer that a person linked on the account is used as it is, and none is made.
    private func linkedCustomer(_ order: IncomingOrder) throws -> String? {
        guard let linked = order.snapshot.account.netSuiteId.value, !linked.isEmpty else { return nil }
        guard Int64(linked) != nil else {
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
