import ServiceRuntime

/// Why one order alone cannot go on now, while others may.
struct OrderTrouble: Sendable, Equatable {
    /// Why, in words without data of the order.
    let reason: String
    /// NetSuite's code, where it gave one.
    let code: String?
    /// What a person reads on the order while it waits: why, and what to do.
    let sentence: String
    /// Whether NetSuite itself would be to blame if many orders had it.
    let suspectsNetSuite: Bool

    /// The same as the loop knows it.
    var trouble: Trouble { Trouble(.order, reason, suspecting: suspectsNetSuite ? .netSuite : nil) }

    /// A workflow of the account holds the record.
    static func lockedByWorkflow(code: String?) -> OrderTrouble {
        OrderTrouble(
            reason: "the order is locked by a workflow in NetSuite", code: code,
            sentence:
                "A workflow in NetSuite has locked the order. Unlock it there, or let the workflow end. \(goesOn)",
            suspectsNetSuite: false)
    }

    /// Somebody saves the record whenever we do.
    static func savedBySomebody(code: String?) -> OrderTrouble {
        OrderTrouble(
            reason: "somebody saved the order in NetSuite at the same moment", code: code,
            sentence:
                "Somebody keeps saving the order in NetSuite while it is to be changed. Close it there. \(goesOn)",
            suspectsNetSuite: false)
    }

    /// NetSuite gives no usable answer to a request about this order.
    static func withoutAnswer(_ reason: String) -> OrderTrouble {
        OrderTrouble(
            reason: reason, code: nil,
            sentence: "NetSuite gives no usable answer for this order (\(reason)), though others go through. See in "
                + "NetSuite which scripts or workflows fail on it or on its customer. \(goesOn)",
            suspectsNetSuite: true)
    }

    /// An answer that contradicts another one, and may be of the past.
    static func contradiction(_ reason: String) -> OrderTrouble {
        OrderTrouble(
            reason: reason, code: nil, sentence: "NetSuite contradicts itself: \(reason). \(goesOn)",
            suspectsNetSuite: false)
    }

    private static let goesOn = "Crossdock tries again by itself."
}
