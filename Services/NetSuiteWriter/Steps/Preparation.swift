import Contracts
import EventLoop
import JSONText
import Ledger
import NetSuite
import OrderMapping
import ServiceRuntime

/// What an order needs before anything is sent: its items, and a body that the mapping renders from it.
///
/// It comes before the customer, so that an order that must die leaves no customer behind.
@Loop
struct Preparation {
    let items: ItemCatalogue
    let mapping: OrderMapping

    /// What is known of an order before it is claimed.
    struct Prepared: Sendable {
        /// Internal ids of its items by SKU.
        let items: [String: String]
        /// The body of the create, but for the customer.
        let body: OrderCreate
    }

    /// The order's items and its body.
    ///
    /// - Throws: ``StepEnd/dead(_:)`` for an item that is not there or a snapshot that the mapping cannot render;
    ///   ``StepEnd/retry(_:)`` when NetSuite cannot be asked.
    func prepare(_ order: IncomingOrder) async throws -> Prepared {
        let found: [String: String]
        do {
            found = try await items.items(order.skus)
        } catch let failure as NetSuiteFailure {
            throw Refusals.end(ofReading: failure)
        }
        if let index = order.snapshot.lines.firstIndex(where: { found[$0.sku] == nil }) {
            let sku = order.snapshot.lines[index].sku
            var letter = Refusals.letter(
                .missingItem, field: "lines[\(index)].sku", detail: "The SKU is \(sku).", order: order)
            // One item mends them all.
            letter.fingerprint = "\(letter.letterClass)|\(sku)"
            throw StepEnd.dead(letter)
        }
        // Without the customer, whose id is not known yet: a problem shows before one is made.
        return Prepared(items: found, body: try render(order, items: found))
    }

    private func render(_ order: IncomingOrder, items: [String: String]) throws -> OrderCreate {
        do {
            return try mapping.orderCreate(order.snapshot, items: items)
        } catch {
            throw StepEnd.dead(Self.letter(for: error, order: order))
        }
    }

    /// The order as a change must leave it: header with what is to be cleared, and all lines.
    func renderChange(_ order: IncomingOrder, items: [String: String]) throws -> JSONObject {
        do {
            var wanted = try mapping.renderHeader(order.snapshot, purpose: .change)
            let lines = try mapping.renderLines(order.snapshot, items: items)
            wanted["item"] = .object(["items": .array(lines.map { .object($0) })])
            return wanted
        } catch {
            throw StepEnd.dead(Self.letter(for: error, order: order))
        }
    }

    static func letter(for problem: MappingProblem, order: IncomingOrder) -> DeadLetterContent {
        Refusals.letter(.mappingFailed, field: problem.field, detail: problem.sentence, order: order)
    }
}
