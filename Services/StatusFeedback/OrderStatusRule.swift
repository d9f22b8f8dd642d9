import Contracts
import JSONText
import Ledger
import ServiceRuntime

/// Which value of `Order.Status` each state of an order sets; most states set none.
struct OrderStatusRule: Equatable, Sendable {
    /// The field, which is people's: written only by this rule.
    static let field = "Status"

    let statuses: [OrderState: String]

    static let none = OrderStatusRule(statuses: [:])

    static let setting = Setting<OrderStatusRule>(
        "ORDER_STATUS_BY_STATE",
        "values of Order.Status, of the Activated category, that states set: shipped=Fulfilled,paid=Fulfilled"
    ) { text in
        var statuses: [OrderState: String] = [:]
        for pair in text.split(separator: ",") {
            let parts = pair.split(separator: "=", maxSplits: 1).map { trimmed($0) }
            guard parts.count == 2, let status = parts.last, !status.isEmpty else {
                throw SettingProblem("is no list of state=status", mend: "write it like shipped=Fulfilled")
            }
            guard let state = OrderState(rawValue: parts[0]), state != .waiting, state != .needsAttention else {
                let known = OrderState.allCases.filter { $0 != .waiting && $0 != .needsAttention }.map(\.words)
                throw SettingProblem("names no state of an order", mend: "use \(known.joined(separator: ", "))")
            }
            statuses[state] = status
        }
        return OrderStatusRule(statuses: statuses)
    }

    /// What is to be set, given what was set before; nil where nothing is.
    ///
    /// A value that was set once is not set again: what a person chooses afterwards stays until the state asks for
    /// another value. A state without a value leaves what is there.
    func wanted(for state: OrderState?, given: GivenStatus?) -> String? {
        guard let state, let status = statuses[state], given != GivenStatus(value: status, over: nil) else {
            return nil
        }
        return status
    }

    /// What becomes of a wanted status by how the order stands; nil where it is not active, and is asked for again.
    ///
    /// Where the value was sent before and nobody knows whether it was taken, it is sent again over the same status only:
    /// another one is a person's choice that came later, and stays.
    func choice(of wanted: String, given: GivenStatus?, standing: OrderStanding) -> StatusChoice? {
        guard standing.isActivated, let status = standing.status else { return nil }
        let isChosen = given?.value == wanted && given?.over.map { $0 != status } == true
        return StatusChoice(wanted: wanted, over: status == wanted || isChosen ? nil : status)
    }

    /// Why these values cannot be set, by the organisation's `OrderStatus`; nil where they can.
    func problem(with known: [(status: String, category: String)]) -> String? {
        for (state, status) in statuses.sorted(by: { $0.key.rawValue < $1.key.rawValue }) {
            guard let found = known.first(where: { $0.status == status }) else {
                return "Salesforce has no order status \"\(status)\", which \(Self.setting.name) sets for "
                    + "\(state.words): make it, or name one that exists"
            }
            guard found.category == "Activated" else {
                return "the order status \"\(status)\", which \(Self.setting.name) sets for \(state.words), is of the "
                    + "category \(found.category): only one of the category Activated keeps an order active"
            }
        }
        return nil
    }
}

/// How an order stands in Salesforce.
struct OrderStanding: Equatable, Sendable {
    let status: String?
    let category: String?

    /// Whether a status may be set: an order is never activated by it.
    var isActivated: Bool { category == "Activated" }
}

private func trimmed(_ text: Substring) -> String {
    let tail = text.drop { $0 == " " }
    return String(tail.reversed().drop { $0 == " " }.reversed())
}
