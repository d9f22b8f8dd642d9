/// Why a message or an order cannot go on until a person decides.
public enum DeadLetterClass: String, Sendable, CaseIterable {
    case undecodable
    case invalidMessage = "invalid-message"
    case mappingFailed = "mapping-failed"
    case missingItem = "missing-item"
    case customerNameTaken = "customer-name-taken"
    case refused
    case permission
    case amendmentNotPossible = "amendment-not-possible"
    case heldTooLong = "held-too-long"
    case poison
    case salesforceRefused = "salesforce-refused"

    /// What happened and what to do, for an order desk, where nothing more exact is known.
    ///
    /// A replay sends the order as it was: what is corrected in Salesforce beside the order itself (account, product) needs
    /// the order sent afresh.
    public var sentence: String {
        switch self {
        case .undecodable:
            "The message cannot be read. Have the order sent afresh; if that fails too, report it with the message's bytes."
        case .invalidMessage:
            "The order carries something that cannot be right. Correct it in Salesforce: the changed order is tried at once."
        case .mappingFailed:
            "The mapping has no answer for something in the order. Correct the order, or extend the mapping file and replay."
        case .missingItem:
            "NetSuite has no active item for a line's SKU. Create it in NetSuite and replay; or correct the SKU in Salesforce "
                + "and have the order sent afresh."
        case .customerNameTaken:
            "NetSuite has another customer of this name. Rename one in NetSuite and replay; or link the right one on the "
                + "account in Salesforce and have the order sent afresh."
        case .refused:
            "NetSuite refused the order. Correct what it names: in NetSuite, then replay; or in Salesforce, where the changed "
                + "order is tried at once."
        case .permission:
            "NetSuite does not let Crossdock do this. Have its role given the permission in NetSuite, then replay."
        case .amendmentNotPossible:
            "The order was changed in Salesforce after NetSuite began to process it. Make the change in NetSuite by hand, "
                + "then discard this letter."
        case .heldTooLong:
            "NetSuite did not take the order for a long time. See what keeps it locked there, then replay."
        case .poison:
            "Handling this message ended the program several times. Report it with its bytes, and replay it only with a "
                + "corrected program."
        case .salesforceRefused:
            "Salesforce does not take what NetSuite says of this order. Correct what it names in Salesforce, then replay."
        }
    }
}
